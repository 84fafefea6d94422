//! Counter-based random numbers: any part of any stream can be reached without what goes before it.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// Numbers drawn from the generator at a time.
const BLOCK: usize = 256;

/// The odd multiple of 2^-53 that the first 52 bits number: never 0 and never 1.
#[inline(always)]
fn open_unit(bits: u64) -> f64 {
    // From 1 to 2 by putting the bits into a mantissa; the difference is exact.
    f64::from_bits(bits >> 12 | 1.0_f64.to_bits()) - (1.0 - f64::EPSILON / 2.0)
}

/// One of the 2^64 independent random streams of a seed.
///
/// A computation cut into chunks gives chunk `i` the stream `i`: its result does not depend on how many
/// threads work, nor in which order.
///
/// # Reference
/// D. J. Bernstein, "ChaCha, a variant of Salsa20" (2008), with 8 rounds; the stream number is the nonce.
/// The 256-bit key holds the seed in its first 8 bytes, little-endian, and zeros.
///
/// ```
/// use tunewise_cost::uncertainty::Stream;
/// let (mut first, mut again) = (Stream::new(42, 3), Stream::new(42, 3));
/// assert_eq!(first.uniform(), again.uniform());
/// assert_ne!(Stream::new(42, 4).uniform(), Stream::new(42, 3).uniform());
/// ```
#[derive(Debug, Clone)]
pub struct Stream {
    generator: ChaCha8Rng,
}

impl Stream {
    /// The stream of this number under this seed, at its beginning.
    ///
    /// ```
    /// use tunewise_cost::uncertainty::Stream;
    ///
    /// let [mut zero, mut one, mut other] = [Stream::new(1, 0), Stream::new(1, 1), Stream::new(2, 0)];
    /// let bits = [zero.bits(), one.bits(), other.bits()];
    /// assert!(bits[0] != bits[1] && bits[0] != bits[2]); // by stream and by seed
    /// ```
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        let mut generator = ChaCha8Rng::from_seed(key);
        generator.set_stream(stream);
        Self { generator }
    }

    /// The next 64 random bits.
    ///
    /// ```
    /// // The first bytes of ChaCha8's key stream for a key and a nonce of zeros.
    /// let bits = tunewise_cost::uncertainty::Stream::new(0, 0).bits();
    /// assert_eq!(bits.to_le_bytes(), [0x3e, 0x00, 0xef, 0x2f, 0x89, 0x5f, 0x40, 0xd6]);
    /// ```
    pub fn bits(&mut self) -> u64 {
        self.generator.next_u64()
    }

    /// The next uniform number: one of the `2^52` odd multiples of `2^-53`, so inside (0, 1).
    ///
    /// # Formula
    /// (2·⌊bits/2¹²⌋ + 1)/2⁵³.
    ///
    /// ```
    /// use tunewise_cost::uncertainty::Stream;
    ///
    /// let mut stream = Stream::new(42, 0);
    /// let bits = stream.clone().bits();
    /// assert_eq!(stream.uniform(), (2 * (bits >> 12) + 1) as f64 / 2_f64.powi(53));
    /// ```
    pub fn uniform(&mut self) -> f64 {
        open_unit(self.bits())
    }

    /// Fills a slice with the numbers that [`uniform`](Self::uniform) would give one by one.
    ///
    /// ```
    /// use tunewise_cost::uncertainty::Stream;
    ///
    /// let (mut slice, mut stream) = ([0.0; 5], Stream::new(42, 0));
    /// Stream::new(42, 0).fill_uniform(&mut slice);
    /// assert_eq!(slice, [(); 5].map(|()| stream.uniform()));
    /// ```
    pub fn fill_uniform(&mut self, out: &mut [f64]) {
        let mut bytes = [0; 8 * BLOCK];
        for block in out.chunks_mut(BLOCK) {
            let bytes = &mut bytes[..8 * block.len()];
            self.generator.fill_bytes(bytes);
            let (words, _) = bytes.as_chunks::<8>();
            for (value, word) in block.iter_mut().zip(words) {
                *value = open_unit(u64::from_le_bytes(*word));
            }
        }
    }

    /// A number below `bound`, each with the same probability; 0 where `bound` is 0.
    ///
    /// # Reference
    /// D. Lemire, "Fast random integer generation in an interval", ACM TOMACS 29 (2019), algorithm 5.
    ///
    /// ```
    /// let mut stream = tunewise_cost::uncertainty::Stream::new(1, 0);
    /// assert!((0..100).all(|_| stream.below(6) < 6));
    /// ```
    pub fn below(&mut self, bound: u64) -> u64 {
        let threshold = bound.wrapping_neg().checked_rem(bound).unwrap_or(0);
        loop {
            let product = u128::from(self.bits()) * u128::from(bound);
            if product as u64 >= threshold {
                return (product >> 64) as u64;
            }
        }
    }

    /// Shuffles by Fisher and Yates, from the last place to the second.
    ///
    /// # Reference
    /// Fisher and Yates (1938), in Durstenfeld's form (1964).
    ///
    /// ```
    /// let mut order = [0, 1, 2, 3, 4, 5, 6, 7];
    /// tunewise_cost::uncertainty::Stream::new(1, 0).shuffle(&mut order);
    /// let mut sorted = order;
    /// sorted.sort();
    /// assert_eq!(sorted, [0, 1, 2, 3, 4, 5, 6, 7]);
    /// ```
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(last as u64 + 1) as usize;
            items.swap(last, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_chacha8() {
        // ChaCha8 with the all-zero 256-bit key and nonce: the first bytes of the keystream in the
        // eSTREAM vectors (draft-strombergson-chacha-test-vectors-01, TC1, 8 rounds, 256-bit key).
        let bits = Stream::new(0, 0).bits();
        assert_eq!(bits.to_le_bytes(), [0x3e, 0x00, 0xef, 0x2f, 0x89, 0x5f, 0x40, 0xd6]);
    }

    #[test]
    fn uniforms_are_inside_the_unit_interval_at_both_ends() {
        let ends = [0_u64, u64::MAX].map(open_unit);
        assert_eq!(ends, [f64::EPSILON / 2.0, 1.0 - f64::EPSILON / 2.0]);
    }

    #[test]
    fn a_slice_holds_what_one_by_one_gives() {
        let (mut slice, mut stream) = ([0.0; 2 * BLOCK + 3], Stream::new(5, 1));
        Stream::new(5, 1).fill_uniform(&mut slice);
        assert!(slice.iter().all(|value| *value == stream.uniform()));
        let middle = |bits: u64| ((bits >> 12) as f64 + 0.5) * f64::EPSILON;
        let bits = [1, 1 << 12, 0x0123_4567_89ab_cdef, u64::MAX - 1];
        assert_eq!(bits.map(open_unit), bits.map(middle));
    }

    #[test]
    fn below_is_even() {
        let mut stream = Stream::new(9, 0);
        let mut counts = [0_u32; 7];
        for _ in 0..70_000 {
            counts[stream.below(7) as usize] += 1;
        }
        // Standard deviation of a count is 93: six of them.
        assert!(counts.iter().all(|&count| count.abs_diff(10_000) < 560), "{counts:?}");
    }
}
