//! Softmax attention of one text with dropout, there and back.

use super::dropout::Dropout;
use super::lanes::{LANES, Lanes, lanes};
use super::small::{Factor, product};
use crate::Isa;

/// A text's queries, keys and values, bfloat16.
#[derive(Debug, Clone, Copy)]
pub struct Heads<'a> {
    /// `[queries, heads * head_size]`.
    pub queries: &'a [u16],
    /// `[tokens, heads * head_size]`.
    pub keys: &'a [u16],
    /// `[tokens, heads * head_size]`.
    pub values: &'a [u16],
    /// Heads.
    pub heads: usize,
    /// Numbers a head.
    pub head_size: usize,
    /// Of the attention's weights.
    pub dropout: Dropout,
    /// Where the text draws, beside the head.
    pub place: u32,
}

impl Heads<'_> {
    fn hidden(&self) -> usize {
        (self.heads * self.head_size).max(1)
    }

    fn queries(&self) -> usize {
        self.queries.len() / self.hidden()
    }

    fn tokens(&self) -> usize {
        self.keys.len() / self.hidden()
    }
}

/// A thread's room, kept for reuse.
#[derive(Debug, Default)]
pub struct AttentionRoom {
    queries: Vec<f32>,         // [queries, head]
    keys: Vec<f32>,            // [tokens, head]
    keys_transposed: Vec<f32>, // [head_size, tokens]
    values: Vec<f32>,          // [tokens, head], or on the way back [head_size, tokens]
    weights: Vec<f32>,         // [queries, tokens]
    gradient: Vec<f32>,        // [queries, tokens]
    out_gradient: Vec<f32>,    // [queries, head]
    out: Vec<f32>,             // [queries or tokens, head]
    draws: Vec<u16>,           // [queries, tokens]
}

/// Gradients of [`Heads`], bfloat16, of the same shapes.
#[derive(Debug)]
pub struct HeadsGradient<'a> {
    /// Of the queries.
    pub queries: &'a mut [u16],
    /// Of the keys.
    pub keys: &'a mut [u16],
    /// Of the values.
    pub values: &'a mut [u16],
}

/// Attention of every query to every token, `[queries, heads * head_size]` bfloat16 into `out`, and
/// `[heads, queries]` into `logsums`: the logarithms of the sums of exponentials, from which the way
/// back has the weights again.
///
/// # Formula
/// ```text
/// dropout(softmax(q Kᵀ / √head_size)) V
/// ```
///
/// # Reference
/// Vaswani et al. 2017, *Attention Is All You Need*, equation 1.
#[allow(clippy::too_many_arguments, reason = "the instruction sets and the body's")]
pub fn attention_forward(
    isa: Isa,
    heads: Heads<'_>,
    room: &mut AttentionRoom,
    logsums: &mut [f32],
    out: &mut [u16],
) {
    forward(isa, (isa, heads), room, logsums, out);
}

/// From the gradient of attention's result, `[queries, heads * head_size]`, to those of queries, keys
/// and values; `of` are the logarithms that the way there left and that gradient.
///
/// # Formula
/// ```text
/// P = softmax(q Kᵀ / √d)    M = dropout's factors    dV = (P∘M)ᵀ dO    dP = (dO Vᵀ)∘M
/// dS = P∘(dP - Σ P∘dP)      dq = dS K / √d           dK = dSᵀ q / √d
/// ```
#[allow(clippy::too_many_arguments, reason = "the instruction sets and the body's")]
pub fn attention_backward(
    isa: Isa,
    heads: Heads<'_>,
    room: &mut AttentionRoom,
    of: (&[f32], &[f32]),
    to: HeadsGradient<'_>,
) {
    backward(isa, (isa, heads), room, of, to);
}

lanes! { fn forward(heads: (Isa, Heads<'_>), room: &mut AttentionRoom, logsums: &mut [f32], out: &mut [u16]) = forward_body }
lanes! { fn backward(heads: (Isa, Heads<'_>), room: &mut AttentionRoom, of: (&[f32], &[f32]), to: HeadsGradient<'_>) = backward_body }

/// Copies a head's part of rows of `hidden` bfloat16 to rows of `width` numbers, times `scale`.
#[inline(always)]
fn gather<V: Lanes>(
    x: &[u16],
    (hidden, from, size): (usize, usize, usize),
    scale: f32,
    out: &mut Vec<f32>,
) {
    let width = size.next_multiple_of(LANES);
    out.resize(x.len() / hidden * width, 0.0);
    for (x, out) in x.chunks_exact(hidden).zip(out.chunks_exact_mut(width)) {
        let x = &x[from..from + size];
        for (at, out) in (0..size).step_by(LANES).zip(out.chunks_exact_mut(LANES)) {
            V::load_bf16(&x[at..]).mul(V::splat(scale)).store(out);
        }
    }
}

/// A head's part of rows of `hidden` bfloat16, transposed to rows of `width` numbers, the rest 0.
#[inline(always)]
fn gather_transposed<V: Lanes>(
    x: &[u16],
    (hidden, from, size): (usize, usize, usize),
    out: &mut Vec<f32>,
) {
    let tokens = x.len() / hidden;
    let width = tokens.next_multiple_of(LANES);
    out.resize(size * width, 0.0);
    for first in (0..tokens).step_by(LANES) {
        for place in (0..size).step_by(LANES) {
            let mut block = [V::zero(); LANES];
            for (lane, row) in block.iter_mut().enumerate() {
                let from = (first + lane) * hidden + from;
                *row = V::load_bf16(x.get(from + place..from + size).unwrap_or(&[]));
            }
            let columns = V::transposed(block);
            let out = out[place * width..].chunks_exact_mut(width).take(size - place);
            for (out, column) in out.zip(columns) {
                column.store(&mut out[first..first + LANES]);
            }
        }
    }
}

/// Copies rows of `width` numbers to a head's part of rows of `hidden` bfloat16, times `scale`.
#[inline(always)]
fn scatter<V: Lanes>(
    x: &[f32],
    (hidden, from, size): (usize, usize, usize),
    scale: f32,
    out: &mut [u16],
) {
    let width = size.next_multiple_of(LANES);
    for (x, out) in x.chunks_exact(width).zip(out.chunks_exact_mut(hidden)) {
        let out = &mut out[from..from + size];
        for (x, out) in x.chunks_exact(LANES).zip(out.chunks_mut(LANES)) {
            V::load(x).mul(V::splat(scale)).store_bf16(out);
        }
    }
}

#[inline(always)]
fn resize(x: &mut Vec<f32>, len: usize) {
    x.resize(len, 0.0);
}

#[inline(always)]
fn forward_body<V: Lanes>(
    (isa, heads): (Isa, Heads<'_>),
    room: &mut AttentionRoom,
    logsums: &mut [f32],
    out: &mut [u16],
) {
    let (hidden, size) = (heads.hidden(), heads.head_size);
    let (queries, tokens) = (heads.queries(), heads.tokens());
    let (width, long) = (size.next_multiple_of(LANES), tokens.next_multiple_of(LANES));
    let scale = 1.0 / (size as f32).sqrt();
    for (head, logsums) in logsums.chunks_exact_mut(queries.max(1)).enumerate() {
        let part = (hidden, head * size, size);
        gather::<V>(heads.queries, part, scale, &mut room.queries);
        gather_transposed::<V>(heads.keys, part, &mut room.keys_transposed);
        gather::<V>(heads.values, part, 1.0, &mut room.values);
        resize(&mut room.weights, queries * long);
        resize(&mut room.out, queries * width);
        let left = Factor { x: &room.queries, of_row: width, of_step: 1 };
        product(isa, left, &room.keys_transposed, (size, long), &mut room.weights);
        draw::<V>(&heads, head, (queries * long, &mut room.draws));
        let rows = room.weights.chunks_exact_mut(long).zip(logsums);
        for (row, (weights, logsum)) in rows.enumerate() {
            *logsum = softmax::<V>(&mut weights[..tokens]);
            if heads.dropout.is_active() {
                let draws = &room.draws[row * long..][..tokens];
                drop_weights::<V>(heads.dropout, draws, &mut weights[..tokens]);
            }
        }
        let left = Factor { x: &room.weights, of_row: long, of_step: 1 };
        product(isa, left, &room.values, (tokens, width), &mut room.out);
        scatter::<V>(&room.out, part, 1.0, out);
    }
}

/// The head's draws, a row of `long` for each query.
#[inline(always)]
fn draw<V: Lanes>(heads: &Heads<'_>, head: usize, (count, draws): (usize, &mut Vec<u16>)) {
    if heads.dropout.is_active() {
        draws.resize(count, 0);
        heads.dropout.draw::<V>([heads.place, head as u32], draws);
    }
}

/// Replaces scores by their softmax; the logarithm of the sum of their exponentials.
#[inline(always)]
fn softmax<V: Lanes>(scores: &mut [f32]) -> f32 {
    let mut chunks = scores.chunks_exact(LANES);
    let vectors = chunks.by_ref().fold(V::splat(f32::NEG_INFINITY), |m, x| m.max(V::load(x)));
    let largest = chunks.remainder().iter().fold(vectors.largest(), |m, x| m.max(*x));
    let mut total = V::zero();
    for scores in scores.chunks_mut(LANES) {
        let e = V::load(scores).sub(V::splat(largest)).exp().first(scores.len());
        total = total.add(e);
        e.store(scores);
    }
    let total = total.sum();
    let inverse = V::splat(1.0 / total);
    for scores in scores.chunks_mut(LANES) {
        V::load(scores).mul(inverse).store(scores);
    }
    largest + total.ln()
}

#[inline(always)]
fn drop_weights<V: Lanes>(dropout: Dropout, draws: &[u16], weights: &mut [f32]) {
    for (weights, draws) in weights.chunks_mut(LANES).zip(draws.chunks(LANES)) {
        V::load(weights).mul(V::kept(draws, dropout.dropped(), dropout.scale())).store(weights);
    }
}

#[inline(always)]
fn backward_body<V: Lanes>(
    (isa, heads): (Isa, Heads<'_>),
    room: &mut AttentionRoom,
    (logsums, out_gradient): (&[f32], &[f32]),
    to: HeadsGradient<'_>,
) {
    let (hidden, size) = (heads.hidden(), heads.head_size);
    let (queries, tokens) = (heads.queries(), heads.tokens());
    let (width, long) = (size.next_multiple_of(LANES), tokens.next_multiple_of(LANES));
    let scale = 1.0 / (size as f32).sqrt();
    for (head, logsums) in logsums.chunks_exact(queries.max(1)).enumerate() {
        let part = (hidden, head * size, size);
        gather::<V>(heads.queries, part, scale, &mut room.queries);
        gather::<V>(heads.keys, part, 1.0, &mut room.keys);
        gather_transposed::<V>(heads.keys, part, &mut room.keys_transposed);
        gather_transposed::<V>(heads.values, part, &mut room.values);
        resize(&mut room.out_gradient, queries * width);
        for (x, out) in
            out_gradient.chunks_exact(hidden).zip(room.out_gradient.chunks_exact_mut(width))
        {
            out[..size].copy_from_slice(&x[part.1..part.1 + size]);
        }
        resize(&mut room.weights, queries * long);
        resize(&mut room.gradient, queries * long);
        let by_head = |x| Factor { x, of_row: width, of_step: 1 };
        product(
            isa,
            by_head(&room.queries),
            &room.keys_transposed,
            (size, long),
            &mut room.weights,
        );
        product(isa, by_head(&room.out_gradient), &room.values, (size, long), &mut room.gradient);
        draw::<V>(&heads, head, (queries * long, &mut room.draws));
        let rows = room.weights.chunks_exact_mut(long).zip(room.gradient.chunks_exact_mut(long));
        for (row, ((weights, gradient), logsum)) in rows.zip(logsums).enumerate() {
            let draws = room.draws.get(row * long..row * long + tokens).unwrap_or(&[]);
            let (weights, gradient) = (&mut weights[..tokens], &mut gradient[..tokens]);
            scores_gradient::<V>((heads.dropout, draws), *logsum, weights, gradient);
        }
        let by_token = |x| Factor { x, of_row: 1, of_step: long };
        resize(&mut room.out, tokens * width);
        product(isa, by_token(&room.weights), &room.out_gradient, (queries, width), &mut room.out);
        scatter::<V>(&room.out, part, 1.0, to.values);
        product(isa, by_token(&room.gradient), &room.queries, (queries, width), &mut room.out);
        scatter::<V>(&room.out, part, 1.0, to.keys);
        resize(&mut room.out, queries * width);
        let by_query = Factor { x: &room.gradient, of_row: long, of_step: 1 };
        product(isa, by_query, &room.keys, (tokens, width), &mut room.out);
        scatter::<V>(&room.out, part, scale, to.queries);
    }
}

/// From scores to `P∘M`, and from `dO Vᵀ` to `dS`.
#[inline(always)]
fn scores_gradient<V: Lanes>(
    (dropout, draws): (Dropout, &[u16]),
    logsum: f32,
    weights: &mut [f32],
    gradient: &mut [f32],
) {
    let active = dropout.is_active();
    let factors = |at: usize| {
        if active {
            V::kept(&draws[at..], dropout.dropped(), dropout.scale())
        } else {
            V::splat(1.0)
        }
    };
    let mut total = V::zero();
    for at in (0..weights.len()).step_by(LANES) {
        let count = weights.len() - at;
        let p = V::load(&weights[at..]).sub(V::splat(logsum)).exp().first(count);
        let dp = V::load(&gradient[at..]).mul(factors(at)).first(count);
        total = p.fma(dp, total);
        p.store(&mut weights[at..]);
        dp.store(&mut gradient[at..]);
    }
    let total = V::splat(total.sum());
    for at in (0..weights.len()).step_by(LANES) {
        let p = V::load(&weights[at..]);
        p.mul(V::load(&gradient[at..]).sub(total)).store(&mut gradient[at..]);
        p.mul(factors(at)).store(&mut weights[at..]);
    }
}
