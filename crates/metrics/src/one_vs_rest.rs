//! A confusion matrix of two classes for each label, or for each row.

use crate::average::Average;
use crate::counted::{Counted, Selection};
use crate::pairwise;
use crate::targets::{Pair, Targets};
use crate::{Label, Result};

/// What is one matrix each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Each {
    /// A label: over the rows.
    #[default]
    Label,
    /// A row of several labels: over the labels.
    Sample,
}

/// What [`multilabel_confusion_matrix`] counts.
#[derive(Debug, Clone, Copy)]
pub struct OneVsRestOptions<'a, L> {
    /// The labels; all that occur by default.
    pub labels: Option<&'a [L]>,
    /// Weight of each row; 1 by default.
    pub sample_weight: Option<&'a [f64]>,
    /// What is one matrix each; a label by default.
    pub each: Each,
}

impl<L> Default for OneVsRestOptions<'_, L> {
    fn default() -> Self {
        Self { labels: None, sample_weight: None, each: Each::Label }
    }
}

/// Rows, or their weight, that have a label or not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OneVsRest {
    /// Neither true nor predicted.
    pub true_negatives: f64,
    /// Predicted only.
    pub false_positives: f64,
    /// True only.
    pub false_negatives: f64,
    /// True and predicted.
    pub true_positives: f64,
}

/// The confusion matrix of each label against the rest, or of each row.
///
/// # Errors
/// As [`precision_recall_fscore_support`](crate::precision_recall_fscore_support);
/// [`Error::SamplesAverage`](crate::Error::SamplesAverage) for [`Each::Sample`] of one label a row.
///
/// # Reference
/// `sklearn.metrics.multilabel_confusion_matrix`: `[[tn, fp], [fn, tp]]`.
///
/// ```
/// use tunewise_metrics::{OneVsRestOptions, multilabel_confusion_matrix};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let (y_true, y_pred) = (["cat", "ant", "cat"], ["ant", "ant", "cat"]);
/// let matrices = multilabel_confusion_matrix(&y_true, &y_pred, &OneVsRestOptions::default())?;
/// assert_eq!(matrices[0].false_positives, 1.0); // of "ant"
/// # Ok(())
/// # }
/// ```
pub fn multilabel_confusion_matrix<Y, P>(
    y_true: &Y,
    y_pred: &P,
    options: &OneVsRestOptions<'_, Y::Label>,
) -> Result<Vec<OneVsRest>>
where
    Y: Targets + ?Sized,
    P: Targets<Label = Y::Label> + ?Sized,
{
    let pair = Pair::new(y_true, y_pred)?;
    let weights = options.sample_weight;
    let selection = Selection { labels: options.labels, sample_weight: weights };
    let average = (options.each == Each::Sample).then_some(Average::Samples);
    let counted = Counted::new(&pair, average.as_ref(), selection)?;
    let totals = match options.each {
        Each::Label => {
            let total = weights.map_or(pair.len() as f64, pairwise::sum);
            vec![total; counted.counts.len()]
        }
        Each::Sample => {
            let columns = selected(&pair, options.labels) as f64;
            let weights = weights.map_or_else(|| vec![1.0; pair.len()], <[f64]>::to_vec);
            weights.iter().map(|weight| weight * columns).collect()
        }
    };
    let matrix = |(counts, total): (&crate::counts::Counts, f64)| {
        let (hits, wrong) = (counts.hits, counts.predicted - counts.hits);
        let missed = counts.actual - counts.hits;
        OneVsRest {
            true_negatives: total - hits - wrong - missed,
            false_positives: wrong,
            false_negatives: missed,
            true_positives: hits,
        }
    };
    Ok(counted.counts.iter().zip(totals).map(matrix).collect())
}

fn selected<L: Label>(pair: &Pair<'_, L>, labels: Option<&[L]>) -> usize {
    match (labels, pair) {
        (Some(labels), _) => labels.len(),
        (None, Pair::Marks(y_true, _)) => y_true.num_labels(),
        (None, Pair::Classes(..)) => 1,
    }
}
