//! One sample against another.

use serde::Serialize;

use super::Sample;
use crate::uncertainty::statistics::{Moments, rank_superiority};
use crate::{Error, Result};

/// How the first of two samples does against the second.
///
/// A point without an equilibrium loses to one that has one, and ties with another that has none.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Comparison {
    /// Share of points where the first is greater, each against the second's at the same draws: what is
    /// common to both does not count. It is right where the same uncertainty acts on both.
    pub wins_paired: f64,
    /// Share of points where both are equal.
    pub ties_paired: f64,
    /// Probability that the first is greater where each draws on its own.
    pub wins_independent: f64,
    /// Probability of a tie where each draws on its own.
    pub ties_independent: f64,
    /// Mean of the difference, first less second, over the points where both have an equilibrium.
    pub mean_difference: f64,
    /// Standard deviation of that difference.
    pub sd_difference: f64,
}

impl Comparison {
    pub(super) fn of(first: &Sample, second: &Sample) -> Result<Self> {
        let (got, expected) = (second.effectiveness.len(), first.effectiveness.len());
        if got != expected {
            return Err(Error::Length { field: "the sample to compare with", got, expected });
        }
        let ranked = |sample: &Sample| -> Vec<f64> {
            let lowest = |&e: &f64| if e.is_nan() { f64::NEG_INFINITY } else { e };
            sample.effectiveness.iter().map(lowest).collect()
        };
        let (one, other) = (ranked(first), ranked(second));
        let share = |keep: fn(&f64, &f64) -> bool| {
            let count = one.iter().zip(&other).filter(|(x, y)| keep(x, y)).count();
            count as f64 / one.len() as f64
        };
        let pairs = one.iter().zip(&other).map(|(x, y)| x - y);
        let differences: Moments = pairs.filter(|difference| difference.is_finite()).collect();
        let (wins_paired, ties_paired) = (share(|x, y| x > y), share(|x, y| x == y));
        let independent = rank_superiority(one, other);
        Ok(Self {
            wins_paired,
            ties_paired,
            wins_independent: independent.greater,
            ties_independent: independent.equal,
            mean_difference: differences.mean(),
            sd_difference: differences.variance().sqrt(),
        })
    }
}
