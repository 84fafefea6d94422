//! Dropout whose draws are a function of a counter, so that nothing is stored for the way back.

use super::lanes::{LANES, Lanes, lanes};

/// Draws of a block of counters.
const DRAWS: usize = 8 * LANES;

/// Dropout of a probability, its draws a function of a seed and of where they are made.
///
/// # Reference
/// Srivastava et al. 2014, *Dropout*; the draws are those of Philox4x32 with 7 rounds, Salmon et al.
/// 2011, *Parallel random numbers: as easy as 1, 2, 3*, 16 bits each.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dropout {
    seed: u64,
    site: u32,
    dropped: u16,
}

/// Where draws are made: any two numbers.
pub type Place = [u32; 2];

impl Dropout {
    /// Drops `dropped` of 65536 numbers.
    #[must_use]
    pub fn new(seed: u64, dropped: u16) -> Self {
        Self { seed, site: 0, dropped }
    }

    /// The same with draws of its own.
    #[must_use]
    pub fn at(self, site: u32) -> Self {
        Self { site, ..self }
    }

    /// Whether it drops anything.
    #[must_use]
    pub fn is_active(self) -> bool {
        self.dropped > 0
    }

    pub(crate) fn dropped(self) -> u16 {
        self.dropped
    }

    /// What kept numbers are multiplied by.
    pub(crate) fn scale(self) -> f32 {
        65536.0 / (65536.0 - f32::from(self.dropped))
    }

    /// Multiplies each number by 0 or by the inverse of the kept share, `[rows, width]`; row `r` draws
    /// at `rows[r]`.
    pub fn apply(self, isa: crate::Isa, x: &mut [f32], rows: &[Place]) {
        if self.is_active() {
            apply(isa, self, x, rows);
        }
    }
}

lanes! { fn apply(dropout: Dropout, x: &mut [f32], rows: &[Place]) = apply_body }

/// Sixteen blocks of Philox4x32-7, the first number of the counter counting up.
#[inline(always)]
fn philox<V: Lanes>(counter: [u32; 4], seed: u64) -> [[u32; LANES]; 4] {
    let mut c = counter.map(|word| [word; LANES]);
    for (lane, word) in c[0].iter_mut().enumerate() {
        *word = word.wrapping_add(lane as u32);
    }
    let mut key = [seed as u32, (seed >> 32) as u32];
    for _ in 0..7 {
        let [c0, mut c1, c2, mut c3] = c;
        let [first_high, first_low] = V::wide_products(c0, 0xd251_1f53);
        let [second_high, second_low] = V::wide_products(c2, 0xcd9e_8d57);
        for lane in 0..LANES {
            c1[lane] ^= second_high[lane] ^ key[0];
            c3[lane] ^= first_high[lane] ^ key[1];
        }
        c = [c1, second_low, c3, first_low];
        key = [key[0].wrapping_add(0x9e37_79b9), key[1].wrapping_add(0xbb67_ae85)];
    }
    c
}

#[inline(always)]
fn apply_body<V: Lanes>(dropout: Dropout, x: &mut [f32], rows: &[Place]) {
    dropout.apply_here::<V>(x, rows);
}

impl Dropout {
    /// As many draws as there is room for.
    #[inline(always)]
    pub(crate) fn draw<V: Lanes>(self, place: Place, out: &mut [u16]) {
        let mut draws = [0; DRAWS];
        for (block, out) in out.chunks_mut(DRAWS).enumerate() {
            self.block_draws::<V>(place, block, &mut draws);
            out.copy_from_slice(&draws[..out.len()]);
        }
    }

    /// [`Dropout::apply`] within a kernel.
    #[inline(always)]
    pub(crate) fn apply_here<V: Lanes>(self, x: &mut [f32], rows: &[Place]) {
        let width = x.len().checked_div(rows.len()).unwrap_or(1).max(1);
        let mut draws = [0; DRAWS];
        for (x, place) in x.chunks_exact_mut(width).zip(rows) {
            for (block, x) in x.chunks_mut(DRAWS).enumerate() {
                self.block_draws::<V>(*place, block, &mut draws);
                for (x, draws) in x.chunks_mut(LANES).zip(draws.chunks(LANES)) {
                    V::load(x).mul(V::kept(draws, self.dropped, self.scale())).store(x);
                }
            }
        }
    }

    /// The draws of that block at that place: the halves of its words in order.
    #[inline(always)]
    fn block_draws<V: Lanes>(self, place: Place, block: usize, out: &mut [u16; DRAWS]) {
        let counter = [(block * LANES) as u32, place[0], place[1], self.site];
        let words = philox::<V>(counter, self.seed);
        for (word, out) in words.iter().zip(out.chunks_exact_mut(2 * LANES)) {
            for (word, out) in word.iter().zip(out.chunks_exact_mut(2)) {
                (out[0], out[1]) = (*word as u16, (word >> 16) as u16);
            }
        }
    }

    /// A row through dropout, in bfloat16.
    #[inline(always)]
    pub(crate) fn bf16_row<V: Lanes>(self, x: &[f32], place: Option<&Place>, out: &mut [u16]) {
        let mut draws = [0; DRAWS];
        let place = place.filter(|_| self.is_active());
        for (block, (x, out)) in x.chunks(DRAWS).zip(out.chunks_mut(DRAWS)).enumerate() {
            if let Some(place) = place {
                self.block_draws::<V>(*place, block, &mut draws);
            }
            let lanes = x.chunks(LANES).zip(out.chunks_mut(LANES)).zip(draws.chunks(LANES));
            for ((x, out), draws) in lanes {
                let x = V::load(x);
                let x = if place.is_some() {
                    x.mul(V::kept(draws, self.dropped, self.scale()))
                } else {
                    x
                };
                x.store_bf16(out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Expected from Random123 1.14, tests/kat_vectors: philox4x32 with 7 rounds.
    #[test]
    fn the_words_are_philox() {
        let zero = philox::<[f32; LANES]>([0; 4], 0).map(|lanes| lanes[0]);
        assert_eq!(zero, [0x5f6f_b709, 0x0d89_3f64, 0x4f12_1f81, 0x4f73_0a48]);
        let ones = philox::<[f32; LANES]>([u32::MAX; 4], u64::MAX).map(|lanes| lanes[0]);
        assert_eq!(ones, [0x5207_ddc2, 0x4516_5e59, 0x4d8e_e751, 0x8c52_f662]);
    }
}
