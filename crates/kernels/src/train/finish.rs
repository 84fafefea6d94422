//! What becomes of a product's sums: biases, GELU and its slope, sums with what is there.

use super::lanes::{LANES, Lanes, lanes};
use super::tile::Sums;

/// Where a product goes, `[rows, outputs]`.
#[derive(Debug)]
pub enum Finish<'a> {
    /// `out = x + bias`, in bfloat16; for outputs of an even number.
    Bf16 {
        /// `[outputs]`.
        bias: &'a [f32],
        /// The result.
        out: &'a mut [u16],
    },
    /// `out = x + bias`.
    Fp32 {
        /// `[outputs]`.
        bias: &'a [f32],
        /// The result.
        out: &'a mut [f32],
    },
    /// `out += x`.
    Add {
        /// Summand and result.
        out: &'a mut [f32],
    },
    /// `value = gelu(x + bias)` and `slope = gelu'(x + bias)`, both in bfloat16.
    ///
    /// # Formula
    /// ```text
    /// gelu(u) = u Φ(u)      gelu'(u) = Φ(u) + u φ(u)
    /// ```
    Gelu {
        /// `[outputs]`.
        bias: &'a [f32],
        /// The result.
        value: &'a mut [u16],
        /// The derivative, for the way back.
        slope: &'a mut [u16],
    },
    /// `out = x * slope`, both in bfloat16.
    Slope {
        /// The derivative from the way there.
        slope: &'a [u16],
        /// The result.
        out: &'a mut [u16],
    },
}

impl Finish<'_> {
    /// Numbers that there is room for.
    pub(crate) fn room(&self) -> usize {
        match self {
            Self::Bf16 { out, .. } | Self::Slope { out, .. } => out.len(),
            Self::Fp32 { out, .. } | Self::Add { out } => out.len(),
            Self::Gelu { value, slope, .. } => value.len().min(slope.len()),
        }
    }
}

/// A tile's sums and their place in the product.
#[derive(Clone, Copy)]
pub(crate) struct Patch<'a> {
    pub(crate) sums: &'a Sums,
    pub(crate) first: usize,
    pub(crate) rows: usize,
    pub(crate) column: usize,
    pub(crate) columns: usize,
    pub(crate) width: usize,
}

lanes! { pub(crate) fn finish(patch: Patch<'_>, to: &mut Finish<'_>) = finish_body }

/// Calls `each` with sixteen sums, the column and the place of the first in the product, and how many
/// of them count.
#[inline(always)]
fn vectors<V: Lanes>(patch: Patch<'_>, mut each: impl FnMut(V, usize, usize, usize)) {
    for (row, sums) in patch.sums.0.iter().enumerate().take(patch.rows) {
        let place = (patch.first + row) * patch.width + patch.column;
        for at in (0..patch.columns).step_by(LANES) {
            let count = LANES.min(patch.columns - at);
            each(V::load(&sums[at..]), patch.column + at, place + at, count);
        }
    }
}

#[inline(always)]
fn finish_body<V: Lanes>(patch: Patch<'_>, to: &mut Finish<'_>) {
    match to {
        Finish::Bf16 { bias, out } => vectors::<V>(patch, |x, column, place, count| {
            x.add(V::load(&bias[column..])).store_bf16(&mut out[place..][..count]);
        }),
        Finish::Fp32 { bias, out } => vectors::<V>(patch, |x, column, place, count| {
            x.add(V::load(&bias[column..])).store(&mut out[place..][..count]);
        }),
        Finish::Add { out } => vectors::<V>(patch, |x, _, place, count| {
            let out = &mut out[place..][..count];
            x.add(V::load(out)).store(out);
        }),
        Finish::Gelu { bias, value, slope } => vectors::<V>(patch, |x, column, place, count| {
            let (y, dy) = gelu(x.add(V::load(&bias[column..])));
            y.store_bf16(&mut value[place..][..count]);
            dy.store_bf16(&mut slope[place..][..count]);
        }),
        Finish::Slope { slope, out } => vectors::<V>(patch, |x, _, place, count| {
            let slope = V::load_bf16(&slope[place..][..count]);
            x.mul(slope).store_bf16(&mut out[place..][..count]);
        }),
    }
}

/// GELU and its derivative, to 2e-7 of absolute error and more for large numbers.
///
/// # Reference
/// Abramowitz and Stegun 1964, equation 7.1.26: `erf z ≈ 1 - (a1 t + ... + a5 t⁵) e^-z²` with
/// `t = 1 / (1 + p z)`, to 1.5e-7; its exponential with `z = |u| / √2` is that of the density too.
#[inline(always)]
fn gelu<V: Lanes>(u: V) -> (V, V) {
    const P: f32 = 0.327_591_1 * std::f32::consts::FRAC_1_SQRT_2;
    const A: [f32; 5] = [1.061_405_4, -1.453_152, 1.421_413_7, -0.284_496_72, 0.254_829_6];
    const INVERSE_ROOT: f32 = 0.398_942_3; // 1 / √(2π)
    let one = V::splat(1.0);
    let t = one.div(u.abs().fma(V::splat(P), one));
    let e = u.mul(u).mul(V::splat(-0.5)).exp();
    let series = A.into_iter().fold(V::zero(), |sum, a| sum.fma(t, V::splat(a))).mul(t);
    let tail = series.mul(e).mul(V::splat(0.5)); // Φ(-|u|)
    let cumulative = tail.where_negative(u, one.sub(tail));
    let slope = u.mul(e).fma(V::splat(INVERSE_ROOT), cumulative);
    (u.mul(cumulative), slope)
}
