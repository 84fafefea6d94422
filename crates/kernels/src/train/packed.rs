//! A linear layer's weights in 16 bits, packed for the products of both directions.

use std::ops::Range;

use super::finish::{Finish, Patch, finish};
use super::integers::{self, Integers, Measure};
use super::lanes::LANES;
use super::pack;
use super::tile::{Left, Right, Sums, Tile};
use super::wide::Lefts;
use crate::blocks::Block;
use crate::int16::LENGTH;
use crate::isa::Form;
use crate::tile::{COLUMNS, Fetch, Line};
use crate::{Isa, Result, error::same};

/// Outputs of a block of weights, the unit in which they are packed.
pub const BLOCK: usize = COLUMNS;

/// Pairs of outputs of a block.
pub(super) const PAIRS: usize = BLOCK / 2;

/// Numbers that a row of `width` bfloat16 takes: an even number, the last one 0 if need be.
#[must_use]
pub fn padded(width: usize) -> usize {
    width.next_multiple_of(2)
}

/// Weights `[outputs, inputs]` rounded to 16 bits and packed twice: by outputs for `x Wᵀ`, by inputs
/// for `g W`.
///
/// They are bfloat16, or where [`Isa::has_int16`] integers with a scale for each output.
#[derive(Debug, Clone)]
pub struct Packed {
    form: Form,
    inputs: usize,
    outputs: usize,
    forward: Vec<Line>,  // [outputs / 48, inputs / 2, 3]
    backward: Vec<Line>, // [outputs / 48, inputs / 48, 24, 3]
    scales: Vec<f32>,    // [outputs / 48, 48], of integers
    lengths: Vec<f32>,   // [outputs / 48], of the longest column of integers in a block, squared
}

/// Where a block of 48 outputs, or the rest, is packed.
#[derive(Debug)]
pub struct PackedBlock<'a> {
    pub(super) form: Form,
    pub(super) inputs: usize,
    pub(super) forward: &'a mut [Line],
    pub(super) backward: &'a mut [Line],
    pub(super) scales: &'a mut [f32],
    pub(super) length: &'a mut f32,
}

impl Packed {
    /// Weights of 0, in the form for that processor.
    #[must_use]
    pub fn zeros(isa: Isa, (outputs, inputs): (usize, usize)) -> Self {
        let blocks = outputs.div_ceil(BLOCK);
        let line = Line([0; LANES]);
        Self {
            form: isa.form(),
            scales: vec![0.0; blocks * BLOCK],
            lengths: vec![0.0; blocks],
            inputs,
            outputs,
            forward: vec![line; blocks * steps(inputs) * 3],
            backward: vec![line; blocks * inputs.div_ceil(COLUMNS) * PAIRS * 3],
        }
    }

    /// Each block of 48 outputs, to be packed by any thread.
    pub fn blocks_mut(&mut self) -> impl Iterator<Item = PackedBlock<'_>> {
        let (form, inputs) = (self.form, self.inputs);
        let forward = self.forward.chunks_exact_mut((steps(inputs) * 3).max(1));
        let backward =
            self.backward.chunks_exact_mut((inputs.div_ceil(COLUMNS) * PAIRS * 3).max(1));
        let scales = self.scales.chunks_exact_mut(BLOCK).zip(&mut self.lengths);
        forward.zip(backward).zip(scales).map(move |((forward, backward), (scales, length))| {
            PackedBlock { form, inputs, forward, backward, scales, length }
        })
    }

    /// `x Wᵀ` of `x`, `[rows, padded(inputs)]`, for `finish` to take, `[rows, outputs]`.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] if `finish` has not that room.
    pub fn multiply(&self, isa: Isa, x: &[u16], finish: &mut Finish<'_>) -> Result<()> {
        multiply_each(isa, x, &mut [(self, finish)])
    }

    /// `g W` of `g`, `[rows, padded(outputs)]`, for `finish` to take, `[rows, inputs]`.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] if `finish` has not that room.
    pub fn multiply_back(&self, isa: Isa, g: &[u16], finish: &mut Finish<'_>) -> Result<()> {
        let jump = self.inputs.div_ceil(COLUMNS) * PAIRS * 3;
        let right =
            |panel: usize| Right { lines: &self.backward[panel * PAIRS * 3..], run: PAIRS, jump };
        let shape = (self.outputs, self.inputs);
        match self.form {
            Form::Bf16 => product((isa, right), g, shape, finish),
            Form::Int16 => {
                // The outputs' scales belong to what is summed up here: they go to the left factor.
                let measure = Measure { factors: &self.scales, length: self.length_back() };
                let scales = |_| &[1.0; COLUMNS][..];
                let one = OfIntegers { right, scales, outputs: self.inputs, done: finish };
                products_of_integers(isa, (g, self.outputs, measure), &mut [one])
            }
        }
    }

    /// The panel of 48 outputs of that number.
    fn panel(&self, panel: usize) -> Right<'_> {
        let steps = steps(self.inputs);
        let lines = &self.forward[panel * steps * 3..(panel + 1) * steps * 3];
        Right { lines, run: steps.max(1), jump: 0 }
    }

    /// How long integers may be that are multiplied with columns of the weights, so that sums stay
    /// within 31 bits.
    fn length_back(&self) -> f32 {
        let squares: f32 = self.lengths.iter().sum();
        let rounding = (self.outputs as f32).sqrt() / 2.0;
        // At least 1: of more than 100,000 outputs that all have one large weight in the same place,
        // sums may overflow.
        (2_147_000_000.0 / (squares.sqrt() + rounding) - rounding).clamp(1.0, LENGTH)
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
        pack::pack(isa, self, weight);
    }
}

/// Products of one `x` with several weights of as many inputs: [`Packed::multiply`] of each, but `x`
/// takes the form that the processor multiplies once.
///
/// # Errors
/// [`crate::Error::Shape`] if inputs differ or a result has not the room.
pub fn multiply_each(
    isa: Isa,
    x: &[u16],
    products: &mut [(&Packed, &mut Finish<'_>)],
) -> Result<()> {
    let inputs = products.first().map_or(0, |(packed, _)| packed.inputs);
    for (packed, _) in &*products {
        same("inputs of the product", packed.inputs, inputs)?;
    }
    if products.iter().all(|(packed, _)| packed.form == Form::Bf16) {
        return products.iter_mut().try_for_each(|(packed, finish)| {
            product((isa, |panel| packed.panel(panel)), x, (inputs, packed.outputs), finish)
        });
    }
    let measure = Measure { factors: &[], length: LENGTH };
    let mut all: Vec<_> = Vec::with_capacity(products.len());
    for (packed, finish) in products {
        let packed: &Packed = packed;
        let scales = move |panel: usize| &packed.scales[panel * BLOCK..(panel + 1) * BLOCK];
        let right = move |panel: usize| packed.panel(panel);
        all.push(OfIntegers { right, scales, outputs: packed.outputs, done: finish });
    }
    products_of_integers(isa, (x, inputs, measure), &mut all)
}

/// Pairs of that many numbers.
fn steps(numbers: usize) -> usize {
    numbers.div_ceil(2)
}

/// Where a panel's sums of those rows go.
fn patch<'a>(sums: &'a Sums, rows: &Range<usize>, (panel, width): (usize, usize)) -> Patch<'a> {
    let column = panel * COLUMNS;
    let columns = COLUMNS.min(width - column);
    Patch { sums, first: rows.start, rows: rows.len(), column, columns, width }
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
    let mut lefts = Lefts::new(isa, (Block::most(rows), steps));
    for block in Block::of(rows) {
        let left =
            |rows: &Range<usize>| Left::rows(&x[rows.start * stride..rows.end * stride], stride);
        for (tile, rows) in block.tiles() {
            lefts.fill(tile, left(&rows), (rows.len(), steps));
        }
        for panel in 0..outputs.div_ceil(COLUMNS) {
            let right = right(panel);
            for (tile, rows) in block.tiles() {
                let left = lefts.of(tile, left(&rows));
                Tile { left, right, rows: rows.len(), steps, onto: false }.sum(isa, &mut sums);
                finish(isa, patch(&sums, &rows, (panel, outputs)), done);
            }
        }
    }
    Ok(())
}

/// A product where panels are of integers, whose columns `scales` gives what to multiply by.
struct OfIntegers<'d, 'f, R, S> {
    right: R,
    scales: S,
    outputs: usize,
    done: &'d mut Finish<'f>,
}

/// The products of `x`, `[rows, padded(inputs)]`, which becomes integers by its measure.
fn products_of_integers<'a>(
    isa: Isa,
    (x, inputs, measure): (&[u16], usize, Measure<'_>),
    products: &mut [OfIntegers<'_, '_, impl Fn(usize) -> Right<'a>, impl Fn(usize) -> &'a [f32]>],
) -> Result<()> {
    let stride = padded(inputs).max(1);
    let rows = x.len() / stride;
    for OfIntegers { outputs, done, .. } in &*products {
        same("numbers of the product", done.room(), rows * outputs)?;
    }
    let steps = steps(inputs);
    let mut sums = Sums::ZERO;
    let mut lefts = Integers::new((Block::most(rows), steps));
    for block in Block::of(rows) {
        lefts.fill(isa, (x, stride, &block), measure);
        for OfIntegers { right, scales, outputs, done } in &mut *products {
            for panel in 0..outputs.div_ceil(COLUMNS) {
                let (right, scales) = (right(panel), scales(panel));
                for (tile, rows) in block.tiles() {
                    let (left, count) = (lefts.of(tile), rows.len());
                    let fetch = Fetch::share(tile, block.tiles, right.run);
                    let onto = false;
                    integers::Tile { left, right, scales, rows: count, steps, onto, fetch }
                        .sum(isa, &mut sums);
                    finish(isa, patch(&sums, &rows, (panel, *outputs)), done);
                }
            }
        }
    }
    Ok(())
}
