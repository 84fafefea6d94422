//! Temperature scaling.

use crate::probability::classes::Classes;
use crate::weighted::{average, check_shares};
use crate::{ClassOptions, Error, Label, Result, Scores};

/// Steps of Newton or bisection; each at least halves the bracket, so 200 exhaust a double.
const STEPS: usize = 200;

/// Logits divided by a temperature, fitted on validation rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TemperatureScaling {
    /// What logits are divided by; above 1 the model was too sure.
    pub temperature: f64,
    /// Mean negative log-likelihood of the rows, in nats, at temperature 1.
    pub nll_before: f64,
    /// The same at `temperature`; never higher.
    pub nll_after: f64,
}

impl TemperatureScaling {
    /// The scaled probabilities, row-major `[rows, classes]`: the softmax of each row over the
    /// temperature.
    #[must_use]
    pub fn probabilities(&self, logits: &Scores<'_>) -> Vec<f64> {
        logits.rows().flat_map(|row| softmax(row, 1.0 / self.temperature)).collect()
    }
}

/// Fits the temperature that minimises the negative log-likelihood of `logits`, `[rows, classes]` with at
/// least two columns, in the order of the sorted labels. The class of the highest logit stays the same,
/// so accuracy does.
///
/// The likelihood is convex in 1 / T, so a bracketed Newton iteration finds its one minimum. Logits that
/// are equal in every row leave T at 1.
///
/// # Errors
/// As [`crate::log_loss`]; [`Error::Argument`] for unsorted `labels` or a negative weight; [`Error::Shape`]
/// for one column; [`Error::Temperature`] where no finite T > 0 is the best: every row right, or the logits of the true
/// classes no higher than the others' on average.
///
/// # Formula
/// ```text
/// T = argmin_{T>0} -Σ_i w_i ln softmax(z_i / T)_{y(i)} / Σ_i w_i
/// ```
///
/// # Reference
/// Guo et al. (2017), On calibration of modern neural networks, section 4.2. Not in scikit-learn's
/// metrics.
///
/// ```
/// use tunewise_metrics::{ClassOptions, Scores, fit_temperature};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// // As sure as ln 9, that is 90 %, of rows of which 3 of 4 are right: T = ln 9 / ln 3 = 2.
/// let sure = 9.0_f64.ln();
/// let logits = [sure, 0.0, sure, 0.0, sure, 0.0, sure, 0.0]; // [4, 2]
/// let options = ClassOptions { labels: Some(&[0, 1]), sample_weight: None };
/// let scaling = fit_temperature(&[0, 0, 0, 1], &Scores::new(&logits, 2)?, &options)?;
/// assert!((scaling.temperature - 2.0).abs() < 1e-12);
/// assert!(scaling.nll_after < scaling.nll_before);
/// # Ok(())
/// # }
/// ```
pub fn fit_temperature<L: Label>(
    y_true: &[L],
    logits: &Scores<'_>,
    options: &ClassOptions<'_, L>,
) -> Result<TemperatureScaling> {
    let classes = Classes::in_order(y_true, logits, options)?;
    check_shares(options.sample_weight, y_true.len())?;
    if logits.num_classes() < 2 {
        let (got, expected) = ("1 column".to_owned(), "a column for each class".to_owned());
        return Err(Error::Shape { what: "logits", got, expected });
    }
    let likelihood = Likelihood { logits, truth: &classes.columns, weights: options.sample_weight };
    let nll_before = likelihood.nll(1.0)?;
    let inverse = likelihood.best_inverse()?;
    let nll_after = likelihood.nll(inverse)?;
    // Rounding alone can make the minimum look worse than a start on it.
    if nll_after > nll_before {
        return Ok(TemperatureScaling { temperature: 1.0, nll_before, nll_after: nll_before });
    }
    Ok(TemperatureScaling { temperature: 1.0 / inverse, nll_before, nll_after })
}

/// The negative log-likelihood as a function of the inverse temperature.
struct Likelihood<'a> {
    logits: &'a Scores<'a>,
    truth: &'a [usize],
    weights: Option<&'a [f64]>,
}

impl Likelihood<'_> {
    fn mean(&self, value: impl Fn(&[f64], f64) -> f64) -> Result<f64> {
        let rows = self.logits.rows().zip(self.truth);
        let value = |(row, &truth): (&[f64], &usize)| {
            value(row, row.get(truth).copied().unwrap_or(f64::NAN))
        };
        average(&rows.map(value).collect::<Vec<_>>(), self.weights)
    }

    fn nll(&self, inverse: f64) -> Result<f64> {
        self.mean(|row, truth| {
            let top = maximum(row);
            let sum: f64 = row.iter().map(|z| (inverse * (z - top)).exp()).sum();
            sum.ln() + inverse * (top - truth)
        })
    }

    fn slope(&self, inverse: f64) -> Result<f64> {
        self.mean(|row, truth| {
            let chances = softmax(row, inverse);
            row.iter().zip(chances).map(|(z, p)| p * (z - truth)).sum()
        })
    }

    fn curvature(&self, inverse: f64) -> Result<f64> {
        self.mean(|row, truth| {
            let chances = softmax(row, inverse);
            let mean: f64 = row.iter().zip(&chances).map(|(z, p)| p * (z - truth)).sum();
            row.iter().zip(chances).map(|(z, p)| p * (z - truth - mean).powi(2)).sum()
        })
    }

    fn best_inverse(&self) -> Result<f64> {
        if self.curvature(0.0)? == 0.0 {
            return Ok(1.0);
        }
        // At 0 the slope is that of chance, at infinity that of the highest logit.
        if self.slope(0.0)? >= 0.0 {
            return Err(Error::Temperature { what: "the true classes' logits are no higher" });
        }
        if self.mean(|row, truth| maximum(row) - truth)? <= 0.0 {
            return Err(Error::Temperature { what: "every row is right" });
        }
        let (mut low, mut high) = (0.0, 1.0);
        while self.slope(high)? < 0.0 && high < f64::MAX / 2.0 {
            (low, high) = (high, 2.0 * high);
        }
        let mut inverse = 0.5 * (low + high);
        for _ in 0..STEPS {
            let slope = self.slope(inverse)?;
            if slope < 0.0 {
                low = inverse
            } else {
                high = inverse
            }
            let newton = inverse - slope / self.curvature(inverse)?;
            let next = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
            if slope == 0.0 || (next - inverse).abs() <= f64::EPSILON * inverse {
                break;
            }
            inverse = next;
        }
        Ok(inverse)
    }
}

fn maximum(row: &[f64]) -> f64 {
    row.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

fn softmax(row: &[f64], inverse: f64) -> Vec<f64> {
    let top = maximum(row);
    let powers: Vec<f64> = row.iter().map(|z| (inverse * (z - top)).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}
