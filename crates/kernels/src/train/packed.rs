//! A linear layer's weights in bfloat16, packed for the products of both directions.

use super::finish::{Finish, Patch, finish};
use super::lanes::{LANES, Lanes, lanes};
use super::tile::{Left, Right, Sums, Tile};
use super::wide::Lefts;
use crate::tile::{COLUMNS, Line, ROWS};
use crate::{Isa, Result, error::same};

/// Outputs of a block of weights, the unit in which they are packed.
pub const BLOCK: usize = COLUMNS;

/// Pairs of outputs of a block.
const PAIRS: usize = BLOCK / 2;

/// Rows that pass over all panels before the next rows do, so that they stay in the second-level
/// cache.
const ROW_BLOCK: usize = 64;

/// Numbers that a row of `width` bfloat16 takes: an even number, the last one 0 if need be.
#[must_use]
pub fn padded(width: usize) -> usize {
    width.next_multiple_of(2)
}

/// Weights `[outputs, inputs]` rounded to bfloat16 and packed twice: by outputs for `x Wᵀ`, by inputs
/// for `g W`.
#[derive(Debug, Clone)]
pub struct Packed {
    inputs: usize,
    outputs: usize,
    forward: Vec<Line>,  // [outputs / 48, inputs / 2, 3]
    backward: Vec<Line>, // [outputs / 48, inputs / 48, 24, 3]
}

/// Where a block of 48 outputs, or the rest, is packed.
#[derive(Debug)]
pub struct PackedBlock<'a> {
    inputs: usize,
    forward: &'a mut [Line],
    backward: &'a mut [Line],
}

impl Packed {
    /// Weights of 0.
    #[must_use]
    pub fn zeros(outputs: usize, inputs: usize) -> Self {
        let blocks = outputs.div_ceil(BLOCK);
        let line = Line([0; LANES]);
        Self {
            inputs,
            outputs,
            forward: vec![line; blocks * steps(inputs) * 3],
            backward: vec![line; blocks * inputs.div_ceil(COLUMNS) * PAIRS * 3],
        }
    }

    /// Each block of 48 outputs, to be packed by any thread.
    pub fn blocks_mut(&mut self) -> impl Iterator<Item = PackedBlock<'_>> {
        let inputs = self.inputs;
        let forward = self.forward.chunks_exact_mut((steps(inputs) * 3).max(1));
        let backward =
            self.backward.chunks_exact_mut((inputs.div_ceil(COLUMNS) * PAIRS * 3).max(1));
        forward.zip(backward).map(move |(forward, backward)| PackedBlock {
            inputs,
            forward,
            backward,
        })
    }

    /// `x Wᵀ` of `x`, `[rows, padded(inputs)]`, for `finish` to take, `[rows, outputs]`.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] if `finish` has not that room.
    pub fn multiply(&self, isa: Isa, x: &[u16], finish: &mut Finish<'_>) -> Result<()> {
        let steps = steps(self.inputs);
        let right = |panel: usize| Right {
            lines: &self.forward[panel * steps * 3..(panel + 1) * steps * 3],
            run: steps.max(1),
            jump: 0,
        };
        product((isa, right), x, (self.inputs, self.outputs), finish)
    }

    /// `g W` of `g`, `[rows, padded(outputs)]`, for `finish` to take, `[rows, inputs]`.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] if `finish` has not that room.
    pub fn multiply_back(&self, isa: Isa, g: &[u16], finish: &mut Finish<'_>) -> Result<()> {
        let jump = self.inputs.div_ceil(COLUMNS) * PAIRS * 3;
        let right =
            |panel: usize| Right { lines: &self.backward[panel * PAIRS * 3..], run: PAIRS, jump };
        product((isa, right), g, (self.outputs, self.inputs), finish)
    }

    /// Numbers a row of the product.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Numbers a row of the factor.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.inputs
    }
}

impl PackedBlock<'_> {
    /// Packs the block's weights, `[48 or fewer, inputs]`.
    pub fn pack(&mut self, isa: Isa, weight: &[f32]) {
        pack(isa, self, weight);
    }
}

/// Pairs of that many numbers.
fn steps(numbers: usize) -> usize {
    numbers.div_ceil(2)
}

/// The product of `x`, `[rows, padded(inputs)]`, with the panels that `right` gives.
fn product<'a>(
    (isa, right): (Isa, impl Fn(usize) -> Right<'a>),
    x: &[u16],
    (inputs, outputs): (usize, usize),
    done: &mut Finish<'_>,
) -> Result<()> {
    let stride = padded(inputs).max(1);
    let rows = x.len() / stride;
    same("numbers of the product", done.room(), rows * outputs)?;
    let steps = steps(inputs);
    let mut sums = Sums::ZERO;
    let mut lefts = Lefts::new(isa, (ROW_BLOCK.min(rows).div_ceil(ROWS), steps));
    for block in (0..rows).step_by(ROW_BLOCK) {
        let end = (block + ROW_BLOCK).min(rows);
        let tiles = (end - block).div_ceil(ROWS);
        // Spread evenly: seven and seven rather than eight and six.
        let bounds = |tile: usize| block + (end - block) * tile / tiles;
        let left = |tile| Left::rows(&x[bounds(tile) * stride..bounds(tile + 1) * stride], stride);
        for tile in 0..tiles {
            lefts.fill(tile, left(tile), (bounds(tile + 1) - bounds(tile), steps));
        }
        for panel in 0..outputs.div_ceil(COLUMNS) {
            let right = right(panel);
            for tile in 0..tiles {
                let (first, rows) = (bounds(tile), bounds(tile + 1) - bounds(tile));
                let left = lefts.of(tile, left(tile));
                Tile { left, right, rows, steps, onto: false }.sum(isa, &mut sums);
                let column = panel * COLUMNS;
                let columns = COLUMNS.min(outputs - column);
                let patch = Patch { sums: &sums, first, rows, column, columns, width: outputs };
                finish(isa, patch, done);
            }
        }
    }
    Ok(())
}

lanes! { fn pack(block: &mut PackedBlock<'_>, weight: &[f32]) = pack_body }

#[inline(always)]
fn pack_body<V: Lanes>(block: &mut PackedBlock<'_>, weight: &[f32]) {
    let inputs = block.inputs;
    let row = |row: usize| weight.get(row * inputs..(row + 1) * inputs).unwrap_or(&[]);
    for column in 0..3 {
        let rows: [&[f32]; LANES] = std::array::from_fn(|lane| row(LANES * column + lane));
        for (chunk, lines) in block.forward.chunks_mut(3 * LANES).enumerate() {
            // A loop: what `map` calls is compiled without the vector instructions, and so not inlined.
            let mut parts: [&[f32]; LANES] = [&[]; LANES];
            for (part, row) in parts.iter_mut().zip(&rows) {
                let from = (chunk * 2 * LANES).min(row.len());
                *part = &row[from..(from + 2 * LANES).min(row.len())];
            }
            V::transpose(parts, &mut lines[column..]);
        }
    }
    for (panel, lines) in block.backward.chunks_exact_mut(PAIRS * 3).enumerate() {
        for (pair, lines) in lines.chunks_exact_mut(3).enumerate() {
            let (low, high) = (row(2 * pair), row(2 * pair + 1));
            for (line, place) in lines.iter_mut().zip((panel * COLUMNS..).step_by(LANES)) {
                let part = |row: &[f32]| V::load(row.get(place..).unwrap_or(&[]));
                V::pair(part(low), part(high), &mut line.0);
            }
        }
    }
}
