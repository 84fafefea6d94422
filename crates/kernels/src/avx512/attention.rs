//! Attention in vector registers.
//!
//! Both products of a head, scores and context, are tiles: up to 8 queries by 32 columns stay in
//! registers over all steps. Keys are transposed once a head; queries and values are read where they
//! are.

use std::arch::x86_64::{
    __m512, __m512i, _mm512_add_ps, _mm512_castps_si512, _mm512_castsi512_ps, _mm512_fmadd_ps,
    _mm512_loadu_ps, _mm512_mask_mov_ps, _mm512_maskz_mov_ps, _mm512_max_ps, _mm512_mul_ps,
    _mm512_reduce_add_ps, _mm512_reduce_max_ps, _mm512_set1_ps, _mm512_setzero_ps,
    _mm512_setzero_si512, _mm512_storeu_ps, _mm512_sub_ps,
};

use super::{LANES, exp, load, mask, store};
use crate::attention::Attention;
use crate::tile::ROWS;
use crate::train::avx512::transpose;

/// See `crate::attend`; for heads of a multiple of 16 numbers and one token or more.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
pub(crate) fn attend(attention: Attention<'_>, room: &mut Vec<f32>, out: &mut [f32]) {
    let Attention { queries, query_stride, context, context_stride, heads, head_size, .. } =
        attention;
    let hidden = heads * head_size;
    let tokens = context.len() / context_stride;
    let padded = tokens.next_multiple_of(LANES);
    room.resize(padded * (head_size + ROWS), 0.0);
    let (keys, scores) = room.split_at_mut(padded * head_size);
    let rows = (queries.len() / query_stride).min(out.len() / hidden);
    for head in 0..heads {
        let from = head * head_size;
        transpose_keys(attention, from, keys);
        for first in (0..rows).step_by(ROWS) {
            let count = ROWS.min(rows - first);
            let mut scales = [1.0 / (head_size as f32).sqrt(); ROWS];
            let scores_of = Product {
                left: Factor { x: &queries[first * query_stride + from..], row: query_stride },
                right: Factor { x: keys, row: padded },
                steps: head_size,
                columns: padded,
                scales,
            };
            multiply(count, scores_of, (scores, padded));
            for (scores, scale) in scores.chunks_exact_mut(padded).zip(&mut scales).take(count) {
                *scale = 1.0 / softmax(scores, tokens);
            }
            let context_of = Product {
                left: Factor { x: scores, row: padded },
                right: Factor { x: &context[attention.values + from..], row: context_stride },
                steps: tokens,
                columns: head_size,
                scales,
            };
            multiply(count, context_of, (&mut out[first * hidden + from..], hidden));
        }
    }
}

/// One head's keys as `[head_size, padded]`, 0 beyond the tokens.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
fn transpose_keys(attention: Attention<'_>, from: usize, out: &mut [f32]) {
    let Attention { context, context_stride, keys, head_size, .. } = attention;
    let padded = out.len() / head_size;
    for (chunk, rows) in context.chunks(LANES * context_stride).enumerate() {
        for at in (0..head_size).step_by(LANES) {
            let mut words: [__m512i; LANES] = [_mm512_setzero_si512(); LANES];
            for (words, row) in words.iter_mut().zip(rows.chunks_exact(context_stride)) {
                *words = _mm512_castps_si512(load(&row[keys + from + at..][..LANES]));
            }
            // SAFETY: this function has AVX-512.
            let words = unsafe { transpose(words) };
            for (words, row) in words.into_iter().zip(out[at * padded..].chunks_exact_mut(padded)) {
                store(&mut row[chunk * LANES..][..LANES], _mm512_castsi512_ps(words));
            }
        }
    }
}

/// A factor, `row` numbers from row to row.
#[derive(Clone, Copy)]
struct Factor<'a> {
    x: &'a [f32],
    row: usize,
}

/// `out[r, c] = scales[r] Σ_s left(r, s) right(s, c)` for up to 8 rows and a multiple of 16 columns.
#[derive(Clone, Copy)]
struct Product<'a> {
    left: Factor<'a>,
    right: Factor<'a>,
    steps: usize,
    columns: usize,
    scales: [f32; ROWS],
}

/// Into rows `stride` numbers apart.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
fn multiply(rows: usize, product: Product<'_>, out: (&mut [f32], usize)) {
    match rows {
        1 => columns::<1>(product, out),
        2 => columns::<2>(product, out),
        3 => columns::<3>(product, out),
        4 => columns::<4>(product, out),
        5 => columns::<5>(product, out),
        6 => columns::<6>(product, out),
        7 => columns::<7>(product, out),
        _ => columns::<ROWS>(product, out),
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
fn columns<const R: usize>(product: Product<'_>, (out, stride): (&mut [f32], usize)) {
    for column in (0..product.columns).step_by(2 * LANES) {
        let right = Factor { x: &product.right.x[column..], ..product.right };
        let (part, out) = (Product { right, ..product }, (&mut out[column..], stride));
        if product.columns - column == LANES {
            tile::<R, 1>(part, out);
        } else {
            tile::<R, 2>(part, out);
        }
    }
}

/// R rows by C vectors, all in registers.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
fn tile<const R: usize, const C: usize>(product: Product<'_>, (out, stride): (&mut [f32], usize)) {
    let Product { left, right, steps, scales, .. } = product;
    let fits = steps > 0
        && (R - 1) * left.row + steps <= left.x.len()
        && (steps - 1) * right.row + C * LANES <= right.x.len()
        && (R - 1) * stride + C * LANES <= out.len();
    assert!(fits, "shape of a small product");
    let mut sums = [[_mm512_setzero_ps(); C]; R];
    for step in 0..steps {
        let mut w: [__m512; C] = [_mm512_setzero_ps(); C];
        for (column, w) in w.iter_mut().enumerate() {
            // SAFETY: the assertion says that the step has C vectors.
            *w =
                unsafe { _mm512_loadu_ps(right.x.as_ptr().add(step * right.row + column * LANES)) };
        }
        for (row, sums) in sums.iter_mut().enumerate() {
            // SAFETY: the assertion says that the row has a number for the step.
            let x = unsafe { *left.x.get_unchecked(row * left.row + step) };
            for (sum, w) in sums.iter_mut().zip(w) {
                *sum = _mm512_fmadd_ps(_mm512_set1_ps(x), w, *sum);
            }
        }
    }
    for (row, (sums, scale)) in sums.iter().zip(&scales).enumerate() {
        for (column, sum) in sums.iter().enumerate() {
            let sum = _mm512_mul_ps(*sum, _mm512_set1_ps(*scale));
            // SAFETY: the assertion says that there is room for C vectors in each row.
            unsafe { _mm512_storeu_ps(out.as_mut_ptr().add(row * stride + column * LANES), sum) };
        }
    }
}

/// Replaces scores by e to the difference from the largest, 0 beyond the tokens; their sum.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
fn softmax(scores: &mut [f32], tokens: usize) -> f32 {
    let mut largest = _mm512_set1_ps(f32::NEG_INFINITY);
    for (chunk, scores) in scores.chunks_exact(LANES).enumerate() {
        let there = mask(tokens - chunk * LANES);
        let larger = _mm512_max_ps(load(scores), largest);
        largest = _mm512_mask_mov_ps(largest, there, larger);
    }
    let largest = _mm512_set1_ps(_mm512_reduce_max_ps(largest));
    let mut sum = _mm512_setzero_ps();
    for (chunk, scores) in scores.chunks_exact_mut(LANES).enumerate() {
        let there = mask(tokens - chunk * LANES);
        let power = exp(_mm512_sub_ps(load(scores), largest));
        let weight = _mm512_maskz_mov_ps(there, power);
        sum = _mm512_add_ps(sum, weight);
        store(scores, weight);
    }
    _mm512_reduce_add_ps(sum)
}
