//! The predicted class of each row and how sure it is.

use crate::probability::classes::Classes;
use crate::{ClassOptions, Label, Result, Scores};

/// Of each row, the highest probability and whether it is that of the true class, `[rows]` both: what
/// calibration and abstention take for several classes.
#[derive(Debug, Clone, PartialEq)]
pub struct TopLabel {
    /// Whether the class of the highest probability, the first of equals, is the true one.
    pub correct: Vec<bool>,
    /// The highest probability.
    pub confidence: Vec<f64>,
}

/// The [`TopLabel`] of probabilities `[rows, classes]`, columns in the order of the sorted labels. One
/// column `p` stands for the two 1 - p and p.
///
/// # Errors
/// As [`crate::log_loss`]; [`crate::Error::Argument`] for `labels` that are not sorted and distinct.
///
/// ```
/// use tunewise_metrics::{ClassOptions, Scores, top_label};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let y_proba = Scores::new(&[0.9, 0.1, 0.6, 0.4], 2)?; // [2, 2]
/// let top = top_label(&["ham", "spam"], &y_proba, &ClassOptions::default())?;
/// assert_eq!((top.correct, top.confidence), (vec![true, false], vec![0.9, 0.6]));
/// # Ok(())
/// # }
/// ```
pub fn top_label<L: Label>(
    y_true: &[L],
    y_proba: &Scores<'_>,
    options: &ClassOptions<'_, L>,
) -> Result<TopLabel> {
    y_proba.check_probabilities()?;
    let classes = Classes::in_order(y_true, y_proba, options)?;
    let top = |row: &[f64]| match row {
        [positive] => highest(&[1.0 - positive, *positive]),
        _ => highest(row),
    };
    let rows = y_proba.rows().map(top).zip(&classes.columns);
    let (correct, confidence) =
        rows.map(|((column, confidence), truth)| (column == *truth, confidence)).unzip();
    Ok(TopLabel { correct, confidence })
}

fn highest(row: &[f64]) -> (usize, f64) {
    let better = |best: (usize, f64), (column, &value): (usize, &f64)| {
        if value > best.1 { (column, value) } else { best }
    };
    row.iter().enumerate().fold((0, f64::NEG_INFINITY), better)
}
