//! Rankings of the labels of each row.

use crate::error::same_length;
use crate::weighted::{average, check_weights};
use crate::{Error, MultiLabel, Result, Scores};

/// The mean over rows, and over the relevant labels of a row, of the share of relevant labels among
/// those that score at least as high; in (0, 1]. Marks and scores are `[rows, num_labels]`. A row whose
/// labels are all relevant, or none, counts 1.
///
/// # Errors
/// [`Error::Length`], [`Error::Empty`], [`Error::Shape`], [`Error::ZeroWeight`].
///
/// # Formula
/// ```text
/// mean_i mean_{j: y_ij=1} |{l : y_il = 1, s_il >= s_ij}| / |{l : s_il >= s_ij}|
/// ```
///
/// # Reference
/// `sklearn.metrics.label_ranking_average_precision_score`.
///
/// ```
/// use tunewise_metrics::{MultiLabel, Scores, label_ranking_average_precision_score};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let y_true = MultiLabel::new(&[1, 0, 0, 0, 0, 1], 3)?; // [2, 3]
/// let y_score = Scores::new(&[0.75, 0.5, 1.0, 1.0, 0.2, 0.1], 3)?;
/// let score = label_ranking_average_precision_score(y_true, &y_score, None)?;
/// assert!((score - (1.0 / 2.0 + 1.0 / 3.0) / 2.0).abs() < 1e-15);
/// # Ok(())
/// # }
/// ```
pub fn label_ranking_average_precision_score(
    y_true: MultiLabel<'_>,
    y_score: &Scores<'_>,
    sample_weight: Option<&[f64]>,
) -> Result<f64> {
    mean_of_rows(y_true, y_score, sample_weight, |marks, scores| {
        let relevant: Vec<f64> = relevant(marks, scores).collect();
        if relevant.is_empty() || relevant.len() == scores.len() {
            return 1.0;
        }
        let at_least = |all: &[f64], score: f64| all.iter().filter(|&&s| s >= score).count() as f64;
        let share = |&score: &f64| at_least(&relevant, score) / at_least(scores, score);
        relevant.iter().map(share).sum::<f64>() / relevant.len() as f64
    })
}

/// How far down the ranking the last relevant label is, in labels, on average; ties count in full, a
/// row without relevant labels 0. At best the mean number of relevant labels. Shapes as
/// [`label_ranking_average_precision_score`].
///
/// # Errors
/// As [`label_ranking_average_precision_score`].
///
/// # Formula
/// ```text
/// mean_i |{l : s_il >= min_{j: y_ij=1} s_ij}|
/// ```
///
/// # Reference
/// `sklearn.metrics.coverage_error`.
///
/// ```
/// use tunewise_metrics::{MultiLabel, Scores, coverage_error};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let y_true = MultiLabel::new(&[1, 0, 0, 0, 1, 1], 3)?;
/// let y_score = Scores::new(&[1.0, 0.0, 0.0, 0.0, 1.0, 1.0], 3)?;
/// assert_eq!(coverage_error(y_true, &y_score, None)?, 1.5);
/// # Ok(())
/// # }
/// ```
pub fn coverage_error(
    y_true: MultiLabel<'_>,
    y_score: &Scores<'_>,
    sample_weight: Option<&[f64]>,
) -> Result<f64> {
    mean_of_rows(y_true, y_score, sample_weight, |marks, scores| {
        let lowest = relevant(marks, scores).fold(f64::INFINITY, f64::min);
        scores.iter().filter(|&&score| score >= lowest).count() as f64
    })
}

/// The mean share of pairs of a relevant and another label that are in the wrong order; a tie is wrong.
/// In [0, 1]; a row whose labels are all relevant, or none, counts 0. Shapes as
/// [`label_ranking_average_precision_score`].
///
/// # Errors
/// As [`label_ranking_average_precision_score`].
///
/// # Formula
/// ```text
/// mean_i |{(j, l) : y_ij = 1, y_il = 0, s_ij <= s_il}| / (|y_i| (num_labels - |y_i|))
/// ```
///
/// # Reference
/// Tsoumakas, Katakis and Vlahavas (2010), Mining multi-label data;
/// `sklearn.metrics.label_ranking_loss`.
///
/// ```
/// use tunewise_metrics::{MultiLabel, Scores, label_ranking_loss};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let y_true = MultiLabel::new(&[1, 0, 0, 0, 0, 1], 3)?;
/// let y_score = Scores::new(&[0.75, 0.5, 1.0, 1.0, 0.2, 0.1], 3)?;
/// assert_eq!(label_ranking_loss(y_true, &y_score, None)?, (0.5 + 1.0) / 2.0);
/// # Ok(())
/// # }
/// ```
pub fn label_ranking_loss(
    y_true: MultiLabel<'_>,
    y_score: &Scores<'_>,
    sample_weight: Option<&[f64]>,
) -> Result<f64> {
    mean_of_rows(y_true, y_score, sample_weight, |marks, scores| {
        let mut others: Vec<f64> = part(marks, scores, 0).collect();
        others.sort_by(f64::total_cmp);
        let wrong = |score: f64| others.len() - others.partition_point(|&other| other < score);
        let wrong: usize = relevant(marks, scores).map(wrong).sum();
        let pairs = others.len() * (scores.len() - others.len());
        if pairs == 0 { 0.0 } else { wrong as f64 / pairs as f64 }
    })
}

fn relevant<'a>(marks: &'a [u8], scores: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
    part(marks, scores, 1)
}

fn part<'a>(marks: &'a [u8], scores: &'a [f64], of: u8) -> impl Iterator<Item = f64> + 'a {
    marks.iter().zip(scores).filter(move |(mark, _)| **mark == of).map(|(_, &score)| score)
}

/// The mean of a score of each row's marks and scores.
pub(super) fn mean_of_rows(
    y_true: MultiLabel<'_>,
    y_score: &Scores<'_>,
    sample_weight: Option<&[f64]>,
    score: impl Fn(&[u8], &[f64]) -> f64,
) -> Result<f64> {
    same_length("y_score", y_score.len(), y_true.len())?;
    if y_score.num_classes() != y_true.num_labels() {
        return Err(Error::Shape {
            what: "y_score",
            got: format!("{} columns", y_score.num_classes()),
            expected: format!("the {} columns of y_true", y_true.num_labels()),
        });
    }
    check_weights(sample_weight, y_true.len())?;
    let rows = y_true.rows().zip(y_score.rows());
    let scores: Vec<f64> = rows.map(|(marks, scores)| score(marks, scores)).collect();
    average(&scores, sample_weight)
}
