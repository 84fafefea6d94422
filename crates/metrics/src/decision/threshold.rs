//! Thresholds chosen on validation rows: a row is positive if its score is at least the threshold.

use crate::probability::steps::{Step, steps};
use crate::weighted::check_shares;
use crate::{Error, Result};

/// A threshold and what it gives on the rows it was chosen on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OperatingPoint {
    /// Rows whose score is at least this are positive.
    pub threshold: f64,
    /// The share of them that are.
    pub precision: f64,
    /// The share of the positive rows that are found.
    pub recall: f64,
}

impl OperatingPoint {
    /// (1 + β²) P R / (β² P + R); 0 without a hit.
    #[must_use]
    pub fn f_beta(&self, beta: f64) -> f64 {
        let weighted = beta * beta * self.precision + self.recall;
        if self.recall == 0.0 {
            return 0.0;
        }
        (1.0 + beta * beta) * self.precision * self.recall / weighted
    }

    fn new(step: &Step, positives: f64) -> Self {
        let predicted = step.true_positives + step.false_positives;
        let (precision, recall) =
            (step.true_positives / predicted, step.true_positives / positives);
        Self { threshold: step.threshold, precision, recall }
    }
}

/// The distinct score that maximises F-beta, the highest of equals. Inputs are `[rows]`.
///
/// # Errors
/// [`Error::Length`], [`Error::Empty`], [`Error::NotFinite`]; [`Error::Argument`] for a `beta` that is not
/// positive and finite, or a negative weight; [`Error::OneClass`] without positives.
///
/// # Formula
/// ```text
/// argmax_t (1 + β²) P(t) R(t) / (β² P(t) + R(t))
/// ```
///
/// # Reference
/// The maximum over `sklearn.metrics.precision_recall_curve`.
///
/// ```
/// # fn main() -> tunewise_metrics::Result<()> {
/// let y_true = [false, false, true, true];
/// let y_score = [0.1, 0.4, 0.35, 0.8];
/// let point = tunewise_metrics::best_f_beta_threshold(&y_true, &y_score, 1.0, None)?;
/// assert_eq!((point.threshold, point.recall), (0.35, 1.0));
/// assert_eq!(point.f_beta(1.0), 0.8);
/// # Ok(())
/// # }
/// ```
pub fn best_f_beta_threshold(
    y_true: &[bool],
    y_score: &[f64],
    beta: f64,
    sample_weight: Option<&[f64]>,
) -> Result<OperatingPoint> {
    if !(beta > 0.0 && beta.is_finite()) {
        let (got, expected) = (beta.to_string(), "a positive number");
        return Err(Error::Argument { name: "beta", got, expected });
    }
    let points = points(y_true, y_score, sample_weight)?;
    best(&points, |a, b| a.f_beta(beta) > b.f_beta(beta)).ok_or(Error::Empty)
}

/// The distinct score of the highest recall whose precision is at least `precision`; of equals that of
/// the highest precision. Inputs are `[rows]`.
///
/// # Errors
/// As [`best_f_beta_threshold`]; [`Error::Argument`] for a share outside [0, 1]; [`Error::Unattainable`].
///
/// # Reference
/// A choice on `sklearn.metrics.precision_recall_curve`.
///
/// ```
/// # fn main() -> tunewise_metrics::Result<()> {
/// let y_true = [false, false, true, true];
/// let y_score = [0.1, 0.4, 0.35, 0.8];
/// let point = tunewise_metrics::threshold_at_precision(&y_true, &y_score, 0.9, None)?;
/// assert_eq!((point.threshold, point.precision, point.recall), (0.8, 1.0, 0.5));
/// # Ok(())
/// # }
/// ```
pub fn threshold_at_precision(
    y_true: &[bool],
    y_score: &[f64],
    precision: f64,
    sample_weight: Option<&[f64]>,
) -> Result<OperatingPoint> {
    check_share("precision", precision)?;
    let mut points = points(y_true, y_score, sample_weight)?;
    let highest = points.iter().map(|point| point.precision).fold(0.0, f64::max);
    points.retain(|point| point.precision >= precision);
    let better =
        |a: &OperatingPoint, b: &OperatingPoint| (a.recall, a.precision) > (b.recall, b.precision);
    best(&points, better).ok_or(Error::Unattainable {
        what: "precision",
        wanted: precision,
        highest,
    })
}

/// The distinct score of the highest precision whose recall is at least `recall`; of equals that of the
/// highest recall. Inputs are `[rows]`.
///
/// # Errors
/// As [`best_f_beta_threshold`]; [`Error::Argument`] for a share outside [0, 1].
///
/// # Reference
/// A choice on `sklearn.metrics.precision_recall_curve`.
///
/// ```
/// # fn main() -> tunewise_metrics::Result<()> {
/// let y_true = [false, false, true, true];
/// let y_score = [0.1, 0.4, 0.35, 0.8];
/// let point = tunewise_metrics::threshold_at_recall(&y_true, &y_score, 0.9, None)?;
/// assert_eq!((point.threshold, point.recall), (0.35, 1.0));
/// # Ok(())
/// # }
/// ```
pub fn threshold_at_recall(
    y_true: &[bool],
    y_score: &[f64],
    recall: f64,
    sample_weight: Option<&[f64]>,
) -> Result<OperatingPoint> {
    check_share("recall", recall)?;
    let mut points = points(y_true, y_score, sample_weight)?;
    points.retain(|point| point.recall >= recall);
    let better =
        |a: &OperatingPoint, b: &OperatingPoint| (a.precision, a.recall) > (b.precision, b.recall);
    // The last point finds all.
    best(&points, better).ok_or(Error::Empty)
}

/// The point of each distinct score, in descending order.
fn points(y_true: &[bool], y_score: &[f64], w: Option<&[f64]>) -> Result<Vec<OperatingPoint>> {
    crate::error::same_length("y_score", y_score.len(), y_true.len())?;
    check_shares(w, y_true.len())?;
    let steps = steps(y_true, y_score, w)?;
    let positives = steps.last().map_or(0.0, |step| step.true_positives);
    if positives <= 0.0 {
        return Err(Error::OneClass);
    }
    Ok(steps.iter().map(|step| OperatingPoint::new(step, positives)).collect())
}

/// The first point that none is better than.
fn best(
    points: &[OperatingPoint],
    better: impl Fn(&OperatingPoint, &OperatingPoint) -> bool,
) -> Option<OperatingPoint> {
    points.iter().copied().reduce(|best, point| if better(&point, &best) { point } else { best })
}

fn check_share(name: &'static str, share: f64) -> Result<()> {
    if (0.0..=1.0).contains(&share) {
        return Ok(());
    }
    Err(Error::Argument { name, got: share.to_string(), expected: "a share between 0 and 1" })
}
