//! LayerNorm with dropout and a residual before it, there and back.

use super::dropout::{Dropout, Place};
use super::lanes::{LANES, Lanes, lanes};

/// What a block of rows remembers of its LayerNorm for the way back.
#[derive(Debug)]
pub struct Normed<'a> {
    /// The normalised rows before scale and shift, `[rows, hidden]`.
    pub normal: &'a mut [f32],
    /// 1 over each row's standard deviation, `[rows]`.
    pub inverse: &'a mut [f32],
}

/// Dropout of rows, each at a place of its own.
#[derive(Debug, Clone, Copy)]
pub struct RowDropout<'a> {
    /// The dropout.
    pub dropout: Dropout,
    /// Where each row draws, `[rows]`.
    pub places: &'a [Place],
}

/// A LayerNorm's parameters.
#[derive(Debug, Clone, Copy)]
pub struct Norm<'a> {
    /// The scale, `[hidden]`.
    pub weight: &'a [f32],
    /// The shift, `[hidden]`.
    pub bias: &'a [f32],
    /// Added to the variance.
    pub eps: f32,
}

/// Gradients of a LayerNorm's parameters, `[hidden]` each, that are added to.
#[derive(Debug)]
pub struct NormGradient<'a> {
    /// Of the scale.
    pub weight: &'a mut [f32],
    /// Of the shift.
    pub bias: &'a mut [f32],
}

lanes! {
    /// `x = LayerNorm(dropout(x) + residual)`, `[rows, hidden]`; with an empty `residual`, without one.
    ///
    /// # Reference
    /// Ba, Kiros and Hinton 2016, *Layer Normalization*.
    pub fn norm_forward(x: &mut [f32], residual: &[f32], of: (Norm<'_>, RowDropout<'_>), keep: Normed<'_>) = forward_body
}

lanes! {
    /// From the gradient of a LayerNorm's result to that of its argument, in place, `[rows, hidden]`;
    /// into `out`, `[rows, padded(hidden)]`, through the dropout before it, in bfloat16, or nowhere if it is empty.
    ///
    /// # Formula
    /// ```text
    /// h = g w      dx = (h - mean h - n mean(h n)) / s      dw += Σ g n      db += Σ g
    /// ```
    /// with the normalised rows n and their standard deviations s.
    pub fn norm_backward(g: &mut [f32], of: (Norm<'_>, RowDropout<'_>), kept: Normed<'_>, to: (NormGradient<'_>, &mut [u16])) = backward_body
}

/// Mean of `of` the places of a row.
#[inline(always)]
fn mean<V: Lanes>(hidden: usize, mut of: impl FnMut(usize) -> V) -> f32 {
    let mut sums = [V::zero(); 4];
    for at in (0..hidden).step_by(LANES) {
        let sum = &mut sums[at / LANES % 4];
        *sum = sum.add(of(at));
    }
    sums[0].add(sums[1]).add(sums[2].add(sums[3])).sum() / hidden as f32
}

#[inline(always)]
fn forward_body<V: Lanes>(
    x: &mut [f32],
    residual: &[f32],
    (norm, rows): (Norm<'_>, RowDropout<'_>),
    keep: Normed<'_>,
) {
    let hidden = norm.weight.len().max(1);
    if rows.dropout.is_active() {
        rows.dropout.apply_here::<V>(x, rows.places);
    }
    let each = x
        .chunks_exact_mut(hidden)
        .zip(keep.normal.chunks_exact_mut(hidden))
        .zip(keep.inverse.iter_mut());
    for (row, ((x, normal), inverse)) in each.enumerate() {
        if let Some(residual) = residual.get(row * hidden..(row + 1) * hidden) {
            for at in (0..hidden).step_by(LANES) {
                let sum = V::load(&x[at..]).add(V::load(&residual[at..]));
                sum.store(&mut x[at..]);
            }
        }
        let center = V::splat(mean(hidden, |at| V::load(&x[at..])));
        let variance = mean(hidden, |at| {
            let x = V::load(&x[at..]).sub(center).first(hidden - at);
            x.mul(x)
        });
        *inverse = 1.0 / (variance + norm.eps).sqrt();
        let scale = V::splat(*inverse);
        for at in (0..hidden).step_by(LANES) {
            let n = V::load(&x[at..]).sub(center).mul(scale);
            n.store(&mut normal[at..]);
            n.fma(V::load(&norm.weight[at..]), V::load(&norm.bias[at..])).store(&mut x[at..]);
        }
    }
}

#[inline(always)]
fn backward_body<V: Lanes>(
    g: &mut [f32],
    (norm, rows): (Norm<'_>, RowDropout<'_>),
    kept: Normed<'_>,
    (sums, out): (NormGradient<'_>, &mut [u16]),
) {
    let hidden = norm.weight.len().max(1);
    let each =
        g.chunks_exact_mut(hidden).zip(kept.normal.chunks_exact(hidden)).zip(kept.inverse.iter());
    for (row, ((g, normal), inverse)) in each.enumerate() {
        let mut mean_g = V::zero();
        let mut mean_gn = V::zero();
        for at in (0..hidden).step_by(LANES) {
            let (x, n) = (V::load(&g[at..]), V::load(&normal[at..]));
            V::load(&sums.bias[at..]).add(x).store(&mut sums.bias[at..]);
            x.fma(n, V::load(&sums.weight[at..])).store(&mut sums.weight[at..]);
            let h = x.mul(V::load(&norm.weight[at..]));
            mean_g = mean_g.add(h);
            mean_gn = h.fma(n, mean_gn);
        }
        let mean_g = V::splat(mean_g.sum() / hidden as f32);
        let mean_gn = V::splat(mean_gn.sum() / hidden as f32);
        let scale = V::splat(*inverse);
        for at in (0..hidden).step_by(LANES) {
            let h = V::load(&g[at..]).mul(V::load(&norm.weight[at..]));
            let n = V::load(&normal[at..]);
            let dx = h.sub(mean_g).sub(n.mul(mean_gn)).mul(scale);
            dx.store(&mut g[at..]);
        }
        let width = super::padded(hidden);
        if let Some(out) = out.get_mut(row * width..(row + 1) * width) {
            rows.dropout.bf16_row::<V>(g, rows.places.get(row), out);
        }
    }
}
