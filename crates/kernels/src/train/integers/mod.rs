//! Left factors as 16-bit integers, and their products: see `crate::int16`.

mod tile;

use super::lanes::{LANES, Lanes, lanes};
use crate::Isa;
use crate::blocks::{Block, CHUNK, Chunks, WORDS};
use crate::int16;
use crate::tile::ROWS;

pub(super) use self::tile::Tile;

/// The left factor of a tile: chunks of 8 rows by 96 steps, either `[8, 96]` or, by steps, `[96, 8]`.
#[derive(Clone, Copy)]
pub(super) struct Left<'a> {
    words: &'a [u32],
    by_step: bool,
    /// What a row's integers are multiplied by, for each row.
    scales: &'a [f32],
}

impl<'a> Left<'a> {
    /// Steps of 8 rows.
    pub(super) fn steps(words: &'a [u32], scales: &'a [f32]) -> Self {
        Self { words, by_step: true, scales }
    }

    /// Where the pair of a row and step is.
    fn place(&self, row: usize, step: usize) -> usize {
        let (chunk, step) = (step / CHUNK, step % CHUNK);
        chunk * WORDS + if self.by_step { step * ROWS + row } else { row * CHUNK + step }
    }
}

/// Rows of a left factor as integers, tile after tile.
pub(super) struct Integers {
    chunks: Chunks,
    scales: [[f32; ROWS]; Block::TILES],
}

/// What the numbers of a row are multiplied by before all else, nothing if empty, and the length that
/// they have as integers.
#[derive(Clone, Copy)]
pub(super) struct Measure<'a> {
    pub(super) factors: &'a [f32],
    pub(super) length: f32,
}

impl Integers {
    /// With room for that many tiles of that many steps.
    pub(super) fn new(shape: (usize, usize)) -> Self {
        Self { chunks: Chunks::take(shape), scales: [[0.0; ROWS]; Block::TILES] }
    }

    /// Takes over the rows of a block's tiles, of `stride` bfloat16 each.
    pub(super) fn fill(
        &mut self,
        isa: Isa,
        (x, stride, block): (&[u16], usize, &Block),
        measure: Measure<'_>,
    ) {
        for (tile, rows) in block.tiles() {
            let x = &x[rows.start * stride..rows.end * stride];
            fill(isa, (x, stride), measure, self.chunks.of_mut(tile), &mut self.scales[tile]);
        }
    }

    /// A tile's.
    pub(super) fn of(&self, tile: usize) -> Left<'_> {
        Left { words: self.chunks.of(tile), by_step: false, scales: &self.scales[tile] }
    }
}

lanes! { fn fill(x: (&[u16], usize), measure: Measure<'_>, words: &mut [u32], scales: &mut [f32]) = fill_body }

#[inline(always)]
fn fill_body<V: Lanes>(
    (x, stride): (&[u16], usize),
    Measure { factors, length }: Measure<'_>,
    words: &mut [u32],
    scales: &mut [f32],
) {
    // All rows before the next pass: one row's square root does not wait for another's.
    let mut to_integers = [0.0; ROWS];
    let rows = || x.chunks_exact(stride);
    for ((row, factor), scale) in rows().zip(&mut to_integers).zip(scales) {
        let squares = int16::squares(stride, |at| number::<V>(&row[at..], factors, at));
        (*factor, *scale) = int16::scales(squares, length);
    }
    for (chunk, words) in words.chunks_exact_mut(WORDS).enumerate() {
        let first = 2 * chunk * CHUNK;
        let rows = rows().zip(words.chunks_exact_mut(CHUNK)).zip(to_integers);
        for ((row, words), factor) in rows {
            let factor = V::splat(factor);
            let places = (first..stride).step_by(LANES);
            for (at, words) in places.zip(words.chunks_exact_mut(LANES / 2)) {
                words.copy_from_slice(&number::<V>(&row[at..], factors, at).mul(factor).int16());
            }
        }
    }
}

/// Sixteen numbers, times their factors if there are any.
#[inline(always)]
fn number<V: Lanes>(x: &[u16], factors: &[f32], at: usize) -> V {
    let number = V::load_bf16(x);
    if factors.is_empty() { number } else { number.mul(V::load(factors.get(at..).unwrap_or(&[]))) }
}
