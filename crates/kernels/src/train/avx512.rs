//! Sixteen numbers in a vector register.
//!
//! Its operations are inlined into functions compiled for AVX-512, and with `BF16` for that too, which
//! `lanes!` calls only where the processor has them: nothing else may use the type. That is what makes
//! each block sound beside the reason that it gives.

use std::arch::x86_64::{
    __m256, __m256bh, __m256i, __m512, __m512bh, __m512i, _CMP_LT_OQ, _mm256_add_ps,
    _mm256_cmpge_epu16_mask, _mm256_cvtss_f32, _mm256_loadu_si256, _mm256_mask_storeu_epi16,
    _mm256_maskz_loadu_epi16, _mm256_max_ps, _mm256_permute_ps, _mm256_permute2f128_ps,
    _mm256_set1_epi16, _mm256_storeu_si256, _mm512_add_epi32, _mm512_add_ps, _mm512_and_si512,
    _mm512_castps_si512, _mm512_castps512_ps256, _mm512_castsi256_si512, _mm512_castsi512_ps,
    _mm512_cmp_ps_mask, _mm512_cmpeq_ps_mask, _mm512_cvtepi32_epi16, _mm512_cvtepu16_epi32,
    _mm512_cvtne2ps_pbh, _mm512_cvtneps_pbh, _mm512_cvtps_epi32, _mm512_cvtsepi32_epi16,
    _mm512_div_ps, _mm512_extractf32x8_ps, _mm512_fmadd_ps, _mm512_inserti64x4, _mm512_load_si512,
    _mm512_loadu_ps, _mm512_mask_blend_epi16, _mm512_mask_blend_epi32, _mm512_mask_blend_ps,
    _mm512_mask_storeu_epi32, _mm512_mask_storeu_ps, _mm512_maskz_loadu_ps, _mm512_maskz_mov_ps,
    _mm512_max_ps, _mm512_min_ps, _mm512_mul_epu32, _mm512_mul_ps, _mm512_or_si512,
    _mm512_scalef_ps, _mm512_set1_epi32, _mm512_set1_ps, _mm512_setzero_ps, _mm512_setzero_si512,
    _mm512_shuffle_i32x4, _mm512_slli_epi32, _mm512_slli_epi64, _mm512_sqrt_ps, _mm512_srli_epi32,
    _mm512_srli_epi64, _mm512_store_si512, _mm512_storeu_ps, _mm512_sub_ps, _mm512_unpackhi_epi32,
    _mm512_unpackhi_epi64, _mm512_unpacklo_epi32, _mm512_unpacklo_epi64,
};
use std::mem::transmute;

use super::lanes::{LANES, Lanes};
use crate::tile::Line;

/// With `BF16`, rounding to bfloat16 is one instruction.
#[derive(Clone, Copy)]
pub(crate) struct Avx512<const BF16: bool>(__m512);

/// The upper words of pairs.
const UPPER: u16 = 0xaaaa;

/// The upper halves of all words.
const ODD: u32 = 0xaaaa_aaaa;

/// The first lanes, as many as there are numbers.
#[inline(always)]
fn mask(len: usize) -> u16 {
    if len >= LANES { u16::MAX } else { (1u16 << len) - 1 }
}

impl<const BF16: bool> Lanes for Avx512<BF16> {
    #[inline(always)]
    fn splat(x: f32) -> Self {
        // SAFETY: registers only.
        Self(unsafe { _mm512_set1_ps(x) })
    }
    #[inline(always)]
    fn load(x: &[f32]) -> Self {
        // SAFETY: reads 16 numbers, or under the mask as many as there are.
        Self(unsafe {
            if x.len() >= LANES {
                _mm512_loadu_ps(x.as_ptr())
            } else {
                _mm512_maskz_loadu_ps(mask(x.len()), x.as_ptr())
            }
        })
    }
    #[inline(always)]
    fn store(self, x: &mut [f32]) {
        // SAFETY: writes 16 numbers, or under the mask as many as there is room for.
        unsafe {
            if x.len() >= LANES {
                _mm512_storeu_ps(x.as_mut_ptr(), self.0);
            } else {
                _mm512_mask_storeu_ps(x.as_mut_ptr(), mask(x.len()), self.0);
            }
        }
    }
    #[inline(always)]
    fn load_bf16(x: &[u16]) -> Self {
        // SAFETY: reads 16 numbers, or under the mask as many as there are.
        Self(unsafe {
            let halves = if x.len() >= LANES {
                _mm256_loadu_si256(x.as_ptr().cast())
            } else {
                _mm256_maskz_loadu_epi16(mask(x.len()), x.as_ptr().cast())
            };
            widen(halves)
        })
    }
    #[inline(always)]
    fn store_bf16(self, x: &mut [u16]) {
        // SAFETY: writes 16 numbers, or under the mask as many as there is room for.
        unsafe {
            let halves = narrow::<BF16>(self.0);
            if x.len() >= LANES {
                _mm256_storeu_si256(x.as_mut_ptr().cast(), halves);
            } else {
                _mm256_mask_storeu_epi16(x.as_mut_ptr().cast(), mask(x.len()), halves);
            }
        }
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: registers only.
        Self(unsafe { _mm512_add_ps(self.0, other.0) })
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        // SAFETY: registers only.
        Self(unsafe { _mm512_sub_ps(self.0, other.0) })
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        // SAFETY: registers only.
        Self(unsafe { _mm512_mul_ps(self.0, other.0) })
    }
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        // SAFETY: registers only.
        Self(unsafe { _mm512_div_ps(self.0, other.0) })
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        // SAFETY: registers only.
        Self(unsafe { _mm512_max_ps(self.0, other.0) })
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        // SAFETY: registers only.
        Self(unsafe { _mm512_min_ps(self.0, other.0) })
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        // SAFETY: registers only.
        Self(unsafe { _mm512_sqrt_ps(self.0) })
    }
    #[inline(always)]
    fn fma(self, factor: Self, term: Self) -> Self {
        // SAFETY: registers only.
        Self(unsafe { _mm512_fmadd_ps(self.0, factor.0, term.0) })
    }
    #[inline(always)]
    fn scale(self, power: Self) -> Self {
        // SAFETY: registers only.
        Self(unsafe { _mm512_scalef_ps(self.0, power.0) })
    }
    #[inline(always)]
    fn where_negative(self, sign: Self, other: Self) -> Self {
        // SAFETY: registers only.
        Self(unsafe {
            let negative = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(sign.0, _mm512_setzero_ps());
            _mm512_mask_blend_ps(negative, other.0, self.0)
        })
    }
    #[inline(always)]
    fn kept(draws: &[u16], dropped: u16, scale: f32) -> Self {
        // SAFETY: reads 16 draws, or under the mask as many as there are.
        Self(unsafe {
            let lanes = mask(draws.len());
            let draws = _mm256_maskz_loadu_epi16(lanes, draws.as_ptr().cast());
            let kept = _mm256_cmpge_epu16_mask(draws, _mm256_set1_epi16(dropped as i16));
            _mm512_maskz_mov_ps(kept & lanes, _mm512_set1_ps(scale))
        })
    }
    #[inline(always)]
    fn first(self, lanes: usize) -> Self {
        // SAFETY: registers only.
        Self(unsafe { _mm512_maskz_mov_ps(mask(lanes), self.0) })
    }
    #[inline(always)]
    fn all_below(self, other: Self) -> bool {
        // SAFETY: registers only.
        unsafe {
            let below = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(self.0, other.0);
            (below | _mm512_cmpeq_ps_mask(self.0, _mm512_setzero_ps())) == u16::MAX
        }
    }
    #[inline(always)]
    fn pair(low: Self, high: Self, out: &mut [u32]) {
        // SAFETY: writes 16 words, or under the mask as many as there is room for.
        unsafe {
            let low = _mm512_cvtepu16_epi32(narrow::<BF16>(low.0));
            let high = _mm512_slli_epi32::<16>(_mm512_cvtepu16_epi32(narrow::<BF16>(high.0)));
            let words = _mm512_or_si512(low, high);
            _mm512_mask_storeu_epi32(out.as_mut_ptr().cast(), mask(out.len()), words);
        }
    }
    #[inline(always)]
    fn transpose(rows: [&[f32]; LANES], out: &mut [Line]) {
        // SAFETY: registers only.
        let words = unsafe {
            let mut words = [_mm512_setzero_si512(); LANES];
            for (words, row) in words.iter_mut().zip(rows) {
                let (low, high) = (Self::load(row), Self::load(row.get(LANES..).unwrap_or(&[])));
                *words = narrow_both::<BF16>(low.0, high.0);
            }
            transpose(words)
        };
        every_third(words, out);
    }
    #[inline(always)]
    fn pair_int16(low: Self, high: Self, out: &mut [u32]) {
        // SAFETY: writes 16 words, or under the mask as many as there is room for.
        unsafe {
            let (low, high) = (_mm512_cvtps_epi32(low.0), _mm512_cvtps_epi32(high.0));
            let words = _mm512_mask_blend_epi16(ODD, low, _mm512_slli_epi32::<16>(high));
            _mm512_mask_storeu_epi32(out.as_mut_ptr().cast(), mask(out.len()), words);
        }
    }
    #[inline(always)]
    fn int16(self) -> [u32; LANES / 2] {
        let mut words = [0; LANES / 2];
        // SAFETY: writes all eight words.
        unsafe {
            let halves = _mm512_cvtsepi32_epi16(_mm512_cvtps_epi32(self.0));
            _mm256_storeu_si256(words.as_mut_ptr().cast(), halves);
        }
        words
    }
    #[inline(always)]
    fn transpose_words(rows: [&Line; LANES], out: &mut [Line]) {
        // SAFETY: registers, and reads of lines, of 64 aligned bytes.
        let words = unsafe {
            let mut words = [_mm512_setzero_si512(); LANES];
            for (words, row) in words.iter_mut().zip(rows) {
                *words = _mm512_load_si512((&raw const row.0).cast());
            }
            transpose(words)
        };
        every_third(words, out);
    }
    #[inline(always)]
    fn pair_words(low: [u32; LANES / 2], high: [u32; LANES / 2], out: &mut Line) {
        // SAFETY: reads 8 words twice; a line has 64 aligned bytes.
        unsafe {
            let halves = |words: &[u32; LANES / 2]| {
                _mm512_cvtepu16_epi32(_mm256_loadu_si256(words.as_ptr().cast()))
            };
            let words =
                _mm512_mask_blend_epi16(ODD, halves(&low), _mm512_slli_epi32::<16>(halves(&high)));
            _mm512_store_si512((&raw mut out.0).cast(), words);
        }
    }
    #[inline(always)]
    fn transposed(mut rows: [Self; LANES]) -> [Self; LANES] {
        // Loops: a closure given to `map` would be compiled without the vector instructions.
        // SAFETY: registers only.
        unsafe {
            let mut words = [_mm512_setzero_si512(); LANES];
            for (words, row) in words.iter_mut().zip(rows) {
                *words = _mm512_castps_si512(row.0);
            }
            for (row, words) in rows.iter_mut().zip(transpose(words)) {
                *row = Self(_mm512_castsi512_ps(words));
            }
        }
        rows
    }
    #[inline(always)]
    fn wide_products(x: [u32; LANES], by: u32) -> [[u32; LANES]; 2] {
        // SAFETY: registers only; the types of the transmutations are 512 bits of any value.
        unsafe {
            let (x, by) = (transmute::<[u32; LANES], __m512i>(x), _mm512_set1_epi32(by as i32));
            let even = _mm512_mul_epu32(x, by);
            let odd = _mm512_mul_epu32(_mm512_srli_epi64::<32>(x), by);
            let high = _mm512_mask_blend_epi32(UPPER, _mm512_srli_epi64::<32>(even), odd);
            let low = _mm512_mask_blend_epi32(UPPER, even, _mm512_slli_epi64::<32>(odd));
            [transmute::<__m512i, [u32; LANES]>(high), transmute::<__m512i, [u32; LANES]>(low)]
        }
    }
    #[inline(always)]
    fn sum(self) -> f32 {
        // SAFETY: registers only.
        unsafe { fold(self.0, |a, b| _mm256_add_ps(a, b)) }
    }
    #[inline(always)]
    fn largest(self) -> f32 {
        // SAFETY: registers only.
        unsafe { fold(self.0, |a, b| _mm256_max_ps(a, b)) }
    }
    #[inline(always)]
    fn array(self) -> [f32; LANES] {
        let mut lanes = [0.0; LANES];
        self.store(&mut lanes);
        lanes
    }
}

/// Joins lanes 8 apart, then 4, 2 and 1, as [`Lanes::sum`] does.
///
/// # Safety
/// The processor has AVX-512.
#[inline(always)]
unsafe fn fold(x: __m512, join: impl Fn(__m256, __m256) -> __m256) -> f32 {
    // SAFETY: registers only.
    unsafe {
        let x = join(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps::<1>(x));
        let x = join(x, _mm256_permute2f128_ps::<0x01>(x, x));
        let x = join(x, _mm256_permute_ps::<0b01_00_11_10>(x));
        let x = join(x, _mm256_permute_ps::<0b10_11_00_01>(x));
        _mm256_cvtss_f32(x)
    }
}

/// Into lines 0, 3, ..., as many as there are.
#[inline(always)]
fn every_third(words: [__m512i; LANES], out: &mut [Line]) {
    let store = |line: &mut Line, words| {
        // SAFETY: a line has 64 aligned bytes.
        unsafe { _mm512_store_si512((&raw mut line.0).cast(), words) };
    };
    if let Some(out) = out.first_chunk_mut::<{ 3 * LANES - 2 }>() {
        // Of a known number, so that nothing passes through memory.
        for step in 0..LANES {
            store(&mut out[3 * step], words[step]);
        }
    } else {
        for (line, words) in out.iter_mut().step_by(3).zip(words) {
            store(line, words);
        }
    }
}

/// The transpose of 16 rows of 16 words: within quarters by unpacking, then quarters.
///
/// # Safety
/// The processor has AVX-512.
#[inline(always)]
pub(crate) unsafe fn transpose(r: [__m512i; LANES]) -> [__m512i; LANES] {
    // SAFETY: registers only.
    unsafe {
        let mut t = r;
        for i in (0..LANES).step_by(2) {
            t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
            t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
        }
        let mut u = t;
        for i in (0..LANES).step_by(4) {
            u[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
            u[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
            u[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
            u[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
        }
        let mut out = u;
        for c in 0..4 {
            let a = _mm512_shuffle_i32x4::<0x88>(u[c], u[4 + c]);
            let b = _mm512_shuffle_i32x4::<0x88>(u[8 + c], u[12 + c]);
            out[c] = _mm512_shuffle_i32x4::<0x88>(a, b);
            out[8 + c] = _mm512_shuffle_i32x4::<0xdd>(a, b);
            let a = _mm512_shuffle_i32x4::<0xdd>(u[c], u[4 + c]);
            let b = _mm512_shuffle_i32x4::<0xdd>(u[8 + c], u[12 + c]);
            out[4 + c] = _mm512_shuffle_i32x4::<0x88>(a, b);
            out[12 + c] = _mm512_shuffle_i32x4::<0xdd>(a, b);
        }
        out
    }
}

/// Sixteen bfloat16 as fp32: their bits are the upper half.
///
/// # Safety
/// The processor has AVX-512.
#[inline(always)]
unsafe fn widen(halves: __m256i) -> __m512 {
    // SAFETY: registers only.
    let words: __m512i = unsafe { _mm512_slli_epi32::<16>(_mm512_cvtepu16_epi32(halves)) };
    // SAFETY: registers only.
    unsafe { _mm512_castsi512_ps(words) }
}

/// Sixteen fp32 to the nearest bfloat16.
///
/// # Safety
/// The processor has AVX-512, with `BF16` that too.
#[inline(always)]
unsafe fn narrow<const BF16: bool>(x: __m512) -> __m256i {
    // SAFETY: registers only; the types of the transmutation are 256 bits of any value.
    unsafe {
        if BF16 {
            return transmute::<__m256bh, __m256i>(_mm512_cvtneps_pbh(x));
        }
        // Ties to even: half a unit of the last place less one, and one more if that place is odd.
        let bits = _mm512_castps_si512(x);
        let odd = _mm512_and_si512(_mm512_srli_epi32::<16>(bits), _mm512_set1_epi32(1));
        let half = _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff));
        _mm512_cvtepi32_epi16(_mm512_srli_epi32::<16>(_mm512_add_epi32(bits, half)))
    }
}

/// Sixteen and sixteen fp32 to the nearest bfloat16, one after the other.
///
/// # Safety
/// As for [`narrow`].
#[inline(always)]
unsafe fn narrow_both<const BF16: bool>(low: __m512, high: __m512) -> __m512i {
    // SAFETY: registers only; the types of the transmutation are 512 bits of any value.
    unsafe {
        if BF16 {
            return transmute::<__m512bh, __m512i>(_mm512_cvtne2ps_pbh(high, low));
        }
        let (low, high) = (narrow::<BF16>(low), narrow::<BF16>(high));
        _mm512_inserti64x4::<1>(_mm512_castsi256_si512(low), high)
    }
}
