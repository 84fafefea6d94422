//! Left factors in the form that the processor multiplies, made once for all columns that they are
//! multiplied with: bfloat16 as they are, with AVX-512 alone in fp32, with AVX512-VNNI as integers.

use std::cell::Cell;

use super::lanes::{LANES, Lanes, lanes};
use super::tile::Left;
use crate::Isa;
use crate::isa::Form;
use crate::tile::ROWS;

/// Steps that are widened together.
pub(super) const CHUNK: usize = 64;

/// Left factors of a chunk, the pairs' upper numbers and their lower ones: by steps
/// `[CHUNK / 2, 2, 2, ROWS]`, upper and lower numbers of two steps at a time, row by row
/// `[2, ROWS, CHUNK]`.
#[derive(Clone)]
#[repr(C, align(64))]
pub(super) struct Wide(pub(super) [f32; 2 * ROWS * CHUNK]);

thread_local! {
    /// Kept from product to product.
    static ROOM: Cell<Vec<Wide>> = const { Cell::new(Vec::new()) };
}

/// Left factors of the rows of several tiles, in the form that the processor multiplies.
pub(super) struct Lefts {
    isa: Isa,
    chunks: usize,
    room: Vec<Wide>,
}

impl Lefts {
    /// With room for that many tiles of that many steps.
    pub(super) fn new(isa: Isa, (tiles, steps): (usize, usize)) -> Self {
        let widens = isa.has_avx512() && !isa.has_bf16() && isa.form() == Form::Bf16;
        let chunks = if widens { steps.div_ceil(CHUNK) } else { 0 };
        let mut room = ROOM.take();
        if room.len() < tiles * chunks {
            room.resize(tiles * chunks, Wide([0.0; 2 * ROWS * CHUNK]));
        }
        Self { isa, chunks, room }
    }

    /// Takes over a tile's.
    pub(super) fn fill(&mut self, tile: usize, left: Left<'_>, shape: (usize, usize)) {
        let room = self.room.get_mut(tile * self.chunks..(tile + 1) * self.chunks);
        left.widen(self.isa, shape, room.unwrap_or(&mut []));
    }

    /// A tile's, with what was taken over of it.
    pub(super) fn of<'a>(&'a self, tile: usize, left: Left<'a>) -> Left<'a> {
        let room = self.room.get(tile * self.chunks..(tile + 1) * self.chunks);
        left.with(room.unwrap_or(&[]))
    }
}

impl Drop for Lefts {
    fn drop(&mut self) {
        ROOM.set(std::mem::take(&mut self.room));
    }
}

thread_local! {
    static INTEGERS: Cell<Integers> = Cell::default();
}

/// Rows of a left factor as integers, and their scales.
#[derive(Default)]
pub(super) struct Integers {
    stride: usize,
    rows: Vec<u16>,
    scales: Vec<f32>,
}

/// What the numbers of a row are multiplied by before all else, nothing if empty, and the length that
/// they have as integers.
#[derive(Clone, Copy)]
pub(super) struct Measure<'a> {
    pub(super) factors: &'a [f32],
    pub(super) length: f32,
}

impl Integers {
    /// The thread's, which [`Integers::leave`] gives back.
    pub(super) fn take() -> Self {
        INTEGERS.take()
    }

    pub(super) fn leave(self) {
        INTEGERS.set(self);
    }

    /// Takes over rows of `stride` bfloat16.
    pub(super) fn fill(&mut self, isa: Isa, (x, stride): (&[u16], usize), measure: Measure<'_>) {
        self.stride = stride;
        self.rows.resize(x.len(), 0);
        self.scales.resize(x.len() / stride, 0.0);
        integers(isa, (x, stride), measure, &mut self.rows, &mut self.scales);
    }

    /// The rows from there on.
    pub(super) fn from(&self, row: usize) -> Left<'_> {
        let rows = self.rows.get(row * self.stride..).unwrap_or(&[]);
        Left::rows(rows, self.stride).scaled(self.scales.get(row..).unwrap_or(&[]))
    }
}

lanes! { fn integers(x: (&[u16], usize), measure: Measure<'_>, rows: &mut [u16], scales: &mut [f32]) = integers_body }

#[inline(always)]
fn integers_body<V: Lanes>(
    (x, stride): (&[u16], usize),
    Measure { factors, length }: Measure<'_>,
    rows: &mut [u16],
    scales: &mut [f32],
) {
    let each = x.chunks_exact(stride).zip(rows.chunks_exact_mut(stride)).zip(scales);
    for ((x, row), scale) in each {
        let number = |at: usize| {
            let number = V::load_bf16(&x[at..]);
            if factors.is_empty() {
                number
            } else {
                number.mul(V::load(factors.get(at..).unwrap_or(&[])))
            }
        };
        let mut squares = [V::zero(); 4];
        for at in (0..stride).step_by(LANES) {
            let (x, sum) = (number(at), &mut squares[at / LANES % 4]);
            *sum = x.fma(x, *sum);
        }
        let squares = squares[0].add(squares[1]).add(squares[2].add(squares[3])).sum();
        let (to_integers, of_integers) = crate::int16::scales(squares, length);
        *scale = of_integers;
        let to_integers = V::splat(to_integers);
        for at in (0..stride).step_by(LANES) {
            let end = stride.min(at + LANES);
            number(at).mul(to_integers).store_int16(&mut row[at..end]);
        }
    }
}
