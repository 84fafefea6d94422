//! Rounding, sums and squares of numbers in a row.

use super::lanes::{LANES, Lanes, lanes};

lanes! {
    /// `x`, `[rows, width]`, in bfloat16, `[rows, padded(width)]`.
    pub fn round(x: &[f32], width: usize, out: &mut [u16]) = round_body
}

lanes! {
    /// `out += x`.
    pub fn add(x: &[f32], out: &mut [f32]) = add_body
}

lanes! {
    /// The sum of the numbers' squares.
    pub fn squares(x: &[f32]) -> f64 = squares_body
}

/// Numbers whose squares are summed in fp32.
const RUN: usize = 1024;

#[inline(always)]
fn round_body<V: Lanes>(x: &[f32], width: usize, out: &mut [u16]) {
    let rows = x.chunks_exact(width.max(1)).zip(out.chunks_exact_mut(super::padded(width).max(1)));
    for (x, out) in rows {
        for (x, out) in x.chunks(LANES).zip(out.chunks_mut(LANES)) {
            V::load(x).store_bf16(&mut out[..x.len()]);
        }
    }
}

#[inline(always)]
fn add_body<V: Lanes>(x: &[f32], out: &mut [f32]) {
    for (x, out) in x.chunks(LANES).zip(out.chunks_mut(LANES)) {
        V::load(out).add(V::load(x)).store(out);
    }
}

#[inline(always)]
fn squares_body<V: Lanes>(x: &[f32]) -> f64 {
    let run = |x: &[f32]| {
        let square = |sum: V, x: &[f32]| {
            let x = V::load(x);
            x.fma(x, sum)
        };
        f64::from(x.chunks(LANES).fold(V::zero(), square).sum())
    };
    x.chunks(RUN).map(run).sum()
}
