//! The register tile of products of integers: up to 8 rows by 48 columns.

use super::super::tile::{Right, Sums};
use super::Left;
use crate::Isa;
use crate::tile::{COLUMNS, Fetch};

/// A tile's factors and what they are multiplied by in the end.
#[derive(Clone, Copy)]
pub(in super::super) struct Tile<'a> {
    pub(in super::super) left: Left<'a>,
    pub(in super::super) right: Right<'a>,
    /// What integers of a column are multiplied by, `[48]`.
    pub(in super::super) scales: &'a [f32],
    pub(in super::super) rows: usize,
    pub(in super::super) steps: usize,
    /// Whether the products are added to the sums that are there, not to 0.
    pub(in super::super) onto: bool,
    /// What of the next panel it fetches.
    pub(in super::super) fetch: Fetch,
}

impl Tile<'_> {
    /// The sums of the tile's rows; those of other rows are left as they are.
    #[inline]
    pub(in super::super) fn sum(self, isa: Isa, sums: &mut Sums) {
        let Self { left, right, scales, rows, steps, onto, .. } = self;
        if rows == 0 || steps == 0 {
            if !onto {
                *sums = Sums::ZERO;
            }
            return;
        }
        let fits = rows <= left.scales.len().min(sums.0.len())
            && left.place(rows - 1, steps - 1) < left.words.len()
            && right.has(steps)
            && scales.len() >= COLUMNS;
        assert!(fits, "shape of a tile");
        #[cfg(target_arch = "x86_64")]
        if isa.has_int8() {
            let kernels = if left.by_step { x86::STEPS } else { x86::ROW_BY_ROW };
            // SAFETY: `Isa::detect` found the instructions, and the assertion above says that pairs,
            // lines and scales are there.
            return unsafe { kernels[rows - 1](self, sums) };
        }
        let _ = isa;
        self.portable(sums);
    }

    /// Sums wrap, as the instructions' do.
    fn portable(self, sums: &mut Sums) {
        for (row, (sums, scale)) in
            sums.0.iter_mut().zip(self.left.scales).enumerate().take(self.rows)
        {
            for (column, (sum, of_column)) in sums.iter_mut().zip(self.scales).enumerate() {
                let total = (0..self.steps).fold(0i32, |total, step| {
                    let x = self.left.words[self.left.place(row, step)];
                    let w = self.right.pair(step, column);
                    let product =
                        |x: u32, w: u32| i32::from(x as u16 as i16) * i32::from(w as u16 as i16);
                    total.wrapping_add(product(x, w)).wrapping_add(product(x >> 16, w >> 16))
                });
                let scaled = total as f32 * scale;
                *sum =
                    if self.onto { scaled.mul_add(*of_column, *sum) } else { scaled * of_column };
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m512i, _MM_HINT_T1, _mm_prefetch, _mm512_cvtepi32_ps, _mm512_dpwssd_epi32,
        _mm512_fmadd_ps, _mm512_load_ps, _mm512_load_si512, _mm512_loadu_ps, _mm512_mul_ps,
        _mm512_set1_epi32, _mm512_set1_ps, _mm512_setzero_si512, _mm512_store_ps,
    };

    use super::{Right, Sums, Tile};
    use crate::blocks::CHUNK;
    use crate::tile::{Line, ROWS};

    type Kernel = unsafe fn(Tile<'_>, &mut Sums);

    /// Kernels for tiles of 1 to 8 rows.
    macro_rules! kernels {
        ($by_step:literal) => {
            [
                int16::<1, $by_step>,
                int16::<2, $by_step>,
                int16::<3, $by_step>,
                int16::<4, $by_step>,
                int16::<5, $by_step>,
                int16::<6, $by_step>,
                int16::<7, $by_step>,
                int16::<8, $by_step>,
            ]
        };
    }

    /// For left sides of which rows lie side by side.
    pub(super) const STEPS: [Kernel; ROWS] = kernels!(true);

    /// For left sides of which steps lie side by side.
    pub(super) const ROW_BY_ROW: [Kernel; ROWS] = kernels!(false);

    /// For tiles of R rows; `Tile::sum` says what it may be called with.
    #[target_feature(enable = "avx512f,avx512vnni")]
    unsafe fn int16<const R: usize, const BY_STEP: bool>(tile: Tile<'_>, out: &mut Sums) {
        let mut sums = [[_mm512_setzero_si512(); 3]; R];
        let (Right { lines, run, jump }, fetch) = (tile.right, tile.fetch);
        let (mut lines, mut done) = (lines.as_ptr(), 0); // the run, and its steps that are done
        let (mut x, mut left) = (tile.left.words.as_ptr(), tile.steps);
        while left > 0 {
            let count = left.min(CHUNK);
            let mut step = 0;
            while step < count {
                let steps = (run - done).min(count - step);
                // SAFETY: steps and lines are within the factors.
                unsafe {
                    let x = x.wrapping_add(step * of_step::<BY_STEP>());
                    let from = lines.wrapping_add(3 * done);
                    let next = lines.cast::<u8>().wrapping_add(fetch.first + fetch.by * done);
                    run_of_steps::<R, BY_STEP>(&mut sums, x, (from, steps), (next, fetch.by));
                }
                (step, done) = (step + steps, done + steps);
                if done == run {
                    (lines, done) = (lines.wrapping_add(jump), 0);
                }
            }
            x = x.wrapping_add(ROWS * CHUNK);
            left -= count;
        }
        let (rows, columns) = (tile.left.scales.as_ptr(), tile.scales.as_ptr());
        for (row, (sums, out)) in sums.iter().zip(&mut out.0).enumerate() {
            for (column, sum) in sums.iter().enumerate() {
                // SAFETY: there are scales of R rows and 48 columns; a row of sums has three aligned
                // vectors.
                unsafe {
                    let of_row = _mm512_set1_ps(*rows.wrapping_add(row));
                    let scaled = _mm512_mul_ps(_mm512_cvtepi32_ps(*sum), of_row);
                    let of_columns = _mm512_loadu_ps(columns.wrapping_add(16 * column));
                    let to = out.as_mut_ptr().wrapping_add(16 * column);
                    let value = if tile.onto {
                        _mm512_fmadd_ps(scaled, of_columns, _mm512_load_ps(to))
                    } else {
                        _mm512_mul_ps(scaled, of_columns)
                    };
                    _mm512_store_ps(to, value);
                }
            }
        }
    }

    /// Words from a row's pair to the next row's.
    const fn of_row<const BY_STEP: bool>() -> usize {
        if BY_STEP { 1 } else { CHUNK }
    }

    /// Words from a step's pair to the next step's.
    const fn of_step<const BY_STEP: bool>() -> usize {
        if BY_STEP { ROWS } else { 1 }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512vnni")]
    unsafe fn run_of_steps<const R: usize, const BY_STEP: bool>(
        sums: &mut [[__m512i; 3]; R],
        mut x: *const u32,
        (mut lines, steps): (*const Line, usize),
        (mut ahead, by): (*const u8, usize),
    ) {
        for _ in 0..steps {
            _mm_prefetch::<_MM_HINT_T1>(ahead.cast());
            ahead = ahead.wrapping_add(by);
            let mut w: [__m512i; 3] = [_mm512_setzero_si512(); 3];
            for (column, w) in w.iter_mut().enumerate() {
                // SAFETY: a step has three lines, of 64 aligned bytes each.
                *w = unsafe { _mm512_load_si512(lines.wrapping_add(column).cast()) };
            }
            for (row, sums) in sums.iter_mut().enumerate() {
                // SAFETY: row and step are within the left factor.
                let pair = unsafe { *x.wrapping_add(row * of_row::<BY_STEP>()) };
                let pair = _mm512_set1_epi32(pair as i32);
                for (sum, w) in sums.iter_mut().zip(w) {
                    *sum = _mm512_dpwssd_epi32(*sum, pair, w);
                }
            }
            x = x.wrapping_add(of_step::<BY_STEP>());
            lines = lines.wrapping_add(3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocks::{CHUNK, WORDS};
    use crate::tile::{Line, ROWS};

    fn words(count: usize, seed: u32) -> Vec<u32> {
        (0..count as u32).map(|i| (i ^ seed).wrapping_mul(0x9e37_79b9) & 0x03ff_03ff).collect()
    }

    #[test]
    fn the_instructions_give_the_bits_of_the_portable_form_and_both_the_definition() {
        const RUN: usize = 24;
        const JUMP: usize = 5 * RUN * 3; // lines of other panels lie between the runs
        let steps = CHUNK + 31;
        let left = words(2 * WORDS, 1);
        let lines: Vec<Line> = words(16 * (steps.div_ceil(RUN) * JUMP), 2)
            .chunks_exact(16)
            .map(|line| Line(std::array::from_fn(|word| line[word])))
            .collect();
        let right = Right { lines: &lines, run: RUN, jump: JUMP };
        let of_rows: Vec<f32> = (1..=ROWS).map(|row| row as f32 * 1e-3).collect();
        let of_columns: Vec<f32> = (1..=COLUMNS).map(|column| column as f32 * 1e-2).collect();
        for (by_step, onto) in [(false, false), (true, false), (false, true)] {
            for rows in 1..=ROWS {
                let left = Left { words: &left, by_step, scales: &of_rows };
                let fetch = Fetch::share(1, 3, RUN);
                let tile = Tile { left, right, scales: &of_columns, rows, steps, onto, fetch };
                let mut portable = Sums([[0.5; COLUMNS]; ROWS]);
                let mut here = Sums([[0.5; COLUMNS]; ROWS]);
                tile.portable(&mut portable);
                tile.sum(Isa::detect(), &mut here);
                for (row, of_row) in of_rows.iter().enumerate() {
                    assert_eq!(here.0[row].map(f32::to_bits), portable.0[row].map(f32::to_bits));
                    if row >= rows {
                        assert_eq!(here.0[row], [0.5; COLUMNS], "rows beyond the tile's");
                        continue;
                    }
                    for (column, got) in here.0[row].iter().enumerate() {
                        let halves = |word: u32| [word as u16 as i16, (word >> 16) as u16 as i16];
                        let total: i64 = (0..steps)
                            .flat_map(|step| {
                                let x = halves(left.words[left.place(row, step)]);
                                let w = halves(right.pair(step, column));
                                [(x[0], w[0]), (x[1], w[1])]
                            })
                            .map(|(x, w)| i64::from(x) * i64::from(w))
                            .sum();
                        let scale = f64::from(*of_row) * f64::from(of_columns[column]);
                        let expected = total as f64 * scale + if onto { 0.5 } else { 0.0 };
                        approx::assert_relative_eq!(f64::from(*got), expected, max_relative = 1e-6);
                    }
                }
            }
        }
    }
}
