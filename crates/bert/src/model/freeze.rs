//! Parameters that training leaves as they are.

use regex::Regex;

use super::BertClassifier;
use crate::error::Context;
use crate::{Error, Result};

impl BertClassifier {
    /// Excludes from training every parameter whose name a pattern is found in, and returns their
    /// number. A pattern is a regular expression; `embeddings` and `^bert\.encoder\.layer\.[0-2]\.`
    /// are patterns.
    ///
    /// # Errors
    /// [`Error::Setting`] for a pattern that is no regular expression or is found in no name, and if
    /// nothing would be left to train; the model has not changed then.
    ///
    /// ```
    /// # use tunewise_bert::{BertClassifier, BertConfig};
    /// # fn main() -> tunewise_bert::Result<()> {
    /// # let config = BertConfig { vocab_size: 9, hidden_size: 8, num_attention_heads: 2,
    /// #     intermediate_size: 8, max_position_embeddings: 4, ..BertConfig::default() };
    /// let mut model = BertClassifier::new(config, tch::Device::Cpu, 42)?;
    /// model.freeze(&["^bert\\."])?;
    /// let left: Vec<&str> = model.trainable_parameters().map(|(name, _)| name).collect();
    /// assert_eq!(left, ["classifier.weight", "classifier.bias"]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn freeze<S: AsRef<str>>(&mut self, patterns: &[S]) -> Result<usize> {
        let mut frozen = Vec::new();
        for pattern in patterns {
            let pattern = pattern.as_ref();
            let found = self.names_with(pattern)?;
            if found.is_empty() {
                return Err(setting(pattern, "a pattern found in a parameter's name"));
            }
            frozen.extend(found);
        }
        frozen.sort();
        frozen.dedup();
        let frozen_already = |name: &str| frozen.binary_search_by(|known| known.as_str().cmp(name));
        if self.trainable_parameters().all(|(name, _)| frozen_already(name).is_ok()) {
            let all = patterns.iter().map(S::as_ref).collect::<Vec<_>>().join(", ");
            return Err(setting(&all, "patterns that leave something to train"));
        }
        for (name, tensor) in self.parameters() {
            if frozen_already(name).is_ok() {
                let _ = tensor.f_set_requires_grad(false).at("set_requires_grad")?;
            }
        }
        Ok(frozen.len())
    }

    /// Names that the pattern is found in.
    fn names_with(&self, pattern: &str) -> Result<Vec<String>> {
        let expression =
            Regex::new(pattern).map_err(|_| setting(pattern, "a regular expression"))?;
        let found = self.parameters().filter(|(name, _)| expression.is_match(name));
        Ok(found.map(|(name, _)| name.to_owned()).collect())
    }
}

fn setting(got: &str, expected: &str) -> Error {
    Error::Setting { name: "freeze", got: got.to_owned(), expected: expected.to_owned() }
}
