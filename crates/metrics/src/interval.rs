//! From replicates to a confidence interval.

use statrs::distribution::{ContinuousCDF, Normal};

use crate::{Error, Result};

/// How an interval is read from the replicates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IntervalMethod {
    /// Their quantiles.
    Percentile,
    /// Quantiles corrected for bias and skewness: bias-corrected and accelerated.
    #[default]
    Bca,
}

/// An estimate with its confidence interval.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfidenceInterval {
    /// The metric on the data.
    pub estimate: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Standard deviation of the replicates.
    pub standard_error: f64,
    /// The metric on each resample in which it is defined, in the order of drawing.
    pub replicates: Vec<f64>,
    /// Resamples in which the metric is not finite; they are left out.
    pub degenerate: usize,
}

/// A jackknife value, and how many rows it stands for.
pub(crate) type LeftOut = (f64, f64);

/// What an interval is read from.
pub(crate) struct Sample {
    pub(crate) estimate: f64,
    /// Those that are not finite too.
    pub(crate) replicates: Vec<f64>,
    /// A list a stratum.
    pub(crate) jackknife: Vec<Vec<LeftOut>>,
}

impl Sample {
    /// The interval, without the replicates that are not finite.
    pub(crate) fn interval(
        mut self,
        confidence_level: f64,
        method: IntervalMethod,
    ) -> Result<ConfidenceInterval> {
        let resamples = self.replicates.len();
        self.replicates.retain(|value| value.is_finite());
        let finite = self.replicates.len();
        if finite < 2 || !self.estimate.is_finite() {
            return Err(Error::Degenerate { finite, resamples });
        }
        let mut sorted = self.replicates.clone();
        sorted.sort_by(f64::total_cmp);
        let tail = (1.0 - confidence_level) / 2.0;
        let (lower, upper) = match method {
            IntervalMethod::Percentile => (tail, 1.0 - tail),
            IntervalMethod::Bca => self.corrected(&sorted, tail),
        };
        let mean = sorted.iter().sum::<f64>() / finite as f64;
        let squares: f64 = sorted.iter().map(|value| (value - mean).powi(2)).sum();
        Ok(ConfidenceInterval {
            estimate: self.estimate,
            low: quantile(&sorted, lower),
            high: quantile(&sorted, upper),
            standard_error: (squares / (finite as f64 - 1.0)).sqrt(),
            replicates: self.replicates,
            degenerate: resamples - finite,
        })
    }

    /// The shares of the replicates at which BCa cuts.
    fn corrected(&self, sorted: &[f64], tail: f64) -> (f64, f64) {
        let below = sorted.partition_point(|value| *value < self.estimate);
        let up_to = sorted.partition_point(|value| *value <= self.estimate);
        let replicates = sorted.len() as f64;
        let share = (below + up_to) as f64 / (2.0 * replicates);
        let normal = Normal::standard();
        let half = 0.5 / replicates;
        let bias = normal.inverse_cdf(share.clamp(half, 1.0 - half));
        let acceleration = acceleration(&self.jackknife);
        let cut = |z: f64| normal.cdf(bias + (bias + z) / (1.0 - acceleration * (bias + z)));
        let z = normal.inverse_cdf(tail);
        (cut(z), cut(-z))
    }
}

/// The acceleration over strata; jackknife values that are not finite say nothing about it.
pub(crate) fn acceleration(strata: &[Vec<LeftOut>]) -> f64 {
    let (mut cubes, mut squares) = (0.0, 0.0);
    for stratum in strata {
        let finite = || stratum.iter().filter(|(value, _)| value.is_finite());
        let rows: f64 = finite().map(|(_, weight)| weight).sum();
        let mean = finite().map(|(value, weight)| value * weight).sum::<f64>() / rows;
        for (value, weight) in finite() {
            let influence = (rows - 1.0) * (mean - value) / rows;
            squares += weight * influence.powi(2);
            cubes += weight * influence.powi(3);
        }
    }
    if squares > 0.0 { cubes / (6.0 * squares.powf(1.5)) } else { 0.0 }
}

/// The quantile by linear interpolation, as `numpy.quantile`.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share.clamp(0.0, 1.0) * (sorted.len().saturating_sub(1)) as f64;
    let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
    let (low, part) = (place.floor(), place.fract());
    let value = at(low as usize);
    if part == 0.0 { value } else { value + (at(low as usize + 1) - value) * part }
}
