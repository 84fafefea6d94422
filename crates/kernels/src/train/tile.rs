//! The register tile of bf16 products: up to 8 rows by 48 columns, both factors with strides.
//!
//! A step multiplies a pair of factors of each row with 48 pairs of the right side and adds both
//! products to a sum. The left side may lie row by row (activations) or step by step (gradients by
//! pairs of tokens); the right side's steps may lie in runs, so that it can be packed by either of
//! its dimensions.

use std::marker::PhantomData;

use super::wide::{CHUNK, Wide};
use crate::Isa;
use crate::tile::{COLUMNS, Line, ROWS};

/// A tile's sums, kept from tile to tile: the first product of a tile overwrites them.
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
    /// The same in fp32, of as many rows and steps as a tile takes; empty where the processor
    /// multiplies pairs.
    wide: &'a [Wide],
    data: PhantomData<&'a [u16]>,
}

impl<'a> Left<'a> {
    /// Rows of `stride` bf16, an even number.
    pub(crate) fn rows(x: &'a [u16], stride: usize) -> Self {
        let (first, pairs) = (x.as_ptr().cast(), x.len() / 2);
        Self { first, pairs, of_row: stride / 2, of_step: 1, wide: &[], data: PhantomData }
    }

    /// Steps of [`ROWS`] pairs.
    pub(crate) fn steps(x: &'a [u32]) -> Self {
        let (first, pairs) = (x.as_ptr().cast(), x.len());
        Self { first, pairs, of_row: 1, of_step: ROWS, wide: &[], data: PhantomData }
    }

    /// With what [`Left::widen`] made of it.
    pub(super) fn with(self, wide: &'a [Wide]) -> Self {
        Self { wide, ..self }
    }

    /// Whether a tile of that shape is within the factor.
    fn has(&self, (rows, steps): (usize, usize)) -> bool {
        rows <= ROWS && (rows - 1) * self.of_row + (steps - 1) * self.of_step < self.pairs
    }

    /// Writes a tile's factors as fp32; a tile takes no more rows and steps than were widened.
    pub(super) fn widen(self, isa: Isa, shape: (usize, usize), room: &mut [Wide]) {
        let (rows, steps) = shape;
        if rows == 0 || steps == 0 || room.is_empty() {
            return;
        }
        assert!(self.has(shape) && room.len() >= steps.div_ceil(CHUNK), "shape of a tile");
        #[cfg(target_arch = "x86_64")]
        if isa.has_avx512() {
            for (chunk, room) in room.iter_mut().enumerate().take(steps.div_ceil(CHUNK)) {
                let first = chunk * CHUNK;
                let shape = (rows, CHUNK.min(steps - first));
                // SAFETY: `Isa::detect` found the instructions; rows and steps are within the factor.
                unsafe {
                    if self.of_step == 1 {
                        x86::widen::<false>(self, first, shape, room);
                    } else {
                        x86::widen::<true>(self, first, shape, room);
                    }
                }
            }
        }
        let _ = isa;
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

impl Right<'_> {
    /// Whether it has so many steps, at least 1.
    pub(super) fn has(&self, steps: usize) -> bool {
        (steps - 1) / self.run * self.jump + (steps - 1) % self.run * 3 + 2 < self.lines.len()
    }

    /// The pair of a step and column.
    pub(super) fn pair(&self, step: usize, column: usize) -> u32 {
        let line = step / self.run * self.jump + step % self.run * 3 + column / 16;
        self.lines[line].0[column % 16]
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Tile<'a> {
    pub(crate) left: Left<'a>,
    pub(crate) right: Right<'a>,
    pub(crate) rows: usize,
    pub(crate) steps: usize,
    /// Whether the products are added to the sums that are there, not to 0.
    pub(crate) onto: bool,
}

impl Tile<'_> {
    /// The sums of the tile's rows; those of other rows are left as they are.
    #[inline]
    pub(crate) fn sum(self, isa: Isa, sums: &mut Sums) {
        let Self { left, right, rows, steps, onto } = self;
        if rows == 0 || steps == 0 {
            if !onto {
                *sums = Sums::ZERO;
            }
            return;
        }
        let fits = left.has((rows, steps)) && right.has(steps);
        assert!(fits, "shape of a tile");
        #[cfg(target_arch = "x86_64")]
        if isa.has_bf16() {
            // SAFETY: `Isa::detect` found the instructions, and the assertion above says that the
            // pairs and lines are there.
            return unsafe { x86::BF16[rows - 1](self, sums) };
        }
        #[cfg(target_arch = "x86_64")]
        if isa.has_avx512() && left.wide.len() >= steps.div_ceil(CHUNK) {
            let kernels = if left.of_step == 1 { x86::ROW_BY_ROW } else { x86::STEPS };
            // SAFETY: as above; the factors are there in fp32, in the form that goes with `of_step`.
            return unsafe { kernels[rows - 1](self, sums) };
        }
        let _ = isa;
        self.portable(sums);
    }

    fn portable(self, sums: &mut Sums) {
        let Right { lines, run, jump } = self.right;
        for (row, sums) in sums.0.iter_mut().enumerate().take(self.rows) {
            if !self.onto {
                sums.fill(0.0);
            }
            for step in 0..self.steps {
                let place = row * self.left.of_row + step * self.left.of_step;
                // SAFETY: `sum` asserts that the pair is there.
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
        __m512, __m512bh, __m512i, _MM_HINT_T0, _mm_prefetch, _mm512_and_si512,
        _mm512_castsi512_ps, _mm512_dpbf16_ps, _mm512_fmadd_ps, _mm512_load_ps, _mm512_load_si512,
        _mm512_mask_storeu_epi32, _mm512_maskz_loadu_epi32, _mm512_set1_epi32, _mm512_set1_ps,
        _mm512_setzero_ps, _mm512_slli_epi32, _mm512_store_ps, _mm512_store_si512,
    };
    use std::mem::transmute;

    use super::{CHUNK, Left, ROWS, Right, Sums, Tile, Wide};
    use crate::tile::Line;

    type Kernel = unsafe fn(Tile<'_>, &mut Sums);

    /// Of a processor with BF16.
    pub(super) const BF16: [Kernel; ROWS] =
        [bf16::<1>, bf16::<2>, bf16::<3>, bf16::<4>, bf16::<5>, bf16::<6>, bf16::<7>, bf16::<8>];

    /// Of one without, for left sides of which rows lie side by side.
    pub(super) const STEPS: [Kernel; ROWS] = [
        fp32::<1, true>,
        fp32::<2, true>,
        fp32::<3, true>,
        fp32::<4, true>,
        fp32::<5, true>,
        fp32::<6, true>,
        fp32::<7, true>,
        fp32::<8, true>,
    ];

    /// Of one without, for left sides of which steps lie side by side.
    pub(super) const ROW_BY_ROW: [Kernel; ROWS] = [
        fp32::<1, false>,
        fp32::<2, false>,
        fp32::<3, false>,
        fp32::<4, false>,
        fp32::<5, false>,
        fp32::<6, false>,
        fp32::<7, false>,
        fp32::<8, false>,
    ];

    /// The sums of R rows, or 0.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn begin<const R: usize>(onto: bool, from: &Sums) -> [[__m512; 3]; R] {
        let mut sums = [[_mm512_setzero_ps(); 3]; R];
        if onto {
            for (row, from) in sums.iter_mut().zip(&from.0) {
                for (column, sum) in row.iter_mut().enumerate() {
                    // SAFETY: a row has three aligned vectors.
                    *sum = unsafe { _mm512_load_ps(from.as_ptr().add(16 * column)) };
                }
            }
        }
        sums
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn end<const R: usize>(sums: &[[__m512; 3]; R], to: &mut Sums) {
        for (row, to) in sums.iter().zip(&mut to.0) {
            for (column, sum) in row.iter().enumerate() {
                // SAFETY: a row has three aligned vectors.
                unsafe { _mm512_store_ps(to.as_mut_ptr().add(16 * column), *sum) };
            }
        }
    }

    /// For tiles of R rows; `Tile::sum` says what it may be called with.
    #[target_feature(enable = "avx512f,avx512bf16")]
    unsafe fn bf16<const R: usize>(tile: Tile<'_>, out: &mut Sums) {
        let mut sums = begin::<R>(tile.onto, out);
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
        end(&sums, out);
    }

    /// For tiles of R rows, by multiply-adds in fp32: to the bit what the portable form gives, as the
    /// product of two bfloat16 is exact.
    #[target_feature(enable = "avx512f")]
    unsafe fn fp32<const R: usize, const BY_STEP: bool>(tile: Tile<'_>, out: &mut Sums) {
        let mut sums = begin::<R>(tile.onto, out);
        let Right { lines, run, jump } = tile.right;
        let (mut lines, mut done) = (lines.as_ptr(), 0); // the run, and its steps that are done
        let mut left = tile.steps;
        for wide in tile.left.wide {
            let count = CHUNK.min(left);
            let mut step = 0;
            while step < count {
                let steps = (run - done).min(count - step);
                // SAFETY: steps and lines are within the factors.
                unsafe {
                    let from = lines.wrapping_add(3 * done);
                    run_of_steps::<R, BY_STEP>(&mut sums, (wide.0.as_ptr(), step), (from, steps));
                }
                (step, done) = (step + steps, done + steps);
                if done == run {
                    (lines, done) = (lines.wrapping_add(jump), 0);
                }
            }
            left -= count;
        }
        end(&sums, out);
    }

    /// Where a chunk has a number.
    #[inline(always)]
    fn place<const BY_STEP: bool>(half: usize, row: usize, step: usize) -> usize {
        if BY_STEP {
            ((step / 2 * 2 + half) * 2 + step % 2) * ROWS + row
        } else {
            (half * ROWS + row) * CHUNK + step
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn run_of_steps<const R: usize, const BY_STEP: bool>(
        sums: &mut [[__m512; 3]; R],
        (wide, first): (*const f32, usize),
        (mut lines, steps): (*const Line, usize),
    ) {
        let upper = _mm512_set1_epi32(UPPER);
        for step in first..first + steps {
            for column in 0..3 {
                _mm_prefetch::<_MM_HINT_T0>(lines.wrapping_add(3 * AHEAD + column).cast());
            }
            for half in 0..2 {
                let mut w = [_mm512_setzero_ps(); 3];
                for (column, w) in w.iter_mut().enumerate() {
                    // SAFETY: a step has three lines, of 64 aligned bytes each.
                    let pairs = unsafe { _mm512_load_si512(lines.wrapping_add(column).cast()) };
                    *w = _mm512_castsi512_ps(match half {
                        0 => _mm512_and_si512(pairs, upper),
                        _ => _mm512_slli_epi32::<16>(pairs),
                    });
                }
                for (row, sums) in sums.iter_mut().enumerate() {
                    // SAFETY: `widen` has written it.
                    let x = unsafe { *wide.wrapping_add(place::<BY_STEP>(half, row, step)) };
                    let x = _mm512_set1_ps(x);
                    for (sum, w) in sums.iter_mut().zip(w) {
                        *sum = _mm512_fmadd_ps(x, w, *sum);
                    }
                }
            }
            lines = lines.wrapping_add(3);
        }
    }

    /// Steps from the one that is multiplied to the one whose lines are fetched.
    const AHEAD: usize = 16;

    /// The upper number of a pair.
    const UPPER: i32 = 0xffff_0000_u32 as i32;

    /// Writes the left factors of `count` steps, at most a chunk, from `first` on.
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn widen<const BY_STEP: bool>(
        left: Left<'_>,
        first: usize,
        (rows, count): (usize, usize),
        wide: &mut Wide,
    ) {
        let wide = wide.0.as_mut_ptr();
        let upper = _mm512_set1_epi32(UPPER);
        let pairs = left.first.cast::<i32>();
        let mask = |count: usize| if count >= 16 { u16::MAX } else { (1u16 << count) - 1 };
        if BY_STEP {
            let words = (count - 1) * ROWS + rows; // to the last row of the last step
            for step in (0..count).step_by(2) {
                let from = pairs.wrapping_add((first + step) * ROWS);
                let to = |half| wide.wrapping_add(place::<true>(half, 0, step)).cast();
                // SAFETY: reads under the mask, which ends where the rows do; writes 64 aligned bytes
                // of upper numbers and as many of lower ones.
                unsafe {
                    let pairs = _mm512_maskz_loadu_epi32(mask(words - step * ROWS), from);
                    _mm512_store_si512(to(0), _mm512_and_si512(pairs, upper));
                    _mm512_store_si512(to(1), _mm512_slli_epi32::<16>(pairs));
                }
            }
            return;
        }
        for row in 0..rows {
            for step in (0..count).step_by(16) {
                let from = pairs.wrapping_add(row * left.of_row + first + step);
                let (high, low) = (place::<false>(0, row, step), place::<false>(1, row, step));
                let mask = mask(count - step);
                // SAFETY: reads and writes under the mask, which ends where the steps do.
                unsafe {
                    let pairs = _mm512_maskz_loadu_epi32(mask, from);
                    let to = |place| wide.wrapping_add(place).cast::<i32>();
                    _mm512_mask_storeu_epi32(to(high), mask, _mm512_and_si512(pairs, upper));
                    _mm512_mask_storeu_epi32(to(low), mask, _mm512_slli_epi32::<16>(pairs));
                }
            }
        }
    }
}
