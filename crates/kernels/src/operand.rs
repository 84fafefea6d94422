//! Activations in the weights' precision.

use crate::isa::versions;
use crate::train::lanes::{LANES, Lanes, lanes};
use crate::{Isa, int16, math};

/// The arithmetic of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Precision {
    /// 32-bit floats throughout.
    Fp32,
    /// bfloat16 factors, products and sums in fp32.
    Bf16,
    /// 16-bit integers, of a length that weights share by output channel and activations by row, sums in
    /// 32-bit integers: closer to fp32 than bf16 is, and with AVX512-VNNI twice as fast.
    Int16,
    /// 8-bit weights by output channel, 8-bit activations by row, sums in 32-bit integers.
    Int8,
}

impl Precision {
    /// Factors in a word of 32 bits.
    pub(crate) fn factors(self) -> usize {
        match self {
            Self::Fp32 => 1,
            Self::Bf16 | Self::Int16 => 2,
            Self::Int8 => 4,
        }
    }

    /// Whether factors are integers with scales.
    pub(crate) fn is_integer(self) -> bool {
        matches!(self, Self::Int16 | Self::Int8)
    }

    /// Words that `inputs` factors take.
    pub(crate) fn steps(self, inputs: usize) -> usize {
        inputs.div_ceil(self.factors())
    }
}

/// The left factor of products, `[rows, inputs]`, kept for reuse.
///
/// In int16 each row has a scale. In int8 each row has a scale and a zero point of its own, from its
/// smallest and largest value:
/// `x ≈ scale * (q - zero)` with `q` in 0..=255.
#[derive(Debug, Clone)]
pub struct Operand {
    precision: Precision,
    inputs: usize,
    rows: usize,
    bytes: Vec<u8>, // [rows, steps, 4], little-endian
    scales: Vec<f32>,
    zeros: Vec<f32>,
}

impl Operand {
    /// An operand without rows, of rows of `inputs` numbers.
    #[must_use]
    pub fn new(precision: Precision, inputs: usize) -> Self {
        let (scales, zeros) = (Vec::new(), Vec::new());
        Self { precision, inputs, rows: 0, bytes: Vec::new(), scales, zeros }
    }

    /// Takes over `x`, `[rows, inputs]`, rounded to the precision. Numbers after the last whole row
    /// are left aside.
    pub fn fill(&mut self, isa: Isa, x: &[f32]) {
        self.rows = x.len().checked_div(self.inputs).unwrap_or(0);
        self.bytes.resize(self.rows * self.stride(), 0);
        self.scales.resize(self.rows, 1.0);
        self.zeros.resize(self.rows, 0.0);
        match self.precision {
            Precision::Fp32 => fp32(isa, x, &mut self.bytes),
            Precision::Bf16 => bf16_rows(isa, x, self.inputs, &mut self.bytes),
            Precision::Int16 => int16_rows(isa, x, self.inputs, &mut self.bytes, &mut self.scales),
            Precision::Int8 => {
                let rounded = Rounded {
                    bytes: &mut self.bytes,
                    scales: &mut self.scales,
                    zeros: &mut self.zeros,
                };
                int8_rows(isa, x, self.inputs, rounded);
            }
        }
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Numbers a row.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    pub(crate) fn precision(&self) -> Precision {
        self.precision
    }

    /// Bytes a row.
    pub(crate) fn stride(&self) -> usize {
        4 * self.precision.steps(self.inputs)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Scale and zero point of each row; 1 and 0 but for integers.
    pub(crate) fn scales(&self) -> (&[f32], &[f32]) {
        (&self.scales, &self.zeros)
    }
}

/// Where int8 rows go.
pub(crate) struct Rounded<'a> {
    pub(crate) bytes: &'a mut [u8],
    pub(crate) scales: &'a mut [f32],
    pub(crate) zeros: &'a mut [f32],
}

/// How a row becomes int8: `q = x * inverse + zero`, and `scale` is 1 over `inverse`.
pub(crate) struct Factors {
    pub(crate) scale: f32,
    pub(crate) inverse: f32,
    pub(crate) zero: f32,
}

impl Rounded<'_> {
    /// For a row between those numbers, of which one is at most and one at least 0.
    #[inline(always)]
    pub(crate) fn factors(low: f32, high: f32) -> Factors {
        let scale = if high > low { (high - low) / 255.0 } else { 1.0 };
        let inverse = 1.0 / scale;
        Factors { scale, inverse, zero: (-low * inverse).round_ties_even() }
    }
}

fn int8_rows(isa: Isa, x: &[f32], inputs: usize, rounded: Rounded<'_>) {
    #[cfg(target_arch = "x86_64")]
    if isa.has_avx512() {
        // SAFETY: an `Isa` says AVX-512 only where `Isa::detect` found these features.
        return unsafe { crate::avx512::round::int8(x, inputs, rounded) };
    }
    general_int8(isa, x, inputs, rounded);
}

versions! { fn fp32(x: &[f32], bytes: &mut [u8]) fp32_body }
versions! { fn bf16_rows(x: &[f32], inputs: usize, bytes: &mut [u8]) bf16_body }
lanes! { fn int16_rows(x: &[f32], inputs: usize, bytes: &mut [u8], scales: &mut [f32]) = int16_body }
versions! { fn general_int8(x: &[f32], inputs: usize, rounded: Rounded<'_>) int8_body }

#[inline(always)]
fn fp32_body<const FMA: bool>(x: &[f32], bytes: &mut [u8]) {
    for (word, x) in bytes.chunks_exact_mut(4).zip(x) {
        word.copy_from_slice(&x.to_le_bytes());
    }
}

/// The nearest bfloat16, ties to even.
#[inline(always)]
pub(crate) fn to_bf16(x: f32) -> u16 {
    let bits = x.to_bits();
    (bits.wrapping_add(0x7fff + ((bits >> 16) & 1)) >> 16) as u16
}

#[inline(always)]
fn bf16_body<const FMA: bool>(x: &[f32], inputs: usize, bytes: &mut [u8]) {
    let stride = 4 * Precision::Bf16.steps(inputs);
    for (x, row) in x.chunks_exact(inputs).zip(bytes.chunks_exact_mut(stride)) {
        for (half, x) in row.chunks_exact_mut(2).zip(x) {
            half.copy_from_slice(&to_bf16(*x).to_le_bytes());
        }
        row.iter_mut().skip(2 * inputs).for_each(|byte| *byte = 0);
    }
}

#[inline(always)]
fn int16_body<V: Lanes>(x: &[f32], inputs: usize, bytes: &mut [u8], scales: &mut [f32]) {
    let stride = 4 * Precision::Int16.steps(inputs);
    let rows = x.chunks_exact(inputs).zip(bytes.chunks_exact_mut(stride));
    for ((x, row), scale) in rows.zip(scales) {
        let squares = int16::squares(inputs, |at| V::load(&x[at..]));
        let (to_integers, of_integers) = int16::scales(squares, int16::LENGTH);
        *scale = of_integers;
        let to_integers = V::splat(to_integers);
        for (x, row) in x.chunks(LANES).zip(row.chunks_mut(2 * LANES)) {
            let words = V::load(x).mul(to_integers).int16();
            for (bytes, word) in row.chunks_exact_mut(4).zip(words) {
                bytes.copy_from_slice(&word.to_le_bytes());
            }
        }
    }
}

#[inline(always)]
fn int8_body<const FMA: bool>(x: &[f32], inputs: usize, rounded: Rounded<'_>) {
    let stride = 4 * Precision::Int8.steps(inputs);
    let rows = x.chunks_exact(inputs).zip(rounded.bytes.chunks_exact_mut(stride));
    for ((x, row), (scale, zero)) in
        rows.zip(rounded.scales.iter_mut().zip(rounded.zeros.iter_mut()))
    {
        let (low, high) = span(x);
        let factors = Rounded::factors(low, high);
        (*scale, *zero) = (factors.scale, factors.zero);
        for (byte, x) in row.iter_mut().zip(x) {
            // Adding 1.5 * 2^23 leaves the rounded number in the low bits.
            let q = math::multiply_add::<FMA>(*x, factors.inverse, *zero).clamp(0.0, 255.0);
            *byte = (q + 12_582_912.0).to_bits() as u8;
        }
        row.iter_mut().skip(inputs).for_each(|byte| *byte = 0);
    }
}

/// The smallest and the largest of the numbers and 0.
#[inline(always)]
fn span(x: &[f32]) -> (f32, f32) {
    const LANES: usize = 16;
    let (mut low, mut high) = ([0.0f32; LANES], [0.0f32; LANES]);
    let chunks = x.chunks_exact(LANES);
    for (lane, x) in chunks.remainder().iter().enumerate() {
        low[lane] = low[lane].min(*x);
        high[lane] = high[lane].max(*x);
    }
    for chunk in chunks {
        for lane in 0..LANES {
            low[lane] = low[lane].min(chunk[lane]);
            high[lane] = high[lane].max(chunk[lane]);
        }
    }
    (low.into_iter().fold(0.0, f32::min), high.into_iter().fold(0.0, f32::max))
}
