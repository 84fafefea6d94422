//! The adapters of a model.

use tch::Tensor;

use super::LoraLayer;
use super::layer::Form;
use crate::model::PeftConfig;

/// Adapters by the layers that have them, and what is saved with them.
#[derive(Debug)]
pub(in crate::model) struct Adapters {
    pub(super) config: PeftConfig,
    /// In module order.
    pub(super) layers: Vec<Adapted>,
    /// Names of the base's parameters that are trained and saved.
    pub(super) saved: Vec<String>,
    /// While the adapters are merged, the layers' weights without them.
    pub(super) unmerged: Option<Vec<Tensor>>,
}

/// A layer and its adapter.
#[derive(Debug)]
pub(super) struct Adapted {
    pub(super) layer: String,
    /// What PEFT calls the adapter's tensors.
    names: Vec<String>,
    /// What a checkpoint calls the marks of AdaLoRA's triplets that are left.
    kept: String,
    pub(super) adapter: LoraLayer,
}

impl Adapted {
    pub(super) fn new(layer: String, adapter: LoraLayer) -> Self {
        let parts: &[&str] = match &adapter.form {
            Form::Plain => &["lora_A.weight", "lora_B.weight"],
            Form::Magnitude(_) => &["lora_A.weight", "lora_B.weight", "lora_magnitude_vector"],
            Form::Singular { .. } => &["lora_A", "lora_B", "lora_E"],
        };
        let names = parts.iter().map(|part| format!("{layer}.{part}")).collect();
        Self { names, kept: format!("{layer}.kept"), layer, adapter }
    }

    /// Names and tensors.
    pub(super) fn parameters(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.names.iter().map(String::as_str).zip(self.adapter.tensors())
    }
}

impl Adapters {
    /// Names and tensors that mark which triplets are left.
    pub(super) fn patterns(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.layers.iter().filter_map(|adapted| match &adapted.adapter.form {
            Form::Singular { kept, .. } => Some((adapted.kept.as_str(), kept)),
            _ => None,
        })
    }

    /// The adapter to be computed beside the layer of that name.
    pub(in crate::model) fn beside(&self, name: &str) -> Option<LoraLayer> {
        let found = self.layers.iter().find(|adapted| adapted.layer == name);
        found.filter(|_| self.unmerged.is_none()).map(|adapted| adapted.adapter.handle())
    }

    /// Names and tensors.
    pub(super) fn parameters(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.layers.iter().flat_map(Adapted::parameters)
    }
}
