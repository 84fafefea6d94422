//! Area under the receiver operating characteristic of several classes or labels.

use crate::probability::classes::{ClassOptions, Classes};
use crate::probability::columns::{Columns, Metric, ScoreAverage};
use crate::probability::roc_auc::{RocAucOptions, roc_auc_score};
use crate::weighted::average;
use crate::{Error, Label, MultiLabel, Result, Scores, Warned, pairwise};

/// How a problem of several classes becomes binary ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MultiClass {
    /// Each class against the others; macro, weighted by prevalence, or micro.
    OneVsRest(ScoreAverage),
    /// Each class against each other one, among the rows of the two; macro, or weighted by the share of
    /// these rows. Takes no weights.
    OneVsOne(ScoreAverage),
}

/// The area under the ROC curve of several classes, from probabilities `[rows, classes]` whose columns
/// are in the order of the sorted labels.
///
/// A class that no row has makes its area NaN (a warning says so) and the macro average with it; in
/// one-vs-one such a class is left out.
///
/// # Errors
/// As [`crate::log_loss`]; [`Error::RowSum`] if a row does not sum to 1 within 1e-5; [`Error::Argument`] for an
/// average that is not defined, unsorted `labels`, or weights with one-vs-one.
///
/// # Formula
/// ```text
/// one-vs-rest: mean over classes c of AUC(1[y = c], s_c)
/// one-vs-one:  mean over pairs a < b of (AUC(1[y = a], s_a) + AUC(1[y = b], s_b)) / 2, rows of a or b
/// ```
///
/// # Reference
/// `sklearn.metrics.roc_auc_score` with `multi_class`; Hand and Till (2001), A simple generalisation of
/// the area under the ROC curve for multiple class classification problems, eq. 7.
///
/// ```
/// use tunewise_metrics::{ClassOptions, MultiClass, ScoreAverage, Scores, roc_auc_multiclass};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let y_score = Scores::new(&[0.8, 0.1, 0.1, 0.2, 0.5, 0.3, 0.3, 0.3, 0.4, 0.1, 0.5, 0.4], 3)?;
/// let how = MultiClass::OneVsRest(ScoreAverage::Macro);
/// let score = roc_auc_multiclass(&[0, 1, 2, 2], &y_score, how, &ClassOptions::default())?;
/// // Class 0: 3 of 3 pairs in order. Class 1: 2.5 of 3. Class 2: 4 of 4.
/// assert!((score.value - (1.0 + 2.5 / 3.0 + 1.0) / 3.0).abs() < 1e-15);
/// # Ok(())
/// # }
/// ```
pub fn roc_auc_multiclass<L: Label>(
    y_true: &[L],
    y_score: &Scores<'_>,
    how: MultiClass,
    options: &ClassOptions<'_, L>,
) -> Result<Warned<f64>> {
    let classes = checked(y_true, y_score, options)?;
    let refused = |expected| {
        let got = format!("{how:?}");
        Err(Error::Argument { name: "average", got, expected })
    };
    match how {
        MultiClass::OneVsRest(ScoreAverage::Samples) => refused("Macro, Weighted or Micro"),
        MultiClass::OneVsRest(average) => {
            Columns::one_hot(&classes, y_score, options.sample_weight).score(binary(None), average)
        }
        MultiClass::OneVsOne(ScoreAverage::Samples | ScoreAverage::Micro) => {
            refused("Macro or Weighted")
        }
        MultiClass::OneVsOne(_) if options.sample_weight.is_some() => Err(Error::Argument {
            name: "sample_weight",
            got: "weights".to_owned(),
            expected: "none with one-vs-one",
        }),
        MultiClass::OneVsOne(average) => {
            one_vs_one(&classes, y_score, average == ScoreAverage::Weighted)
        }
    }
}

/// The area of each class against the others, in the order of the columns.
///
/// # Errors
/// As [`roc_auc_multiclass`].
///
/// # Reference
/// `sklearn.metrics.roc_auc_score(multi_class="ovr", average=None)`.
///
/// ```
/// use tunewise_metrics::{ClassOptions, Scores, roc_auc_per_class};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let y_score = Scores::new(&[0.8, 0.1, 0.1, 0.2, 0.5, 0.3, 0.3, 0.3, 0.4], 3)?;
/// let areas = roc_auc_per_class(&["a", "b", "c"], &y_score, &ClassOptions::default())?;
/// assert_eq!(areas.value, [1.0, 1.0, 1.0]);
/// # Ok(())
/// # }
/// ```
pub fn roc_auc_per_class<L: Label>(
    y_true: &[L],
    y_score: &Scores<'_>,
    options: &ClassOptions<'_, L>,
) -> Result<Warned<Vec<f64>>> {
    let classes = checked(y_true, y_score, options)?;
    let each = Columns::one_hot(&classes, y_score, options.sample_weight).each(binary(None))?;
    let value = each.iter().map(|score| score.value).collect();
    Ok(Warned { value, warnings: each.into_iter().flat_map(|score| score.warnings).collect() })
}

/// The area under the ROC curve of several labels a row, marks and scores both `[rows, num_labels]`.
///
/// # Errors
/// [`Error::Length`], [`Error::Empty`], [`Error::Shape`], and as [`roc_auc_score`].
///
/// # Reference
/// `sklearn.metrics.roc_auc_score` of a multilabel indicator.
///
/// ```
/// use tunewise_metrics::{MultiLabel, RocAucOptions, ScoreAverage, Scores, roc_auc_multilabel};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let y_true = MultiLabel::new(&[1, 0, 0, 1, 1, 1], 2)?; // [3, 2]
/// let y_score = Scores::new(&[0.9, 0.2, 0.1, 0.8, 0.8, 0.1], 2)?;
/// let options = RocAucOptions::default();
/// let score = roc_auc_multilabel(y_true, &y_score, ScoreAverage::Macro, &options)?;
/// assert_eq!(score.value, (1.0 + 0.5) / 2.0);
/// # Ok(())
/// # }
/// ```
pub fn roc_auc_multilabel(
    y_true: MultiLabel<'_>,
    y_score: &Scores<'_>,
    average: ScoreAverage,
    options: &RocAucOptions<'_>,
) -> Result<Warned<f64>> {
    let columns = Columns::of_marks(y_true, y_score, options.sample_weight)?;
    columns.score(binary(options.max_fpr), average)
}

fn binary(max_fpr: Option<f64>) -> impl Metric {
    move |marks: &[bool], scores: &[f64], sample_weight: Option<&[f64]>| {
        roc_auc_score(marks, scores, &RocAucOptions { sample_weight, max_fpr })
    }
}

fn checked<L: Label>(
    y_true: &[L],
    y_score: &Scores<'_>,
    options: &ClassOptions<'_, L>,
) -> Result<Classes> {
    // numpy.allclose(1, sums)
    let close = |sum: f64| (1.0 - sum).abs() <= 1e-8 + 1e-5 * sum.abs();
    let mut sums = y_score.rows().map(pairwise::sum).enumerate();
    if let Some((row, sum)) = sums.find(|&(_, sum)| !close(sum)) {
        return Err(Error::RowSum { row, sum });
    }
    Classes::in_order(y_true, y_score, options)
}

fn one_vs_one(classes: &Classes, scores: &Scores<'_>, weighted: bool) -> Result<Warned<f64>> {
    let mut present = classes.columns.clone();
    present.sort_unstable();
    present.dedup();
    let area = |positive: usize, other: usize| -> Result<(f64, f64)> {
        let of_pair = |&(&truth, _): &(&usize, &[f64])| truth == positive || truth == other;
        let rows = classes.columns.iter().zip(scores.rows()).filter(of_pair);
        let score =
            |(truth, row): (&usize, &[f64])| Some((*truth == positive, *row.get(positive)?));
        let (marks, scores): (Vec<bool>, Vec<f64>) = rows.filter_map(score).unzip();
        Ok((roc_auc_score(&marks, &scores, &RocAucOptions::default())?.value, marks.len() as f64))
    };
    let (mut areas, mut weights) = (Vec::new(), Vec::new());
    for (index, &a) in present.iter().enumerate() {
        for &b in present.iter().skip(index + 1) {
            let ((first, rows), (second, _)) = (area(a, b)?, area(b, a)?);
            areas.push((first + second) / 2.0);
            weights.push(rows / classes.columns.len() as f64);
        }
    }
    let value = average(&areas, weighted.then_some(weights.as_slice()))?;
    Ok(Warned { value, warnings: Vec::new() })
}
