//! Which inputs move with the result.

use serde::Serialize;

use super::{MonteCarlo, Sample};
use crate::uncertainty::statistics::Moments;
use crate::{Parameter, Result};

/// Correlation of an uncertain input with effectiveness.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Correlation {
    /// The input.
    pub parameter: Parameter,
    /// Pearson's coefficient.
    pub pearson: f64,
    /// Spearman's: Pearson's of the ranks, ties at their mean rank.
    pub spearman: f64,
}

impl MonteCarlo {
    /// Correlates each uncertain input with a sample of this experiment, in the order of the design's
    /// columns, over the points that have an equilibrium.
    ///
    /// # Errors
    /// As [`sample`](Self::sample).
    ///
    /// ```
    /// use tunewise_cost::uncertainty::{Distribution, MonteCarlo};
    /// use tunewise_cost::{Inputs, Parameter};
    /// # fn main() -> tunewise_cost::Result<()> {
    /// let experiment = MonteCarlo::new(&Inputs::default())
    ///     .vary(Parameter::WeightA, &Distribution::Uniform { low: 0.0, high: 8.0 })?;
    /// let sample = experiment.sample(64)?;
    /// assert!(experiment.correlations(&sample)?[0].spearman > 0.999_999);
    /// # Ok(())
    /// # }
    /// ```
    pub fn correlations(&self, sample: &Sample) -> Result<Vec<Correlation>> {
        let effectiveness = &sample.effectiveness;
        let solved = |column: &[f64]| -> Vec<f64> {
            let pairs = column.iter().zip(effectiveness);
            pairs.filter(|(_, e)| e.is_finite()).map(|(&value, _)| value).collect()
        };
        let results = solved(effectiveness);
        let result_ranks = ranks(&results);
        let correlate = |(column, (parameter, _)): (Vec<f64>, &(Parameter, _))| {
            let column = solved(&column);
            Correlation {
                parameter: *parameter,
                pearson: pearson(&column, &results),
                spearman: pearson(&ranks(&column), &result_ranks),
            }
        };
        let draws = self.draws(effectiveness.len())?;
        Ok(draws.into_iter().zip(&self.uncertain).map(correlate).collect())
    }
}

fn pearson(x: &[f64], y: &[f64]) -> f64 {
    let (of_x, of_y): (Moments, Moments) =
        (x.iter().copied().collect(), y.iter().copied().collect());
    let products: Moments =
        x.iter().zip(y).map(|(x, y)| (x - of_x.mean()) * (y - of_y.mean())).collect();
    products.mean() / (of_x.population_variance() * of_y.population_variance()).sqrt()
}

/// Ranks from 1; equal values share the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<(f64, usize)> = values.iter().copied().zip(0..).collect();
    order.sort_unstable_by(|one, other| one.0.total_cmp(&other.0));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for group in order.chunk_by(|one, other| one.0 == other.0) {
        let rank = before as f64 + 0.5 * (group.len() as f64 + 1.0);
        for &(_, index) in group {
            if let Some(slot) = ranks.get_mut(index) {
                *slot = rank;
            }
        }
        before += group.len();
    }
    ranks
}
