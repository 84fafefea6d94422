//! Confidence intervals of any statistic by resampling.

use serde::{Deserialize, Serialize};

use super::{Moments, QuantileKind, check_sample, place_quantiles};
use crate::special::{normal_cdf, normal_quantile};
use crate::uncertainty::Stream;
use crate::{Error, Result};

/// How the ends of a bootstrap interval are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interval {
    /// Quantiles of the resampled statistic.
    Percentile,
    /// The same, corrected for bias and for a spread that changes with the value ("bias-corrected and
    /// accelerated").
    #[default]
    Bca,
}

/// How a statistic is resampled.
///
/// | field | default |
/// | --- | --- |
/// | `resamples` | 9999 |
/// | `level` | 0.95 |
/// | `interval` | BCa |
/// | `seed` | 0 |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BootstrapOptions {
    /// Resamples drawn.
    pub resamples: usize,
    /// Confidence level.
    pub level: f64,
    /// How the ends are found.
    pub interval: Interval,
    /// Seed of the resampling.
    pub seed: u64,
}

impl Default for BootstrapOptions {
    fn default() -> Self {
        Self { resamples: 9999, level: 0.95, interval: Interval::default(), seed: 0 }
    }
}

/// A statistic with its bootstrap error and interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BootstrapEstimate {
    /// The statistic of the sample.
    pub value: f64,
    /// Standard deviation over the resamples.
    pub standard_error: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

/// A statistic's bias and standard error by leaving out one value at a time.
#[derive(Debug, Clone, PartialEq)]
pub struct Jackknife {
    /// The statistic without each value.
    pub values: Vec<f64>,
    /// Estimated bias of the statistic of the whole sample.
    pub bias: f64,
    /// Its standard error.
    pub standard_error: f64,
}

/// Leaves out each value in turn.
///
/// # Formula
/// ```text
/// bias = (n - 1)(mean of theta_(i) - theta)     se^2 = (n - 1)/n sum (theta_(i) - mean)^2
/// ```
///
/// # Reference
/// B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 11.
///
/// # Errors
/// If the sample has fewer than two values or one that is not finite.
///
/// ```
/// use tunewise_cost::uncertainty::statistics::jackknife;
/// # fn main() -> tunewise_cost::Result<()> {
/// let mean = |sample: &[f64]| sample.iter().sum::<f64>() / sample.len() as f64;
/// let leave_one_out = jackknife(&[1.0, 2.0, 6.0], mean)?;
/// assert!((leave_one_out.standard_error - (7.0_f64 / 3.0).sqrt()).abs() < 1e-15);
/// # Ok(())
/// # }
/// ```
pub fn jackknife(sample: &[f64], statistic: impl Fn(&[f64]) -> f64) -> Result<Jackknife> {
    check_sample("jackknife", sample, 2)?;
    let mut rest: Vec<f64> = sample.iter().skip(1).copied().collect();
    let mut values = vec![statistic(&rest)];
    // `rest` lacks value i; putting value i - 1 back in its place leaves out the next.
    for (slot, &value) in sample.iter().enumerate().take(rest.len()) {
        if let Some(place) = rest.get_mut(slot) {
            *place = value;
        }
        values.push(statistic(&rest));
    }
    let moments: Moments = values.iter().copied().collect();
    let n = sample.len() as f64;
    Ok(Jackknife {
        bias: (n - 1.0) * (moments.mean() - statistic(sample)),
        standard_error: ((n - 1.0) * moments.population_variance()).sqrt(),
        values,
    })
}

/// Resamples with replacement and gives the statistic's interval.
///
/// Resample `i` draws from stream `i` of the seed, so the first thousand resamples are the same whatever
/// their number.
///
/// # Reference
/// B. Efron, "Better bootstrap confidence intervals", JASA 82 (1987) 171-185; as
/// `scipy.stats.bootstrap` of SciPy 1.17 computes them.
///
/// # Errors
/// If the sample has fewer than two values or one that is not finite, there are fewer than two resamples,
/// or the level is not inside (0, 1).
///
/// ```
/// use tunewise_cost::uncertainty::statistics::{BootstrapOptions, bootstrap};
/// # fn main() -> tunewise_cost::Result<()> {
/// let mean = |sample: &[f64]| sample.iter().sum::<f64>() / sample.len() as f64;
/// let hours = [2.1, 2.4, 2.2, 3.9, 2.0, 2.7, 2.3, 2.5];
/// let estimate = bootstrap(&hours, mean, &BootstrapOptions::default())?;
/// assert!(estimate.low < 2.5125 && 2.5125 < estimate.high);
/// # Ok(())
/// # }
/// ```
pub fn bootstrap(
    sample: &[f64],
    statistic: impl Fn(&[f64]) -> f64,
    options: &BootstrapOptions,
) -> Result<BootstrapEstimate> {
    check_sample("bootstrap", sample, 2)?;
    options.validate()?;
    let mut resample = sample.to_vec();
    let replicates: Vec<f64> = (0..options.resamples as u64)
        .map(|number| {
            let mut stream = Stream::new(options.seed, number);
            for slot in &mut resample {
                let index = stream.below(sample.len() as u64) as usize;
                *slot = sample.get(index).copied().unwrap_or(f64::NAN);
            }
            statistic(&resample)
        })
        .collect();
    let value = statistic(sample);
    let tails = options.tails();
    let probabilities = match options.interval {
        Interval::Percentile => tails,
        Interval::Bca => {
            bca_tails(value, &replicates, &jackknife(sample, &statistic)?.values, tails)
        }
    };
    let ends = place_quantiles(&replicates, &probabilities, QuantileKind::Type7);
    let moments: Moments = replicates.iter().copied().collect();
    let end = |index: usize| ends.get(index).copied().unwrap_or(f64::NAN);
    Ok(BootstrapEstimate {
        value,
        standard_error: moments.variance().sqrt(),
        low: end(0),
        high: end(1),
    })
}

impl BootstrapOptions {
    fn tails(&self) -> [f64; 2] {
        [0.5 * (1.0 - self.level), 0.5 * (1.0 + self.level)]
    }

    fn validate(&self) -> Result<()> {
        if self.resamples < 2 {
            let value = self.resamples as f64;
            return Err(Error::Field { field: "resamples", value, rule: "at least 2" });
        }
        if !(self.level > 0.0 && self.level < 1.0) {
            let value = self.level;
            return Err(Error::Field { field: "confidence level", value, rule: "between 0 and 1" });
        }
        Ok(())
    }
}

/// The two probabilities moved for bias `z0` and acceleration `a`:
/// `Phi(z0 + (z0 + z) / (1 - a (z0 + z)))`; the plain ones where the statistic never varies.
fn bca_tails(value: f64, replicates: &[f64], left_out: &[f64], tails: [f64; 2]) -> [f64; 2] {
    let count =
        |keep: fn(f64, f64) -> bool| replicates.iter().filter(|&&it| keep(it, value)).count();
    let share = (count(|it, value| it < value) + count(|it, value| it <= value)) as f64
        / (2 * replicates.len()) as f64;
    let bias = normal_quantile(share);
    let moments: Moments = left_out.iter().copied().collect();
    let centred = |power: i32| -> f64 {
        left_out.iter().map(|it| (moments.mean() - it).powi(power)).collect::<Moments>().mean()
    };
    let acceleration = centred(3) / (6.0 * centred(2).powf(1.5) * (left_out.len() as f64).sqrt());
    let moved = tails.map(|p| {
        let shifted = bias + normal_quantile(p);
        normal_cdf(bias + shifted / (1.0 - acceleration * shifted))
    });
    if moved.iter().all(|p| p.is_finite()) { moved } else { tails }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corrected_ends_are_scipys() {
        // scipy.stats.bootstrap((DATA,), lambda x: np.var(x, ddof=1), n_resamples=19, method="BCa",
        // confidence_level=0.9, rng=np.random.default_rng(3)), SciPy 1.17: its own replicates go in.
        let moved = bca_tails(VARIANCE, &REPLICATES, &leave_out(), [0.05, 0.95]);
        let ends = place_quantiles(&REPLICATES, &moved, QuantileKind::Type7);
        assert!((ends[0] - LOW).abs() < 1e-12 && (ends[1] - HIGH).abs() < 1e-12, "{ends:?}");
    }

    fn leave_out() -> Vec<f64> {
        let variance = |sample: &[f64]| sample.iter().copied().collect::<Moments>().variance();
        jackknife(&DATA, variance).unwrap().values
    }

    const DATA: [f64; 10] = [2.1, 2.4, 2.2, 3.9, 2.0, 2.7, 2.3, 2.5, 5.1, 1.8];
    const VARIANCE: f64 = 1.044444444444444;
    const REPLICATES: [f64; 19] = [
        1.8823333333333327,
        0.3032222222222223,
        0.9915555555555553,
        1.0076666666666663,
        1.1956666666666664,
        0.05433333333333333,
        0.37111111111111117,
        0.02233333333333332,
        2.0609999999999995,
        1.398222222222222,
        1.0489999999999997,
        0.4845555555555554,
        0.34933333333333333,
        1.5937777777777773,
        0.39344444444444443,
        0.9649999999999996,
        1.1239999999999997,
        0.9089999999999997,
        0.9448888888888887,
    ];
    const LOW: f64 = 0.36840526201693535;
    const HIGH: f64 = 2.05624966891772;
}
