//! Products of small fp32 matrices, as attention has them.

use super::lanes::{LANES, Lanes, lanes};

/// A left factor: the number of a row and step is `row * of_row + step * of_step` on.
#[derive(Clone, Copy)]
pub(super) struct Factor<'a> {
    pub(super) x: &'a [f32],
    pub(super) of_row: usize,
    pub(super) of_step: usize,
}

lanes! {
    /// `out[r, c] = Σ_s left(r, s) right[s, c]` over `steps` steps; rows of `right` and `out` have
    /// `width` numbers, a multiple of 16. A function of its own, compiled once: it has a tile for every
    /// number of rows and columns.
    pub(super) fn product(left: Factor<'_>, right: &[f32], shape: (usize, usize), out: &mut [f32]) = product_body
}

#[inline(always)]
fn product_body<V: Lanes>(
    left: Factor<'_>,
    right: &[f32],
    (steps, width): (usize, usize),
    out: &mut [f32],
) {
    let rows = out.len() / width.max(1);
    for row in (0..rows).step_by(ROWS) {
        let left = Factor { x: &left.x[row * left.of_row..], ..left };
        let out = &mut out[row * width..];
        let shape = Shape { steps, width };
        match rows - row {
            1 => columns::<V, 1>(left, right, shape, out),
            2 => columns::<V, 2>(left, right, shape, out),
            3 => columns::<V, 3>(left, right, shape, out),
            4 => columns::<V, 4>(left, right, shape, out),
            5 => columns::<V, 5>(left, right, shape, out),
            _ => columns::<V, ROWS>(left, right, shape, out),
        }
    }
}

/// Rows of a tile.
const ROWS: usize = 6;

#[derive(Clone, Copy)]
struct Shape {
    steps: usize,
    width: usize,
}

#[inline(always)]
fn columns<V: Lanes, const R: usize>(
    left: Factor<'_>,
    right: &[f32],
    shape: Shape,
    out: &mut [f32],
) {
    let mut column = 0;
    while column < shape.width {
        match (shape.width - column) / LANES {
            0 => return,
            1 => tile::<V, R, 1>(left, (right, column), shape, out),
            2 => tile::<V, R, 2>(left, (right, column), shape, out),
            3 => tile::<V, R, 3>(left, (right, column), shape, out),
            _ => tile::<V, R, 4>(left, (right, column), shape, out),
        }
        column += 4 * LANES;
    }
}

/// R rows by C vectors, all in registers.
#[inline(always)]
fn tile<V: Lanes, const R: usize, const C: usize>(
    left: Factor<'_>,
    (right, column): (&[f32], usize),
    Shape { steps, width }: Shape,
    out: &mut [f32],
) {
    let mut sums = [[V::zero(); C]; R];
    if steps > 0 {
        let last = (R - 1) * left.of_row + (steps - 1) * left.of_step;
        assert!(last < left.x.len(), "shape of a small product");
    }
    for (step, right) in right.chunks_exact(width).enumerate().take(steps) {
        let right = &right[column..column + C * LANES];
        let mut w = [V::zero(); C];
        for (w, right) in w.iter_mut().zip(right.chunks_exact(LANES)) {
            *w = V::load(right);
        }
        let from = step * left.of_step;
        for (row, sums) in sums.iter_mut().enumerate() {
            // SAFETY: row and step are within those whose last place is asserted above.
            let x = V::splat(unsafe { *left.x.get_unchecked(from + row * left.of_row) });
            for (sum, w) in sums.iter_mut().zip(w) {
                *sum = x.fma(w, *sum);
            }
        }
    }
    for (sums, out) in sums.iter().zip(out.chunks_exact_mut(width)) {
        for (sum, out) in sums.iter().zip(out[column..].chunks_exact_mut(LANES)) {
            sum.store(out);
        }
    }
}
