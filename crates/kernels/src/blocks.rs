//! How the rows of a product's left factor pass over the panels of the right one.

use std::cell::Cell;
use std::ops::Range;

use crate::tile::ROWS;

/// Rows that pass over all panels before the next rows do, so that they stay in the second-level
/// cache.
const ROW_BLOCK: usize = 64;

/// Rows that pass over all panels together, tile after tile.
pub(crate) struct Block {
    pub(crate) tiles: usize,
    /// Where tiles begin, and the last one ends.
    bounds: [usize; Self::TILES + 1],
}

impl Block {
    /// Tiles of a block at most.
    pub(crate) const TILES: usize = ROW_BLOCK / ROWS;

    /// The blocks of so many rows.
    pub(crate) fn of(rows: usize) -> impl Iterator<Item = Self> {
        (0..rows).step_by(ROW_BLOCK).map(move |first| {
            let count = ROW_BLOCK.min(rows - first);
            let tiles = count.div_ceil(ROWS);
            // Spread evenly: seven and seven rather than eight and six.
            let bound = |tile: usize| first + count * tile.min(tiles) / tiles;
            Self { tiles, bounds: std::array::from_fn(bound) }
        })
    }

    /// Each tile's number and rows.
    pub(crate) fn tiles(&self) -> impl Iterator<Item = (usize, Range<usize>)> {
        let rows = self.bounds.windows(2).map(|bounds| bounds[0]..bounds[1]);
        rows.enumerate().take(self.tiles)
    }

    /// Tiles that a block of so many rows has at most.
    pub(crate) fn most(rows: usize) -> usize {
        ROW_BLOCK.min(rows).div_ceil(ROWS)
    }
}

/// Steps of a chunk, a multiple of those that weights packed both ways have side by side.
pub(crate) const CHUNK: usize = 96;

/// Words of a chunk, each of them the factors of a row and step.
pub(crate) const WORDS: usize = ROWS * CHUNK;

thread_local! {
    /// Kept from product to product.
    static ROOM: Cell<Vec<u32>> = const { Cell::new(Vec::new()) };
}

/// The left factors of a block's tiles, by chunks of 8 rows by 96 steps: rows are at a distance that
/// the compiler knows, and a step costs no arithmetic but the product's.
pub(crate) struct Chunks {
    words: usize,
    room: Vec<u32>, // [tiles, chunks, 8, 96]
}

impl Chunks {
    /// The thread's, with room for that many tiles of that many steps.
    pub(crate) fn take((tiles, steps): (usize, usize)) -> Self {
        let words = steps.div_ceil(CHUNK) * WORDS;
        let mut room = ROOM.take();
        if room.len() < tiles * words {
            room.resize(tiles * words, 0);
        }
        Self { words, room }
    }

    /// A tile's.
    pub(crate) fn of(&self, tile: usize) -> &[u32] {
        &self.room[tile * self.words..(tile + 1) * self.words]
    }

    /// A tile's, to be written.
    pub(crate) fn of_mut(&mut self, tile: usize) -> &mut [u32] {
        &mut self.room[tile * self.words..(tile + 1) * self.words]
    }
}

impl Drop for Chunks {
    fn drop(&mut self) {
        ROOM.set(std::mem::take(&mut self.room));
    }
}
