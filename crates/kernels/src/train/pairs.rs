//! Activations and gradients by pairs of tokens, as the products over tokens take them.

use super::lanes::{LANES, Lanes, lanes};
use crate::tile::{COLUMNS, Line, ROWS};

/// A matrix `[tokens, width]` by pairs of tokens, kept for reuse.
///
/// As the left side of a product over tokens it is `[width / 8, pairs, 8]`, as the right side
/// `[width / 48, pairs, 48]`; a token without a partner is paired with 0.
#[derive(Debug, Clone, Default)]
pub struct Pairs {
    pub(crate) width: usize,
    pub(crate) pairs: usize,
    pub(crate) left: Vec<u32>,
    pub(crate) right: Vec<Line>,
}

impl Pairs {
    /// Becomes the left side `x`, `[tokens, stride]` bfloat16 of which `width` count, and adds the sum
    /// over tokens to `sums`, `[width]`.
    pub fn fill_left(&mut self, isa: crate::Isa, x: Rows<'_>, sums: &mut [f32]) {
        (self.width, self.pairs) = (x.width, x.count().div_ceil(2));
        self.left.resize(self.pairs * self.width.next_multiple_of(ROWS), 0);
        left(isa, x, &mut self.left, sums);
    }

    /// Becomes the right side `x`, `[tokens, stride]` bfloat16 of which `width` count.
    pub fn fill_right(&mut self, isa: crate::Isa, x: Rows<'_>) {
        (self.width, self.pairs) = (x.width, x.count().div_ceil(2));
        self.right.resize(self.pairs * self.width.div_ceil(COLUMNS) * 3, Line([0; LANES]));
        right(isa, x, &mut self.right);
    }
}

/// Rows of bfloat16.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// `[rows, padded(width)]`.
    pub x: &'a [u16],
    /// Numbers of a row that count.
    pub width: usize,
}

impl<'a> Rows<'a> {
    fn stride(self) -> usize {
        super::padded(self.width).max(1)
    }

    fn count(self) -> usize {
        self.x.len() / self.stride()
    }

    /// From that place of that row to its end; nothing beyond the last row.
    #[inline(always)]
    fn from(self, row: usize, place: usize) -> &'a [u16] {
        let begin = row * self.stride();
        self.x.get(begin + place..begin + self.width).unwrap_or(&[])
    }
}

lanes! { fn left(x: Rows<'_>, out: &mut [u32], sums: &mut [f32]) = left_body }
lanes! { fn right(x: Rows<'_>, out: &mut [Line]) = right_body }

#[inline(always)]
fn left_body<V: Lanes>(x: Rows<'_>, out: &mut [u32], sums: &mut [f32]) {
    let panel = x.count().div_ceil(2) * ROWS;
    let columns = (0..x.width).step_by(LANES).zip(out.chunks_mut((2 * panel).max(1)));
    for (at, out) in columns {
        let sums = &mut sums[at..x.width.min(at + LANES)];
        let mut sum = V::load(sums);
        let (first, second) = out.split_at_mut(panel); // the second is empty at the end of a width
        let mut second = second.chunks_exact_mut(ROWS);
        for (pair, first) in first.chunks_exact_mut(ROWS).enumerate() {
            let low = V::load_bf16(x.from(2 * pair, at));
            let high = V::load_bf16(x.from(2 * pair + 1, at));
            let mut words = [0; LANES];
            V::pair(low, high, &mut words);
            first.copy_from_slice(&words[..ROWS]);
            if let Some(second) = second.next() {
                second.copy_from_slice(&words[ROWS..]);
            }
            sum = sum.add(low.add(high));
        }
        sum.store(sums);
    }
}

#[inline(always)]
fn right_body<V: Lanes>(x: Rows<'_>, out: &mut [Line]) {
    let pairs = x.count().div_ceil(2);
    for (panel, lines) in out.chunks_exact_mut((pairs * 3).max(1)).enumerate() {
        for (pair, lines) in lines.chunks_exact_mut(3).enumerate() {
            for (line, place) in lines.iter_mut().zip((panel * COLUMNS..).step_by(LANES)) {
                let low = V::load_bf16(x.from(2 * pair, place));
                let high = V::load_bf16(x.from(2 * pair + 1, place));
                V::pair(low, high, &mut line.0);
            }
        }
    }
}
