//! Words, positions and segments.

use tch::{Kind, Tensor};

use super::layers::{Dropout, LayerNorm};
use super::parameters::Parameters;
use super::{BertConfig, DeviceBatch, Mode};
use crate::Result;
use crate::error::Context;

#[derive(Debug)]
pub(crate) struct Embeddings {
    word: Tensor,       // [vocab, hidden]
    position: Tensor,   // [positions, hidden]
    token_type: Tensor, // [types, hidden]
    layer_norm: LayerNorm,
    dropout: Dropout,
    /// The word that gets no gradient; -1 for none.
    padding_idx: i64,
}

impl Embeddings {
    pub(crate) fn new(parameters: &Parameters, config: &BertConfig) -> Result<Self> {
        let table =
            |name: &str| parameters.find(&format!("bert.embeddings.{name}_embeddings.weight"));
        Ok(Self {
            word: table("word")?,
            position: table("position")?,
            token_type: table("token_type")?,
            layer_norm: LayerNorm::new(parameters, "bert.embeddings.LayerNorm", config)?,
            dropout: Dropout::new(config.hidden_dropout_prob, 0),
            padding_idx: config.pad_token_id.map_or(-1, |id| id as i64),
        })
    }

    /// `[batch, seq]` ids to `[batch, seq, hidden]`.
    pub(crate) fn forward(&self, batch: &DeviceBatch, mode: Mode) -> Result<Tensor> {
        let word =
            Tensor::f_embedding(&self.word, &batch.input_ids, self.padding_idx, false, false)
                .at("word embedding")?;
        let token_type =
            Tensor::f_embedding(&self.token_type, &batch.token_type_ids, -1, false, false)
                .at("token type embedding")?;
        // Positions are looked up, not sliced: the gradient is then summed as Transformers sums it.
        let seq = batch.input_ids.size().last().copied().unwrap_or_default();
        let ids = Tensor::f_arange(seq, (Kind::Int64, self.position.device())).at("arange")?;
        let position =
            Tensor::f_embedding(&self.position, &ids, -1, false, false).at("position embedding")?;
        let sum = word
            .f_add(&token_type)
            .and_then(|sum| sum.f_add(&position)) // [seq, hidden] broadcasts over the batch
            .at("embeddings")?;
        self.dropout.forward(self.layer_norm.forward(&sum)?, mode)
    }
}
