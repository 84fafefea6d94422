//! Top-k accuracy.

use crate::probability::classes::{ClassOptions, Classes, Reduction};
use crate::weighted::{average, total_of};
use crate::{Error, Label, Result, Scores, Warned, Warning};

/// The share of rows whose true class is among the `k` highest scores.
///
/// `y_score` is `[rows, classes]`, its columns in the order of the sorted labels. Of equal scores the
/// **last** column counts as the higher, so with ties top-1 is not the accuracy of the first maximum.
/// With one column, the score of the greater of two labels, and `k` = 1, the greater label is predicted
/// above 0.5 where all scores are in [0, 1], above 0 elsewhere.
///
/// # Errors
/// [`Error::Argument`] if `k` is 0, or `labels` not sorted and distinct; else as [`crate::log_loss`].
///
/// # Formula
/// ```text
/// Σ_i w_i 1[|{c : s_ic > s_i,y(i), or equal and c > y(i)}| < k] / Σ_i w_i
/// ```
///
/// # Reference
/// `sklearn.metrics.top_k_accuracy_score`; [`Reduction::Sum`] is `normalize=False`.
///
/// ```
/// use tunewise_metrics::{ClassOptions, Reduction, Scores, TopK, top_k_accuracy_score};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let y_score = Scores::new(&[0.5, 0.2, 0.2, 0.3, 0.4, 0.2, 0.2, 0.4, 0.3, 0.7, 0.2, 0.1], 3)?;
/// let top2 = TopK { k: 2, reduction: Reduction::Mean };
/// let score = top_k_accuracy_score(&[0, 1, 2, 2], &y_score, top2, &ClassOptions::default())?;
/// assert_eq!(score.value, 0.75);
/// # Ok(())
/// # }
/// ```
pub fn top_k_accuracy_score<L: Label>(
    y_true: &[L],
    y_score: &Scores<'_>,
    top: TopK,
    options: &ClassOptions<'_, L>,
) -> Result<Warned<f64>> {
    let k = top.k;
    if k == 0 {
        return Err(Error::Argument { name: "k", got: k.to_string(), expected: "at least 1" });
    }
    let classes = Classes::in_order(y_true, y_score, options)?;
    let bounded = y_score.values().iter().all(|score| (0.0..=1.0).contains(score));
    let threshold = if bounded { 0.5 } else { 0.0 };
    let hit = |(row, &truth): (&[f64], &usize)| match row {
        [score] => k > 1 || (*score > threshold) == (truth == 1),
        _ => higher(row, truth) < k,
    };
    let hits = y_score.rows().zip(&classes.columns).map(hit);
    let hits: Vec<f64> = hits.map(|hit| if hit { 1.0 } else { 0.0 }).collect();
    let value = match top.reduction {
        Reduction::Mean => average(&hits, options.sample_weight)?,
        Reduction::Sum => total_of(&hits, options.sample_weight),
    };
    let num_classes = y_score.num_classes().max(2);
    let warning = (k >= num_classes).then_some(Warning::EveryClass { k, num_classes });
    Ok(Warned { value, warnings: warning.into_iter().collect() })
}

/// How many, and what becomes of the hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopK {
    /// Highest scores of a row that count.
    pub k: usize,
    /// Share or sum of hits.
    pub reduction: Reduction,
}

/// Columns that rank before `truth`.
fn higher(row: &[f64], truth: usize) -> usize {
    let score = row.get(truth).copied().unwrap_or(f64::NAN);
    row.iter().enumerate().filter(|&(c, &s)| s > score || s == score && c > truth).count()
}
