//! The register tile of bf16 products: up to 8 rows by 48 columns, both factors with strides.
//!
//! A step multiplies a pair of factors of each row with 48 pairs of the right side and adds both
//! products to a sum. The left side may lie row by row (activations) or step by step (gradients by
//! pairs of tokens); the right side's steps may lie in runs, so that it can be packed by either of
//! its dimensions.

use std::marker::PhantomData;

use crate::Isa;
use crate::tile::{COLUMNS, Line, ROWS};

/// A tile's sums.
#[repr(C, align(64))]
pub(crate) struct Sums(pub(crate) [[f32; COLUMNS]; ROWS]);

impl Sums {
    pub(crate) const ZERO: Self = Self([[0.0; COLUMNS]; ROWS]);
}

/// The left factor's pairs: the one of a row and step is `row * of_row + step * of_step` pairs on.
#[derive(Clone, Copy)]
pub(crate) struct Left<'a> {
    first: *const u8,
    pairs: usize,
    of_row: usize,
    of_step: usize,
    data: PhantomData<&'a [u16]>,
}

impl<'a> Left<'a> {
    /// Rows of `stride` bf16, an even number.
    pub(crate) fn rows(x: &'a [u16], stride: usize) -> Self {
        let (first, pairs) = (x.as_ptr().cast(), x.len() / 2);
        Self { first, pairs, of_row: stride / 2, of_step: 1, data: PhantomData }
    }

    /// Steps of `stride` pairs.
    pub(crate) fn steps(x: &'a [u32], stride: usize) -> Self {
        let (first, pairs) = (x.as_ptr().cast(), x.len());
        Self { first, pairs, of_row: 1, of_step: stride, data: PhantomData }
    }
}

/// The right factor's pairs, three lines a step: `run` steps side by side, the next run `jump` lines
/// after the beginning of this one.
#[derive(Clone, Copy)]
pub(crate) struct Right<'a> {
    pub(crate) lines: &'a [Line],
    pub(crate) run: usize,
    pub(crate) jump: usize,
}

#[derive(Clone, Copy)]
pub(crate) struct Tile<'a> {
    pub(crate) left: Left<'a>,
    pub(crate) right: Right<'a>,
    pub(crate) rows: usize,
    pub(crate) steps: usize,
}

impl Tile<'_> {
    /// Adds the products to the sums of the tile's rows.
    #[inline]
    pub(crate) fn accumulate(self, isa: Isa, sums: &mut Sums) {
        let Self { left, right, rows, steps } = self;
        if rows == 0 || steps == 0 {
            return;
        }
        let last_left = (rows - 1) * left.of_row + (steps - 1) * left.of_step;
        let last_right = (steps - 1) / right.run * right.jump + ((steps - 1) % right.run) * 3 + 2;
        let fits = rows <= ROWS && last_left < left.pairs && last_right < right.lines.len();
        assert!(fits, "shape of a tile");
        #[cfg(target_arch = "x86_64")]
        if isa.has_bf16() {
            // SAFETY: `Isa::detect` found the instructions, and the assertion above says that the
            // pairs and lines are there.
            return unsafe { x86::KERNELS[rows - 1](self, sums) };
        }
        let _ = isa;
        self.portable(sums);
    }

    fn portable(self, sums: &mut Sums) {
        let Right { lines, run, jump } = self.right;
        for (row, sums) in sums.0.iter_mut().enumerate().take(self.rows) {
            for step in 0..self.steps {
                let place = row * self.left.of_row + step * self.left.of_step;
                // SAFETY: `accumulate` asserts that the pair is there.
                let x = unsafe { self.left.first.add(4 * place).cast::<u32>().read_unaligned() };
                let lines = &lines[step / run * jump + step % run * 3..][..3];
                for (line, sums) in lines.iter().zip(sums.chunks_exact_mut(16)) {
                    for (w, sum) in line.0.iter().zip(sums) {
                        let low = |pair: u32| f32::from_bits(pair << 16);
                        let high = |pair: u32| f32::from_bits(pair & 0xffff_0000);
                        *sum += high(x) * high(*w);
                        *sum += low(x) * low(*w);
                    }
                }
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m512bh, __m512i, _mm512_dpbf16_ps, _mm512_load_ps, _mm512_load_si512, _mm512_set1_epi32,
        _mm512_setzero_ps, _mm512_store_ps,
    };
    use std::mem::transmute;

    use super::{ROWS, Sums, Tile};

    type Kernel = unsafe fn(Tile<'_>, &mut Sums);

    pub(super) const KERNELS: [Kernel; ROWS] =
        [bf16::<1>, bf16::<2>, bf16::<3>, bf16::<4>, bf16::<5>, bf16::<6>, bf16::<7>, bf16::<8>];

    /// For tiles of R rows; `Tile::accumulate` says what it may be called with.
    #[target_feature(enable = "avx512f,avx512bf16")]
    unsafe fn bf16<const R: usize>(tile: Tile<'_>, out: &mut Sums) {
        let mut sums = [[_mm512_setzero_ps(); 3]; R];
        for (row, from) in sums.iter_mut().zip(&out.0) {
            for (column, sum) in row.iter_mut().enumerate() {
                // SAFETY: a row has three aligned vectors.
                *sum = unsafe { _mm512_load_ps(from.as_ptr().add(16 * column)) };
            }
        }
        let (of_row, of_step) = (4 * tile.left.of_row, 4 * tile.left.of_step);
        let (mut x, mut run) = (tile.left.first, tile.right.lines.as_ptr());
        let mut left = tile.steps;
        while left > 0 {
            let (steps, mut lines) = (left.min(tile.right.run), run);
            for _ in 0..steps {
                // SAFETY: a step has three lines, of 64 aligned bytes each; both types are 512 bits
                // of any value.
                let w: [__m512bh; 3] = unsafe {
                    [
                        transmute::<__m512i, __m512bh>(_mm512_load_si512(lines.cast())),
                        transmute::<__m512i, __m512bh>(_mm512_load_si512(lines.add(1).cast())),
                        transmute::<__m512i, __m512bh>(_mm512_load_si512(lines.add(2).cast())),
                    ]
                };
                for (row, sums) in sums.iter_mut().enumerate() {
                    // SAFETY: row and step are within the left factor.
                    let pair =
                        unsafe { x.wrapping_add(row * of_row).cast::<i32>().read_unaligned() };
                    // SAFETY: as above.
                    let pair = unsafe { transmute::<__m512i, __m512bh>(_mm512_set1_epi32(pair)) };
                    for (sum, w) in sums.iter_mut().zip(w) {
                        *sum = _mm512_dpbf16_ps(*sum, pair, w);
                    }
                }
                x = x.wrapping_add(of_step);
                lines = lines.wrapping_add(3);
            }
            run = run.wrapping_add(tile.right.jump);
            left -= steps;
        }
        for (row, to) in sums.iter().zip(&mut out.0) {
            for (column, sum) in row.iter().enumerate() {
                // SAFETY: a row has three aligned vectors.
                unsafe { _mm512_store_ps(to.as_mut_ptr().add(16 * column), *sum) };
            }
        }
    }
}
