//! Shares of right rows and marks.

use crate::confusion::ConfusionMatrix;
use crate::label_warning::{LabelWarning, Scored};
use crate::pairwise;
use crate::targets::{MultiLabel, Pair, Targets};
use crate::{Error, Label, Result, weighted};

/// The share of rows, by weight, whose label is right; of rows with several labels, whose marks are all
/// right. In [0, 1].
///
/// # Errors
/// [`Error::Empty`], [`Error::Length`], [`Error::MixedTargets`]; [`Error::Argument`] for a weight that
/// is not finite; [`Error::ZeroWeight`].
///
/// # Reference
/// `sklearn.metrics.accuracy_score`.
///
/// ```
/// # fn main() -> tunewise_metrics::Result<()> {
/// assert_eq!(tunewise_metrics::accuracy_score(&[0, 1, 1, 0], &[0, 1, 0, 0], None)?, 0.75);
/// # Ok(())
/// # }
/// ```
pub fn accuracy_score<Y, P>(y_true: &Y, y_pred: &P, sample_weight: Option<&[f64]>) -> Result<f64>
where
    Y: Targets + ?Sized,
    P: Targets<Label = Y::Label> + ?Sized,
{
    match Pair::new(y_true, y_pred)? {
        Pair::Classes(y_true, y_pred) => share(y_true.iter().zip(y_pred.iter()), sample_weight),
        Pair::Marks(y_true, y_pred) => share(y_true.rows().zip(y_pred.rows()), sample_weight),
    }
}

/// The weighted share of equal pairs.
fn share<T: PartialEq>(
    pairs: impl ExactSizeIterator<Item = (T, T)>,
    sample_weight: Option<&[f64]>,
) -> Result<f64> {
    let rows = pairs.len();
    weighted::check_mean(sample_weight, rows)?;
    let right = pairs.map(|(actual, predicted)| actual == predicted);
    let Some(weights) = sample_weight else {
        return Ok(right.filter(|right| *right).count() as f64 / rows as f64);
    };
    let total = pairwise::sum(weights);
    if total == 0.0 {
        return Err(Error::ZeroWeight);
    }
    let right: Vec<f64> =
        right.zip(weights).map(|(right, weight)| if right { *weight } else { 0.0 }).collect();
    Ok(pairwise::sum(&right) / total)
}

/// 1 - [`accuracy_score`]: the share of rows that are not all right.
///
/// # Errors
/// As [`accuracy_score`].
///
/// # Reference
/// `sklearn.metrics.zero_one_loss`.
///
/// ```
/// # fn main() -> tunewise_metrics::Result<()> {
/// assert_eq!(tunewise_metrics::zero_one_loss(&[0, 1, 1, 0], &[0, 1, 0, 0], None)?, 0.25);
/// # Ok(())
/// # }
/// ```
pub fn zero_one_loss<Y, P>(y_true: &Y, y_pred: &P, sample_weight: Option<&[f64]>) -> Result<f64>
where
    Y: Targets + ?Sized,
    P: Targets<Label = Y::Label> + ?Sized,
{
    Ok(1.0 - accuracy_score(y_true, y_pred, sample_weight)?)
}

/// The share of wrong labels; of rows with several labels, the share of wrong marks.
///
/// # Errors
/// As [`accuracy_score`].
///
/// # Reference
/// `sklearn.metrics.hamming_loss`.
///
/// ```
/// use tunewise_metrics::{MultiLabel, hamming_loss};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let (y_true, y_pred) = (MultiLabel::new(&[0, 1, 1, 1], 2)?, MultiLabel::new(&[0; 4], 2)?);
/// assert_eq!(hamming_loss(&y_true, &y_pred, None)?, 0.75);
/// # Ok(())
/// # }
/// ```
pub fn hamming_loss<Y, P>(y_true: &Y, y_pred: &P, sample_weight: Option<&[f64]>) -> Result<f64>
where
    Y: Targets + ?Sized,
    P: Targets<Label = Y::Label> + ?Sized,
{
    match Pair::new(y_true, y_pred)? {
        Pair::Classes(..) => zero_one_loss(y_true, y_pred, sample_weight),
        Pair::Marks(y_true, y_pred) => wrong_marks(y_true, y_pred, sample_weight),
    }
}

fn wrong_marks(
    y_true: MultiLabel<'_>,
    y_pred: MultiLabel<'_>,
    sample_weight: Option<&[f64]>,
) -> Result<f64> {
    weighted::check_mean(sample_weight, y_true.len())?;
    let wrong = |(actual, predicted): (&[u8], &[u8])| {
        actual.iter().zip(predicted).filter(|(actual, predicted)| actual != predicted).count()
    };
    let wrong = y_true.rows().zip(y_pred.rows()).map(wrong);
    let columns = y_true.num_labels() as f64;
    let Some(weights) = sample_weight else {
        return Ok(wrong.sum::<usize>() as f64 / (y_true.len() as f64 * columns));
    };
    let total = pairwise::sum(weights);
    if total == 0.0 {
        return Err(Error::ZeroWeight);
    }
    let wrong: f64 = wrong.zip(weights).map(|(wrong, weight)| wrong as f64 * weight).sum();
    Ok(wrong / (total * columns))
}

/// Whether a score is moved so that chance is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Chance {
    /// As it is.
    #[default]
    Unadjusted,
    /// Chance is 0, perfection 1.
    Adjusted,
}

/// The mean recall over the classes that occur in `y_true`; a class that is only predicted is warned
/// of.
///
/// # Errors
/// [`Error::Empty`], [`Error::Length`]; [`Error::Argument`] for a weight that is not finite;
/// [`Error::ZeroWeight`].
///
/// # Formula
/// ```text
/// B = mean of R_c over c, adjusted (B - 1/C) / (1 - 1/C), where R_c is the recall of one of C classes
/// ```
///
/// # Reference
/// `sklearn.metrics.balanced_accuracy_score`.
///
/// ```
/// use tunewise_metrics::{Chance, balanced_accuracy_score};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let (y_true, y_pred) = ([0, 1, 0, 0, 1, 0], [0, 1, 0, 0, 0, 1]);
/// let balanced = balanced_accuracy_score(&y_true, &y_pred, None, Chance::Unadjusted)?;
/// assert_eq!(balanced.value, 0.625);
/// # Ok(())
/// # }
/// ```
pub fn balanced_accuracy_score<L: Label>(
    y_true: &[L],
    y_pred: &[L],
    sample_weight: Option<&[f64]>,
    chance: Chance,
) -> Result<Scored> {
    let cells = ConfusionMatrix::cells(y_true, y_pred, sample_weight)?;
    let recall = |(place, row): (usize, &[f64])| {
        row.get(place).copied().unwrap_or_default() / pairwise::sum(row)
    };
    let recalls: Vec<f64> = cells.rows().enumerate().map(recall).collect();
    let known: Vec<f64> = recalls.iter().copied().filter(|recall| !recall.is_nan()).collect();
    let warnings =
        if known.len() < recalls.len() { vec![LabelWarning::ClassesNotInTrue] } else { Vec::new() };
    let (score, by_chance) = (pairwise::sum(&known) / known.len() as f64, 1.0 / known.len() as f64);
    let value = match chance {
        Chance::Unadjusted => score,
        Chance::Adjusted => (score - by_chance) / (1.0 - by_chance),
    };
    Ok(Scored { value, warnings })
}
