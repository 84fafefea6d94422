//! What is reported of a sample.

use serde::Serialize;

use super::MonteCarlo;
use super::precision::{Precision, StandardErrors};
use super::sample::{Provenance, Sample};
use crate::uncertainty::statistics::{Moments, check_probability, place_quantiles, tail_mean};
use crate::{Error, Result};

/// A number and how far off it may be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// The estimate, from all points.
    pub value: f64,
    /// Its standard error: from the spread of the replicates where there are two or more; else from the
    /// sampling theory of independent points; `None` for a single low-discrepancy or Latin set, whose
    /// error one set cannot tell.
    pub standard_error: Option<f64>,
}

/// A quantile of effectiveness.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct QuantileEstimate {
    /// The probability.
    pub p: f64,
    /// The quantile.
    #[serde(flatten)]
    pub quantile: Estimate,
}

/// How probable more than a threshold is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Exceedance {
    /// The threshold.
    pub threshold: f64,
    /// P(E > threshold); a point without an equilibrium does not exceed it.
    #[serde(flatten)]
    pub probability: Estimate,
}

/// The distribution of effectiveness.
///
/// Moments, quantiles and the tail mean are those of the points that have an equilibrium; the
/// probabilities are shares of all points.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// The mean.
    pub mean: Estimate,
    /// The standard deviation, over n - 1.
    pub sd: Estimate,
    /// Third central moment over the cube of the standard deviation (both over n).
    pub skewness: f64,
    /// The smallest.
    pub minimum: f64,
    /// The largest.
    pub maximum: f64,
    /// The quantiles asked for.
    pub quantiles: Vec<QuantileEstimate>,
    /// The share of [`conditional_value_at_risk`](Self::conditional_value_at_risk).
    pub tail_share: f64,
    /// Mean of the worst share: see
    /// [`conditional_value_at_risk`](crate::uncertainty::statistics::conditional_value_at_risk).
    pub conditional_value_at_risk: Estimate,
    /// The probabilities asked for.
    pub exceedances: Vec<Exceedance>,
    /// Share of points without an equilibrium that the root policy admits.
    pub no_equilibrium: Estimate,
    /// How the sample was made.
    pub provenance: Provenance,
}

/// The numbers of a summary, without their errors.
#[derive(Debug, Clone)]
pub(super) struct Numbers {
    pub(super) mean: f64,
    pub(super) sd: f64,
    pub(super) skewness: f64,
    pub(super) minimum: f64,
    pub(super) maximum: f64,
    pub(super) quantiles: Vec<f64>,
    pub(super) tail_mean: f64,
    pub(super) exceedances: Vec<f64>,
    pub(super) no_equilibrium: f64,
}

impl Numbers {
    pub(super) fn of(effectiveness: &[f64], experiment: &MonteCarlo) -> Result<Self> {
        let solved: std::borrow::Cow<'_, [f64]> = if effectiveness.iter().any(|e| !e.is_finite()) {
            effectiveness.iter().copied().filter(|e| e.is_finite()).collect::<Vec<_>>().into()
        } else {
            effectiveness.into()
        };
        if solved.is_empty() {
            let (statistic, rule) = ("effectiveness", "at least 1 point that has an equilibrium");
            return Err(Error::Sample { statistic, len: 0, rule });
        }
        let moments: Moments = solved.iter().copied().collect();
        let (minimum, maximum) = extremes(&solved);
        let share = |count: usize| count as f64 / effectiveness.len() as f64;
        let above = |&t: &f64| share(effectiveness.iter().filter(|&&e| e > t).count());
        Ok(Self {
            mean: moments.mean(),
            sd: moments.variance().sqrt(),
            skewness: skewness(&solved, &moments),
            minimum,
            maximum,
            quantiles: place_quantiles(
                &solved,
                &experiment.probabilities,
                experiment.quantile_kind,
            ),
            tail_mean: tail_mean(&solved, experiment.tail_share),
            exceedances: experiment.thresholds.iter().map(above).collect(),
            no_equilibrium: share(effectiveness.len() - solved.len()),
        })
    }
}

fn extremes(values: &[f64]) -> (f64, f64) {
    let ends = (f64::INFINITY, f64::NEG_INFINITY);
    values.iter().fold(ends, |(low, high), &value| (low.min(value), high.max(value)))
}

fn skewness(values: &[f64], moments: &Moments) -> f64 {
    let mean = moments.mean();
    let cubes: Moments = values.iter().map(|value| (value - mean).powi(3)).collect();
    cubes.mean() / moments.population_variance().powf(1.5)
}

impl Summary {
    pub(super) fn of(sample: &Sample, experiment: &MonteCarlo) -> Result<Self> {
        experiment.probabilities.iter().try_for_each(|&p| check_probability(p))?;
        let share = experiment.tail_share;
        if !(share > 0.0 && share <= 1.0) {
            return Err(Error::Field {
                field: "tail share",
                value: share,
                rule: "above 0, at most 1",
            });
        }
        let numbers = Numbers::of(&sample.effectiveness, experiment)?;
        let errors = Precision::of(sample, experiment, &numbers)?.errors();
        Ok(numbers.with(errors, experiment, sample.provenance.clone()))
    }
}

impl Numbers {
    fn with(
        self,
        errors: StandardErrors,
        experiment: &MonteCarlo,
        provenance: Provenance,
    ) -> Summary {
        let estimate = |value, standard_error| Estimate { value, standard_error };
        let quantiles = experiment.probabilities.iter().zip(self.quantiles).zip(errors.quantiles);
        let exceedances =
            experiment.thresholds.iter().zip(self.exceedances).zip(errors.exceedances);
        Summary {
            mean: estimate(self.mean, errors.mean),
            sd: estimate(self.sd, errors.sd),
            skewness: self.skewness,
            minimum: self.minimum,
            maximum: self.maximum,
            quantiles: quantiles
                .map(|((&p, value), error)| QuantileEstimate {
                    p,
                    quantile: estimate(value, error),
                })
                .collect(),
            tail_share: experiment.tail_share,
            conditional_value_at_risk: estimate(self.tail_mean, errors.tail_mean),
            exceedances: exceedances
                .map(|((&threshold, value), error)| Exceedance {
                    threshold,
                    probability: estimate(value, error),
                })
                .collect(),
            no_equilibrium: estimate(self.no_equilibrium, errors.no_equilibrium),
            provenance,
        }
    }
}
