//! The way back of one part through a layer.

use tunewise_kernels::train::{
    Finish, HeadsGradient, NormGradient, RowDropout, Rows, attention_backward, norm_backward,
};

use super::forward::{BLOCK, EMBEDDINGS, Setting, Site, heads, queries, site};
use super::parameters::{Layer, LayerNorm};
use super::part::{Kept, Part, Scratch, Sums, size};
use crate::{Error, Result};

/// From the gradient of a layer's result to that of its argument, both `part.gradient`, unless
/// `stop`, and what the weights' gradients are made of.
pub(super) fn layer(
    layer: &Layer,
    (number, stop): (usize, bool),
    part: &mut Part,
    set: Setting,
) -> Result<()> {
    part.sums.clear(set.hidden, set.intermediate);
    feed_forward(layer, number, part, set)?;
    attention(layer, number, part, set)?;
    if !stop {
        inputs(layer, number, part, set)?;
    }
    let last = number + 1 == part.layers.len();
    let kept = part.layers.get(number).ok_or(Error::Internal { what: "a part has every layer" })?;
    sides(layer, (kept, last), (&mut part.scratch, &mut part.sums), set);
    Ok(())
}

/// Down to the gradient of attention's result; `part.gradient` then is that of the residual.
fn feed_forward(layer: &Layer, number: usize, part: &mut Part, set: Setting) -> Result<()> {
    let hidden = set.hidden;
    let rows = part.gradient.len() / hidden;
    let last = number + 1 == part.layers.len();
    let places = if last { &part.first_places } else { &part.places };
    let missing = Error::Internal { what: "a part has every layer" };
    let kept = part.layers.get_mut(number).ok_or(missing)?;
    let Scratch { context, output, up, down, block, .. } = &mut part.scratch;
    size(context, rows * hidden);
    size(output, rows * hidden);
    size(up, rows * set.intermediate);
    size(down, rows * hidden);
    block.clear();
    block.resize(hidden, 0.0); // no bias
    for first in (0..rows).step_by(BLOCK) {
        let end = (first + BLOCK).min(rows);
        let (narrow, wide) =
            (first * hidden..end * hidden, first * set.intermediate..end * set.intermediate);
        let drop = |of| {
            let dropout = site(set.hidden_dropout, number, of);
            RowDropout { dropout, places: &places[first..end] }
        };
        let g = &mut part.gradient[narrow.clone()];
        let (down, up, output) =
            (&mut down[narrow.clone()], &mut up[wide.clone()], &mut output[narrow.clone()]);
        let norm = (layer.output_norm.norm(), drop(Site::Output));
        let sums = gradients(&mut part.sums.output_norm);
        norm_backward(set.isa, g, norm, kept.output.block(first, hidden), (sums, down));
        let mut to = Finish::Slope { slope: &kept.slope[wide], out: up };
        layer.down.packed.multiply_back(set.isa, down, &mut to)?;
        layer.up.packed.multiply_back(set.isa, up, &mut Finish::Add { out: g })?;
        let norm = (layer.attention_norm.norm(), drop(Site::Attended));
        let sums = gradients(&mut part.sums.attention_norm);
        norm_backward(set.isa, g, norm, kept.attended.block(first, hidden), (sums, output));
        let mut to = Finish::Fp32 { bias: block, out: &mut context[narrow] };
        layer.output.packed.multiply_back(set.isa, output, &mut to)?;
    }
    Ok(())
}

fn gradients([weight, bias]: &mut [Vec<f32>; 2]) -> NormGradient<'_> {
    NormGradient { weight, bias }
}

/// To the gradients of queries, keys and values.
fn attention(layer: &Layer, number: usize, part: &mut Part, set: Setting) -> Result<()> {
    let hidden = set.hidden;
    let last = number + 1 == part.layers.len();
    let kept = part.layers.get(number).ok_or(Error::Internal { what: "a part has every layer" })?;
    let Scratch { attention, context, query, key, value, .. } = &mut part.scratch;
    size(query, kept.queries.len());
    size(key, kept.keys.len());
    size(value, layer.value.outputs() * (kept.values.len() / hidden));
    for (number_in_part, text) in part.texts.iter().enumerate() {
        let rows = queries((number_in_part, text), last);
        let tokens = text.first * hidden..(text.first + text.len) * hidden;
        let tensors = (&kept.queries[..], &kept.keys[..], &kept.values[..]);
        let heads = heads(tensors, (number_in_part, text, last), number, set);
        let logsums = &kept.logsums[rows.start * set.heads..rows.end * set.heads];
        let rows = rows.start * hidden..rows.end * hidden;
        let to = HeadsGradient {
            queries: &mut query[rows.clone()],
            keys: &mut key[tokens.clone()],
            values: &mut value[tokens],
        };
        attention_backward(set.isa, heads, attention, (logsums, &context[rows]), to);
    }
    Ok(())
}

/// To the gradient of the layer's argument: through the residual and all three projections.
fn inputs(layer: &Layer, number: usize, part: &mut Part, set: Setting) -> Result<()> {
    let hidden = set.hidden;
    let last = number + 1 == part.layers.len();
    let Scratch { query, key, value, context, .. } = &mut part.scratch;
    if last {
        let mut to = Finish::Add { out: &mut part.gradient };
        layer.query.packed.multiply_back(set.isa, query, &mut to)?;
        // From rows of first tokens to rows of all tokens.
        std::mem::swap(&mut part.gradient, context);
        part.gradient.clear();
        part.gradient.resize(part.input_ids.len() * hidden, 0.0);
        for (text, row) in part.texts.iter().zip(context.chunks_exact(hidden)) {
            part.gradient[text.first * hidden..(text.first + 1) * hidden].copy_from_slice(row);
        }
    }
    let block = BLOCK * hidden;
    for (place, g) in part.gradient.chunks_mut(block).enumerate() {
        let rows = place * block..place * block + g.len();
        if !last {
            let mut to = Finish::Add { out: &mut *g };
            layer.query.packed.multiply_back(set.isa, &query[rows.clone()], &mut to)?;
        }
        let mut to = Finish::Add { out: g };
        layer.key.packed.multiply_back(set.isa, &key[rows.clone()], &mut to)?;
        layer.value.packed.multiply_back(set.isa, &value[rows], &mut to)?;
    }
    Ok(())
}

/// Both sides of the weights' gradients by pairs of tokens, and the biases' gradients.
fn sides(layer: &Layer, (kept, last): (&Kept, bool), to: (&mut Scratch, &mut Sums), set: Setting) {
    let (scratch, sums) = to;
    let (hidden, intermediate) = (set.hidden, set.intermediate);
    let (narrow, wide) = (|x| rows(x, hidden), |x| rows(x, intermediate));
    let gradients = [
        narrow(&scratch.query),
        narrow(&scratch.key),
        narrow(&scratch.value),
        narrow(&scratch.output),
        wide(&scratch.up),
        narrow(&scratch.down),
    ];
    let outputs = scratch.sides.outputs.iter_mut().zip(&mut sums.biases);
    for ((side, sums), (linear, gradient)) in outputs.zip(layer.linears().iter().zip(gradients)) {
        if linear.trains() {
            side.fill_left(set.isa, gradient, sums);
        }
    }
    let [query, key, value, output, up, down] = layer.linears().map(|linear| linear.weight.trains);
    let all = (query && !last) || key || value;
    let inputs = [
        (all, &mut scratch.sides.input, narrow(&kept.input)),
        (query && last, &mut scratch.sides.first, narrow(&kept.first)),
        (output, &mut scratch.sides.context, narrow(&kept.context)),
        (up, &mut scratch.sides.middle, narrow(&kept.middle)),
        (down, &mut scratch.sides.active, wide(&kept.active)),
    ];
    for (_, side, x) in inputs.into_iter().filter(|(wanted, ..)| *wanted) {
        side.fill_right(set.isa, x);
    }
}

fn rows(x: &[u16], width: usize) -> Rows<'_> {
    Rows { x, width }
}

/// From the gradient of the embeddings' result to that of the sum of the tables' rows.
pub(super) fn embeddings(norm: &LayerNorm, part: &mut Part, set: Setting) {
    part.sums.clear(set.hidden, set.intermediate);
    set.hidden_dropout.at(EMBEDDINGS).apply(set.isa, &mut part.gradient, &part.places);
    let none = RowDropout { dropout: tunewise_kernels::train::Dropout::new(0, 0), places: &[] };
    let sums = gradients(&mut part.sums.output_norm);
    let (kept, _) = part.embedded.blocks(set.hidden);
    norm_backward(set.isa, &mut part.gradient, (norm.norm(), none), kept, (sums, &mut []));
}
