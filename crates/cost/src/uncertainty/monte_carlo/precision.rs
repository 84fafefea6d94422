//! Standard errors of a summary's numbers.

use super::summary::Numbers;
use super::{Design, MonteCarlo, Sample};
use crate::Result;
use crate::uncertainty::statistics::Moments;

/// A standard error for each number; `None` where one set of points cannot tell.
#[derive(Debug, Default)]
pub(super) struct StandardErrors {
    pub(super) mean: Option<f64>,
    pub(super) sd: Option<f64>,
    pub(super) quantiles: Vec<Option<f64>>,
    pub(super) tail_mean: Option<f64>,
    pub(super) exceedances: Vec<Option<f64>>,
    pub(super) no_equilibrium: Option<f64>,
}

/// Where standard errors come from.
pub(super) enum Precision {
    /// The spread of independent replicates.
    Replicated(Vec<Numbers>),
    /// Sampling theory of independent points.
    Independent(StandardErrors),
    /// Nowhere: this many quantiles and thresholds go without.
    Unknown(usize, usize),
}

impl Precision {
    pub(super) fn of(sample: &Sample, experiment: &MonteCarlo, numbers: &Numbers) -> Result<Self> {
        let effectiveness = &sample.effectiveness;
        if experiment.replicates > 1 {
            let each = effectiveness.len() / experiment.replicates;
            let replicates = effectiveness.chunks(each).map(|part| Numbers::of(part, experiment));
            return Ok(Self::Replicated(replicates.collect::<Result<_>>()?));
        }
        if experiment.design == Design::Prng {
            return Ok(Self::Independent(by_theory(effectiveness.len(), numbers)));
        }
        Ok(Self::Unknown(numbers.quantiles.len(), numbers.exceedances.len()))
    }

    pub(super) fn errors(self) -> StandardErrors {
        match self {
            Self::Independent(errors) => errors,
            Self::Unknown(quantiles, exceedances) => StandardErrors {
                quantiles: vec![None; quantiles],
                exceedances: vec![None; exceedances],
                ..StandardErrors::default()
            },
            Self::Replicated(replicates) => by_spread(&replicates),
        }
    }
}

/// Standard deviation over the root of the number of replicates, of each number.
fn by_spread(replicates: &[Numbers]) -> StandardErrors {
    let spread = |number: &dyn Fn(&Numbers) -> Option<f64>| {
        let moments: Moments = replicates.iter().filter_map(number).collect();
        Some((moments.variance() / moments.weight()).sqrt())
    };
    let of_list = |list: fn(&Numbers) -> &Vec<f64>| -> Vec<Option<f64>> {
        let len = replicates.first().map_or(0, |first| list(first).len());
        (0..len).map(|index| spread(&|numbers| list(numbers).get(index).copied())).collect()
    };
    StandardErrors {
        mean: spread(&|numbers| Some(numbers.mean)),
        sd: spread(&|numbers| Some(numbers.sd)),
        quantiles: of_list(|numbers| &numbers.quantiles),
        tail_mean: spread(&|numbers| Some(numbers.tail_mean)),
        exceedances: of_list(|numbers| &numbers.exceedances),
        no_equilibrium: spread(&|numbers| Some(numbers.no_equilibrium)),
    }
}

/// For n independent points: sd/sqrt(n) of the mean, binomial errors of shares, and for a quantile half the
/// distance between the sample quantiles one binomial standard deviation of rank away.
fn by_theory(all: usize, numbers: &Numbers) -> StandardErrors {
    let n = numbers.solved as f64;
    let binomial = |p: f64| Some((p * (1.0 - p) / all as f64).sqrt());
    let half = |pair: &[f64]| match pair {
        [low, high] => Some(0.5 * (high - low)),
        _ => None,
    };
    StandardErrors {
        mean: Some(numbers.sd / n.sqrt()),
        sd: Some(sd_error(numbers)),
        quantiles: numbers.around.chunks(2).map(half).collect(),
        tail_mean: None,
        exceedances: numbers.exceedances.iter().map(|&p| binomial(p)).collect(),
        no_equilibrium: binomial(numbers.no_equilibrium),
    }
}

/// `sqrt((m4 - s^4) / n) / (2 s)`, by the delta method on the variance.
fn sd_error(numbers: &Numbers) -> f64 {
    let variance = numbers.sd * numbers.sd;
    let spread = (numbers.fourth - variance * variance).max(0.0);
    (spread / numbers.solved as f64).sqrt() / (2.0 * numbers.sd)
}
