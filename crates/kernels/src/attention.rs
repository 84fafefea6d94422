//! Softmax attention of one text.

use crate::isa::versions;
use crate::{Isa, math};

/// An attention's inputs and where its parts stand in them.
#[derive(Debug, Clone, Copy)]
pub struct Attention<'a> {
    /// `[queries, query_stride]`, of which the first `heads * head_size` numbers of a row count.
    pub queries: &'a [f32],
    /// Numbers between two rows of the queries.
    pub query_stride: usize,
    /// `[tokens, context_stride]`, keys and values among them.
    pub context: &'a [f32],
    /// Numbers between two rows of the context.
    pub context_stride: usize,
    /// From a row of the context to its keys.
    pub keys: usize,
    /// From a row of the context to its values.
    pub values: usize,
    /// Heads.
    pub heads: usize,
    /// Numbers a head.
    pub head_size: usize,
}

/// Keys at a time.
const LANES: usize = 16;

/// Attention of the rows of the queries to all rows of the context, head by head, without a mask:
/// `[queries, heads * head_size]` into `out`. Without any row of context the result is 0.
/// `scratch` is room that is kept for reuse.
///
/// # Formula
/// ```text
/// softmax(q Kᵀ / √head_size) V
/// ```
///
/// # Reference
/// Vaswani et al. 2017, *Attention Is All You Need*, equation 1.
pub fn attend(isa: Isa, attention: Attention<'_>, scratch: &mut Vec<f32>, out: &mut [f32]) {
    let Attention { context, context_stride, heads, head_size, .. } = attention;
    let tokens = context.len().checked_div(context_stride).unwrap_or(0);
    if tokens * heads * head_size == 0 {
        return out.fill(0.0);
    }
    let attention = Attention { context: &context[..tokens * context_stride], ..attention };
    #[cfg(target_arch = "x86_64")]
    if isa.has_avx512() && head_size % 16 == 0 {
        // SAFETY: an `Isa` says AVX-512 only where `Isa::detect` found these features.
        return unsafe { crate::avx512::attention::attend(attention, scratch, out) };
    }
    general(isa, attention, scratch, out);
}

versions! { fn general(attention: Attention<'_>, scratch: &mut Vec<f32>, out: &mut [f32]) attend_body }

#[inline(always)]
fn attend_body<const FMA: bool>(attention: Attention<'_>, scratch: &mut Vec<f32>, out: &mut [f32]) {
    let Attention { queries, query_stride, context, context_stride, heads, head_size, .. } =
        attention;
    let tokens = context.len() / context_stride.max(1);
    let padded = tokens.next_multiple_of(LANES);
    let scale = 1.0 / (head_size as f32).sqrt();
    scratch.resize(padded * (head_size + 1), 0.0);
    let (transposed, scores) = scratch.split_at_mut(padded * head_size);
    for head in 0..heads {
        let from = head * head_size;
        transpose(attention, from, transposed);
        for (query, out) in
            queries.chunks_exact(query_stride).zip(out.chunks_exact_mut(heads * head_size))
        {
            score::<FMA>(&query[from..from + head_size], transposed, scores);
            let total = softmax::<FMA>(&mut scores[..tokens], scale);
            let out = &mut out[from..from + head_size];
            out.fill(0.0);
            for (row, weight) in context.chunks_exact(context_stride).zip(&*scores) {
                let value = &row[attention.values + from..][..head_size];
                for (out, value) in out.iter_mut().zip(value) {
                    *out = math::multiply_add::<FMA>(*weight, *value, *out);
                }
            }
            let inverse = 1.0 / total;
            out.iter_mut().for_each(|out| *out *= inverse);
        }
    }
}

/// One head's keys as `[head_size, padded]`; what lies beyond the tokens is never read as a score.
#[inline(always)]
fn transpose(attention: Attention<'_>, from: usize, transposed: &mut [f32]) {
    let padded = transposed.len() / attention.head_size.max(1);
    for (token, row) in attention.context.chunks_exact(attention.context_stride).enumerate() {
        for (i, key) in row[attention.keys + from..][..attention.head_size].iter().enumerate() {
            transposed[i * padded + token] = *key;
        }
    }
}

/// `scores = query · keys`, sixteen keys at a time.
#[inline(always)]
fn score<const FMA: bool>(query: &[f32], transposed: &[f32], scores: &mut [f32]) {
    let padded = scores.len();
    for (block, scores) in scores.chunks_exact_mut(LANES).enumerate() {
        let mut sums = [0.0f32; LANES];
        for (q, keys) in query.iter().zip(transposed.chunks_exact(padded)) {
            let keys = &keys[block * LANES..][..LANES];
            for lane in 0..LANES {
                sums[lane] = math::multiply_add::<FMA>(*q, keys[lane], sums[lane]);
            }
        }
        scores.copy_from_slice(&sums);
    }
}

/// Replaces scores by e to the scaled difference from the largest; their sum.
#[inline(always)]
fn softmax<const FMA: bool>(scores: &mut [f32], scale: f32) -> f32 {
    let largest = scores.iter().fold(f32::NEG_INFINITY, |largest, score| largest.max(*score));
    for score in scores.iter_mut() {
        *score = math::exp::<FMA>((*score - largest) * scale);
    }
    crate::rows::sum::<FMA>(scores, |x| x)
}
