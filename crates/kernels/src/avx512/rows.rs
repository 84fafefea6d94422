//! LayerNorm and GELU.

use std::arch::x86_64::{
    __m512, _mm512_add_ps, _mm512_div_ps, _mm512_fmadd_ps, _mm512_maskz_mov_ps, _mm512_max_ps,
    _mm512_min_ps, _mm512_mul_ps, _mm512_reduce_add_ps, _mm512_set1_ps, _mm512_sub_ps,
};

use super::{LANES, load, mask, store, sum};
use crate::LayerNorm;
use crate::math::{ERF_ABOVE, ERF_BELOW};

/// See `crate::add_layer_norm`.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
pub(crate) fn layer_norm(x: &mut [f32], residual: &[f32], norm: &LayerNorm) {
    let hidden = norm.weight.len().min(norm.bias.len()).max(1);
    let mut residual = residual.chunks_exact(hidden);
    for x in x.chunks_exact_mut(hidden) {
        let total = match residual.next() {
            Some(residual) => sum(hidden, |at| {
                let both = _mm512_add_ps(load(&x[at..]), load(&residual[at..]));
                store(&mut x[at..], both);
                both
            }),
            None => sum(hidden, |at| load(&x[at..])),
        };
        let mean = _mm512_set1_ps(_mm512_reduce_add_ps(total) / hidden as f32);
        let squares = sum(hidden, |at| {
            let x = _mm512_maskz_mov_ps(mask(hidden - at), _mm512_sub_ps(load(&x[at..]), mean));
            _mm512_mul_ps(x, x)
        });
        let variance = _mm512_reduce_add_ps(squares) / hidden as f32;
        let scale = _mm512_set1_ps(1.0 / (variance + norm.eps).sqrt());
        for at in (0..hidden).step_by(LANES) {
            let normal = _mm512_mul_ps(_mm512_sub_ps(load(&x[at..]), mean), scale);
            let (weight, bias) = (load(&norm.weight[at..]), load(&norm.bias[at..]));
            store(&mut x[at..], _mm512_fmadd_ps(normal, weight, bias));
        }
    }
}

/// `x (1 + erf(x / √2)) / 2`, with `crate::math::erf`.
#[inline(always)]
pub(super) fn gelu(x: __m512) -> __m512 {
    // SAFETY: registers only.
    unsafe {
        let half = _mm512_mul_ps(x, _mm512_set1_ps(0.5));
        let z = _mm512_mul_ps(x, _mm512_set1_ps(std::f32::consts::FRAC_1_SQRT_2));
        // The bounds first: where z is not a number the result is z.
        let z = _mm512_min_ps(_mm512_set1_ps(4.0), _mm512_max_ps(_mm512_set1_ps(-4.0), z));
        let t = _mm512_mul_ps(z, z);
        let polynomial = |terms: [f32; 6]| {
            let first = _mm512_set1_ps(terms[5]);
            let next = |sum, term: &f32| _mm512_fmadd_ps(sum, t, _mm512_set1_ps(*term));
            terms[..5].iter().rev().fold(first, next)
        };
        let above = _mm512_mul_ps(z, polynomial(ERF_ABOVE));
        _mm512_fmadd_ps(half, _mm512_div_ps(above, polynomial(ERF_BELOW)), half)
    }
}
