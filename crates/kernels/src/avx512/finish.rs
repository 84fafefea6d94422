//! From a tile's sums to the product's numbers.

use std::arch::x86_64::{
    __m512, __m512i, _mm512_add_ps, _mm512_castsi512_ps, _mm512_cvtepi32_ps, _mm512_fmadd_ps,
    _mm512_fnmadd_ps, _mm512_load_si512, _mm512_mul_ps, _mm512_set1_ps,
};

use super::rows::gelu;
use super::{LANES, load, store};
use crate::weights::Patch;

/// See `Patch::finish`.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
pub(crate) fn finish(patch: &Patch<'_>, out: &mut [f32]) {
    if patch.gelu {
        rows(patch, out, gelu);
    } else {
        rows(patch, out, |x| x);
    }
}

#[inline(always)]
fn rows(patch: &Patch<'_>, out: &mut [f32], then: impl Fn(__m512) -> __m512) {
    let columns = patch.bias.len();
    for (part, at) in (0..columns).step_by(LANES).enumerate() {
        let (bias, channel) = (load(&patch.bias[at..]), load(&patch.channels[at..]));
        let totals = load(&patch.totals[at..]);
        for (row, out) in out.chunks_mut(patch.stride).enumerate().take(patch.rows) {
            let line = patch.sums.line(row, part);
            // SAFETY: registers, and a line of 64 aligned bytes.
            let value = unsafe {
                let sums: __m512i = _mm512_load_si512((&raw const line.0).cast());
                if let Some((scales, zeros)) = patch.integers {
                    let zero = _mm512_set1_ps(zeros[row]);
                    let sum = _mm512_fnmadd_ps(zero, totals, _mm512_cvtepi32_ps(sums));
                    let scale = _mm512_mul_ps(_mm512_set1_ps(scales[row]), channel);
                    _mm512_fmadd_ps(sum, scale, bias)
                } else {
                    _mm512_add_ps(_mm512_castsi512_ps(sums), bias)
                }
            };
            store(&mut out[at..columns], then(value));
        }
    }
}
