//! From the model's tensors to the engine's parameters.

use std::collections::HashMap;

use tch::Tensor;
use tunewise_kernels::Isa;
use tunewise_kernels::train::{BLOCK, Packed};

use super::embeddings::Embeddings;
use super::head::Head;
use super::network::Network;
use super::parameters::{Group, Layer, LayerNorm, Linear, Slot, Start, Vector};
use super::words::Words;
use crate::error::Context;
use crate::train::TrainConfig;
use crate::train::groups::parameter_groups;
use crate::{BertClassifier, BertConfig, Error, Result};

/// The model's parameters by name, and the group of those that are trained.
pub(super) struct Named<'a> {
    isa: Isa,
    parameters: HashMap<&'a str, (usize, &'a Tensor)>,
    groups: HashMap<String, Group>,
    config: &'a BertConfig,
}

impl<'a> Named<'a> {
    pub(super) fn new(model: &'a BertClassifier, (config, isa): (&TrainConfig, Isa)) -> Self {
        let all = model.parameters().enumerate();
        let parameters = all.map(|(index, (name, tensor))| (name, (index, tensor))).collect();
        let mut groups = HashMap::new();
        for group in parameter_groups(model, config) {
            let (weight_decay, learning_rate_scale) =
                (group.weight_decay, group.learning_rate_scale);
            for (name, _) in group.parameters {
                groups.insert(name, Group { weight_decay, learning_rate_scale });
            }
        }
        Self { isa, parameters, groups, config: model.config() }
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

    fn start(&self, name: &str) -> Result<(Start, &'a Tensor)> {
        let missing = Error::Internal { what: "the model has every tensor of its configuration" };
        let &(index, tensor) = self.parameters.get(name).ok_or(missing)?;
        Ok((Start { index, group: self.groups.get(name).copied() }, tensor))
    }

    fn vector(&self, name: &str) -> Result<Vector> {
        let (start, value) = self.start(name)?;
        Ok(Vector::new(start, numbers(value)?))
    }

    fn linear(&self, prefix: &str) -> Result<Linear> {
        let bias = self.vector(&format!("{prefix}.bias"))?;
        let (start, weight) = self.start(&format!("{prefix}.weight"))?;
        let outputs = bias.value.len().max(1);
        let weight = numbers(weight)?;
        let inputs = weight.len() / outputs;
        let mut packed = Packed::zeros(self.isa, (outputs, inputs));
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
            Ok::<_, Error>((start, table.numel()))
        };
        let slot = |name: &str| table(name).map(|(start, len)| Slot::new(start, len));
        let (start, _) = table("word")?;
        let slot_of_words = Slot::new(start, 0); // few rows have a gradient: no room for all of them
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

/// A copy of the tensor's numbers.
fn numbers(tensor: &Tensor) -> Result<Vec<f32>> {
    let mut numbers = vec![0.0; tensor.numel()];
    let count = numbers.len();
    tensor.f_copy_data(&mut numbers, count).at("weights")?;
    Ok(numbers)
}
