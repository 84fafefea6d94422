//! Words, positions and segments.

use tunewise_kernels::{Isa, LayerNorm, add_layer_norm};

use super::load::Named;
use crate::{BertConfig, Error, Result};

/// The tables, row-major `[rows, hidden]`.
pub(super) struct Embeddings {
    words: Vec<f32>,
    positions: Vec<f32>,
    segments: Vec<f32>,
    norm: LayerNorm,
    hidden_size: usize,
    vocab_size: usize,
}

impl Embeddings {
    pub(super) fn new(names: &Named<'_>, config: &BertConfig) -> Result<Self> {
        let table =
            |name: &str| names.numbers(&format!("bert.embeddings.{name}_embeddings.weight"));
        Ok(Self {
            words: table("word")?,
            positions: table("position")?,
            segments: table("token_type")?,
            norm: names.layer_norm("bert.embeddings.LayerNorm", config)?,
            hidden_size: config.hidden_size,
            vocab_size: config.vocab_size,
        })
    }

    /// The texts' tokens side by side, `[tokens, hidden]`, into `out`.
    pub(super) fn forward(
        &self,
        isa: Isa,
        texts: &[(&[u32], &[u8])],
        out: &mut Vec<f32>,
    ) -> Result<()> {
        let row = |table: &'_ [f32], row: usize| -> Option<std::ops::Range<usize>> {
            let span = row * self.hidden_size..(row + 1) * self.hidden_size;
            (span.end <= table.len()).then_some(span)
        };
        for (input_ids, token_type_ids) in texts {
            for (position, (&id, &segment)) in input_ids.iter().zip(*token_type_ids).enumerate() {
                let fault = Error::VocabularyTooSmall { id, vocab_size: self.vocab_size };
                let word = row(&self.words, id as usize).ok_or(fault)?;
                let missing = Error::Internal { what: "positions and segments were checked" };
                let spans = row(&self.positions, position).zip(row(&self.segments, segment.into()));
                let (position, segment) = spans.ok_or(missing)?;
                let terms = self.words[word]
                    .iter()
                    .zip(&self.segments[segment])
                    .zip(&self.positions[position]);
                out.extend(terms.map(|((word, segment), position)| word + segment + position));
            }
        }
        add_layer_norm(isa, out, &[], &self.norm);
        Ok(())
    }
}
