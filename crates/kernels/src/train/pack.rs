//! Packing of a block of weights for the products of both directions.

use std::cell::Cell;

use super::lanes::{LANES, Lanes, lanes};
use super::packed::{BLOCK, PAIRS, PackedBlock};
use crate::Isa;
use crate::int16::{self, LENGTH};
use crate::isa::Form;
use crate::tile::{COLUMNS, Line};

/// Packs the block's weights, `[48 or fewer, inputs]`.
pub(super) fn pack(isa: Isa, block: &mut PackedBlock<'_>, weight: &[f32]) {
    match block.form {
        Form::Bf16 => bf16(isa, block, weight),
        Form::Int16 => {
            let mut room = ROOM.take();
            integers(isa, block, weight, &mut room);
            ROOM.set(room);
        }
    }
}

thread_local! {
    /// Kept from block to block.
    static ROOM: Cell<Room> = Cell::default();
}

/// A block's weights as integers before they are laid out.
#[derive(Default)]
struct Room {
    lines: Vec<Line>,  // [48, inputs / 32]
    squares: Vec<f32>, // [inputs], of the integers of a column
}

lanes! { fn bf16(block: &mut PackedBlock<'_>, weight: &[f32]) = bf16_body }
lanes! { fn integers(block: &mut PackedBlock<'_>, weight: &[f32], room: &mut Room) = integers_body }

#[inline(always)]
fn bf16_body<V: Lanes>(block: &mut PackedBlock<'_>, weight: &[f32]) {
    let inputs = block.inputs;
    let row = |row: usize| weight.get(row * inputs..(row + 1) * inputs).unwrap_or(&[]);
    for column in 0..3 {
        let rows: [&[f32]; LANES] = std::array::from_fn(|lane| row(LANES * column + lane));
        for (chunk, lines) in block.forward.chunks_mut(3 * LANES).enumerate() {
            // A loop: what `map` calls is compiled without the vector instructions, and so not inlined.
            let mut parts: [&[f32]; LANES] = [&[]; LANES];
            for (part, row) in parts.iter_mut().zip(&rows) {
                let from = (chunk * 2 * LANES).min(row.len());
                *part = &row[from..(from + 2 * LANES).min(row.len())];
            }
            V::transpose(parts, &mut lines[column..]);
        }
    }
    for (panel, lines) in block.backward.chunks_exact_mut(PAIRS * 3).enumerate() {
        for (pair, lines) in lines.chunks_exact_mut(3).enumerate() {
            let (low, high) = (row(2 * pair), row(2 * pair + 1));
            for (line, place) in lines.iter_mut().zip((panel * COLUMNS..).step_by(LANES)) {
                let part = |row: &[f32]| V::load(row.get(place..).unwrap_or(&[]));
                V::pair(part(low), part(high), &mut line.0);
            }
        }
    }
}

/// Words of sixteen integers.
const HALF: usize = LANES / 2;

#[inline(always)]
fn integers_body<V: Lanes>(block: &mut PackedBlock<'_>, weight: &[f32], room: &mut Room) {
    let inputs = block.inputs.max(1);
    let stride = inputs.div_ceil(2 * LANES);
    let Room { lines, squares } = room;
    lines.resize(BLOCK * stride, Line::default());
    lines[weight.len() / inputs * stride..].fill(Line::default());
    squares.clear();
    squares.resize(inputs, 0.0);
    let rows = weight.chunks_exact(inputs).zip(lines.chunks_exact_mut(stride));
    for ((row, lines), scale) in rows.zip(&mut *block.scales) {
        let sum = int16::squares(inputs, |at| V::load(&row[at..]));
        let (to_integers, of_integers) = int16::scales(sum, LENGTH);
        *scale = of_integers;
        let factor = V::splat(to_integers);
        let columns = row.chunks(2 * LANES).zip(squares.chunks_mut(2 * LANES));
        for ((x, squares), line) in columns.zip(lines) {
            *line = Line::default();
            let halves = x.chunks(LANES).zip(squares.chunks_mut(LANES));
            for ((x, squares), words) in halves.zip(line.0.chunks_exact_mut(HALF)) {
                let x = V::load(x).mul(factor);
                x.fma(x, V::load(squares)).store(squares);
                words.copy_from_slice(&x.int16());
            }
        }
    }
    *block.length = squares.iter().fold(0.0, |longest, x| longest.max(*x));

    for (column, rows) in lines.chunks_exact(LANES * stride).enumerate() {
        for (chunk, out) in block.forward.chunks_mut(3 * LANES).enumerate() {
            let mut parts = [&rows[chunk]; LANES];
            for (part, row) in parts.iter_mut().zip(rows.chunks_exact(stride)) {
                *part = &row[chunk];
            }
            V::transpose_words(parts, &mut out[column..]);
        }
    }
    let zeros = Line::default();
    for (panel, out) in block.backward.chunks_exact_mut(PAIRS * 3).enumerate() {
        for (pair, out) in out.chunks_exact_mut(3).enumerate() {
            let (low, high) = lines[2 * pair * stride..2 * (pair + 1) * stride].split_at(stride);
            for (line, place) in out.iter_mut().zip(panel * 3..) {
                let part = |row: &[Line]| half(row.get(place / 2).unwrap_or(&zeros), place % 2);
                V::pair_words(part(low), part(high), line);
            }
        }
    }
}

/// Half a line's words.
#[inline(always)]
fn half(line: &Line, which: usize) -> [u32; HALF] {
    let mut words = [0; HALF];
    words.copy_from_slice(&line.0[HALF * which..HALF * (which + 1)]);
    words
}
