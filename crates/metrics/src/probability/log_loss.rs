//! Log loss.

use crate::pairwise;
use crate::probability::classes::{ClassOptions, Classes, Reduction};
use crate::weighted::{average, total_of};
use crate::{Label, Result, Scores, Warned, Warning};

/// The mean negative logarithm of the probability of the true class, in nats; at least 0.
///
/// `y_proba` is `[rows, classes]`, its columns in the order of the sorted labels, or `[rows, 1]`, the
/// probability of the greater of two labels. Probabilities are clipped to [ε, 1 - ε], ε the step of
/// their type, so the loss is finite. Rows that do not sum to 1 are scored as they are, with a warning.
///
/// # Errors
/// [`crate::Error::Length`], [`crate::Error::Empty`]; [`crate::Error::Probability`] outside [0, 1];
/// [`crate::Error::NumClasses`] if labels and columns are not as many; [`crate::Error::UndeclaredLabel`];
/// [`crate::Error::ZeroWeight`].
///
/// # Formula
/// ```text
/// -Σ_i w_i ln(min(max(p_i,y(i), ε), 1 - ε)) / Σ_i w_i
/// ```
///
/// # Reference
/// `sklearn.metrics.log_loss`.
///
/// ```
/// use tunewise_metrics::{ClassOptions, Reduction, Scores, log_loss};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let y_proba = Scores::new(&[0.1, 0.9, 0.9, 0.1, 0.8, 0.2, 0.35, 0.65], 2)?; // [4, 2]
/// let y_true = ["spam", "ham", "ham", "spam"];
/// let loss = log_loss(&y_true, &y_proba, Reduction::Mean, &ClassOptions::default())?;
/// assert!((loss.value - 0.21616187468057912).abs() < 1e-15);
/// # Ok(())
/// # }
/// ```
pub fn log_loss<L: Label>(
    y_true: &[L],
    y_proba: &Scores<'_>,
    reduction: Reduction,
    options: &ClassOptions<'_, L>,
) -> Result<Warned<f64>> {
    y_proba.check_probabilities()?;
    let classes = Classes::new(y_true, y_proba, options)?;
    let epsilon = y_proba.epsilon();
    let rows = y_proba.rows().zip(&classes.columns);
    let losses: Vec<f64> = rows
        .map(|(row, &column)| -true_probability(row, column).clamp(epsilon, 1.0 - epsilon).ln())
        .collect();
    let value = match reduction {
        Reduction::Mean => average(&losses, options.sample_weight)?,
        Reduction::Sum => total_of(&losses, options.sample_weight),
    };
    Ok(Warned { value, warnings: warnings(y_proba, &classes) })
}

fn true_probability(row: &[f64], column: usize) -> f64 {
    match (row, column) {
        ([positive], 0) => 1.0 - positive,
        ([positive], _) => *positive,
        _ => row.get(column).copied().unwrap_or(f64::NAN),
    }
}

/// What scikit-learn warns of in probabilities: the order of the labels, the sum of a row.
pub(super) fn warnings(y_proba: &Scores<'_>, classes: &Classes) -> Vec<Warning> {
    let order = (!classes.sorted).then_some(Warning::LabelOrder);
    order.into_iter().chain(row_sum(y_proba)).collect()
}

fn row_sum(y_proba: &Scores<'_>) -> Option<Warning> {
    const ABSOLUTE: f64 = 1e-8; // the default of isclose
    let tolerance = ABSOLUTE + y_proba.epsilon().sqrt();
    let sums = y_proba.rows().map(pairwise::sum).enumerate();
    let off = |&(_, sum): &(usize, f64)| (sum - 1.0).abs() > tolerance;
    let several = y_proba.num_classes() > 1;
    several.then_some(sums)?.find(off).map(|(row, sum)| Warning::RowSum { row, sum })
}
