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
        let Some(adapters) = self.adapters() else { return Ok(None) };
        weights::serialize(self.adapter_state_tensors(adapters)).map(Some)
    }

    /// Takes over what [`BertClassifier::adapter_state`] gave; `path` is where it was kept.
    pub(crate) fn load_adapter_state(&mut self, bytes: &[u8], path: &Path) -> Result<()> {
        let mut state = weights::parse_all(bytes, path)?;
        let adapters = self.some_adapters()?;
        let _guard = tch::no_grad_guard();
        for (name, target) in self.adapter_state_tensors(adapters) {
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

    fn adapter_state_tensors<'a>(
        &'a self,
        adapters: &'a Adapters,
    ) -> impl Iterator<Item = (&'a str, &'a Tensor)> {
        let saved = self.parameters().filter(|(name, _)| adapters.saved.iter().any(|s| s == name));
        adapters.parameters().chain(adapters.patterns()).chain(saved)
    }
}
