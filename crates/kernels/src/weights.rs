//! The right factor of products, packed for the tiles.

use std::ops::Range;

use crate::blocks::{Block, Chunks};
use crate::error::same;
use crate::isa::versions;
use crate::operand::to_bf16;
use crate::tile::{self, COLUMNS, Fetch, Line, Sums, Tile};
use crate::{Activation, Error, Isa, Operand, Precision, Result, int16, math};

/// Appends a row of weights in 8 bits to `out`; what each is to be multiplied by. The largest becomes
/// 127, halves go to the even number.
///
/// ```
/// let mut row = Vec::new();
/// let scale = tunewise_kernels::quantize_row(&[0.5, -1.27, 0.0], &mut row);
/// assert_eq!((row, scale), (vec![50, -127, 0], 0.01));
/// ```
pub fn quantize_row(row: &[f32], out: &mut Vec<i8>) -> f32 {
    let largest = row.iter().fold(0.0f32, |largest, w| largest.max(w.abs()));
    let scale = if largest > 0.0 { largest / 127.0 } else { 1.0 };
    out.extend(row.iter().map(|w| (w / scale).round_ties_even().clamp(-127.0, 127.0) as i8));
    scale
}

/// A linear layer's weights and bias, rounded to a precision and packed in panels of 48 outputs.
///
/// In int8 each output has a scale of its own: its largest weight becomes 127. So it has in int16, by
/// the length of its weights.
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
    activation: Option<Activation>,
}

impl Weights {
    /// Packs `weight`, `[outputs, inputs]`, with `bias`, `[outputs]`.
    ///
    /// # Errors
    /// [`Error::Shape`] if the weights are not whole rows of one or more inputs.
    pub fn pack(precision: Precision, weight: &[f32], bias: &[f32]) -> Result<Self> {
        let mut packed = Self::empty(precision, weight.len(), bias)?;
        for (output, row) in weight.chunks_exact(packed.inputs).enumerate() {
            packed.pack_row(output, row);
        }
        Ok(packed)
    }

    /// Packs weights that are in 8 bits already: `weight`, `[outputs, inputs]`, of which a number stands
    /// for itself times its output's of `scales`, `[outputs]`, with `bias`, `[outputs]`. From what
    /// [`quantize_row`] gives of each row, the layer is to the bit that of [`Weights::pack`].
    ///
    /// # Errors
    /// [`Error::Shape`] if the weights are not whole rows of one or more inputs, or scales and biases are
    /// not as many.
    pub fn pack_int8(weight: &[i8], scales: &[f32], bias: &[f32]) -> Result<Self> {
        same("scales of the weight", scales.len(), bias.len())?;
        let mut packed = Self::empty(Precision::Int8, weight.len(), bias)?;
        for (output, (row, &scale)) in weight.chunks_exact(packed.inputs).zip(scales).enumerate() {
            packed.pack_int8_row(output, row, scale);
        }
        Ok(packed)
    }

    /// The layer before its weights, of so many numbers, are there.
    fn empty(precision: Precision, numbers: usize, bias: &[f32]) -> Result<Self> {
        let outputs = bias.len();
        let inputs = numbers.checked_div(outputs).unwrap_or(0).max(1);
        same("numbers of the weight", numbers, outputs * inputs)?;
        let steps = precision.steps(inputs);
        Ok(Self {
            precision,
            inputs,
            outputs,
            steps,
            panels: vec![Line([0; 16]); outputs.div_ceil(COLUMNS) * steps * 3],
            bias: bias.to_vec(),
            scales: vec![1.0; outputs],
            sums: vec![0.0; outputs],
            activation: None,
        })
    }

    fn pack_row(&mut self, output: usize, row: &[f32]) {
        match self.precision {
            Precision::Fp32 => {
                self.place(output, row, |factors| factors.iter().fold(0, |_, w| w.to_bits()));
            }
            Precision::Bf16 => self.place(output, row, |factors| {
                let factors = factors.iter().enumerate();
                factors.fold(0, |word, (i, w)| word | u32::from(to_bf16(*w)) << (16 * i))
            }),
            Precision::Int16 => {
                let (to_integers, of_integers) =
                    int16::scales(row.iter().map(|w| w * w).sum(), int16::LENGTH);
                self.place(output, row, |factors| {
                    let factors = factors.iter().enumerate();
                    factors.fold(0, |word, (i, w)| {
                        word | u32::from(int16::to_int16(w * to_integers)) << (16 * i)
                    })
                });
                self.scales[output] = of_integers;
            }
            Precision::Int8 => {
                let mut numbers = Vec::with_capacity(row.len());
                let scale = quantize_row(row, &mut numbers);
                self.pack_int8_row(output, &numbers, scale);
            }
        }
    }

    fn pack_int8_row(&mut self, output: usize, row: &[i8], scale: f32) {
        self.place(output, row, |factors| {
            let factors = factors.iter().enumerate();
            factors.fold(0, |word, (i, w)| word | u32::from(*w as u8) << (8 * i))
        });
        self.scales[output] = scale;
        self.sums[output] = row.iter().map(|&w| f32::from(w)).sum();
    }

    /// Puts a row's words, of a few factors each, where the tiles look for them.
    fn place<T>(&mut self, output: usize, row: &[T], word: impl Fn(&[T]) -> u32) {
        let (panel, column) = (output / COLUMNS, output % COLUMNS);
        for (step, factors) in row.chunks(self.precision.factors()).enumerate() {
            let line = (panel * self.steps + step) * 3 + column / 16;
            self.panels[line].0[column % 16] = word(factors);
        }
    }

    /// The same layer with an activation after it.
    #[must_use]
    pub fn then(self, activation: Activation) -> Self {
        Self { activation: Some(activation), ..self }
    }

    /// `out = x Wᵀ + b`, `[rows, outputs]`, or that with the activation.
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
        let (stride, fused) = (x.stride(), self.is_fused(isa));
        let mut chunks = Chunks::take((Block::most(x.rows()), self.steps));
        let mut sums = Sums::default();
        for block in Block::of(x.rows()) {
            for (tile, rows) in block.tiles() {
                let rows = x.bytes()[rows.start * stride..rows.end * stride].chunks_exact(stride);
                tile::arrange(rows, chunks.of_mut(tile));
            }
            for (panel, lines) in self.panels.chunks_exact(self.steps * 3).enumerate() {
                for (tile, rows) in block.tiles() {
                    let fetch = Fetch::share(tile, block.tiles, self.steps);
                    Tile { words: chunks.of(tile), rows: rows.len(), panel: lines, fetch }
                        .multiply(isa, self.precision, &mut sums);
                    let column = panel * COLUMNS;
                    let first = rows.start * self.outputs + column;
                    let patch = Patch { gelu: fused, ..self.patch(x, &sums, (rows, column)) };
                    patch.finish(isa, &mut out[first..]);
                }
            }
        }
        if let (Some(activation), false) = (self.activation, fused) {
            activation.apply(isa, out);
        }
        Ok(())
    }

    /// Whether the activation is taken of the sums while they are in registers.
    fn is_fused(&self, isa: Isa) -> bool {
        self.activation == Some(Activation::Gelu) && isa.has_avx512()
    }

    /// What belongs to the tile of `rows` rows and up to 48 columns from there on.
    fn patch<'a>(
        &'a self,
        x: &'a Operand,
        sums: &'a Sums,
        (rows, column): (Range<usize>, usize),
    ) -> Patch<'a> {
        let span = column..self.outputs.min(column + COLUMNS);
        let (scales, zeros) = x.scales();
        Patch {
            sums,
            rows: rows.len(),
            stride: self.outputs,
            bias: &self.bias[span.clone()],
            channels: &self.scales[span.clone()],
            totals: &self.sums[span],
            integers: self.precision.is_integer().then(|| (&scales[rows.clone()], &zeros[rows])),
            gelu: false,
        }
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

/// A tile's sums and what they are scaled by.
pub(crate) struct Patch<'a> {
    pub(crate) sums: &'a Sums,
    pub(crate) rows: usize,
    /// Numbers from row to row of the product.
    pub(crate) stride: usize,
    /// `[columns]`, like `channels` and `totals`.
    pub(crate) bias: &'a [f32],
    /// Scales of the outputs.
    pub(crate) channels: &'a [f32],
    /// Sums of the outputs' weights.
    pub(crate) totals: &'a [f32],
    /// Scales and zero points of the rows, if the sums are integers.
    pub(crate) integers: Option<(&'a [f32], &'a [f32])>,
    /// Whether GELU comes last; only with AVX-512.
    pub(crate) gelu: bool,
}

impl Patch<'_> {
    /// Scales the sums, adds the bias and stores from the beginning of `out` on.
    fn finish(&self, isa: Isa, out: &mut [f32]) {
        #[cfg(target_arch = "x86_64")]
        if isa.has_avx512() {
            // SAFETY: an `Isa` says AVX-512 only where `Isa::detect` found these features.
            return unsafe { crate::avx512::finish::finish(self, out) };
        }
        general_finish(isa, self, out);
    }
}

versions! { fn general_finish(patch: &Patch<'_>, out: &mut [f32]) finish_body }

#[inline(always)]
fn finish_body<const FMA: bool>(patch: &Patch<'_>, out: &mut [f32]) {
    let columns = patch.bias.len();
    for (row, out) in out.chunks_mut(patch.stride).enumerate().take(patch.rows) {
        for (part, out) in out[..columns].chunks_mut(16).enumerate() {
            let place = |i: usize| part * 16 + i;
            for (i, (sum, out)) in patch.sums.line(row, part).0.iter().zip(out).enumerate() {
                let bias = patch.bias[place(i)];
                *out = if let Some((scales, zeros)) = patch.integers {
                    let total = patch.totals[place(i)];
                    let sum = multiply_back::<FMA>(*sum as i32, zeros[row], total);
                    math::multiply_add::<FMA>(sum, scales[row] * patch.channels[place(i)], bias)
                } else {
                    f32::from_bits(*sum) + bias
                };
            }
        }
    }
}

/// The sum without what the zero point adds: `Σ q w - zero Σ w`.
#[inline(always)]
fn multiply_back<const FMA: bool>(sum: i32, zero: f32, total: f32) -> f32 {
    math::multiply_add::<FMA>(-zero, total, sum as f32)
}
