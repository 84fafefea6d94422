//! The Jaccard index.

use crate::average::{Average, ZeroDivision, mean};
use crate::counted::{Counted, Selection};
use crate::label_warning::{Scored, UndefinedMetric};
use crate::scores::ScoreOptions;
use crate::targets::{Pair, Targets};
use crate::{Error, Result};

/// The Jaccard index, rows in both over rows in either, averaged.
///
/// # Errors
/// As [`average_precision_recall_fscore`](crate::average_precision_recall_fscore);
/// [`Error::Argument`] for [`ZeroDivision::Nan`], which it does not have, or a beta, which it does not
/// use.
///
/// # Formula
/// ```text
/// J = tp / (tp + fp + fn)
/// ```
///
/// # Reference
/// `sklearn.metrics.jaccard_score`.
///
/// ```
/// use tunewise_metrics::{Average, ScoreOptions, jaccard_score};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let (y_true, y_pred) = ([0, 1, 1], [1, 1, 1]);
/// let average = Average::Binary { pos_label: 1 };
/// let jaccard = jaccard_score(&y_true, &y_pred, average, &ScoreOptions::default())?;
/// assert!((jaccard.value - 2.0 / 3.0).abs() < 1e-12);
/// # Ok(())
/// # }
/// ```
pub fn jaccard_score<Y, P>(
    y_true: &Y,
    y_pred: &P,
    average: Average<Y::Label>,
    options: &ScoreOptions<'_, Y::Label>,
) -> Result<Scored>
where
    Y: Targets + ?Sized,
    P: Targets<Label = Y::Label> + ?Sized,
{
    let (counted, scores) = indices(&Pair::new(y_true, y_pred)?, Some(&average), options)?;
    Ok(scores.map(|scores| mean(&scores, counted.weight.as_deref())))
}

/// The Jaccard index of each class, in the order of `labels`.
///
/// # Errors
/// As [`jaccard_score`].
///
/// # Reference
/// `sklearn.metrics.jaccard_score` with `average=None`.
///
/// ```
/// use tunewise_metrics::{ScoreOptions, jaccard_scores};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let jaccard = jaccard_scores(&[0, 1, 2, 2], &[0, 2, 1, 2], &ScoreOptions::default())?;
/// assert_eq!(jaccard.value[0], 1.0);
/// # Ok(())
/// # }
/// ```
pub fn jaccard_scores<Y, P>(
    y_true: &Y,
    y_pred: &P,
    options: &ScoreOptions<'_, Y::Label>,
) -> Result<Scored<Vec<f64>>>
where
    Y: Targets + ?Sized,
    P: Targets<Label = Y::Label> + ?Sized,
{
    Ok(indices(&Pair::new(y_true, y_pred)?, None, options)?.1)
}

fn indices<L: crate::Label>(
    pair: &Pair<'_, L>,
    average: Option<&Average<L>>,
    options: &ScoreOptions<'_, L>,
) -> Result<(Counted, Scored<Vec<f64>>)> {
    if options.zero_division == ZeroDivision::Nan {
        let expected = "warn, 0 or 1";
        return Err(Error::Argument { name: "zero_division", got: "NaN".to_owned(), expected });
    }
    if options.beta != 1.0 {
        let (got, expected) = (options.beta.to_string(), "1: the Jaccard index has no beta");
        return Err(Error::Argument { name: "beta", got, expected });
    }
    let selection = Selection { labels: options.labels, sample_weight: options.sample_weight };
    let counted = Counted::new(pair, average, selection)?;
    let either = |counts: &crate::counts::Counts| {
        counts.hits + (counts.predicted - counts.hits) + (counts.actual - counts.hits)
    };
    let all = &counted.counts;
    let value =
        all.iter().map(|counts| options.zero_division.ratio(counts.hits, either(counts))).collect();
    let undefined = all.iter().any(|counts| either(counts) == 0.0);
    let warnings = if undefined && options.zero_division == ZeroDivision::Warn {
        let (axis, single) = (counted.axis, all.len() == 1);
        vec![
            UndefinedMetric { metric: "Jaccard", lacking: "true or predicted", axis, single }
                .into(),
        ]
    } else {
        Vec::new()
    };
    Ok((counted, Scored { value, warnings }))
}
