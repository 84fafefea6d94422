//! Rounding of activations to int8.

use std::arch::x86_64::{
    __m128i, _mm_mask_storeu_epi8, _mm512_cvtps_epi32, _mm512_cvtusepi32_epi8, _mm512_fmadd_ps,
    _mm512_max_epi32, _mm512_max_ps, _mm512_min_ps, _mm512_reduce_max_ps, _mm512_reduce_min_ps,
    _mm512_set1_ps, _mm512_setzero_ps, _mm512_setzero_si512,
};

use super::{LANES, fold, load, mask};
use crate::Precision;
use crate::operand::Rounded;

/// Rows of `inputs` numbers as int8, each with its scale and zero point.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
pub(crate) fn int8(x: &[f32], inputs: usize, rounded: Rounded<'_>) {
    let stride = 4 * Precision::Int8.steps(inputs);
    let rows = x.chunks_exact(inputs).zip(rounded.bytes.chunks_exact_mut(stride));
    let points = rounded.scales.iter_mut().zip(rounded.zeros.iter_mut());
    for ((x, row), (scale, zero)) in rows.zip(points) {
        let zeros = _mm512_setzero_ps();
        let (low, high) = fold(
            inputs,
            (zeros, zeros),
            |(low, high), at| {
                let x = load(&x[at..]);
                (_mm512_min_ps(x, low), _mm512_max_ps(x, high))
            },
            |a, b| (_mm512_min_ps(a.0, b.0), _mm512_max_ps(a.1, b.1)),
        );
        let factors = Rounded::factors(_mm512_reduce_min_ps(low), _mm512_reduce_max_ps(high));
        (*scale, *zero) = (factors.scale, factors.zero);
        let (by, to) = (_mm512_set1_ps(factors.inverse), _mm512_set1_ps(factors.zero));
        row[inputs..].fill(0);
        for (x, row) in x.chunks(LANES).zip(row.chunks_mut(LANES)) {
            let q = _mm512_cvtps_epi32(_mm512_fmadd_ps(load(x), by, to));
            let q: __m128i = _mm512_cvtusepi32_epi8(_mm512_max_epi32(q, _mm512_setzero_si512()));
            // SAFETY: writes a byte for each number, as many as the row has.
            unsafe { _mm_mask_storeu_epi8(row.as_mut_ptr().cast(), mask(x.len()), q) };
        }
    }
}
