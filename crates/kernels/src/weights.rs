//! The right factor of products, packed for the tiles.

use crate::error::same;
use crate::isa::versions;
use crate::operand::to_bf16;
use crate::tile::{COLUMNS, Line, ROWS, Sums, Tile};
use crate::{Error, Isa, Operand, Precision, Result, math};

/// Rows of the operand that pass over all panels before the next rows do, so that they stay in the
/// second-level cache.
const BLOCK: usize = 64;

/// A linear layer's weights and bias, rounded to a precision and packed in panels of 48 outputs.
///
/// In int8 each output has a scale of its own: its largest weight becomes 127.
#[derive(Debug, Clone)]
pub struct Weights {
    precision: Precision,
    inputs: usize,
    outputs: usize,
    steps: usize,
    panels: Vec<Line>, // [panels, steps, 3]
    bias: Vec<f32>,
    scales: Vec<f32>,
    sums: Vec<f32>,
}

impl Weights {
    /// Packs `weight`, `[outputs, inputs]`, with `bias`, `[outputs]`.
    ///
    /// # Errors
    /// [`Error::Shape`] if the weights are not whole rows of one or more inputs.
    pub fn pack(precision: Precision, weight: &[f32], bias: &[f32]) -> Result<Self> {
        let outputs = bias.len();
        let inputs = weight.len().checked_div(outputs).unwrap_or(0).max(1);
        same("numbers of the weight", weight.len(), outputs * inputs)?;
        let steps = precision.steps(inputs);
        let mut packed = Self {
            precision,
            inputs,
            outputs,
            steps,
            panels: vec![Line([0; 16]); outputs.div_ceil(COLUMNS) * steps * 3],
            bias: bias.to_vec(),
            scales: vec![1.0; outputs],
            sums: vec![0.0; outputs],
        };
        for (output, row) in weight.chunks_exact(inputs).enumerate() {
            packed.pack_row(output, row);
        }
        Ok(packed)
    }

    fn pack_row(&mut self, output: usize, row: &[f32]) {
        let largest = row.iter().fold(0.0f32, |largest, w| largest.max(w.abs()));
        let scale = if largest > 0.0 { largest / 127.0 } else { 1.0 };
        let (panel, column) = (output / COLUMNS, output % COLUMNS);
        let quantize = |w: f32| (w / scale).round_ties_even().clamp(-127.0, 127.0);
        let word = |factors: &[f32]| -> u32 {
            let factors = factors.iter().enumerate();
            match self.precision {
                Precision::Fp32 => factors.fold(0, |_, (_, w)| w.to_bits()),
                Precision::Bf16 => {
                    factors.fold(0, |word, (i, w)| word | u32::from(to_bf16(*w)) << (16 * i))
                }
                Precision::Int8 => factors
                    .fold(0, |word, (i, w)| word | u32::from(quantize(*w) as i8 as u8) << (8 * i)),
            }
        };
        for (step, factors) in row.chunks(self.precision.factors()).enumerate() {
            let line = (panel * self.steps + step) * 3 + column / 16;
            self.panels[line].0[column % 16] = word(factors);
        }
        if self.precision == Precision::Int8 {
            self.scales[output] = scale;
            self.sums[output] = row.iter().map(|w| quantize(*w)).sum();
        }
    }

    /// `out = x Wᵀ + b`, `[rows, outputs]`.
    ///
    /// # Errors
    /// [`Error::Precision`] and [`Error::Shape`] if the operand's precision or inputs are not the
    /// weights', or `out` has another length.
    pub fn multiply(&self, isa: Isa, x: &Operand, out: &mut [f32]) -> Result<()> {
        if x.precision() != self.precision {
            return Err(Error::Precision { operand: x.precision(), weights: self.precision });
        }
        same("inputs of the operand", x.inputs(), self.inputs)?;
        same("numbers of the product", out.len(), x.rows() * self.outputs)?;
        let stride = x.stride();
        for block in (0..x.rows()).step_by(BLOCK) {
            let end = (block + BLOCK).min(x.rows());
            for (panel, lines) in self.panels.chunks_exact(self.steps * 3).enumerate() {
                let tiles = (end - block).div_ceil(ROWS);
                let mut first = block;
                for tile in 0..tiles {
                    // Spread evenly: seven and seven rather than eight and six.
                    let rows = (end - first).div_ceil(tiles - tile);
                    let bytes = &x.bytes()[first * stride..(first + rows) * stride];
                    let mut sums = Sums::default();
                    Tile { bytes, stride, panel: lines }.multiply(isa, self.precision, &mut sums);
                    let done = Done { sums, first, rows, column: panel * COLUMNS };
                    finish(isa, self, x, &done, out);
                    first += rows;
                }
            }
        }
        Ok(())
    }

    /// Numbers a row of the operand.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Numbers a row of the product.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Their arithmetic.
    #[must_use]
    pub fn precision(&self) -> Precision {
        self.precision
    }
}

/// A tile's sums and where they go.
struct Done {
    sums: Sums,
    first: usize,
    rows: usize,
    column: usize,
}

versions! { fn finish(weights: &Weights, x: &Operand, done: &Done, out: &mut [f32]) finish_body }

/// Scales the sums, adds the bias and stores.
#[inline(always)]
fn finish_body<const FMA: bool>(weights: &Weights, x: &Operand, done: &Done, out: &mut [f32]) {
    let columns = COLUMNS.min(weights.outputs - done.column);
    let span = done.column..done.column + columns;
    let (scales, zeros) = x.scales();
    let (bias, channel) = (&weights.bias[span.clone()], &weights.scales[span.clone()]);
    let totals = &weights.sums[span];
    for row in 0..done.rows {
        let sums = done.sums.row(row);
        let from = (done.first + row) * weights.outputs + done.column;
        let out = &mut out[from..from + columns];
        if weights.precision == Precision::Int8 {
            let (scale, zero) = (scales[done.first + row], zeros[done.first + row]);
            for i in 0..columns {
                let sum = multiply_back::<FMA>(sums[i] as i32, zero, totals[i]);
                out[i] = math::multiply_add::<FMA>(sum, scale * channel[i], bias[i]);
            }
        } else {
            for i in 0..columns {
                out[i] = f32::from_bits(sums[i]) + bias[i];
            }
        }
    }
}

/// The sum without what the zero point adds: `Σ q w - zero Σ w`.
#[inline(always)]
fn multiply_back<const FMA: bool>(sum: i32, zero: f32, total: f32) -> f32 {
    math::multiply_add::<FMA>(-zero, total, sum as f32)
}
