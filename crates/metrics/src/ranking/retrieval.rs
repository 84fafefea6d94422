//! Scores of the first items of a ranking, which scikit-learn lacks.
//!
//! Marks and scores are `[rows, items]`, a row a query. Items rank by descending score, the first column
//! first among equals; a query without relevant items counts 0.

use crate::ranking::label_ranking::mean_of_rows;
use crate::{Error, MultiLabel, Result, Scores};

/// The mean of one over the rank of the first relevant item, in [0, 1]. Marks and scores are
/// `[rows, items]`; of equal scores the first column ranks first; a row without relevant items counts 0.
///
/// # Errors
/// [`Error::Length`], [`Error::Empty`], [`Error::Shape`], [`Error::ZeroWeight`].
///
/// # Formula
/// ```text
/// MRR = mean_i 1 / rank_i
/// ```
///
/// # Reference
/// Voorhees (1999), The TREC-8 question answering track report. Not in scikit-learn.
///
/// ```
/// use tunewise_metrics::{MultiLabel, Scores, mean_reciprocal_rank};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let y_true = MultiLabel::new(&[0, 1, 0, 1, 0, 0], 3)?; // [2, 3]
/// let y_score = Scores::new(&[0.9, 0.5, 0.1, 0.9, 0.5, 0.1], 3)?;
/// assert_eq!(mean_reciprocal_rank(y_true, &y_score, None)?, (0.5 + 1.0) / 2.0);
/// # Ok(())
/// # }
/// ```
pub fn mean_reciprocal_rank(
    y_true: MultiLabel<'_>,
    y_score: &Scores<'_>,
    sample_weight: Option<&[f64]>,
) -> Result<f64> {
    mean_of_rows(y_true, y_score, sample_weight, |marks, scores| {
        let first = ranked(marks, scores).into_iter().position(|relevant| relevant);
        first.map_or(0.0, |place| 1.0 / (place + 1) as f64)
    })
}

/// The mean over rows of the average precision of the first `k` items, in [0, 1]. The sum of precisions
/// is divided by what a perfect ranking could collect, so a perfect ranking scores 1 whatever `k` is.
/// Shapes and ties as [`mean_reciprocal_rank`].
///
/// # Errors
/// As [`mean_reciprocal_rank`]; [`Error::Argument`] for a `k` of 0.
///
/// # Formula
/// ```text
/// AP@k = Σ_{r=1..k} 1[item r is relevant] P@r / min(k, R)      R: relevant items of the row
/// ```
///
/// # Reference
/// Manning, Raghavan and Schütze (2008), Introduction to information retrieval, section 8.4, with the
/// cut-off. Not in scikit-learn.
///
/// ```
/// use tunewise_metrics::{MultiLabel, Scores, mean_average_precision_at_k};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let y_true = MultiLabel::new(&[1, 0, 1, 1], 4)?; // [1, 4]
/// let y_score = Scores::new(&[0.9, 0.8, 0.7, 0.1], 4)?;
/// // Relevant at ranks 1 and 3 of the first 3; at most min(3, 3) could be.
/// let score = mean_average_precision_at_k(y_true, &y_score, 3, None)?;
/// assert!((score - (1.0 + 2.0 / 3.0) / 3.0).abs() < 1e-15);
/// # Ok(())
/// # }
/// ```
pub fn mean_average_precision_at_k(
    y_true: MultiLabel<'_>,
    y_score: &Scores<'_>,
    k: usize,
    sample_weight: Option<&[f64]>,
) -> Result<f64> {
    check_k(k)?;
    mean_of_rows(y_true, y_score, sample_weight, |marks, scores| {
        let (mut found, mut sum) = (0.0, 0.0);
        for (place, relevant) in ranked(marks, scores).into_iter().take(k).enumerate() {
            if relevant {
                found += 1.0;
                sum += found / (place + 1) as f64;
            }
        }
        sum / total(marks).min(k).max(1) as f64
    })
}

/// The share of rows with a relevant item among the first `k`. Shapes and ties as
/// [`mean_reciprocal_rank`].
///
/// # Errors
/// As [`mean_average_precision_at_k`].
///
/// # Formula
/// ```text
/// mean_i 1[found_i(k) > 0]      found_i(k): relevant items of row i among its first k
/// ```
///
/// ```
/// use tunewise_metrics::{MultiLabel, Scores, hit_rate_at_k};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let y_true = MultiLabel::new(&[0, 1, 0, 0, 0, 1], 3)?; // [2, 3]
/// let y_score = Scores::new(&[0.9, 0.5, 0.1, 0.9, 0.5, 0.1], 3)?;
/// assert_eq!(hit_rate_at_k(y_true, &y_score, 2, None)?, 0.5);
/// # Ok(())
/// # }
/// ```
pub fn hit_rate_at_k(
    y_true: MultiLabel<'_>,
    y_score: &Scores<'_>,
    k: usize,
    sample_weight: Option<&[f64]>,
) -> Result<f64> {
    of_found(y_true, y_score, (k, sample_weight), |found, _| if found > 0.0 { 1.0 } else { 0.0 })
}

/// The mean share of the first `k` places that hold a relevant item; places beyond the last item hold
/// none. Shapes and ties as [`mean_reciprocal_rank`].
///
/// # Errors
/// As [`mean_average_precision_at_k`].
///
/// # Formula
/// ```text
/// mean_i found_i(k) / k
/// ```
///
/// ```
/// use tunewise_metrics::{MultiLabel, Scores, precision_at_k};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let y_true = MultiLabel::new(&[1, 0, 1], 3)?; // [1, 3]
/// let y_score = Scores::new(&[0.9, 0.5, 0.1], 3)?;
/// assert_eq!(precision_at_k(y_true, &y_score, 2, None)?, 0.5);
/// # Ok(())
/// # }
/// ```
pub fn precision_at_k(
    y_true: MultiLabel<'_>,
    y_score: &Scores<'_>,
    k: usize,
    sample_weight: Option<&[f64]>,
) -> Result<f64> {
    of_found(y_true, y_score, (k, sample_weight), |found, _| found / k as f64)
}

/// The mean share of a row's relevant items that are among its first `k`. Shapes and ties as
/// [`mean_reciprocal_rank`].
///
/// # Errors
/// As [`mean_average_precision_at_k`].
///
/// # Formula
/// ```text
/// mean_i found_i(k) / R_i
/// ```
///
/// ```
/// use tunewise_metrics::{MultiLabel, Scores, recall_at_k};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let y_true = MultiLabel::new(&[1, 0, 1], 3)?; // [1, 3]
/// let y_score = Scores::new(&[0.9, 0.5, 0.1], 3)?;
/// assert_eq!(recall_at_k(y_true, &y_score, 1, None)?, 0.5);
/// # Ok(())
/// # }
/// ```
pub fn recall_at_k(
    y_true: MultiLabel<'_>,
    y_score: &Scores<'_>,
    k: usize,
    sample_weight: Option<&[f64]>,
) -> Result<f64> {
    of_found(y_true, y_score, (k, sample_weight), |found, relevant| found / relevant.max(1.0))
}

/// The mean of a value of the relevant items among the first `k` and in all.
fn of_found(
    y_true: MultiLabel<'_>,
    y_score: &Scores<'_>,
    (k, sample_weight): (usize, Option<&[f64]>),
    value: impl Fn(f64, f64) -> f64,
) -> Result<f64> {
    check_k(k)?;
    mean_of_rows(y_true, y_score, sample_weight, |marks, scores| {
        let found = ranked(marks, scores).into_iter().take(k).filter(|relevant| *relevant).count();
        value(found as f64, total(marks) as f64)
    })
}

fn total(marks: &[u8]) -> usize {
    marks.iter().filter(|mark| **mark == 1).count()
}

/// Whether the item at each rank is relevant.
fn ranked(marks: &[u8], scores: &[f64]) -> Vec<bool> {
    let mut items: Vec<(f64, bool)> =
        scores.iter().zip(marks).map(|(&score, &mark)| (score + 0.0, mark == 1)).collect();
    items.sort_by(|a, b| b.0.total_cmp(&a.0));
    items.into_iter().map(|(_, relevant)| relevant).collect()
}

fn check_k(k: usize) -> Result<()> {
    if k > 0 {
        return Ok(());
    }
    Err(Error::Argument { name: "k", got: "0".to_owned(), expected: "at least 1" })
}
