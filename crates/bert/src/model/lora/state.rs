//! What training changes of a model with adapters, whole: PEFT's files may have less.

use std::path::Path;

use tch::Tensor;

use super::Adapters;
use crate::error::Context;
use crate::model::{BertClassifier, weights};
use crate::{Error, Result};

impl BertClassifier {
    /// Adapters and `modules_to_save` as a safetensors file; none for a model without adapters.
    pub(crate) fn adapter_state(&self) -> Result<Option<Vec<u8>>> {
        if !self.is_adapted() {
            return Ok(None);
        }
        weights::serialize(self.adapter_state_tensors()).map(Some)
    }

    /// Takes over what [`BertClassifier::adapter_state`] gave; `path` is where it was kept.
    pub(crate) fn load_adapter_state(&mut self, bytes: &[u8], path: &Path) -> Result<()> {
        let mut state = weights::parse_all(bytes, path)?;
        let _guard = tch::no_grad_guard();
        for (name, target) in self.adapter_state_tensors() {
            let missing = || Error::TensorNames {
                path: path.to_owned(),
                missing: vec![name.to_owned()],
                unexpected: Vec::new(),
            };
            let source = state.remove(name).filter(|source| source.size() == target.size());
            target.shallow_clone().f_copy_(&source.ok_or_else(missing)?).at("adapter state")?;
        }
        Ok(())
    }

    fn adapter_state_tensors(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        let lists = [
            self.adapters().map(|adapters| &adapters.saved),
            self.bottlenecks().map(|bottlenecks| &bottlenecks.saved),
        ];
        let is_saved = move |name: &str| lists.into_iter().flatten().flatten().any(|s| s == name);
        let saved = self.parameters().filter(move |(name, _)| is_saved(name));
        let patterns = self.adapters().into_iter().flat_map(Adapters::patterns);
        self.adapter_parameters().chain(patterns).chain(saved)
    }
}
