//! The adapters of a model.

use tch::Tensor;

use super::{LoraConfig, LoraLayer};

/// Adapters by the layers that have them, and what is saved with them.
#[derive(Debug)]
pub(in crate::model) struct Adapters {
    pub(super) config: LoraConfig,
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
    /// What PEFT calls A and B.
    names: [String; 2],
    pub(super) adapter: LoraLayer,
}

/// What PEFT calls A and B of a layer.
pub(super) fn names(layer: &str) -> [String; 2] {
    ["lora_A", "lora_B"].map(|part| format!("{layer}.{part}.weight"))
}

impl Adapted {
    pub(super) fn new(layer: String, adapter: LoraLayer) -> Self {
        Self { names: names(&layer), layer, adapter }
    }
}

impl Adapters {
    /// The adapter to be computed beside the layer of that name.
    pub(in crate::model) fn beside(&self, name: &str) -> Option<LoraLayer> {
        let found = self.layers.iter().find(|adapted| adapted.layer == name);
        found.filter(|_| self.unmerged.is_none()).map(|adapted| adapted.adapter.handle())
    }

    /// Names and tensors.
    pub(super) fn parameters(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.layers.iter().flat_map(|Adapted { names: [a, b], adapter, .. }| {
            [(a.as_str(), &adapter.a), (b.as_str(), &adapter.b)]
        })
    }
}
