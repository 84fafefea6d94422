//! Average precision.

use crate::probability::classes::{ClassOptions, Classes};
use crate::probability::columns::{Columns, ScoreAverage};
use crate::probability::curves::{CurvePoints, precision_recall_curve};
use crate::{Label, MultiLabel, Result, Scores, Warned, pairwise};

/// The mean of precision over the steps of recall, without interpolation; in [0, 1]. Inputs are
/// `[rows]`, scores of the positive class in any unit.
///
/// Without positives it is 0, with a warning.
///
/// # Errors
/// As [`crate::roc_curve`].
///
/// # Formula
/// ```text
/// AP = Σ_n (R_n - R_{n-1}) P_n      n over the distinct scores, in descending order
/// ```
///
/// # Reference
/// `sklearn.metrics.average_precision_score`.
///
/// ```
/// # fn main() -> tunewise_metrics::Result<()> {
/// let y_true = [false, false, true, true];
/// let score = tunewise_metrics::average_precision_score(&y_true, &[0.1, 0.4, 0.35, 0.8], None)?;
/// assert!((score.value - 0.8333333333333333).abs() < 1e-15);
/// # Ok(())
/// # }
/// ```
pub fn average_precision_score(
    y_true: &[bool],
    y_score: &[f64],
    sample_weight: Option<&[f64]>,
) -> Result<Warned<f64>> {
    let curve = precision_recall_curve(y_true, y_score, sample_weight, CurvePoints::All)?;
    let steps = curve.value.recall.windows(2).zip(&curve.value.precision);
    let area = |(pair, precision): (&[f64], &f64)| Some((pair.get(1)? - pair.first()?) * precision);
    let areas: Vec<f64> = steps.filter_map(area).collect();
    // max: a sum of -0 is 0.
    let value = (-pairwise::sum(&areas)).max(0.0) + 0.0;
    Ok(Warned { value, warnings: curve.warnings })
}

/// The average precision of several labels a row, marks and scores both `[rows, num_labels]`.
///
/// # Errors
/// [`crate::Error::Length`], [`crate::Error::Empty`], [`crate::Error::Shape`], and as
/// [`average_precision_score`].
///
/// # Reference
/// `sklearn.metrics.average_precision_score` of a multilabel indicator.
///
/// ```
/// use tunewise_metrics::{MultiLabel, ScoreAverage, Scores, average_precision_multilabel};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let y_true = MultiLabel::new(&[1, 0, 0, 1, 1, 1], 2)?; // [3, 2]
/// let y_score = Scores::new(&[0.9, 0.2, 0.1, 0.8, 0.8, 0.1], 2)?;
/// let score = average_precision_multilabel(y_true, &y_score, ScoreAverage::Macro, None)?;
/// // Column 0: 1. Column 1: (1 + 2/3) / 2.
/// assert!((score.value - (1.0 + 5.0 / 6.0) / 2.0).abs() < 1e-15);
/// # Ok(())
/// # }
/// ```
pub fn average_precision_multilabel(
    y_true: MultiLabel<'_>,
    y_score: &Scores<'_>,
    average: ScoreAverage,
    sample_weight: Option<&[f64]>,
) -> Result<Warned<f64>> {
    Columns::of_marks(y_true, y_score, sample_weight)?.score(average_precision_score, average)
}

/// The average precision of each class against the others, averaged; scores `[rows, classes]`, columns
/// in the order of the sorted labels.
///
/// # Errors
/// As [`crate::roc_auc_multiclass`], but rows need not sum to 1.
///
/// # Reference
/// `sklearn.metrics.average_precision_score` of several classes.
///
/// ```
/// use tunewise_metrics::{ClassOptions, ScoreAverage, Scores, average_precision_classes};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let y_score = Scores::new(&[0.8, 0.1, 0.1, 0.2, 0.5, 0.3, 0.3, 0.3, 0.4], 3)?;
/// let options = ClassOptions::default();
/// let score = average_precision_classes(&[0, 1, 2], &y_score, ScoreAverage::Macro, &options)?;
/// assert_eq!(score.value, 1.0);
/// # Ok(())
/// # }
/// ```
pub fn average_precision_classes<L: Label>(
    y_true: &[L],
    y_score: &Scores<'_>,
    average: ScoreAverage,
    options: &ClassOptions<'_, L>,
) -> Result<Warned<f64>> {
    let classes = Classes::in_order(y_true, y_score, options)?;
    let columns = Columns::one_hot(&classes, y_score, options.sample_weight);
    columns.score(average_precision_score, average)
}
