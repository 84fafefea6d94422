//! What is reported of a sample.

use std::borrow::Cow;

use serde::Serialize;

use super::MonteCarlo;
use super::precision::{Precision, StandardErrors};
use super::sample::{Provenance, Sample};
use crate::uncertainty::statistics::{
    Central, QuantileKind, all_finite, check_probability, extremes, mean_up_to, order_statistics,
};
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
    /// Fourth central moment, over n.
    pub(super) fourth: f64,
    /// How many points have an equilibrium.
    pub(super) solved: usize,
    /// Quantiles a binomial standard deviation of rank below and above each of the quantiles.
    pub(super) around: Vec<f64>,
}

impl Numbers {
    pub(super) fn of(effectiveness: &[f64], experiment: &MonteCarlo) -> Result<Self> {
        let solved: Cow<'_, [f64]> = if all_finite(effectiveness) {
            effectiveness.into()
        } else {
            effectiveness.iter().copied().filter(|e| e.is_finite()).collect::<Vec<_>>().into()
        };
        if solved.is_empty() {
            let (statistic, rule) = ("effectiveness", "at least 1 point that has an equilibrium");
            return Err(Error::Sample { statistic, len: 0, rule });
        }
        let central = Central::of(&solved);
        let (minimum, maximum) = extremes(&solved);
        let share = |count: usize| count as f64 / effectiveness.len() as f64;
        let above = |&t: &f64| share(effectiveness.iter().filter(|&&e| e > t).count());
        let Ordered { quantiles, around, tail } = Ordered::of(&solved, experiment);
        Ok(Self {
            mean: central.mean,
            sd: central.variance.sqrt(),
            skewness: central.third / central.second.powf(1.5),
            minimum,
            maximum,
            quantiles,
            tail_mean: mean_up_to(&solved, tail),
            exceedances: experiment.thresholds.iter().map(above).collect(),
            no_equilibrium: share(effectiveness.len() - solved.len()),
            fourth: central.fourth,
            solved: solved.len(),
            around,
        })
    }
}

/// Everything that asks for ranks, at once.
struct Ordered {
    quantiles: Vec<f64>,
    around: Vec<f64>,
    /// The quantile at the tail's share.
    tail: f64,
}

impl Ordered {
    fn of(solved: &[f64], experiment: &MonteCarlo) -> Self {
        let (n, kind) = (solved.len(), experiment.quantile_kind);
        let probabilities = &experiment.probabilities;
        let around = probabilities.iter().flat_map(|&p| {
            let step = (p * (1.0 - p) / n as f64).sqrt();
            [(p - step).max(0.0), (p + step).min(1.0)]
        });
        let mut places = vec![QuantileKind::Type1.place(n, experiment.tail_share)];
        places.extend(probabilities.iter().copied().chain(around).map(|p| kind.place(n, p)));
        let mut found = order_statistics(solved, &places).into_iter();
        Self {
            tail: found.next().unwrap_or(f64::NAN),
            quantiles: found.by_ref().take(probabilities.len()).collect(),
            around: found.collect(),
        }
    }
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

impl Summary {
    /// Every estimate with its name, for tables: `mean`, `sd`, `P5` to say the 5 % quantile, `mean of the
    /// worst 5 %`, `P(E > t)`, `P(no equilibrium)`.
    ///
    /// ```
    /// use tunewise_cost::uncertainty::{Distribution, MonteCarlo};
    /// use tunewise_cost::{Inputs, Parameter};
    ///
    /// # fn main() -> tunewise_cost::Result<()> {
    /// let summary = MonteCarlo::new(&Inputs::default())
    ///     .vary(Parameter::WeightA, &Distribution::Uniform { low: 0.0, high: 1.0 })?
    ///     .probabilities(&[0.5])
    ///     .thresholds(&[0.25])
    ///     .run(100)?;
    /// let names: Vec<String> = summary.statistics().into_iter().map(|(name, _)| name).collect();
    /// let expected =
    ///     ["mean", "sd", "P50", "mean of the worst 5 %", "P(E > 0.25)", "P(no equilibrium)"];
    /// assert_eq!(names, expected);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn statistics(&self) -> Vec<(String, Estimate)> {
        let percent = |share: f64| (share * 1e6).round() / 1e4;
        let mut rows = vec![("mean".to_owned(), self.mean), ("sd".to_owned(), self.sd)];
        rows.extend(self.quantiles.iter().map(|it| (format!("P{}", percent(it.p)), it.quantile)));
        let tail = format!("mean of the worst {} %", percent(self.tail_share));
        rows.push((tail, self.conditional_value_at_risk));
        let exceedances = self.exceedances.iter();
        rows.extend(exceedances.map(|it| (format!("P(E > {})", it.threshold), it.probability)));
        rows.push(("P(no equilibrium)".to_owned(), self.no_equilibrium));
        rows
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
