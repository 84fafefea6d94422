//! Sample quantiles, all nine definitions.

use serde::{Deserialize, Serialize};

use super::{check_sample, place_quantiles};
use crate::{Error, Result};

/// A definition of the sample quantile, by its number in Hyndman and Fan (1996) and in R.
///
/// | kind | position of `p` among the ordered values, from 1 |
/// | --- | --- |
/// | 1 | the smallest value whose share of values up to it is at least `p` |
/// | 2 | as 1, the mean of two where the share is exactly `p` |
/// | 3 | the value nearest to `n p`, the even place of two |
/// | 4 | `n p`, interpolated |
/// | 5 | `n p + 1/2` |
/// | 6 | `(n + 1) p` |
/// | 7 | `(n - 1) p + 1`: R's and NumPy's default |
/// | 8 | `(n + 1/3) p + 1/3`: median-unbiased |
/// | 9 | `(n + 1/4) p + 3/8`: unbiased for the normal |
///
/// # Reference
/// R. J. Hyndman and Y. Fan, "Sample quantiles in statistical packages", The American Statistician 50
/// (1996) 361-365.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum QuantileKind {
    /// Inverse of the empirical distribution function.
    Type1,
    /// The same, with averaging at steps.
    Type2,
    /// The nearest even order statistic.
    Type3,
    /// Linear interpolation of the empirical distribution function.
    Type4,
    /// Halfway points.
    Type5,
    /// Mean ranks.
    Type6,
    /// Mode ranks.
    #[default]
    Type7,
    /// Median ranks.
    Type8,
    /// Normal scores.
    Type9,
}

/// Two neighbouring places among the ordered values, from 0, and how far between them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Place {
    pub(crate) lower: usize,
    pub(crate) upper: usize,
    pub(crate) fraction: f64,
}

impl Place {
    /// The quantile, given the ordered values at the two places.
    pub(crate) fn between(self, lower: f64, upper: f64) -> f64 {
        if self.fraction == 0.0 || lower == upper {
            lower
        } else {
            lower + self.fraction * (upper - lower)
        }
    }
}

impl QuantileKind {
    /// Where the `p`-quantile of `len` values lies; `p` in [0, 1], `len` at least 1.
    pub(crate) fn place(self, len: usize, p: f64) -> Place {
        let n = len as f64;
        let position = match self {
            Self::Type1 | Self::Type2 => n * p,
            Self::Type3 => n * p - 0.5,
            Self::Type4 => n * p,
            Self::Type5 => n * p + 0.5,
            Self::Type6 => (n + 1.0) * p,
            Self::Type7 => (n - 1.0) * p + 1.0,
            Self::Type8 => (n + 1.0 / 3.0) * p + 1.0 / 3.0,
            Self::Type9 => (n + 0.25) * p + 0.375,
        };
        // As in R, a product that is an integer up to rounding counts as one.
        let fuzz = 4.0 * f64::EPSILON * position.max(1.0);
        let floor = (position + fuzz).floor();
        let rest = position - floor;
        let rest = if rest.abs() < fuzz { 0.0 } else { rest };
        let fraction = match self {
            Self::Type1 => f64::from(u8::from(rest > 0.0)),
            Self::Type2 => {
                if rest > 0.0 {
                    1.0
                } else {
                    0.5
                }
            }
            Self::Type3 => f64::from(u8::from(rest > 0.0 || floor % 2.0 != 0.0)),
            _ => rest,
        };
        let last = len.saturating_sub(1);
        let at = |place: f64| (place.max(1.0) as usize - 1).min(last);
        Place { lower: at(floor), upper: at(floor + 1.0), fraction }
    }
}

impl TryFrom<u8> for QuantileKind {
    type Error = Error;

    fn try_from(number: u8) -> Result<Self> {
        Ok(match number {
            1 => Self::Type1,
            2 => Self::Type2,
            3 => Self::Type3,
            4 => Self::Type4,
            5 => Self::Type5,
            6 => Self::Type6,
            7 => Self::Type7,
            8 => Self::Type8,
            9 => Self::Type9,
            _ => {
                let (field, value) = ("quantile kind", f64::from(number));
                return Err(Error::Field { field, value, rule: "a whole number from 1 to 9" });
            }
        })
    }
}

impl From<QuantileKind> for u8 {
    fn from(kind: QuantileKind) -> Self {
        kind as Self + 1
    }
}

pub(crate) fn check_probability(p: f64) -> Result<()> {
    if (0.0..=1.0).contains(&p) {
        return Ok(());
    }
    Err(Error::Field { field: "probability", value: p, rule: "a number from 0 to 1" })
}

/// The `p`-quantile of a sample in any order.
///
/// # Errors
/// As [`quantiles`].
///
/// ```
/// use tunewise_cost::uncertainty::statistics::{QuantileKind, quantile};
///
/// # fn main() -> tunewise_cost::Result<()> {
/// let sample = [4.0, 1.0, 3.0, 2.0];
/// assert_eq!(quantile(&sample, 0.5, QuantileKind::Type7)?, 2.5);
/// assert_eq!(quantile(&sample, 0.5, QuantileKind::Type1)?, 2.0);
/// # Ok(())
/// # }
/// ```
pub fn quantile(sample: &[f64], p: f64, kind: QuantileKind) -> Result<f64> {
    Ok(quantiles(sample, &[p], kind)?.first().copied().unwrap_or(f64::NAN))
}

/// Several quantiles of a sample in any order, without sorting it.
///
/// # Errors
/// If the sample is empty or holds a number that is not finite, or a probability is outside [0, 1].
///
/// ```
/// use tunewise_cost::uncertainty::statistics::{QuantileKind, quantiles};
///
/// # fn main() -> tunewise_cost::Result<()> {
/// let sample: Vec<f64> = (0..=100).map(f64::from).collect();
/// assert_eq!(quantiles(&sample, &[0.05, 0.5, 0.95], QuantileKind::Type7)?, [5.0, 50.0, 95.0]);
/// # Ok(())
/// # }
/// ```
pub fn quantiles(sample: &[f64], probabilities: &[f64], kind: QuantileKind) -> Result<Vec<f64>> {
    check_sample("quantile", sample, 1)?;
    probabilities.iter().try_for_each(|&p| check_probability(p))?;
    Ok(place_quantiles(sample, probabilities, kind))
}

/// What lies at these places among finite values, which it puts into another order.
pub(crate) fn select_places(values: &mut [f64], places: &[Place]) -> Vec<f64> {
    let mut ranks: Vec<usize> =
        places.iter().flat_map(|place| [place.lower, place.upper]).collect();
    ranks.sort_unstable();
    ranks.dedup();
    select_ranks(values, &ranks, 0);
    let at = |rank: usize| values.get(rank).copied().unwrap_or(f64::NAN);
    places.iter().map(|place| place.between(at(place.lower), at(place.upper))).collect()
}

/// Puts the values of these ranks, which increase, in their places; `offset` is the rank of `values[0]`.
fn select_ranks(values: &mut [f64], ranks: &[usize], offset: usize) {
    let Some(&rank) = ranks.get(ranks.len() / 2) else { return };
    let Some(place) = rank.checked_sub(offset).filter(|&place| place < values.len()) else {
        return;
    };
    let (below, _, above) = values.select_nth_unstable_by(place, f64::total_cmp);
    let (before, after) = ranks.split_at(ranks.len() / 2);
    select_ranks(below, before, offset);
    select_ranks(above, after.get(1..).unwrap_or(&[]), rank + 1);
}
