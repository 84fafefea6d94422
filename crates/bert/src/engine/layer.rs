//! One Transformer layer over texts side by side.

use tunewise_kernels::{
    Attention, Isa, LayerNorm, Operand, Precision, Weights, add_layer_norm, attend,
};

use super::load::Named;
use crate::{BertConfig, Result};

/// Rows that pass through attention's output and the feed-forward block together: their
/// intermediate values stay in the second-level cache.
const BLOCK: usize = 64;

/// The hidden states of texts without padding.
pub(super) struct Packed {
    /// `[tokens, hidden]`; after the last layer `[texts, hidden]`.
    pub(super) hidden: Vec<f32>,
    /// Tokens of each text.
    pub(super) lengths: Vec<usize>,
}

/// Buffers of a thread, kept for reuse.
#[derive(Default)]
pub(super) struct Scratch {
    projected: Vec<f32>,
    queries: Vec<f32>,
    context: Vec<f32>,
    first: Vec<f32>,
    attention: Vec<f32>,
    block: Vec<f32>,
    wide: Vec<f32>,
    narrow: Option<Operand>,
    broad: Option<Operand>,
}

/// What tokens are projected to.
enum Projection {
    /// Queries, keys and values of every token, side by side.
    All(Weights),
    /// Keys and values of every token, queries of each text's first: nothing else of the last layer is
    /// read by a classifier.
    First { keys_values: Weights, queries: Weights },
}

pub(super) struct Layer {
    projection: Projection,
    output: Weights,
    output_norm: LayerNorm,
    up: Weights,
    down: Weights,
    down_norm: LayerNorm,
    heads: usize,
    hidden_size: usize,
    precision: Precision,
}

impl Layer {
    /// The layer of that number; `last` says whether only first tokens are read of it.
    pub(super) fn new(
        names: &Named<'_>,
        config: &BertConfig,
        (layer, last): (usize, bool),
        precision: Precision,
    ) -> Result<Self> {
        let prefix = format!("bert.encoder.layer.{layer}");
        let [query, key, value] =
            ["query", "key", "value"].map(|part| format!("{prefix}.attention.self.{part}"));
        let projection = if last {
            Projection::First {
                keys_values: names.stacked(&[&key, &value], precision)?,
                queries: names.linear(&query, precision)?,
            }
        } else {
            Projection::All(names.stacked(&[&query, &key, &value], precision)?)
        };
        let linear = |part: &str| names.linear(&format!("{prefix}.{part}"), precision);
        let norm = |part: &str| names.layer_norm(&format!("{prefix}.{part}"), config);
        Ok(Self {
            projection,
            output: linear("attention.output.dense")?,
            output_norm: norm("attention.output.LayerNorm")?,
            up: linear("intermediate.dense")?.then(config.hidden_act.into()),
            down: linear("output.dense")?,
            down_norm: norm("output.LayerNorm")?,
            heads: config.num_attention_heads,
            hidden_size: config.hidden_size,
            precision,
        })
    }

    /// Replaces the hidden states by the layer's.
    pub(super) fn forward(
        &self,
        isa: Isa,
        packed: &mut Packed,
        scratch: &mut Scratch,
    ) -> Result<()> {
        let hidden = self.hidden_size;
        let mut narrow = operand(&mut scratch.narrow, self.precision, hidden);
        narrow.fill(isa, &packed.hidden);
        match &self.projection {
            Projection::All(weights) => {
                product(isa, weights, &narrow, &mut scratch.projected)?;
                scratch.context.resize(packed.hidden.len(), 0.0);
                self.attend_all(isa, &packed.lengths, scratch);
            }
            Projection::First { keys_values, queries } => {
                product(isa, keys_values, &narrow, &mut scratch.projected)?;
                scratch.first.clear();
                let mut start = 0;
                for length in &packed.lengths {
                    scratch.first.extend(packed.hidden.iter().skip(start * hidden).take(hidden));
                    start += length;
                }
                std::mem::swap(&mut packed.hidden, &mut scratch.first);
                narrow.fill(isa, &packed.hidden);
                product(isa, queries, &narrow, &mut scratch.queries)?;
                scratch.context.resize(packed.hidden.len(), 0.0);
                self.attend_first(isa, &packed.lengths, scratch);
            }
        }
        let mut broad = operand(&mut scratch.broad, self.precision, self.up.outputs());
        for (x, context) in
            packed.hidden.chunks_mut(BLOCK * hidden).zip(scratch.context.chunks(BLOCK * hidden))
        {
            narrow.fill(isa, context);
            product(isa, &self.output, &narrow, &mut scratch.block)?;
            add_layer_norm(isa, &mut scratch.block, x, &self.output_norm);
            narrow.fill(isa, &scratch.block);
            product(isa, &self.up, &narrow, &mut scratch.wide)?;
            broad.fill(isa, &scratch.wide);
            self.down.multiply(isa, &broad, x)?;
            add_layer_norm(isa, x, &scratch.block, &self.down_norm);
        }
        (scratch.narrow, scratch.broad) = (Some(narrow), Some(broad));
        Ok(())
    }

    /// Every token of a text sees the whole text.
    fn attend_all(&self, isa: Isa, lengths: &[usize], scratch: &mut Scratch) {
        let hidden = self.hidden_size;
        let mut projected = scratch.projected.as_slice();
        let mut out = scratch.context.as_mut_slice();
        for &length in lengths {
            let (text, rest) = projected.split_at(length * 3 * hidden);
            let (here, later) = out.split_at_mut(length * hidden);
            let attention = Attention {
                queries: text,
                query_stride: 3 * hidden,
                context: text,
                context_stride: 3 * hidden,
                keys: hidden,
                values: 2 * hidden,
                heads: self.heads,
                head_size: hidden / self.heads,
            };
            attend(isa, attention, &mut scratch.attention, here);
            (projected, out) = (rest, later);
        }
    }

    /// The first token of a text sees the whole text.
    fn attend_first(&self, isa: Isa, lengths: &[usize], scratch: &mut Scratch) {
        let hidden = self.hidden_size;
        let mut projected = scratch.projected.as_slice();
        let queries = scratch.queries.chunks_exact(hidden);
        let outs = scratch.context.chunks_exact_mut(hidden);
        for ((&length, query), out) in lengths.iter().zip(queries).zip(outs) {
            let (text, rest) = projected.split_at(length * 2 * hidden);
            let attention = Attention {
                queries: query,
                query_stride: hidden,
                context: text,
                context_stride: 2 * hidden,
                keys: 0,
                values: hidden,
                heads: self.heads,
                head_size: hidden / self.heads,
            };
            attend(isa, attention, &mut scratch.attention, out);
            projected = rest;
        }
    }
}

/// The kept operand, or a new one where its rows are of another length.
fn operand(kept: &mut Option<Operand>, precision: Precision, inputs: usize) -> Operand {
    let kept = kept.take().filter(|kept| kept.inputs() == inputs);
    kept.unwrap_or_else(|| Operand::new(precision, inputs))
}

/// `out = x Wᵀ + b`, `out` taking the size that this has.
fn product(isa: Isa, weights: &Weights, x: &Operand, out: &mut Vec<f32>) -> Result<()> {
    out.resize(x.rows() * weights.outputs(), 0.0);
    Ok(weights.multiply(isa, x, out)?)
}
