//! From the model's tensors to the engine's parameters.

use std::collections::HashMap;

use tch::Tensor;
use tunewise_kernels::Isa;
use tunewise_kernels::train::{BLOCK, Packed};
use tunewise_torch::floats;

use super::embeddings::Embeddings;
use super::head::Head;
use super::network::Network;
use super::parameters::{Group, Layer, LayerNorm, Linear, Slot, Start, Vector};
use super::words::Words;
use crate::train::TrainConfig;
use crate::train::groups::parameter_groups;
use crate::{BertClassifier, BertConfig, Error, Result};

/// The model's parameters by name, and the group of those that are trained.
pub(super) struct Named<'a> {
    isa: Isa,
    tensors: &'a [Tensor],
    places: HashMap<String, usize>,
    groups: HashMap<String, Group>,
    config: &'a BertConfig,
}

impl<'a> Named<'a> {
    /// `tensors` are the model's, in order.
    pub(super) fn new(
        model: &'a BertClassifier,
        tensors: &'a [Tensor],
        (config, isa): (&TrainConfig, Isa),
    ) -> Self {
        let names = model.parameters().map(|(name, _)| name.to_owned());
        let places = names.enumerate().map(|(index, name)| (name, index)).collect();
        let mut groups = HashMap::new();
        for group in parameter_groups(model, config) {
            let (weight_decay, learning_rate_scale) =
                (group.weight_decay, group.learning_rate_scale);
            for (name, _) in group.parameters {
                groups.insert(name, Group { weight_decay, learning_rate_scale });
            }
        }
        Self { isa, tensors, places, groups, config: model.config() }
    }

    pub(super) fn network(&self) -> Result<Network> {
        let layers = 0..self.config.num_hidden_layers;
        let head = Head::new(self.linear("bert.pooler.dense")?, self.linear("classifier")?);
        Ok(Network {
            embeddings: self.embeddings()?,
            layers: layers.map(|layer| self.layer(layer)).collect::<Result<_>>()?,
            head,
        })
    }

    fn start(&self, name: &str) -> Result<(Start, &'a [f32])> {
        let missing = Error::Internal { what: "the model has every tensor of its configuration" };
        let &index = self.places.get(name).ok_or(missing)?;
        let start = Start { index, group: self.groups.get(name).copied() };
        Ok((start, floats(&self.tensors[index])?))
    }

    fn vector(&self, name: &str) -> Result<Vector> {
        let (start, value) = self.start(name)?;
        Ok(Vector::new(start, value))
    }

    fn linear(&self, prefix: &str) -> Result<Linear> {
        let bias = self.vector(&format!("{prefix}.bias"))?;
        let (start, weight) = self.start(&format!("{prefix}.weight"))?;
        let outputs = bias.value.len().max(1);
        let inputs = weight.len() / outputs;
        let mut packed = Packed::zeros(outputs, inputs);
        for (mut block, rows) in packed.blocks_mut().zip(weight.chunks((BLOCK * inputs).max(1))) {
            block.pack(self.isa, rows);
        }
        let squares = vec![0.0; outputs.div_ceil(BLOCK)];
        Ok(Linear { weight: Slot::new(start, weight.len()), packed, bias, squares })
    }

    fn layer_norm(&self, prefix: &str) -> Result<LayerNorm> {
        Ok(LayerNorm {
            weight: self.vector(&format!("{prefix}.weight"))?,
            bias: self.vector(&format!("{prefix}.bias"))?,
            eps: self.config.layer_norm_eps as f32,
        })
    }

    fn layer(&self, layer: usize) -> Result<Layer> {
        let prefix = format!("bert.encoder.layer.{layer}");
        let linear = |part: &str| self.linear(&format!("{prefix}.{part}"));
        let norm = |part: &str| self.layer_norm(&format!("{prefix}.{part}"));
        Ok(Layer {
            query: linear("attention.self.query")?,
            key: linear("attention.self.key")?,
            value: linear("attention.self.value")?,
            output: linear("attention.output.dense")?,
            attention_norm: norm("attention.output.LayerNorm")?,
            up: linear("intermediate.dense")?,
            down: linear("output.dense")?,
            output_norm: norm("output.LayerNorm")?,
        })
    }

    fn embeddings(&self) -> Result<Embeddings> {
        let table = |name: &str| {
            let (start, table) =
                self.start(&format!("bert.embeddings.{name}_embeddings.weight"))?;
            Ok::<_, Error>((start, table.len()))
        };
        let slot = |name: &str| table(name).map(|(start, len)| Slot::new(start, len));
        let (start, len) = table("word")?;
        // The words' gradient is of few rows: no room for all of them.
        let slot_of_words = Slot { gradient: Vec::new(), ..Slot::new(start, len) };
        let shape = (self.config.vocab_size, self.config.hidden_size);
        let padding = self.config.pad_token_id.map(|id| id as u32);
        Ok(Embeddings {
            words: Words::new(slot_of_words, shape, padding),
            positions: slot("position")?,
            segments: slot("token_type")?,
            norm: self.layer_norm("bert.embeddings.LayerNorm")?,
        })
    }
}
