//! Precision, recall, F-beta and their averages; accuracy.

use serde::Serialize;

use crate::counts::{Counts, weights};
use crate::error::same_length;
use crate::pairwise;
use crate::{Error, Label, Result};

/// What a ratio is when its denominator is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ZeroDivision {
    /// 0, and a warning.
    #[default]
    Warn,
    /// 0.
    Zero,
    /// 1.
    One,
    /// NaN, which averages leave out.
    Nan,
}

impl ZeroDivision {
    fn value(self) -> f64 {
        match self {
            Self::Warn | Self::Zero => 0.0,
            Self::One => 1.0,
            Self::Nan => f64::NAN,
        }
    }
}

/// Precision, recall and F-beta with the rows behind them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Score {
    /// Share of the predicted rows that are right.
    pub precision: f64,
    /// Share of the true rows that are found.
    pub recall: f64,
    /// Their weighted harmonic mean; beta is 1 in reports.
    #[serde(rename = "f1-score")]
    pub f1_score: f64,
    /// Rows, or their weight.
    pub support: f64,
}

/// A ratio without a denominator, which [`ZeroDivision::Warn`] made 0. `Display` is scikit-learn's
/// warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "{metric} is ill-defined and being set to 0.0 {} no {lacking} {}. \
     Use `zero_division` parameter to control this behavior.",
    self.place(),
    self.counted()
)]
pub struct UndefinedMetric {
    /// `Precision`, `Recall` or `F-score`.
    pub metric: &'static str,
    /// What there is none of: `predicted`, `true` or `true nor predicted`.
    pub lacking: &'static str,
    /// What lacks it: `label` or `sample`.
    pub axis: &'static str,
    /// Whether it was the only one.
    pub single: bool,
}

impl UndefinedMetric {
    fn place(&self) -> &'static str {
        match (self.single, self.axis) {
            (true, _) => "due to",
            (false, "label") => "in labels with",
            (false, _) => "in samples with",
        }
    }

    fn counted(&self) -> &'static str {
        if self.axis == "label" { "samples" } else { "labels" }
    }
}

/// How ratios are formed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scorer {
    pub(crate) zero_division: ZeroDivision,
    pub(crate) axis: &'static str,
}

impl Scorer {
    /// Scores of each of the counts, and a warning for each ratio that is undefined somewhere.
    ///
    /// F is computed from the counts, not from precision and recall: it is undefined only where there
    /// are neither true nor predicted rows.
    pub(crate) fn scores(self, all: &[Counts], warnings: &mut Vec<UndefinedMetric>) -> Vec<Score> {
        let undefined = self.zero_division.value();
        let ratio = |numerator: f64, denominator: f64| {
            if denominator == 0.0 { undefined } else { numerator / denominator }
        };
        if self.zero_division == ZeroDivision::Warn {
            self.warn(all, warnings);
        }
        let score = |counts: &Counts| Score {
            precision: ratio(counts.hits, counts.predicted),
            recall: ratio(counts.hits, counts.actual),
            f1_score: ratio(2.0 * counts.hits, counts.actual + counts.predicted),
            support: counts.actual,
        };
        all.iter().map(score).collect()
    }

    fn warn(self, all: &[Counts], warnings: &mut Vec<UndefinedMetric>) {
        let (axis, single) = (self.axis, all.len() == 1);
        let lacks = |denominator: fn(&Counts) -> f64| all.iter().any(|c| denominator(c) == 0.0);
        for (metric, lacking, undefined) in [
            ("Precision", "predicted", lacks(|counts| counts.predicted)),
            ("Recall", "true", lacks(|counts| counts.actual)),
            ("F-score", "true nor predicted", lacks(|counts| counts.actual + counts.predicted)),
        ] {
            if undefined {
                warnings.push(UndefinedMetric { metric, lacking, axis, single });
            }
        }
    }
}

/// The mean of scores by weight, NaN left out; without weights the plain mean. As scikit-learn, a
/// weight of zero in all is a plain mean too.
pub(crate) fn average(scores: &[Score], weight: Option<&[f64]>) -> Score {
    let sum = |values: Vec<f64>| pairwise::sum(&values);
    let mean = |value: fn(&Score) -> f64| {
        let weights = weight.map_or_else(|| vec![1.0; scores.len()], <[f64]>::to_vec);
        let defined = || scores.iter().map(value).zip(&weights).filter(|(x, _)| !x.is_nan());
        let total = sum(defined().map(|(_, weight)| *weight).collect());
        if total == 0.0 {
            return sum(defined().map(|(x, _)| x).collect()) / defined().count() as f64;
        }
        sum(defined().map(|(x, weight)| x * weight).collect()) / total
    };
    Score {
        precision: mean(|score| score.precision),
        recall: mean(|score| score.recall),
        f1_score: mean(|score| score.f1_score),
        support: sum(scores.iter().map(|score| score.support).collect()),
    }
}

/// The share of rows, by weight, whose label is right; in [0, 1].
///
/// # Errors
/// [`Error::Empty`], [`Error::Length`], [`Error::ZeroWeight`].
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
pub fn accuracy_score<L: Label>(
    y_true: &[L],
    y_pred: &[L],
    sample_weight: Option<&[f64]>,
) -> Result<f64> {
    same_length("y_pred", y_pred.len(), y_true.len())?;
    let weights = weights(sample_weight, y_true.len())?;
    let total = pairwise::sum(&weights);
    if total == 0.0 {
        return Err(Error::ZeroWeight);
    }
    let rows = y_true.iter().zip(y_pred).zip(&weights);
    let right =
        rows.map(|((actual, predicted), weight)| if actual == predicted { *weight } else { 0.0 });
    Ok(pairwise::sum(&right.collect::<Vec<_>>()) / total)
}
