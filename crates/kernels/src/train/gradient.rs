//! The gradient of weights: a product over tokens.

use super::integers;
use super::lanes::{LANES, Lanes, lanes};
use super::pairs::Pairs;
use super::tile::{Left, Right, Sums, Tile};
use super::wide::Lefts;
use crate::isa::Form;
use crate::tile::{COLUMNS, Fetch, ROWS};
use crate::{Isa, Result, error::same};

/// One row set's share of a weight's gradient: `left`ᵀ `right` over its tokens.
#[derive(Debug, Clone, Copy)]
pub struct Share<'a> {
    /// Gradient of the layer's outputs, as a left side.
    pub outputs: &'a Pairs,
    /// The layer's inputs, as a right side.
    pub inputs: &'a Pairs,
}

/// What a gradient does with the numbers that are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Onto {
    /// They are replaced.
    Nothing,
    /// The gradient is added.
    Earlier,
}

/// The rows from `first` on of the gradient of weights `[outputs, inputs]`, as many as `out` has room
/// for, summed over the shares in order; the sum of the squares of the result.
///
/// # Errors
/// [`crate::Error::Shape`] if the shares' sides do not fit each other or `out`.
pub fn weight_gradient(
    isa: Isa,
    shares: &[Share<'_>],
    (first, out): (usize, &mut [f32]),
    onto: Onto,
) -> Result<f64> {
    let inputs = shares.first().map_or(1, |share| share.inputs.width).max(1);
    let outputs = shares.first().map_or(0, |share| share.outputs.width);
    let rows = out.len() / inputs;
    same("numbers of the gradient", out.len(), rows * inputs)?;
    same("rows of the gradient", (first + rows).max(outputs), outputs)?;
    for share in shares {
        same("inputs of a share", share.inputs.width, inputs)?;
        same("outputs of a share", share.outputs.width, outputs)?;
        same("tokens of a share", share.outputs.pairs, share.inputs.pairs)?;
        let scales = |pairs: &Pairs| usize::from(pairs.form == Form::Int16);
        same("scales of a share", scales(share.outputs), scales(share.inputs))?;
    }
    let strips = strips(first, rows);
    let steps = shares.iter().map(|share| share.inputs.pairs).max().unwrap_or(0);
    let mut lefts = Lefts::new(isa, (strips.len() * shares.len(), steps));
    for (place, strip) in strips.iter().enumerate() {
        for (number, share) in shares.iter().enumerate() {
            let tile = place * shares.len() + number;
            lefts.fill(tile, strip.left(share), (strip.count, share.inputs.pairs));
        }
    }
    let (mut squares, mut sums) = (0.0, Sums::ZERO);
    for panel in 0..inputs.div_ceil(COLUMNS) {
        let column = panel * COLUMNS;
        for (place, strip) in strips.iter().enumerate() {
            for (number, share) in shares.iter().enumerate() {
                let pairs = share.inputs.pairs;
                let lines = &share.inputs.right[panel * pairs * 3..(panel + 1) * pairs * 3];
                let (rows, steps, onto) = (strip.count, pairs, number > 0);
                let right = Right { lines, run: pairs.max(1), jump: 0 };
                if share.inputs.form == Form::Int16 {
                    let left = strip.integers(share);
                    let scales = share.inputs.scales.get(column..).unwrap_or(&[]);
                    let fetch = Fetch::share(place, strips.len(), pairs);
                    integers::Tile { left, right, scales, rows, steps, onto, fetch }
                        .sum(isa, &mut sums);
                    continue;
                }
                Tile {
                    left: lefts.of(place * shares.len() + number, strip.left(share)),
                    right,
                    rows,
                    steps,
                    onto,
                }
                .sum(isa, &mut sums);
            }
            let corner = Corner { row: strip.row, count: strip.count, column, inputs, onto };
            squares += store(isa, &sums, corner, out);
        }
    }
    Ok(squares)
}

/// Rows of the gradient that a tile takes, and where in which panel of the left sides they begin.
#[derive(Clone, Copy)]
struct Strip {
    row: usize,
    count: usize,
    panel: usize,
    place: usize,
}

impl Strip {
    fn left<'a>(&self, share: &Share<'a>) -> Left<'a> {
        let from = self.panel * share.outputs.pairs * ROWS + self.place;
        // An empty side has no steps either.
        Left::steps(share.outputs.left.get(from..).unwrap_or(&[]))
    }

    fn integers<'a>(&self, share: &Share<'a>) -> integers::Left<'a> {
        let from = self.panel * share.outputs.pairs * ROWS + self.place;
        let words = share.outputs.left.get(from..).unwrap_or(&[]);
        let scales = share.outputs.scales.get(self.panel * ROWS + self.place..).unwrap_or(&[]);
        integers::Left::steps(words, scales)
    }
}

/// Tiles end where the left sides' panels do.
fn strips(first: usize, rows: usize) -> Vec<Strip> {
    let mut strips = Vec::with_capacity(rows / ROWS + 2);
    let mut row = 0;
    while row < rows {
        let (panel, place) = ((first + row) / ROWS, (first + row) % ROWS);
        let count = (ROWS - place).min(rows - row);
        strips.push(Strip { row, count, panel, place });
        row += count;
    }
    strips
}

/// A tile's place in the gradient.
#[derive(Clone, Copy)]
struct Corner {
    row: usize,
    count: usize,
    column: usize,
    inputs: usize,
    onto: Onto,
}

lanes! { fn store(sums: &Sums, corner: Corner, out: &mut [f32]) -> f64 = store_body }

#[inline(always)]
fn store_body<V: Lanes>(sums: &Sums, corner: Corner, out: &mut [f32]) -> f64 {
    let columns = COLUMNS.min(corner.inputs - corner.column);
    let mut squares = V::zero();
    for (row, sums) in sums.0.iter().enumerate().take(corner.count) {
        let from = (corner.row + row) * corner.inputs + corner.column;
        let out = &mut out[from..from + columns];
        for at in (0..columns).step_by(LANES) {
            let out = &mut out[at..columns.min(at + LANES)];
            let mut x = V::load(&sums[at..]).first(out.len());
            if corner.onto == Onto::Earlier {
                x = x.add(V::load(out));
            }
            squares = x.fma(x, squares);
            x.store(out);
        }
    }
    f64::from(squares.sum())
}
