//! The register tiles: up to 8 rows by 48 columns of a product, over all inputs.
//!
//! Both factors come as words of 32 bits, which hold one fp32, two bf16 or int16 or four int8
//! factors. A step
//! multiplies one word of each row with 48 words of a panel and adds to 24 vector registers.

use crate::blocks::{CHUNK, WORDS};
use crate::isa::versions;
use crate::{Isa, Precision, math};

/// Rows of a tile.
pub(crate) const ROWS: usize = 8;
/// Columns of a tile.
pub(crate) const COLUMNS: usize = 48;

/// Sixteen words, a vector register and a cache line.
#[derive(Debug, Clone, Copy, Default)]
#[repr(C, align(64))]
pub(crate) struct Line(pub(crate) [u32; 16]);

/// A tile's sums as bits, fp32 or, for integers, i32: `[8, 48]`.
#[derive(Default)]
pub(crate) struct Sums([[Line; 3]; ROWS]);

impl Sums {
    /// Sixteen of a row's sums.
    #[inline(always)]
    pub(crate) fn line(&self, row: usize, part: usize) -> &Line {
        &self.0[row][part]
    }
}

/// What of a panel a tile fetches into the second-level cache, for the next panel's tiles: bytes from
/// a run's beginning on, and how many for each step that is multiplied.
#[derive(Clone, Copy)]
pub(crate) struct Fetch {
    pub(crate) first: usize,
    pub(crate) by: usize,
}

impl Fetch {
    /// The share of a tile, of so many with this panel, in what follows each run of so many steps.
    pub(crate) fn share(tile: usize, tiles: usize, run: usize) -> Self {
        let step = 3 * size_of::<Line>();
        Self { first: run * step + run * step * tile / tiles, by: step.div_ceil(tiles) }
    }
}

/// Puts rows of words, at most 8, where a tile looks for them: see [`Chunks`](crate::blocks::Chunks).
pub(crate) fn arrange<'a>(rows: impl Iterator<Item = &'a [u8]>, words: &mut [u32]) {
    for (row, bytes) in rows.enumerate() {
        for (chunk, bytes) in bytes.chunks(4 * CHUNK).enumerate() {
            let words = &mut words[chunk * WORDS + row * CHUNK..][..bytes.len() / 4];
            for (word, bytes) in words.iter_mut().zip(bytes.chunks_exact(4)) {
                *word = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
            }
        }
    }
}

/// What a tile multiplies.
#[derive(Clone, Copy)]
pub(crate) struct Tile<'a> {
    /// The operand's rows, `[chunks, 8, 96]`.
    pub(crate) words: &'a [u32],
    /// How many of the rows count.
    pub(crate) rows: usize,
    /// The weights, `[steps, 3]`.
    pub(crate) panel: &'a [Line],
    pub(crate) fetch: Fetch,
}

impl Tile<'_> {
    pub(crate) fn multiply(self, isa: Isa, precision: Precision, sums: &mut Sums) {
        let (rows, steps) = (self.rows, self.panel.len() / 3);
        let fits = rows <= ROWS && steps.div_ceil(CHUNK) * WORDS <= self.words.len();
        assert!(fits, "shape of a tile");
        #[cfg(target_arch = "x86_64")]
        {
            let kernel = match precision {
                Precision::Fp32 if isa.has_avx512() => Some(x86::pick(rows, x86::FP32)),
                Precision::Bf16 if isa.has_bf16() => Some(x86::pick(rows, x86::BF16)),
                Precision::Bf16 if isa.has_avx512() => Some(x86::pick(rows, x86::BF16_BY_FP32)),
                Precision::Int16 if isa.has_int8() => Some(x86::pick(rows, x86::INT16)),
                Precision::Int8 if isa.has_int8() => Some(x86::pick(rows, x86::INT8)),
                _ => None,
            };
            if let Some(kernel) = kernel {
                // SAFETY: the kernel's instructions were found by `Isa::detect`; it reads whole chunks
                // up to the panel's last step, which the assertion above says are there.
                return unsafe { kernel(self, sums) };
            }
        }
        match precision {
            Precision::Fp32 => fp32(isa, self, sums),
            Precision::Bf16 => bf16(isa, self, sums),
            Precision::Int16 => int16(isa, self, sums),
            Precision::Int8 => int8(isa, self, sums),
        }
    }
}

versions! { fn fp32(tile: Tile<'_>, sums: &mut Sums) fp32_body }
versions! { fn bf16(tile: Tile<'_>, sums: &mut Sums) bf16_body }
versions! { fn int16(tile: Tile<'_>, sums: &mut Sums) int16_body }
versions! { fn int8(tile: Tile<'_>, sums: &mut Sums) int8_body }

/// Sets each sum of the tile's rows to 0 and calls `add` with each row's word and each of them, step by
/// step.
#[inline(always)]
fn each(tile: Tile<'_>, sums: &mut Sums, add: impl Fn(u32, u32, &mut u32)) {
    for (row, sums) in sums.0.iter_mut().enumerate().take(tile.rows) {
        *sums = Default::default();
        for (step, lines) in tile.panel.chunks_exact(3).enumerate() {
            let word = tile.words[step / CHUNK * WORDS + row * CHUNK + step % CHUNK];
            for (line, sums) in lines.iter().zip(&mut *sums) {
                for (weight, sum) in line.0.iter().zip(&mut sums.0) {
                    add(word, *weight, sum);
                }
            }
        }
    }
}

#[inline(always)]
fn fp32_body<const FMA: bool>(tile: Tile<'_>, sums: &mut Sums) {
    each(tile, sums, |x, w, sum| {
        let (x, w) = (f32::from_bits(x), f32::from_bits(w));
        *sum = math::multiply_add::<FMA>(x, w, f32::from_bits(*sum)).to_bits();
    });
}

#[inline(always)]
fn bf16_body<const FMA: bool>(tile: Tile<'_>, sums: &mut Sums) {
    each(tile, sums, |x, w, sum| {
        let low = |word: u32| f32::from_bits(word << 16);
        let high = |word: u32| f32::from_bits(word & 0xffff_0000);
        let odd = math::multiply_add::<FMA>(high(x), high(w), f32::from_bits(*sum));
        *sum = math::multiply_add::<FMA>(low(x), low(w), odd).to_bits();
    });
}

#[inline(always)]
fn int16_body<const FMA: bool>(tile: Tile<'_>, sums: &mut Sums) {
    each(tile, sums, |x, w, sum| {
        let product = |x: u32, w: u32| i32::from(x as u16 as i16) * i32::from(w as u16 as i16);
        let total = product(x, w).wrapping_add(product(x >> 16, w >> 16));
        *sum = sum.wrapping_add(total as u32);
    });
}

#[inline(always)]
fn int8_body<const FMA: bool>(tile: Tile<'_>, sums: &mut Sums) {
    each(tile, sums, |x, w, sum| {
        let product = |byte: u32| {
            let x = i32::from((x >> (8 * byte)) as u8);
            x.wrapping_mul(i32::from((w >> (8 * byte)) as u8 as i8))
        };
        let total = product(0) + product(1) + product(2) + product(3);
        *sum = sum.wrapping_add(total as u32);
    });
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m512bh, __m512i, _MM_HINT_T1, _mm_prefetch, _mm512_and_si512, _mm512_castps_si512,
        _mm512_castsi512_ps, _mm512_dpbf16_ps, _mm512_dpbusd_epi32, _mm512_dpwssd_epi32,
        _mm512_fmadd_ps, _mm512_load_si512, _mm512_set1_epi32, _mm512_setzero_si512,
        _mm512_slli_epi32, _mm512_store_si512,
    };

    use std::mem::transmute;

    use super::{CHUNK, ROWS, Sums, Tile, WORDS};

    /// A kernel for a number of rows: see [`Tile::multiply`] for what it may be called with.
    pub(super) type Kernel = unsafe fn(Tile<'_>, &mut Sums);

    /// The kernel for that many rows, 1 to 8.
    pub(super) fn pick(rows: usize, kernels: [Kernel; ROWS]) -> Kernel {
        kernels[rows.clamp(1, ROWS) - 1]
    }

    /// One step of one register: 16 sums plus products, by a word of the row.
    macro_rules! kernels {
        ($table:ident, $name:ident, $features:literal, |$sum:ident, $x:ident, $w:ident| $add:expr) => {
            #[target_feature(enable = $features)]
            unsafe fn $name<const R: usize>(tile: Tile<'_>, out: &mut Sums) {
                let mut sums = [[_mm512_setzero_si512(); 3]; R];
                let mut ahead = tile.panel.as_ptr().cast::<u8>().wrapping_add(tile.fetch.first);
                let panels = tile.panel.chunks(3 * CHUNK);
                for (words, panel) in tile.words.chunks_exact(WORDS).zip(panels) {
                    let (words, panel, steps) = (words.as_ptr(), panel.as_ptr(), panel.len() / 3);
                    for step in 0..steps {
                        _mm_prefetch::<_MM_HINT_T1>(ahead.cast());
                        ahead = ahead.wrapping_add(tile.fetch.by);
                        let mut w = [_mm512_setzero_si512(); 3];
                        for (column, w) in w.iter_mut().enumerate() {
                            let line = panel.wrapping_add(3 * step + column);
                            // SAFETY: a panel has three lines, of 64 aligned bytes each, a step.
                            *w = unsafe { _mm512_load_si512(line.cast()) };
                        }
                        for row in 0..R {
                            // SAFETY: row and step are within the chunk.
                            let word = unsafe { *words.wrapping_add(row * CHUNK + step) };
                            let $x = _mm512_set1_epi32(word as i32);
                            for column in 0..3 {
                                let ($sum, $w) = (sums[row][column], w[column]);
                                sums[row][column] = $add;
                            }
                        }
                    }
                }
                for (row, lines) in sums.iter().zip(&mut out.0) {
                    for (sum, line) in row.iter().zip(lines) {
                        // SAFETY: a line has 64 aligned bytes.
                        unsafe { _mm512_store_si512((&raw mut line.0).cast(), *sum) };
                    }
                }
            }

            pub(super) const $table: [Kernel; ROWS] = [
                $name::<1>, $name::<2>, $name::<3>, $name::<4>, $name::<5>, $name::<6>, $name::<7>,
                $name::<8>,
            ];
        };
    }

    kernels! { FP32, fp32, "avx512f", |sum, x, w| _mm512_castps_si512(_mm512_fmadd_ps(
        _mm512_castsi512_ps(x), _mm512_castsi512_ps(w), _mm512_castsi512_ps(sum),
    )) }

    kernels! { BF16, bf16, "avx512f,avx512bf16", |sum, x, w| {
        // SAFETY: both are 512 bits of any value.
        let (x, w) = unsafe { (transmute::<__m512i, __m512bh>(x), transmute::<__m512i, __m512bh>(w)) };
        _mm512_castps_si512(_mm512_dpbf16_ps(_mm512_castsi512_ps(sum), x, w))
    } }

    // Without AVX512-BF16: a bfloat16 is the upper half of an fp32.
    kernels! { BF16_BY_FP32, bf16_by_fp32, "avx512f", |sum, x, w| {
        let low = |pairs| _mm512_castsi512_ps(_mm512_slli_epi32::<16>(pairs));
        let high = |pairs| {
            _mm512_castsi512_ps(_mm512_and_si512(pairs, _mm512_set1_epi32(0xffff_0000_u32 as i32)))
        };
        let sum = _mm512_fmadd_ps(high(x), high(w), _mm512_castsi512_ps(sum));
        _mm512_castps_si512(_mm512_fmadd_ps(low(x), low(w), sum))
    } }

    kernels! { INT16, int16, "avx512f,avx512vnni", |sum, x, w| _mm512_dpwssd_epi32(sum, x, w) }

    kernels! { INT8, int8, "avx512f,avx512vnni", |sum, x, w| _mm512_dpbusd_epi32(sum, x, w) }
}
