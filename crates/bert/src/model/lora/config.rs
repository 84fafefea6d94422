//! The settings of adapters.

use std::str::FromStr;

use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::model::peft::{is_or_ends, setting};
use crate::{Error, Result};

/// Which linear layers get an adapter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TargetModules {
    /// Names, or ends of names at a dot: `query` is every layer's query.
    Names(Vec<String>),
    /// A regular expression of the whole name, such as `.*layer\.[01]\.attention\.self\..*`.
    Pattern(String),
}

/// Low-rank adapters of linear layers; names and, but for the head that is always saved, defaults are
/// PEFT's.
///
/// | name | default | range | meaning |
/// | --- | --- | --- | --- |
/// | `r` | 8 | 1 or more | rank |
/// | `lora_alpha` | 8 | above 0 | the update is scaled by `lora_alpha / r` |
/// | `lora_dropout` | 0 | 0 to below 1 | dropout before A, in training |
/// | `use_rslora` | false | | scale by `lora_alpha / sqrt(r)` instead |
/// | `use_dora` | false | | the rows of the changed weight have lengths that are learned by themselves |
/// | `target_modules` | `query`, `value` | linear layers | where |
/// | `modules_to_save` | `classifier` | modules | trained whole, and saved with the adapter |
/// | `seed` | 42 | | seeds libtorch's generator for A, uniform in ±1/sqrt(inputs); B is zero |
#[derive(Debug, Clone, PartialEq)]
pub struct LoraConfig {
    /// Rank.
    pub r: usize,
    /// Scale of the update, times `r`.
    pub lora_alpha: f64,
    /// Dropout before A.
    pub lora_dropout: f64,
    /// Scale by the square root of the rank.
    pub use_rslora: bool,
    /// Learn the rows' lengths by themselves (DoRA).
    pub use_dora: bool,
    /// Which layers.
    pub target_modules: TargetModules,
    /// Which modules are trained whole.
    pub modules_to_save: Vec<String>,
    /// Of the new weights.
    pub seed: u64,
}

/// Names with commas between them, or what can only be a pattern.
impl FromStr for TargetModules {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if text.contains(['*', '+', '?', '(', '[', '|', '\\', '^', '$']) {
            return Ok(Self::Pattern(text.to_owned()));
        }
        Ok(Self::Names(text.split(',').map(|name| name.trim().to_owned()).collect()))
    }
}

impl Default for TargetModules {
    fn default() -> Self {
        Self::Names(vec!["query".to_owned(), "value".to_owned()])
    }
}

impl Default for LoraConfig {
    fn default() -> Self {
        Self {
            r: 8,
            lora_alpha: 8.0,
            lora_dropout: 0.0,
            use_rslora: false,
            use_dora: false,
            target_modules: TargetModules::default(),
            modules_to_save: vec!["classifier".to_owned()],
            seed: 42,
        }
    }
}

impl LoraConfig {
    /// Checks what can be checked without a model.
    ///
    /// # Errors
    /// [`Error::Setting`] naming the first setting that is out of its range.
    pub fn validate(&self) -> Result<()> {
        if self.r == 0 {
            return Err(setting("lora_r", "0", "1 or more"));
        }
        if !(self.lora_alpha.is_finite() && self.lora_alpha > 0.0) {
            return Err(setting("lora_alpha", &self.lora_alpha.to_string(), "a number above 0"));
        }
        if !(0.0..1.0).contains(&self.lora_dropout) {
            let got = self.lora_dropout.to_string();
            return Err(setting("lora_dropout", &got, "0 or more and below 1"));
        }
        Ok(())
    }

    pub(super) fn scale(&self) -> f64 {
        let r = self.r as f64;
        self.lora_alpha / if self.use_rslora { r.sqrt() } else { r }
    }
}

impl TargetModules {
    /// Those of the names that are meant, in their order.
    pub(super) fn select<'a>(&self, names: &[&'a str]) -> Result<Vec<&'a str>> {
        let expected = format!("what linear layers are called: {}", ends(names).join(", "));
        let fault = |got: &str| setting("lora_target_modules", got, &expected);
        match self {
            Self::Names(wanted) => {
                let unknown = |wanted: &&String| !names.iter().any(|name| is_or_ends(name, wanted));
                if let Some(unknown) = wanted.iter().find(unknown) {
                    return Err(fault(unknown));
                }
                let meant = |name: &&&str| wanted.iter().any(|wanted| is_or_ends(name, wanted));
                let found: Vec<_> = names.iter().filter(meant).copied().collect();
                if found.is_empty() { Err(fault("empty")) } else { Ok(found) }
            }
            Self::Pattern(pattern) => {
                let whole = Regex::new(&format!("^(?:{pattern})$")).map_err(|_| fault(pattern))?;
                let found: Vec<_> =
                    names.iter().filter(|name| whole.is_match(name)).copied().collect();
                if found.is_empty() { Err(fault(pattern)) } else { Ok(found) }
            }
        }
    }
}

/// The last parts of the names, each once.
fn ends<'a>(names: &[&'a str]) -> Vec<&'a str> {
    let mut ends: Vec<_> = names.iter().filter_map(|name| name.rsplit('.').next()).collect();
    ends.sort_unstable();
    ends.dedup();
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 4] = ["layer.0.query", "layer.0.value", "layer.1.query", "pooler.dense"];

    #[test]
    fn names_and_patterns_select_as_in_peft() {
        let names = |wanted: &[&str]| {
            TargetModules::Names(wanted.iter().map(|name| (*name).to_owned()).collect())
        };
        let select = |target: TargetModules| target.select(&NAMES);
        assert_eq!(select(names(&["query"])).unwrap(), ["layer.0.query", "layer.1.query"]);
        assert_eq!(select(names(&["1.query"])).unwrap(), ["layer.1.query"]);
        let pattern = |text: &str| TargetModules::Pattern(text.to_owned());
        assert_eq!(select(pattern(r".*\.0\..*")).unwrap(), ["layer.0.query", "layer.0.value"]);
        for bad in
            [names(&["query", "uery"]), names(&[]), names(&[""]), pattern("query"), pattern("(")]
        {
            let error = select(bad.clone()).unwrap_err().to_string();
            assert!(error.contains("`lora_target_modules` is"), "{bad:?}: {error}");
            assert!(error.ends_with("linear layers are called: dense, query, value"), "{error}");
        }
    }
}
