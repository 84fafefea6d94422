//! Kernels written in AVX-512's instructions, where the compiler does not make them of loops.
//!
//! The functions of this module and the `inline(always)` ones below it are inlined into functions that
//! are compiled for AVX-512 and called only where [`crate::Isa`] has found it: that is what makes each
//! block sound beside the reason that it gives.

pub(crate) mod attention;
pub(crate) mod finish;
pub(crate) mod round;
pub(crate) mod rows;

use std::arch::x86_64::{
    __m512, _mm512_add_ps, _mm512_fmadd_ps, _mm512_fnmadd_ps, _mm512_loadu_ps,
    _mm512_mask_storeu_ps, _mm512_maskz_loadu_ps, _mm512_max_ps, _mm512_mul_ps,
    _mm512_roundscale_ps, _mm512_scalef_ps, _mm512_set1_ps, _mm512_setzero_ps, _mm512_storeu_ps,
};

use crate::math::{EXP_SERIES, LN_2_HIGH, LN_2_LOW};

/// Numbers of a vector.
const LANES: usize = 16;

/// The first lanes, as many as there are numbers.
#[inline(always)]
fn mask(len: usize) -> u16 {
    if len >= LANES { u16::MAX } else { (1u16 << len) - 1 }
}

/// The first sixteen numbers, 0 beyond the slice's end.
#[inline(always)]
fn load(x: &[f32]) -> __m512 {
    // SAFETY: reads 16 numbers, or under the mask as many as there are.
    unsafe {
        if x.len() >= LANES {
            _mm512_loadu_ps(x.as_ptr())
        } else {
            _mm512_maskz_loadu_ps(mask(x.len()), x.as_ptr())
        }
    }
}

/// Into the first sixteen places, or as many as there are.
#[inline(always)]
fn store(x: &mut [f32], value: __m512) {
    // SAFETY: writes 16 numbers, or under the mask as many as there is room for.
    unsafe {
        if x.len() >= LANES {
            _mm512_storeu_ps(x.as_mut_ptr(), value);
        } else {
            _mm512_mask_storeu_ps(x.as_mut_ptr(), mask(x.len()), value);
        }
    }
}

/// Joins the vectors that `of` gives for 0, 16, ... below `len`, in four running results, the same way
/// for every row.
#[inline(always)]
fn fold<T: Copy>(
    len: usize,
    empty: T,
    mut join: impl FnMut(T, usize) -> T,
    both: impl Fn(T, T) -> T,
) -> T {
    let mut parts = [empty; 4];
    let mut at = 0;
    while at + 4 * LANES <= len {
        for (part, at) in parts.iter_mut().zip((at..).step_by(LANES)) {
            *part = join(*part, at);
        }
        at += 4 * LANES;
    }
    while at < len {
        parts[0] = join(parts[0], at);
        at += LANES;
    }
    both(both(parts[0], parts[1]), both(parts[2], parts[3]))
}

/// The sum of the vectors that `of` gives for 0, 16, ... below `len`.
#[inline(always)]
fn sum(len: usize, mut of: impl FnMut(usize) -> __m512) -> __m512 {
    // SAFETY: registers only.
    unsafe {
        let join = |sum, at| _mm512_add_ps(sum, of(at));
        fold(len, _mm512_setzero_ps(), join, |a, b| _mm512_add_ps(a, b))
    }
}

/// `crate::math::exp` for x of at most 88, but e^-87 below -87.
#[inline(always)]
fn exp(x: __m512) -> __m512 {
    // SAFETY: registers only.
    unsafe {
        let x = _mm512_max_ps(_mm512_set1_ps(-87.0), x);
        let n = _mm512_mul_ps(x, _mm512_set1_ps(std::f32::consts::LOG2_E));
        let n = _mm512_roundscale_ps::<0x08>(n);
        let r = _mm512_fnmadd_ps(n, _mm512_set1_ps(LN_2_HIGH), x);
        let r = _mm512_fnmadd_ps(n, _mm512_set1_ps(LN_2_LOW), r);
        let mut sum = _mm512_set1_ps(EXP_SERIES[7]);
        for term in EXP_SERIES[..7].iter().rev() {
            sum = _mm512_fmadd_ps(sum, r, _mm512_set1_ps(*term));
        }
        _mm512_scalef_ps(sum, n)
    }
}
