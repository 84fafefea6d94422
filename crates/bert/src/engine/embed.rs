//! Words, positions and segments.

use tunewise_kernels::{Isa, LayerNorm, add_layer_norm};

use super::load::Named;
use crate::model::Quantized;
use crate::{BertConfig, Error, Result};

/// The word embeddings, row-major `[vocab, hidden]`, as the file has them.
enum Words {
    Full(Vec<f32>),
    /// In 8 bits, a scale a word.
    Narrow(Quantized),
}

impl Words {
    /// Writes a word's row to `out`; whether there is one.
    fn read(&self, row: usize, out: &mut [f32]) -> bool {
        let span = row * out.len()..(row + 1) * out.len();
        match self {
            Self::Full(table) => table.get(span).map(|row| out.copy_from_slice(row)).is_some(),
            Self::Narrow((table, scales)) => {
                let Some((row, scale)) = table.get(span).zip(scales.get(row)) else { return false };
                out.iter_mut().zip(row).for_each(|(out, &word)| *out = f32::from(word) * scale);
                true
            }
        }
    }
}

/// The tables, row-major `[rows, hidden]`.
pub(super) struct Embeddings {
    words: Words,
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
        let narrow = names.quantized("bert.embeddings.word_embeddings.weight")?;
        Ok(Self {
            words: narrow
                .map_or_else(|| table("word").map(Words::Full), |n| Ok(Words::Narrow(n)))?,
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
        let mut word = vec![0.0; self.hidden_size];
        for (input_ids, token_type_ids) in texts {
            for (position, (&id, &segment)) in input_ids.iter().zip(*token_type_ids).enumerate() {
                if !self.words.read(id as usize, &mut word) {
                    return Err(Error::VocabularyTooSmall { id, vocab_size: self.vocab_size });
                }
                let missing = Error::Internal { what: "positions and segments were checked" };
                let spans = row(&self.positions, position).zip(row(&self.segments, segment.into()));
                let (position, segment) = spans.ok_or(missing)?;
                let terms = word.iter().zip(&self.segments[segment]).zip(&self.positions[position]);
                out.extend(terms.map(|((word, segment), position)| word + segment + position));
            }
        }
        add_layer_norm(isa, out, &[], &self.norm);
        Ok(())
    }
}
