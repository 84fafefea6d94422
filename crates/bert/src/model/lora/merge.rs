//! Adapters as part of the weights, and back.

use tch::Tensor;

use super::adapters::Adapted;
use crate::error::Context;
use crate::model::BertClassifier;
use crate::model::peft::setting;
use crate::{Error, Result};

impl BertClassifier {
    /// Adds the adapters to the weights of their layers, so that they cost nothing in prediction.
    ///
    /// # Errors
    /// [`Error::Setting`] for a model without adapters, or with merged ones; [`Error::Torch`].
    pub fn merge_adapter(&mut self) -> Result<()> {
        let _guard = tch::no_grad_guard();
        let adapters = self.some_adapters()?;
        if adapters.unmerged.is_some() {
            return Err(setting("adapter", "merged", "an adapter that is not"));
        }
        let mut unmerged = Vec::new();
        for Adapted { layer, adapter, .. } in &adapters.layers {
            let mut weight = self.weight_of(layer)?;
            unmerged.push(weight.f_detach_copy().at("merge")?);
            let merged = adapter.merged(&weight)?;
            weight.f_copy_(&merged).at("merge")?;
        }
        self.set_unmerged(Some(unmerged))
    }

    /// Takes the adapters out of the weights again, which are then, to the bit, those before
    /// [`BertClassifier::merge_adapter`].
    ///
    /// # Errors
    /// [`Error::Setting`] for a model without merged adapters; [`Error::Torch`].
    pub fn unmerge_adapter(&mut self) -> Result<()> {
        let _guard = tch::no_grad_guard();
        let adapters = self.some_adapters()?;
        let Some(unmerged) = &adapters.unmerged else {
            return Err(setting("adapter", "not merged", "one that is"));
        };
        for (adapted, before) in adapters.layers.iter().zip(unmerged) {
            self.weight_of(&adapted.layer)?.f_copy_(before).at("unmerge")?;
        }
        self.set_unmerged(None)
    }

    /// The weights of the adapters' layers without them, if they are merged now.
    fn set_unmerged(&mut self, unmerged: Option<Vec<Tensor>>) -> Result<()> {
        if let Some(adapters) = self.adapters_mut() {
            adapters.unmerged = unmerged;
        }
        self.rebuild()
    }

    pub(super) fn weight_of(&self, layer: &str) -> Result<Tensor> {
        let name = format!("{layer}.weight");
        let found = self.parameters().find(|(known, _)| *known == name);
        let missing = Error::Internal { what: "an adapter's layer has a weight" };
        found.map(|(_, weight)| weight.f_detach().at("detach")).ok_or(missing)?
    }
}
