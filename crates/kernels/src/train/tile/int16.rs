//! The tile's products of 16-bit integers, summed up in 32 bits and scaled at the end.

use super::{Sums, Tile};

/// `sums += Σ q r · scale of the row · scale of the column`; wrapping, as the instructions do, where
/// factors are longer than `crate::int16` makes them.
pub(super) fn portable(tile: Tile<'_>, sums: &mut Sums) {
    let Tile { left, right, .. } = tile;
    for (row, (sums, scale)) in sums.0.iter_mut().zip(left.scales).enumerate().take(tile.rows) {
        for (column, (sum, of_column)) in sums.iter_mut().zip(right.scales).enumerate() {
            let mut total = 0i32;
            for step in 0..tile.steps {
                // SAFETY: `Tile::sum` asserts that the pair is there.
                let x = unsafe { left.pair(row, step) };
                let w = right.pair(step, column);
                let product = |x: u16, w: u16| i32::from(x as i16) * i32::from(w as i16);
                let high = product((x >> 16) as u16, (w >> 16) as u16);
                total = total.wrapping_add(product(x as u16, w as u16)).wrapping_add(high);
            }
            let scaled = total as f32 * scale;
            *sum = if tile.onto { scaled.mul_add(*of_column, *sum) } else { scaled * of_column };
        }
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) mod x86 {
    use std::arch::x86_64::{
        __m512i, _MM_HINT_T0, _mm_prefetch, _mm512_cvtepi32_ps, _mm512_dpwssd_epi32,
        _mm512_fmadd_ps, _mm512_load_ps, _mm512_load_si512, _mm512_loadu_ps, _mm512_mul_ps,
        _mm512_set1_epi32, _mm512_set1_ps, _mm512_setzero_si512, _mm512_store_ps,
    };

    use super::super::x86::Kernel;
    use super::{Sums, Tile};
    use crate::tile::ROWS;

    /// Of a processor with AVX512-VNNI.
    pub(in super::super) const INT16: [Kernel; ROWS] = [
        int16::<1>, int16::<2>, int16::<3>, int16::<4>, int16::<5>, int16::<6>, int16::<7>,
        int16::<8>,
    ];

    /// Steps from the one that is multiplied to the one whose lines are fetched.
    const AHEAD: usize = 16;

    /// For tiles of R rows; `Tile::sum` says what it may be called with.
    #[target_feature(enable = "avx512f,avx512vnni")]
    unsafe fn int16<const R: usize>(tile: Tile<'_>, out: &mut Sums) {
        let mut sums = [[_mm512_setzero_si512(); 3]; R];
        let (of_row, of_step) = (4 * tile.left.of_row, 4 * tile.left.of_step);
        let (mut x, mut run) = (tile.left.first, tile.right.lines.as_ptr());
        let mut left = tile.steps;
        while left > 0 {
            let (steps, mut lines) = (left.min(tile.right.run), run);
            for _ in 0..steps {
                let mut w: [__m512i; 3] = [_mm512_setzero_si512(); 3];
                for (column, w) in w.iter_mut().enumerate() {
                    _mm_prefetch::<_MM_HINT_T0>(lines.wrapping_add(3 * AHEAD + column).cast());
                    // SAFETY: a step has three lines, of 64 aligned bytes each.
                    *w = unsafe { _mm512_load_si512(lines.wrapping_add(column).cast()) };
                }
                for (row, sums) in sums.iter_mut().enumerate() {
                    // SAFETY: row and step are within the left factor.
                    let pair =
                        unsafe { x.wrapping_add(row * of_row).cast::<i32>().read_unaligned() };
                    let pair = _mm512_set1_epi32(pair);
                    for (sum, w) in sums.iter_mut().zip(w) {
                        *sum = _mm512_dpwssd_epi32(*sum, pair, w);
                    }
                }
                x = x.wrapping_add(of_step);
                lines = lines.wrapping_add(3);
            }
            run = run.wrapping_add(tile.right.jump);
            left -= steps;
        }
        let (rows, columns) = (tile.left.scales.as_ptr(), tile.right.scales.as_ptr());
        for (row, (sums, out)) in sums.iter().zip(&mut out.0).enumerate() {
            for (column, sum) in sums.iter().enumerate() {
                // SAFETY: there are scales of R rows and 48 columns; a row of sums has three aligned
                // vectors.
                unsafe {
                    let scaled = _mm512_mul_ps(
                        _mm512_cvtepi32_ps(*sum),
                        _mm512_set1_ps(*rows.wrapping_add(row)),
                    );
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
}
