//! Laws on a few values: weighted, or observed.

use super::law::{Shape, check};
use crate::uncertainty::statistics::Moments;
use crate::{Error, Result};

#[derive(Debug)]
pub(super) struct Steps {
    /// In increasing order, with the probability of at most each; the last is exactly 1.
    steps: Vec<(f64, f64)>,
    mean: f64,
    sd: f64,
}

impl Steps {
    pub(super) fn discrete(values: &[f64], weights: &[f64]) -> Result<Self> {
        if values.len() != weights.len() {
            let rule = "as many weights as values";
            return Err(Error::Sample {
                statistic: "discrete distribution",
                len: weights.len(),
                rule,
            });
        }
        for &weight in weights {
            let ok = weight >= 0.0 && weight.is_finite();
            check("discrete", "weights", weight).require(ok, "no number below 0")?;
        }
        let pairs = values.iter().copied().zip(weights.iter().copied());
        Self::new("discrete", pairs.filter(|&(_, weight)| weight > 0.0).collect())
    }

    pub(super) fn empirical(values: &[f64]) -> Result<Self> {
        Self::new("empirical", values.iter().map(|&value| (value, 1.0)).collect())
    }

    fn new(family: &'static str, mut pairs: Vec<(f64, f64)>) -> Result<Self> {
        if pairs.is_empty() {
            let rule = "at least one value with a weight above 0";
            return Err(Error::Sample { statistic: family, len: 0, rule });
        }
        for &(value, _) in &pairs {
            check(family, "values", value).finite()?;
        }
        pairs.sort_by(|one, other| one.0.total_cmp(&other.0));
        let mut moments = Moments::default();
        pairs.iter().for_each(|&(value, weight)| moments.push_weighted(value, weight));
        let total = moments.weight();
        check(family, "weights", total).finite()?;
        let mut cumulated = Moments::default();
        let mut steps: Vec<(f64, f64)> = pairs
            .into_iter()
            .map(|(value, weight)| {
                cumulated.push_weighted(value, weight);
                (value, cumulated.weight() / total)
            })
            .collect();
        if let Some(last) = steps.last_mut() {
            last.1 = 1.0;
        }
        Ok(Self { steps, mean: moments.mean(), sd: moments.population_variance().sqrt() })
    }
}

impl Shape for Steps {
    fn quantile(&self, p: f64) -> f64 {
        let position = self.steps.partition_point(|&(_, probability)| probability < p);
        self.steps.get(position).or(self.steps.last()).map_or(f64::NAN, |&(value, _)| value)
    }

    fn cdf(&self, x: f64) -> f64 {
        let position = self.steps.partition_point(|&(value, _)| value <= x);
        position.checked_sub(1).and_then(|last| self.steps.get(last)).map_or(0.0, |step| step.1)
    }

    fn mean(&self) -> f64 {
        self.mean
    }

    fn sd(&self) -> f64 {
        self.sd
    }
}
