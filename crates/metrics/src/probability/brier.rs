//! Brier score.

use crate::pairwise;
use crate::probability::classes::{ClassOptions, Classes};
use crate::probability::log_loss::warnings;
use crate::weighted::average;
use crate::{Label, Result, Scores, Warned};

/// Whether the sum over classes is halved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BrierScale {
    /// Halved with fewer than three classes: the squared error of the positive class.
    #[default]
    Auto,
    /// Halved: in [0, 1].
    Half,
    /// Not halved, as Brier wrote it: in [0, 2].
    Full,
}

/// The mean squared distance between probabilities and the true class, 0 at best.
///
/// `y_proba` is as for [`crate::log_loss`]. With one column and one label in `y_true`, `labels` must
/// say both.
///
/// # Errors
/// As [`crate::log_loss`].
///
/// # Formula
/// ```text
/// s Σ_i w_i Σ_c (1[y(i) = c] - p_ic)² / Σ_i w_i,   s = 1/2 if halved
/// ```
///
/// # Reference
/// Brier (1950), Verification of forecasts expressed in terms of probability, eq. 2;
/// `sklearn.metrics.brier_score_loss`.
///
/// ```
/// use tunewise_metrics::{BrierScale, ClassOptions, Scores, brier_score_loss};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let y_proba = Scores::new(&[0.1, 0.9, 0.8, 0.3], 1)?; // [4, 1]
/// let options = ClassOptions::default();
/// let loss = brier_score_loss(&[0, 1, 1, 0], &y_proba, BrierScale::Auto, &options)?;
/// assert!((loss.value - 0.0375).abs() < 1e-15);
/// # Ok(())
/// # }
/// ```
pub fn brier_score_loss<L: Label>(
    y_true: &[L],
    y_proba: &Scores<'_>,
    scale: BrierScale,
    options: &ClassOptions<'_, L>,
) -> Result<Warned<f64>> {
    y_proba.check_probabilities()?;
    let classes = Classes::new(y_true, y_proba, options)?;
    let rows = y_proba.rows().zip(&classes.columns);
    let distances: Vec<f64> = rows.map(|(row, &column)| distance(row, column)).collect();
    let halved =
        scale == BrierScale::Half || scale == BrierScale::Auto && y_proba.num_classes() < 3;
    let factor = if halved { 0.5 } else { 1.0 };
    let value = factor * average(&distances, options.sample_weight)?;
    Ok(Warned { value, warnings: warnings(y_proba, &classes) })
}

fn distance(row: &[f64], truth: usize) -> f64 {
    let square = |(column, probability): (usize, f64)| {
        let mark = if column == truth { 1.0 } else { 0.0 };
        (mark - probability) * (mark - probability)
    };
    if let [positive] = row {
        return square((0, 1.0 - positive)) + square((1, *positive));
    }
    pairwise::sum(&row.iter().copied().enumerate().map(square).collect::<Vec<_>>())
}
