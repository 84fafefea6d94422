//! The model's parameters: what they are called, their shapes, how new ones start.

use tch::{Device, Kind, Tensor};

use super::BertConfig;
use super::houlsby::{Bottleneck, Bottlenecks};
use super::lora::{Adapters, LoraLayer};
use crate::error::Context;
use crate::{Error, Result};

/// How a parameter starts when no checkpoint gives it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Init {
    /// N(0, `initializer_range`).
    Normal,
    /// N(0, `initializer_range`), one row zero: the padding token's embedding.
    NormalPadded(Option<usize>),
    /// All zero: biases.
    Zeros,
    /// All one: LayerNorm weights.
    Ones,
}

/// One parameter as the configuration defines it.
#[derive(Debug, Clone)]
pub(crate) struct Spec {
    pub(crate) name: String,
    pub(crate) shape: Vec<usize>,
    pub(crate) init: Init,
}

impl Spec {
    fn init(&self, config: &BertConfig, device: Device) -> Result<Tensor> {
        let options = (Kind::Float, device);
        let shape = self.shape_i64();
        match self.init {
            Init::Zeros => Tensor::f_zeros(&shape, options).at("zeros"),
            Init::Ones => Tensor::f_ones(&shape, options).at("ones"),
            Init::Normal => normal(&shape, config, device),
            Init::NormalPadded(pad) => {
                let table = normal(&shape, config, device)?;
                if let Some(row) = pad {
                    let mut row = table.f_select(0, row as i64).at("select")?;
                    let _ = row.f_zero_().at("zero_")?;
                }
                Ok(table)
            }
        }
    }

    pub(crate) fn shape_i64(&self) -> Vec<i64> {
        self.shape.iter().map(|&n| n as i64).collect()
    }
}

fn normal(shape: &[i64], config: &BertConfig, device: Device) -> Result<Tensor> {
    let mut tensor = Tensor::f_empty(shape, (Kind::Float, device)).at("empty")?;
    tensor.f_normal_(0.0, config.initializer_range).at("normal_")
}

/// Every parameter of the classifier, in the order in which Transformers' `named_parameters` gives
/// them; names are its own.
pub(crate) fn specs(config: &BertConfig) -> Vec<Spec> {
    let mut specs = Specs(Vec::new());
    let (hidden, wide) = (config.hidden_size, config.intermediate_size);
    let embeddings = "bert.embeddings";
    let words = Init::NormalPadded(config.pad_token_id);
    specs.push(
        format!("{embeddings}.word_embeddings.weight"),
        vec![config.vocab_size, hidden],
        words,
    );
    let positions = vec![config.max_position_embeddings, hidden];
    specs.push(format!("{embeddings}.position_embeddings.weight"), positions, Init::Normal);
    let segments = vec![config.type_vocab_size, hidden];
    specs.push(format!("{embeddings}.token_type_embeddings.weight"), segments, Init::Normal);
    specs.layer_norm(&format!("{embeddings}.LayerNorm"), hidden);
    for layer in 0..config.num_hidden_layers {
        let layer = format!("bert.encoder.layer.{layer}");
        for part in ["query", "key", "value"] {
            specs.linear(&format!("{layer}.attention.self.{part}"), hidden, hidden);
        }
        specs.linear(&format!("{layer}.attention.output.dense"), hidden, hidden);
        specs.layer_norm(&format!("{layer}.attention.output.LayerNorm"), hidden);
        specs.linear(&format!("{layer}.intermediate.dense"), hidden, wide);
        specs.linear(&format!("{layer}.output.dense"), wide, hidden);
        specs.layer_norm(&format!("{layer}.output.LayerNorm"), hidden);
    }
    specs.linear("bert.pooler.dense", hidden, hidden);
    specs.linear("classifier", hidden, config.num_labels());
    specs.0
}

struct Specs(Vec<Spec>);

impl Specs {
    fn push(&mut self, name: String, shape: Vec<usize>, init: Init) {
        self.0.push(Spec { name, shape, init });
    }

    fn linear(&mut self, prefix: &str, inputs: usize, outputs: usize) {
        self.push(format!("{prefix}.weight"), vec![outputs, inputs], Init::Normal);
        self.push(format!("{prefix}.bias"), vec![outputs], Init::Zeros);
    }

    fn layer_norm(&mut self, prefix: &str, size: usize) {
        self.push(format!("{prefix}.weight"), vec![size], Init::Ones);
        self.push(format!("{prefix}.bias"), vec![size], Init::Zeros);
    }
}

/// Named parameters in module order.
#[derive(Debug)]
pub(crate) struct Parameters {
    entries: Vec<(String, Tensor)>,
    pub(super) adapters: Option<Adapters>,
    pub(super) bottlenecks: Option<Bottlenecks>,
}

impl Parameters {
    /// Takes each parameter from `given`, or starts it fresh where `given` has none; random numbers
    /// come from libtorch's generator, seeded here with `seed`.
    pub(crate) fn build(
        config: &BertConfig,
        device: Device,
        seed: u64,
        mut given: impl FnMut(&Spec) -> Result<Option<Tensor>>,
    ) -> Result<Self> {
        tunewise_torch::init();
        tch::manual_seed(seed as i64);
        let entry = |spec: Spec| {
            let tensor = match given(&spec)? {
                Some(tensor) => tensor.f_to_device(device).at("to_device")?,
                None => spec.init(config, device)?,
            };
            Ok((spec.name, tensor.f_set_requires_grad(true).at("set_requires_grad")?))
        };
        let entries = specs(config).into_iter().map(entry).collect::<Result<_>>()?;
        Ok(Self::of(entries))
    }

    /// Parameters that there are already, in module order.
    pub(super) fn of(entries: Vec<(String, Tensor)>) -> Self {
        Self { entries, adapters: None, bottlenecks: None }
    }

    /// A handle on the parameter of that name.
    pub(crate) fn find(&self, name: &str) -> Result<Tensor> {
        let entry = self.entries.iter().find(|(known, _)| known == name);
        let missing = Error::Internal { what: "a module asks for a parameter that specs lists" };
        entry.map(|(_, tensor)| tensor.shallow_clone()).ok_or(missing)
    }

    /// The adapter beside the linear layer of that name.
    pub(super) fn adapter(&self, layer: &str) -> Option<LoraLayer> {
        self.adapters.as_ref()?.beside(layer)
    }

    /// The bottleneck after the module of that name.
    pub(super) fn bottleneck(&self, module: &str) -> Option<Bottleneck> {
        self.bottlenecks.as_ref()?.after(module)
    }

    /// Adds a parameter that no module uses.
    #[cfg(test)]
    pub(crate) fn add_unused(&mut self, name: &str) {
        let tensor = Tensor::zeros([2], (Kind::Float, Device::Cpu)).set_requires_grad(true);
        self.entries.push((name.to_owned(), tensor));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.entries.iter().map(|(name, tensor)| (name.as_str(), tensor))
    }
}
