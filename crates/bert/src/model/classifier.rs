//! The classifier: embeddings, encoder, pooler, head.

use std::path::Path;

use tch::{Device, Kind, Tensor};

use super::checkpoint::Checkpoint;
use super::embeddings::Embeddings;
use super::encoder::{Encoder, Projections};
use super::houlsby::Bottlenecks;
use super::layers::{Dropout, Linear};
use super::lora::Adapters;
use super::parameters::{Parameters, Spec};
use super::tape::{Pass, Tape};
use super::weights::{self, Head, LoadReport};
use super::{BertConfig, DeviceBatch, Mode};
use crate::error::Context;
use crate::{Error, Result};

/// `BertForSequenceClassification`: logits from token ids.
///
/// ```
/// use tch::{Device, Tensor};
/// use tunewise_bert::{BertClassifier, BertConfig, DeviceBatch, Mode};
///
/// # fn main() -> tunewise_bert::Result<()> {
/// let config = BertConfig {
///     vocab_size: 50, hidden_size: 32, num_hidden_layers: 2, num_attention_heads: 4,
///     intermediate_size: 64, max_position_embeddings: 16, ..BertConfig::default()
/// };
/// let model = BertClassifier::new(config, Device::Cpu, 42)?;
/// let batch = DeviceBatch {
///     input_ids: Tensor::from_slice2(&[[2i64, 7, 8, 3], [2, 9, 3, 0]]),
///     token_type_ids: Tensor::from_slice2(&[[0i64; 4]; 2]),
///     attention_mask: Some(Tensor::from_slice2(&[[true; 4], [true, true, true, false]]).view([2, 1, 1, 4])),
///     labels: None,
/// };
/// assert_eq!(model.forward(&batch, Mode::Eval)?.size(), [2, 2]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct BertClassifier {
    config: BertConfig,
    device: Device,
    parameters: Parameters,
    embeddings: Embeddings,
    encoder: Encoder,
    pooler: Linear,
    dropout: Dropout,
    classifier: Linear,
}

impl BertClassifier {
    /// A model with fresh weights: N(0, `initializer_range`), biases 0, LayerNorm 1 and 0; `seed`
    /// seeds libtorch's generator.
    ///
    /// # Errors
    /// [`Error::Torch`], such as out of memory.
    pub fn new(config: BertConfig, device: Device, seed: u64) -> Result<Self> {
        let parameters = Parameters::build(&config, device, seed, |_| Ok(None))?;
        Self::from_parameters(config, device, parameters)
    }

    /// The model of a Hugging Face folder (`config.json` and safetensors), and what was started
    /// fresh. With [`Head::Fresh`] the folder's own head, if any, is left aside.
    ///
    /// # Errors
    /// [`Error::Config`] for a configuration that cannot be honoured; [`Error::TensorNames`],
    /// [`Error::TensorShape`], [`Error::TensorDtype`] and [`Error::TensorNotFinite`] for weights that
    /// do not fit it; [`Error::Pickle`], [`Error::ShardOutside`], [`Error::Safetensors`] for files
    /// that are not read.
    pub fn load_pretrained(
        dir: impl AsRef<Path>,
        head: &Head,
        device: Device,
    ) -> Result<(Self, LoadReport)> {
        Self::from_checkpoint(Checkpoint::open(dir)?, head, device)
    }

    /// The model of a checkpoint that was opened before.
    ///
    /// # Errors
    /// [`Error::TensorNames`] and [`Error::TensorShape`] for weights that do not fit the
    /// configuration.
    pub fn from_checkpoint(
        checkpoint: Checkpoint,
        head: &Head,
        device: Device,
    ) -> Result<(Self, LoadReport)> {
        let Checkpoint { mut config, mut weights } = checkpoint;
        let seed = head.configure(&mut config);
        let take =
            |spec: &Spec| weights.take(spec, head)?.map(|tensor| tensor.tensor()).transpose();
        let parameters = Parameters::build(&config, device, seed, take)?;
        let report = weights.finish()?;
        Ok((Self::from_parameters(config, device, parameters)?, report))
    }

    pub(super) fn from_parameters(
        config: BertConfig,
        device: Device,
        parameters: Parameters,
    ) -> Result<Self> {
        let head_dropout = config.classifier_dropout.unwrap_or(config.hidden_dropout_prob);
        Ok(Self {
            embeddings: Embeddings::new(&parameters, &config)?,
            encoder: Encoder::new(&parameters, &config)?,
            pooler: Linear::new(&parameters, "bert.pooler.dense")?,
            dropout: Dropout::new(head_dropout, u64::MAX),
            classifier: Linear::new(&parameters, "classifier")?,
            config,
            device,
            parameters,
        })
    }

    #[cfg(test)]
    pub(crate) fn add_unused_parameter(&mut self, name: &str) {
        self.parameters.add_unused(name);
    }

    /// Logits `[batch, num_labels]` of a batch `[batch, seq]`, `Float`.
    ///
    /// # Errors
    /// [`Error::SequenceTooLong`], or [`Error::Torch`] such as an id outside the vocabulary.
    pub fn forward(&self, batch: &DeviceBatch, mode: Mode) -> Result<Tensor> {
        self.compute(batch, Pass { mode, tape: &Tape::whole() })
    }

    /// The same in training, kept on a `tape`, by whose [`Tape::backward`] the gradients are
    /// computed; dropout is that of [`Mode::Train`] with `stream`.
    ///
    /// # Errors
    /// Those of [`BertClassifier::forward`].
    pub fn forward_on<'m>(
        &'m self,
        tape: &Tape<'m>,
        batch: &DeviceBatch,
        stream: u64,
    ) -> Result<Tensor> {
        self.compute(batch, Pass { mode: Mode::Train(stream), tape })
    }

    /// The same with the queries, keys and values of the last layer.
    pub(crate) fn forward_with_projections<'m>(
        &'m self,
        tape: &Tape<'m>,
        batch: &DeviceBatch,
        stream: u64,
    ) -> Result<(Tensor, Projections)> {
        let (mode, last) = (Mode::Train(stream), self.encoder.last());
        let tokens = self.tokens(last, batch, Pass { mode, tape })?;
        let projections = self.encoder.projections(last, &tokens, mode)?;
        Ok((self.logits(&tokens, batch, mode)?, projections))
    }

    /// The queries, keys and values of layer `layer`, without dropout.
    pub(crate) fn projections(&self, batch: &DeviceBatch, layer: usize) -> Result<Projections> {
        let (mode, tape) = (Mode::Eval, &Tape::whole());
        let tokens = self.tokens(layer, batch, Pass { mode, tape })?;
        self.encoder.projections(layer, &tokens, mode)
    }

    fn compute<'m>(&'m self, batch: &DeviceBatch, pass: Pass<'_, 'm>) -> Result<Tensor> {
        let tokens = self.tokens(self.encoder.last(), batch, pass)?;
        self.logits(&tokens, batch, pass.mode)
    }

    /// What layer `layer` reads, `[batch, seq, hidden]`.
    fn tokens<'m>(
        &'m self,
        layer: usize,
        batch: &DeviceBatch,
        pass: Pass<'_, 'm>,
    ) -> Result<Tensor> {
        self.check_length(batch)?;
        let hidden = self.embeddings.forward(batch, pass.mode)?;
        self.encoder.below(layer, hidden, (batch.attention_mask.as_ref(), pass))
    }

    /// From what the last layer reads to the logits.
    fn logits(&self, tokens: &Tensor, batch: &DeviceBatch, mode: Mode) -> Result<Tensor> {
        let first = self.encoder.first(tokens, batch.attention_mask.as_ref(), mode)?; // [batch, hidden]
        let pooled = self.pooler.forward(&first, mode)?.f_tanh().at("pooler")?;
        let pooled = pooled.f_to_kind(Kind::Float).at("pooler")?;
        let logits = self.classifier.forward(&self.dropout.forward(pooled, mode)?, mode)?;
        logits.f_to_kind(Kind::Float).at("logits") // [batch, num_labels]
    }

    fn check_length(&self, batch: &DeviceBatch) -> Result<()> {
        let length = batch.input_ids.size().last().map_or(0, |&seq| seq as usize);
        let max_position_embeddings = self.config.max_position_embeddings;
        if length > max_position_embeddings {
            return Err(Error::SequenceTooLong { length, max_position_embeddings });
        }
        Ok(())
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &BertConfig {
        &self.config
    }

    /// Where the weights are.
    #[must_use]
    pub fn device(&self) -> Device {
        self.device
    }

    /// Names and tensors in module order; names are Transformers'.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.parameters.iter()
    }

    /// Parameters that training changes, in module order, those of adapters last.
    pub fn trainable_parameters(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        let own = self.parameters().filter(|(_, tensor)| tensor.requires_grad());
        own.chain(self.adapter_parameters())
    }

    /// Numbers in the model, adapters' among them.
    #[must_use]
    pub fn num_parameters(&self) -> u64 {
        self.parameters().chain(self.adapter_parameters()).map(|(_, t)| t.numel() as u64).sum()
    }

    /// Those of them that training changes.
    #[must_use]
    pub fn num_trainable(&self) -> u64 {
        self.trainable_parameters().map(|(_, tensor)| tensor.numel() as u64).sum()
    }

    /// The weights as a safetensors file that `from_pretrained` reads; adapters are merged into them.
    ///
    /// # Errors
    /// [`Error::Setting`] for bottleneck adapters, which cannot be merged; [`Error::Torch`] if a tensor
    /// cannot be copied to the host.
    pub fn to_safetensors(&self) -> Result<Vec<u8>> {
        let named = self.parameters().map(|(name, _)| Ok((name, self.effective(name)?)));
        let tensors = named.collect::<Result<Vec<_>>>()?;
        weights::serialize(tensors.iter().map(|(name, tensor)| (*name, tensor)))
    }

    /// Whether layers have adapters beside them.
    pub(crate) fn is_adapted(&self) -> bool {
        self.adapters().is_some() || self.bottlenecks().is_some()
    }

    pub(super) fn adapters(&self) -> Option<&Adapters> {
        self.parameters.adapters.as_ref()
    }

    pub(super) fn bottlenecks(&self) -> Option<&Bottlenecks> {
        self.parameters.bottlenecks.as_ref()
    }

    pub(super) fn bottlenecks_mut(&mut self) -> &mut Option<Bottlenecks> {
        &mut self.parameters.bottlenecks
    }

    pub(super) fn adapters_mut(&mut self) -> &mut Option<Adapters> {
        &mut self.parameters.adapters
    }

    /// Builds the layers again, with the adapters that there are now.
    pub(super) fn rebuild(&mut self) -> Result<()> {
        self.encoder = Encoder::new(&self.parameters, &self.config)?;
        self.pooler = Linear::new(&self.parameters, "bert.pooler.dense")?;
        self.classifier = Linear::new(&self.parameters, "classifier")?;
        Ok(())
    }

    /// Replaces the weights by those of a folder of the same configuration, exactly all of them.
    ///
    /// # Errors
    /// As [`BertClassifier::load_pretrained`]; the weights are then as they were.
    pub fn restore(&mut self, dir: impl AsRef<Path>) -> Result<()> {
        let mut weights = weights::read(dir.as_ref())?;
        let specs = super::parameters::specs(&self.config);
        let take = |spec: &Spec| {
            weights.take(spec, &Head::Kept)?.map(|tensor| tensor.tensor()).transpose()
        };
        let given = specs.iter().map(take).collect::<Result<Vec<_>>>()?;
        weights.finish()?;
        let _guard = tch::no_grad_guard();
        for ((_, target), source) in self.parameters.iter().zip(given) {
            let source = source
                .ok_or(Error::Internal { what: "a complete checkpoint gives every tensor" })?;
            target.shallow_clone().f_copy_(&source).at("restore")?;
        }
        Ok(())
    }
}
