//! The tables of words, positions and segments.

use tunewise_kernels::Isa;
use tunewise_kernels::train::add;

use super::parameters::{LayerNorm, Slot};
use super::part::Part;
use super::words::Words;

/// The tables' numbers, `[rows, hidden]` each.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tables<'a> {
    pub(super) words: &'a [f32],
    pub(super) positions: &'a [f32],
    pub(super) segments: &'a [f32],
}

/// The tables' gradients and optimizer state.
#[derive(Debug)]
pub(super) struct Embeddings {
    pub(super) words: Words,
    pub(super) positions: Slot,
    pub(super) segments: Slot,
    pub(super) norm: LayerNorm,
}

impl Embeddings {
    /// Whether training changes anything of them.
    pub(super) fn trains(&self) -> bool {
        self.words.slot.trains
            || self.positions.trains
            || self.segments.trains
            || self.norm.trains()
    }

    /// Adds the gradients of a part's tokens, `[tokens, hidden]`.
    pub(super) fn accumulate(&mut self, isa: Isa, part: &Part, hidden: usize) {
        let [weight, bias] = &part.sums.output_norm;
        add(isa, weight, &mut self.norm.weight.slot.gradient);
        add(isa, bias, &mut self.norm.bias.slot.gradient);
        let tokens = part.input_ids.iter().zip(&part.token_type_ids).zip(&part.places);
        for (((&id, &segment), place), g) in tokens.zip(part.gradient.chunks_exact(hidden)) {
            self.words.add(isa, id, g);
            for (slot, row) in
                [(&mut self.positions, place[1] as usize), (&mut self.segments, segment.into())]
            {
                if let Some(sum) = slot.gradient.get_mut(row * hidden..(row + 1) * hidden) {
                    add(isa, g, sum);
                }
            }
        }
    }
}
