//! Left factors in fp32, for processors with AVX-512 whose multiply-adds take no bfloat16: widened once
//! for all columns that they are multiplied with.

use std::cell::Cell;

use super::tile::Left;
use crate::Isa;
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
        let widens = isa.has_avx512() && !isa.has_bf16() && !isa.has_int16();
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
