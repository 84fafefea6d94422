//! Randomisations that keep a Sobol sequence's evenness.

use serde::{Deserialize, Serialize};

use super::directions::Directions;
use crate::uncertainty::Stream;

/// How a Sobol sequence is randomised. Each point is then uniform, and independent seeds give independent
/// estimates, whose spread is the error of their mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scramble {
    /// Nested uniform scrambling: each binary digit is flipped by a hash of those before it.
    ///
    /// # Reference
    /// A. B. Owen, "Randomly permuted (t,m,s)-nets and (t,s)-sequences" (1995); the hash after B. Burley,
    /// "Practical hash-based Owen scrambling", JCGT 9 (2020) 1-20, with the constants of N. Vegdahl's
    /// `sobol_burley`. 32 digits are scrambled so; 20 more are drawn from a hash of those.
    #[default]
    Owen,
    /// A random linear map of the digits and a digital shift, as SciPy's `qmc.Sobol(scramble=True)` does.
    ///
    /// # Reference
    /// J. Matousek, "On the L2-discrepancy for anchored boxes", Journal of Complexity 14 (1998) 527-556.
    LmsShift,
}

/// One dimension's randomisation, after the map has gone into its direction numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Digits {
    /// As they are.
    Plain,
    /// Flipped by a fixed pattern.
    Shifted(u64),
    /// Flipped by a hash of the digits before.
    Hashed { key: u32, low_key: u64 },
}

impl Digits {
    /// Draws one dimension's randomisation, and maps its direction numbers where that is linear.
    pub(super) fn draw(
        scramble: Scramble,
        directions: &mut Directions,
        stream: &mut Stream,
    ) -> Self {
        match scramble {
            Scramble::Owen => {
                Self::Hashed { key: (stream.bits() >> 32) as u32, low_key: stream.bits() }
            }
            Scramble::LmsShift => {
                map_linearly(directions, stream);
                Self::Shifted(stream.bits())
            }
        }
    }

    /// The coordinate of a point with these digits, inside [0, 1).
    #[inline(always)]
    pub(super) fn coordinate(self, digits: u64) -> f64 {
        match self {
            Self::Plain => (digits >> 11) as f64 * EXACT,
            Self::Shifted(shift) => middle((digits ^ shift) >> 12),
            Self::Hashed { key, low_key } => {
                let high = owen_hash((digits >> 32) as u32, key);
                let low = mix(low_key ^ u64::from(high)) >> 44;
                middle(u64::from(high) << 20 | low)
            }
        }
    }
}

/// `2^-53`.
const EXACT: f64 = f64::EPSILON / 2.0;

/// The middle of one of `2^52` cells: never 0 and never 1.
#[inline(always)]
fn middle(cell: u64) -> f64 {
    (cell as f64 + 0.5) * f64::EPSILON
}

/// Multiplies all columns by one random lower triangular matrix with a unit diagonal.
fn map_linearly(directions: &mut Directions, stream: &mut Stream) {
    let rows: [u64; 64] = std::array::from_fn(|digit| {
        // Row `digit` mixes into itself the digits before it, which are the higher bits.
        let before = if digit == 0 { 0 } else { stream.bits() << (64 - digit) };
        before | 1 << (63 - digit)
    });
    for column in directions {
        let digits = rows
            .iter()
            .enumerate()
            .map(|(digit, row)| u64::from((row & *column).count_ones() & 1) << (63 - digit));
        *column = digits.sum();
    }
}

#[inline(always)]
fn owen_hash(digits: u32, key: u32) -> u32 {
    let mut hash = digits.reverse_bits();
    hash ^= hash.wrapping_mul(0x3d20_adea);
    hash = hash.wrapping_add(key);
    hash = hash.wrapping_mul((key >> 16) | 1);
    hash ^= hash.wrapping_mul(0x0552_6c56);
    hash ^= hash.wrapping_mul(0x53a2_2864);
    hash.reverse_bits()
}

/// The finaliser of SplitMix64 (G. L. Steele, D. Lea and C. H. Flood, OOPSLA 2014).
#[inline(always)]
fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
