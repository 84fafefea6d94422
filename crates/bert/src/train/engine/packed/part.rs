//! Texts that one thread takes through the model, with buffers of their own.

use tunewise_kernels::train::{AttentionRoom, Pairs, Place};

use crate::{BertConfig, Error, Result};

/// A text of a micro-batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'a> {
    /// Its number in the micro-batch.
    pub(super) number: usize,
    pub(super) input_ids: &'a [u32],
    pub(super) token_type_ids: &'a [u8],
}

/// Where a text's tokens stand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) number: usize,
    pub(super) first: usize,
    pub(super) len: usize,
}

/// The texts of one thread, side by side without padding.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) texts: Vec<Span>,
    pub(super) input_ids: Vec<u32>,
    pub(super) token_type_ids: Vec<u8>,
    /// Where each token draws: its text's number and its position.
    pub(super) places: Vec<Place>,
    /// Where each text's first token draws.
    pub(super) first_places: Vec<Place>,
    /// `[tokens, hidden]`; after the last layer, first tokens only.
    pub(super) hidden: Vec<f32>,
    /// Gradient of `hidden`.
    pub(super) gradient: Vec<f32>,
    pub(super) embedded: Normal,
    pub(super) layers: Vec<Kept>,
    pub(super) scratch: Scratch,
    pub(super) sums: Sums,
}

/// What is remembered of a LayerNorm.
#[derive(Debug, Default)]
pub(super) struct Normal {
    pub(super) rows: Vec<f32>,
    pub(super) inverse: Vec<f32>,
}

/// What is remembered of a layer for the way back; rows are tokens, and of what follows the queries,
/// in the last layer, first tokens.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// The layer's input, `[tokens, hidden]`.
    pub(super) input: Vec<u16>,
    /// In the last layer, the first tokens of it.
    pub(super) first: Vec<u16>,
    pub(super) queries: Vec<u16>,
    pub(super) keys: Vec<u16>,
    pub(super) values: Vec<u16>,
    /// By text `[heads, queries]`.
    pub(super) logsums: Vec<f32>,
    pub(super) context: Vec<u16>,
    pub(super) attended: Normal,
    /// `[rows, hidden]`: input of the feed-forward block.
    pub(super) middle: Vec<u16>,
    /// `[rows, intermediate]`: its activation, and the slope there.
    pub(super) active: Vec<u16>,
    pub(super) slope: Vec<u16>,
    pub(super) output: Normal,
}

/// Buffers that a layer leaves to the next.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) attention: AttentionRoom,
    pub(super) block: Vec<f32>,
    /// Gradient of the context, `[rows, hidden]`.
    pub(super) context: Vec<f32>,
    /// Gradients of the products' results.
    pub(super) query: Vec<u16>,
    pub(super) key: Vec<u16>,
    pub(super) value: Vec<u16>,
    pub(super) output: Vec<u16>,
    pub(super) up: Vec<u16>,
    pub(super) down: Vec<u16>,
    /// The sides of the weights' gradients.
    pub(super) sides: Sides,
}

/// The sides of a layer's weight gradients, in the order of `Layer::linears`; key and value share the
/// query's input except in the last layer, where the query has its own.
#[derive(Debug, Default)]
pub(super) struct Sides {
    pub(super) outputs: [Pairs; 6],
    pub(super) input: Pairs,
    pub(super) first: Pairs,
    pub(super) context: Pairs,
    pub(super) middle: Pairs,
    pub(super) active: Pairs,
}

/// Gradients of a layer's vectors from one part.
#[derive(Debug, Default)]
pub(super) struct Sums {
    /// Of biases, in the order of `Layer::linears`.
    pub(super) biases: [Vec<f32>; 6],
    pub(super) attention_norm: [Vec<f32>; 2],
    pub(super) output_norm: [Vec<f32>; 2],
}

impl Sums {
    /// All of them 0.
    pub(super) fn clear(&mut self, hidden: usize, intermediate: usize) {
        let zero = |sums: &mut Vec<f32>, len: usize| {
            sums.clear();
            sums.resize(len, 0.0);
        };
        for (linear, sums) in self.biases.iter_mut().enumerate() {
            zero(sums, if linear == UP { intermediate } else { hidden });
        }
        for sums in self.attention_norm.iter_mut().chain(&mut self.output_norm) {
            zero(sums, hidden);
        }
    }
}

/// Place of the up projection among a layer's linear layers.
pub(super) const UP: usize = 4;

/// Gives a buffer that length; what is in it is overwritten before it is read.
pub(super) fn size<T: Copy + Default>(buffer: &mut Vec<T>, len: usize) {
    buffer.resize(len, T::default());
}

impl Part {
    pub(super) fn tokens(&self) -> usize {
        self.input_ids.len()
    }

    /// Takes over these texts.
    pub(super) fn fill(&mut self, texts: &[Text<'_>]) {
        self.texts.clear();
        self.input_ids.clear();
        self.token_type_ids.clear();
        self.places.clear();
        self.first_places.clear();
        for Text { number, input_ids, token_type_ids } in texts {
            let (first, len) = (self.input_ids.len(), input_ids.len());
            self.texts.push(Span { number: *number, first, len });
            self.input_ids.extend_from_slice(input_ids);
            self.token_type_ids.extend_from_slice(token_type_ids);
            self.places.extend((0..len).map(|position| [*number as u32, position as u32]));
            self.first_places.push([*number as u32, 0]);
        }
    }
}

/// Checks a text against the model's tables.
pub(super) fn check(text: &Text<'_>, config: &BertConfig) -> Result<()> {
    let (length, max_position_embeddings) = (text.input_ids.len(), config.max_position_embeddings);
    if length > max_position_embeddings {
        return Err(Error::SequenceTooLong { length, max_position_embeddings });
    }
    let (vocab_size, type_vocab_size) = (config.vocab_size, config.type_vocab_size);
    let mut segments = text.token_type_ids.iter();
    if let Some(&segment) = segments.find(|&&segment| usize::from(segment) >= type_vocab_size) {
        return Err(Error::SegmentTooLarge { segment, type_vocab_size });
    }
    match text.input_ids.iter().find(|id| **id as usize >= vocab_size) {
        Some(&id) => Err(Error::VocabularyTooSmall { id, vocab_size }),
        None if length == 0 => Err(Error::Internal { what: "a text has at least its [CLS]" }),
        None => Ok(()),
    }
}

/// Spreads texts over `parts` sets of about as many tokens: the longest first, each to the set that
/// has the fewest.
pub(super) fn spread<'a>(texts: &[Text<'a>], parts: usize) -> Vec<Vec<Text<'a>>> {
    let mut order: Vec<&Text<'a>> = texts.iter().collect();
    order.sort_by_key(|text| (std::cmp::Reverse(text.input_ids.len()), text.number));
    let mut sets: Vec<(usize, Vec<Text<'a>>)> = vec![(0, Vec::new()); parts.max(1)];
    for text in order {
        if let Some((tokens, set)) = sets.iter_mut().min_by_key(|(tokens, _)| *tokens) {
            *tokens += text.input_ids.len();
            set.push(*text);
        }
    }
    sets.into_iter()
        .map(|(_, mut set)| {
            set.sort_by_key(|text| text.number);
            set
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_spread_evenly_and_keep_their_order() {
        let ids = [7; 9];
        let texts: Vec<Text> = [9usize, 2, 3, 4, 5, 1]
            .into_iter()
            .enumerate()
            .map(|(number, len)| Text { number, input_ids: &ids[..len], token_type_ids: &[] })
            .collect();
        let numbers: Vec<Vec<usize>> = spread(&texts, 2)
            .iter()
            .map(|set| set.iter().map(|text| text.number).collect())
            .collect();
        assert_eq!(numbers, [vec![0, 2], vec![1, 3, 4, 5]]);
        assert_eq!(spread(&texts[..1], 2).iter().filter(|set| set.is_empty()).count(), 1);
    }
}
