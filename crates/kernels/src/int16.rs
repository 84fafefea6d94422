//! Factors of 16 bits as integers that share a scale.
//!
//! Numbers that are multiplied and summed up, a row of one factor and a column of the other, become
//! integers of at most a length, in the sense of vectors: by Cauchy and Schwarz the sum of products
//! then fits into 32 bits, so that integers need not be narrower than 16 bits. The scale follows the
//! row's length and not its largest number, and one number that stands out costs the others little.
//!
//! # Formula
//! ```text
//! q = round(x L / |x|)    x y ≈ (|x| |y| / L²) Σ q r    error ≤ |x| |y| (√n / L + n / 4L²)
//! ```
//! with the length L, 32700, and n numbers. A bfloat16 may be wrong by a 256th of each number.
//!
//! # Reference
//! Das et al. 2018, *Mixed Precision Training of Convolutional Neural Networks using Integer
//! Operations*, arXiv:1802.00930, train by 16-bit integers that share an exponent.

use crate::train::lanes::{LANES, Lanes};

/// The length of a row of integers: no number is beyond 16 bits, and the product of two lengths, with
/// what rounding adds to them, is within 31 bits.
pub(crate) const LENGTH: f32 = 32_700.0;

/// What numbers are multiplied by to become integers, and what these are multiplied by to stand for
/// them, from the sum of the numbers' squares and the length wanted. Both are 0 where the sum is, also
/// by underflow (numbers below 1e-19); numbers that are not finite make the second not finite.
#[inline(always)]
pub(crate) fn scales(squares: f32, length: f32) -> (f32, f32) {
    if squares < f32::MIN_POSITIVE {
        return (0.0, 0.0);
    }
    let norm = squares.sqrt();
    (length / norm, norm / length)
}

/// The nearest 16-bit integer, ties to even; what is beyond becomes the last.
#[inline(always)]
pub(crate) fn to_int16(x: f32) -> u16 {
    x.round_ties_even() as i16 as u16
}

/// The sum of the squares of `len` numbers, sixteen from a place on by `number`.
#[inline(always)]
pub(crate) fn squares<V: Lanes>(len: usize, number: impl Fn(usize) -> V) -> f32 {
    let mut sums = [V::zero(); 4];
    let mut at = 0;
    while at + 4 * LANES <= len {
        for (part, sum) in sums.iter_mut().enumerate() {
            let x = number(at + part * LANES);
            *sum = x.fma(x, *sum);
        }
        at += 4 * LANES;
    }
    for (sum, at) in sums.iter_mut().zip((at..len).step_by(LANES)) {
        let x = number(at);
        *sum = x.fma(x, *sum);
    }
    sums[0].add(sums[1]).add(sums[2].add(sums[3])).sum()
}
