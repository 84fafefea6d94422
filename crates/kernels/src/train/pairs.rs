//! Activations and gradients by pairs of tokens, as the products over tokens take them.

use super::lanes::{LANES, Lanes, lanes};
use crate::int16::LENGTH;
use crate::isa::Form;
use crate::tile::{COLUMNS, Line, ROWS};

/// A matrix `[tokens, width]` by pairs of tokens, kept for reuse.
///
/// As the left side of a product over tokens it is `[width / 8, pairs, 8]`, as the right side
/// `[width / 48, pairs, 48]`; a token without a partner is paired with 0. Where
/// [`Isa::has_int16`](crate::Isa::has_int16), the numbers become integers with a scale for each of
/// `width`.
#[derive(Debug, Clone, Default)]
pub struct Pairs {
    pub(crate) width: usize,
    pub(crate) pairs: usize,
    pub(crate) left: Vec<u32>,
    pub(crate) right: Vec<Line>,
    /// Of integers, `[width]` and zeros to the end of a panel; otherwise empty.
    pub(crate) scales: Vec<f32>,
    pub(crate) form: Form,
}

impl Pairs {
    /// Becomes the left side `x`, `[tokens, stride]` bfloat16 of which `width` count, and adds the sum
    /// over tokens to `sums`, `[width]`.
    pub fn fill_left(&mut self, isa: crate::Isa, x: Rows<'_>, sums: &mut [f32]) {
        (self.width, self.pairs) = (x.width, x.count().div_ceil(2));
        self.left.resize(self.pairs * self.width.next_multiple_of(ROWS), 0);
        self.measure(isa, ROWS.max(LANES));
        left(isa, x, (&mut self.left, &mut self.scales), sums);
    }

    /// Becomes the right side `x`, `[tokens, stride]` bfloat16 of which `width` count.
    pub fn fill_right(&mut self, isa: crate::Isa, x: Rows<'_>) {
        (self.width, self.pairs) = (x.width, x.count().div_ceil(2));
        self.right.resize(self.pairs * self.width.div_ceil(COLUMNS) * 3, Line([0; LANES]));
        self.measure(isa, COLUMNS);
        right(isa, x, &mut self.right, &mut self.scales);
    }

    /// Makes room for scales, for whole panels, or for none.
    fn measure(&mut self, isa: crate::Isa, panel: usize) {
        self.form = isa.form();
        let scales = if self.form == Form::Int16 { self.width.next_multiple_of(panel) } else { 0 };
        self.scales.clear();
        self.scales.resize(scales, 0.0);
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

lanes! { fn left(x: Rows<'_>, out: (&mut [u32], &mut [f32]), sums: &mut [f32]) = left_body }
lanes! { fn right(x: Rows<'_>, out: &mut [Line], scales: &mut [f32]) = right_body }

/// Sums of squares over tokens, of so many times sixteen columns from `at` on.
#[inline(always)]
fn squares<V: Lanes, const N: usize>(x: Rows<'_>, at: usize) -> [V; N] {
    let mut squares = [V::zero(); N];
    for token in 0..x.count() {
        for (squares, place) in squares.iter_mut().zip((at..).step_by(LANES)) {
            let x = V::load_bf16(x.from(token, place));
            *squares = x.fma(x, *squares);
        }
    }
    squares
}

/// What sixteen columns are multiplied by to become integers; what these are multiplied by goes to
/// `scales`. See `crate::int16::scales`.
#[inline(always)]
fn measure<V: Lanes>(squares: V, scales: &mut [f32]) -> V {
    let missing = squares.sub(V::splat(f32::MIN_POSITIVE));
    let (norm, length) = (squares.sqrt(), V::splat(LENGTH));
    V::zero().where_negative(missing, norm.div(length)).store(scales);
    V::zero().where_negative(missing, length.div(norm))
}

/// Columns of the left side that are made at a time: a cache line of each token.
const SPAN: usize = 2 * LANES;

#[inline(always)]
fn left_body<V: Lanes>(x: Rows<'_>, (out, scales): (&mut [u32], &mut [f32]), sums: &mut [f32]) {
    let panel = (x.count().div_ceil(2) * ROWS).max(1);
    let spans = out.chunks_mut(SPAN / ROWS * panel).zip(sums.chunks_mut(SPAN));
    let mut scales = scales.chunks_mut(SPAN);
    for ((out, sums), first) in spans.zip((0..).step_by(SPAN)) {
        let mut factors = None;
        if let Some(scales) = scales.next() {
            let mut both = [V::zero(); 2];
            let squares = squares::<V, 2>(x, first);
            let each = both.iter_mut().zip(squares).zip(scales.chunks_mut(LANES));
            for ((factor, squares), scales) in each {
                *factor = measure(squares, scales);
            }
            factors = Some(both);
        }
        let parts = out.chunks_mut(2 * panel).zip(sums.chunks_mut(LANES)).enumerate();
        for ((part, (out, sums)), at) in parts.zip((first..).step_by(LANES)) {
            let mut sum = V::load(sums);
            let (first, second) = out.split_at_mut(panel); // the second is empty at the end of a width
            let mut second = second.chunks_exact_mut(ROWS);
            for (pair, first) in first.chunks_exact_mut(ROWS).enumerate() {
                let low = V::load_bf16(x.from(2 * pair, at));
                let high = V::load_bf16(x.from(2 * pair + 1, at));
                let mut words = [0; LANES];
                sum = sum.add(low.add(high));
                if let Some(factors) = factors {
                    let factor = factors[part];
                    V::pair_int16(low.mul(factor), high.mul(factor), &mut words);
                } else {
                    V::pair(low, high, &mut words);
                }
                first.copy_from_slice(&words[..ROWS]);
                if let Some(second) = second.next() {
                    second.copy_from_slice(&words[ROWS..]);
                }
            }
            sum.store(sums);
        }
    }
}

#[inline(always)]
fn right_body<V: Lanes>(x: Rows<'_>, out: &mut [Line], scales: &mut [f32]) {
    let pairs = x.count().div_ceil(2);
    let mut scales = scales.chunks_exact_mut(COLUMNS);
    for (panel, lines) in out.chunks_exact_mut((pairs * 3).max(1)).enumerate() {
        let places = || (panel * COLUMNS..).step_by(LANES);
        let mut factors = [V::splat(1.0); 3];
        let scales = scales.next();
        let integers = scales.is_some();
        if let Some(scales) = scales {
            let squares = squares::<V, 3>(x, panel * COLUMNS);
            let each = factors.iter_mut().zip(squares).zip(scales.chunks_exact_mut(LANES));
            for ((factor, squares), scales) in each {
                *factor = measure(squares, scales);
            }
        }
        for (pair, lines) in lines.chunks_exact_mut(3).enumerate() {
            for ((line, factor), place) in lines.iter_mut().zip(factors).zip(places()) {
                let low = V::load_bf16(x.from(2 * pair, place));
                let high = V::load_bf16(x.from(2 * pair + 1, place));
                if integers {
                    V::pair_int16(low.mul(factor), high.mul(factor), &mut line.0);
                } else {
                    V::pair(low, high, &mut line.0);
                }
            }
        }
    }
}
