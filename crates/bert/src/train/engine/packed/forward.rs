//! The forward pass of one part.

use tunewise_kernels::Isa;
use tunewise_kernels::train::{
    Dropout, Finish, Heads, Normed, RowDropout, attention_forward, multiply_each, norm_forward,
    round,
};

use super::embeddings::Tables;
use super::parameters::{Layer, LayerNorm};
use super::part::{Kept, Normal, Part, Span, size};
use crate::{Error, Result};

/// What all parts of a micro-batch share beside the parameters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting {
    pub(super) isa: Isa,
    pub(super) hidden: usize,
    pub(super) intermediate: usize,
    pub(super) heads: usize,
    /// Of hidden states, of this micro-batch.
    pub(super) hidden_dropout: Dropout,
    /// Of attention weights, of this micro-batch.
    pub(super) attention_dropout: Dropout,
    /// Of what the pooler gives, of this micro-batch.
    pub(super) head_dropout: Dropout,
}

/// Where a layer draws.
pub(super) enum Site {
    Weights = 0,
    Attended = 1,
    Output = 2,
}

/// Where the embeddings draw.
pub(super) const EMBEDDINGS: u32 = u32::MAX;
/// Where the head draws.
pub(super) const HEAD: u32 = u32::MAX - 1;

/// Draws of a layer's site.
pub(super) fn site(dropout: Dropout, layer: usize, site: Site) -> Dropout {
    dropout.at(4 * layer as u32 + site as u32)
}

/// Rows that pass through a layer's parts together: they stay in the second-level cache.
pub(super) const BLOCK: usize = 64;

/// Words, positions and segments into `hidden`, and as the first layer's input.
pub(super) fn embed(
    tables: Tables<'_>,
    norm: &LayerNorm,
    part: &mut Part,
    set: Setting,
) -> Result<()> {
    let hidden = set.hidden;
    let tokens = part.tokens();
    size(&mut part.hidden, tokens * hidden);
    let tokens = part.input_ids.iter().zip(&part.token_type_ids).zip(&part.places);
    for (((&id, &segment), place), out) in tokens.zip(part.hidden.chunks_exact_mut(hidden)) {
        let word = row(tables.words, id as usize, hidden)?;
        let position = row(tables.positions, place[1] as usize, hidden)?;
        let segment = row(tables.segments, segment.into(), hidden)?;
        for (out, ((word, segment), position)) in
            out.iter_mut().zip(word.iter().zip(segment).zip(position))
        {
            *out = word + segment + position;
        }
    }
    part.embedded.size(part.places.len(), hidden);
    let none = RowDropout { dropout: Dropout::new(0, 0), places: &[] };
    let (normal, _) = part.embedded.blocks(hidden);
    norm_forward(set.isa, &mut part.hidden, &[], (norm.norm(), none), normal);
    set.hidden_dropout.at(EMBEDDINGS).apply(set.isa, &mut part.hidden, &part.places);
    if let Some(first) = part.layers.first_mut() {
        size(&mut first.input, part.hidden.len());
        round(set.isa, &part.hidden, hidden, &mut first.input);
    }
    Ok(())
}

fn row(table: &[f32], row: usize, hidden: usize) -> Result<&[f32]> {
    let missing = Error::Internal { what: "a text was checked against the tables" };
    table.get(row * hidden..(row + 1) * hidden).ok_or(missing)
}

impl Normal {
    pub(super) fn size(&mut self, rows: usize, hidden: usize) {
        size(&mut self.rows, rows * hidden);
        size(&mut self.inverse, rows);
    }

    /// All of it, and how many rows that is.
    pub(super) fn blocks(&mut self, hidden: usize) -> (Normed<'_>, usize) {
        let rows = self.rows.len() / hidden.max(1);
        (Normed { normal: &mut self.rows, inverse: &mut self.inverse }, rows)
    }

    /// The rows from `first` on, at most as many as a block has.
    pub(super) fn block(&mut self, first: usize, hidden: usize) -> Normed<'_> {
        let end = (first + BLOCK).min(self.inverse.len());
        Normed {
            normal: &mut self.rows[first * hidden..end * hidden],
            inverse: &mut self.inverse[first..end],
        }
    }
}

/// Takes `hidden` through a layer; through the last one, the texts' first tokens only.
pub(super) fn layer(layer: &Layer, number: usize, part: &mut Part, set: Setting) -> Result<()> {
    let hidden = set.hidden;
    let last = number + 1 == part.layers.len();
    let rows = if last { part.texts.len() } else { part.tokens() };
    let (here, next) = part.layers.split_at_mut(number + 1);
    let kept = here.last_mut().ok_or(Error::Internal { what: "a part has every layer" })?;
    project(layer, kept, (&part.texts, last), set)?;
    if last {
        first_rows(&mut part.hidden, &part.texts, hidden);
    }
    attend(kept, (&part.texts, last, number), &mut part.scratch.attention, set);

    kept.attended.size(rows, hidden);
    kept.output.size(rows, hidden);
    size(&mut kept.middle, rows * hidden);
    size(&mut kept.active, rows * set.intermediate);
    size(&mut kept.slope, rows * set.intermediate);
    let places = if last { &part.first_places } else { &part.places };
    let mut next = next.first_mut().map(|kept| &mut kept.input);
    if let Some(next) = &mut next {
        size(next, rows * hidden);
    }
    for first in (0..rows).step_by(BLOCK) {
        let end = (first + BLOCK).min(rows);
        let (narrow, wide) =
            (first * hidden..end * hidden, first * set.intermediate..end * set.intermediate);
        let drop = |of| {
            let dropout = site(set.hidden_dropout, number, of);
            RowDropout { dropout, places: &places[first..end] }
        };
        let x = &mut part.hidden[narrow.clone()];
        let block = &mut part.scratch.block;
        size(block, x.len());
        let (output, up, down) = (&layer.output, &layer.up, &layer.down);
        let mut to = Finish::Fp32 { bias: &output.bias.value, out: block };
        output.packed.multiply(set.isa, &kept.context[narrow.clone()], &mut to)?;
        let norm = (layer.attention_norm.norm(), drop(Site::Attended));
        norm_forward(set.isa, block, x, norm, kept.attended.block(first, hidden));
        let middle = &mut kept.middle[narrow.clone()];
        round(set.isa, block, hidden, middle);

        let (value, slope) = (&mut kept.active[wide.clone()], &mut kept.slope[wide.clone()]);
        let mut to = Finish::Gelu { bias: &up.bias.value, value, slope };
        up.packed.multiply(set.isa, middle, &mut to)?;
        let mut to = Finish::Fp32 { bias: &down.bias.value, out: x };
        down.packed.multiply(set.isa, &kept.active[wide], &mut to)?;
        let norm = (layer.output_norm.norm(), drop(Site::Output));
        norm_forward(set.isa, x, block, norm, kept.output.block(first, hidden));
        if let Some(next) = &mut next {
            round(set.isa, x, hidden, &mut next[narrow]);
        }
    }
    Ok(())
}

/// Queries, keys and values; in the last layer, queries of first tokens.
fn project(
    layer: &Layer,
    kept: &mut Kept,
    (texts, last): (&[Span], bool),
    set: Setting,
) -> Result<()> {
    let hidden = set.hidden;
    let tokens = kept.input.len() / hidden;
    size(&mut kept.keys, tokens * hidden);
    size(&mut kept.values, tokens * hidden);
    if last {
        kept.first.clear();
        for text in texts {
            kept.first
                .extend_from_slice(&kept.input[text.first * hidden..(text.first + 1) * hidden]);
        }
    }
    size(&mut kept.queries, if last { texts.len() } else { tokens } * hidden);
    for first in (0..tokens).step_by(BLOCK) {
        let rows = first * hidden..(first + BLOCK).min(tokens) * hidden;
        let x = &kept.input[rows.clone()];
        let (key, value) = (&layer.key, &layer.value);
        let (keys, values) = (&mut kept.keys[rows.clone()], &mut kept.values[rows.clone()]);
        let mut keys = Finish::Bf16 { bias: &key.bias.value, out: keys };
        let mut values = Finish::Bf16 { bias: &value.bias.value, out: values };
        let (keys, values) = ((&key.packed, &mut keys), (&value.packed, &mut values));
        if last {
            multiply_each(set.isa, x, &mut [keys, values])?;
        } else {
            let out = &mut kept.queries[rows];
            let mut queries = Finish::Bf16 { bias: &layer.query.bias.value, out };
            multiply_each(set.isa, x, &mut [(&layer.query.packed, &mut queries), keys, values])?;
        }
    }
    if last {
        let mut to = Finish::Bf16 { bias: &layer.query.bias.value, out: &mut kept.queries };
        layer.query.packed.multiply(set.isa, &kept.first, &mut to)?;
    }
    Ok(())
}

/// Rows of the queries of a text.
pub(super) fn queries((number, text): (usize, &Span), last: bool) -> std::ops::Range<usize> {
    if last { number..number + 1 } else { text.first..text.first + text.len }
}

/// A text's attention.
pub(super) fn heads<'a>(
    kept: (&'a [u16], &'a [u16], &'a [u16]),
    (number, text, last): (usize, &Span, bool),
    layer: usize,
    set: Setting,
) -> Heads<'a> {
    let (queries_of, keys, values) = kept;
    let hidden = set.hidden;
    let rows = queries((number, text), last);
    let tokens = text.first * hidden..(text.first + text.len) * hidden;
    Heads {
        queries: &queries_of[rows.start * hidden..rows.end * hidden],
        keys: &keys[tokens.clone()],
        values: &values[tokens],
        heads: set.heads,
        head_size: hidden / set.heads,
        dropout: site(set.attention_dropout, layer, Site::Weights),
        place: text.number as u32,
    }
}

/// Every text's attention.
fn attend(
    kept: &mut Kept,
    (texts, last, layer): (&[Span], bool, usize),
    room: &mut tunewise_kernels::train::AttentionRoom,
    set: Setting,
) {
    size(&mut kept.context, kept.queries.len());
    size(&mut kept.logsums, kept.queries.len() / set.hidden * set.heads);
    for (number, text) in texts.iter().enumerate() {
        let rows = queries((number, text), last);
        let tensors = (&kept.queries[..], &kept.keys[..], &kept.values[..]);
        let heads = heads(tensors, (number, text, last), layer, set);
        let logsums = &mut kept.logsums[rows.start * set.heads..rows.end * set.heads];
        let out = &mut kept.context[rows.start * set.hidden..rows.end * set.hidden];
        attention_forward(set.isa, heads, room, logsums, out);
    }
}

/// Leaves of rows of `hidden` numbers each text's first.
fn first_rows(x: &mut Vec<f32>, texts: &[Span], hidden: usize) {
    for (number, text) in texts.iter().enumerate() {
        x.copy_within(text.first * hidden..(text.first + 1) * hidden, number * hidden);
    }
    x.truncate(texts.len() * hidden);
}
