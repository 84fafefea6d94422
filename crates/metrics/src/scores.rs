//! Precision, recall and F-beta.

use crate::average::{Average, ZeroDivision, mean};
use crate::counted::{Counted, Selection};
use crate::counts::Counts;
use crate::label_warning::{LabelWarning, Scored, UndefinedMetric};
use crate::pairwise;
use crate::targets::{Pair, Targets};
use crate::{Error, Result};

/// What is scored, and how ratios are formed.
///
/// | field | default | meaning |
/// | --- | --- | --- |
/// | `labels` | all that occur, sorted | the classes, or the columns of [`MultiLabel`](crate::MultiLabel) |
/// | `sample_weight` | 1 | weight of each row |
/// | `zero_division` | warn | ratios without a denominator |
/// | `beta` | 1 | weight of recall in F-beta; at least 0, may be infinite |
#[derive(Debug, Clone, Copy)]
pub struct ScoreOptions<'a, L> {
    /// The classes.
    pub labels: Option<&'a [L]>,
    /// Weight of each row.
    pub sample_weight: Option<&'a [f64]>,
    /// Ratios without a denominator.
    pub zero_division: ZeroDivision,
    /// Weight of recall in F-beta.
    pub beta: f64,
}

impl<L> Default for ScoreOptions<'_, L> {
    fn default() -> Self {
        Self { labels: None, sample_weight: None, zero_division: ZeroDivision::Warn, beta: 1.0 }
    }
}

/// Precision, recall and F-beta with the rows behind them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FScore {
    /// Share of the predicted rows that are right.
    pub precision: f64,
    /// Share of the true rows that are found.
    pub recall: f64,
    /// Their weighted harmonic mean.
    pub f_beta: f64,
    /// True rows, or their weight.
    pub support: f64,
}

/// How ratios are formed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scorer {
    pub(crate) zero_division: ZeroDivision,
    pub(crate) beta: f64,
    pub(crate) axis: &'static str,
}

impl Scorer {
    /// Scores of each of the counts, and a warning for each ratio that is undefined somewhere.
    ///
    /// F is computed from the counts, not from precision and recall: it is undefined only where there
    /// are neither true nor predicted rows.
    pub(crate) fn scores(self, all: &[Counts], warnings: &mut Vec<LabelWarning>) -> Vec<FScore> {
        if self.zero_division == ZeroDivision::Warn {
            self.warn(all, warnings);
        }
        all.iter().map(|counts| self.score(counts)).collect()
    }

    fn score(self, counts: &Counts) -> FScore {
        let ratio = |numerator, denominator| self.zero_division.ratio(numerator, denominator);
        let precision = ratio(counts.hits, counts.predicted);
        let recall = ratio(counts.hits, counts.actual);
        let f_beta = if self.beta == 0.0 {
            precision
        } else if self.beta.is_infinite() {
            recall
        } else {
            ratio((1.0 + self.beta.powi(2)) * counts.hits, self.denominator(counts))
        };
        FScore { precision, recall, f_beta, support: counts.actual }
    }

    fn denominator(self, counts: &Counts) -> f64 {
        self.beta.powi(2) * counts.actual + counts.predicted
    }

    fn warn(self, all: &[Counts], warnings: &mut Vec<LabelWarning>) {
        let (axis, single) = (self.axis, all.len() == 1);
        let own = self.beta > 0.0 && self.beta.is_finite();
        for (metric, lacking, undefined) in [
            ("Precision", "predicted", all.iter().any(|counts| counts.predicted == 0.0)),
            ("Recall", "true", all.iter().any(|counts| counts.actual == 0.0)),
            (
                "F-score",
                "true nor predicted",
                own && all.iter().any(|counts| self.denominator(counts) == 0.0),
            ),
        ] {
            if undefined {
                warnings.push(UndefinedMetric { metric, lacking, axis, single }.into());
            }
        }
    }
}

/// The mean of scores by weight; the support is summed.
pub(crate) fn average(scores: &[FScore], weight: Option<&[f64]>) -> FScore {
    let all = |value: fn(&FScore) -> f64| scores.iter().map(value).collect::<Vec<_>>();
    FScore {
        precision: mean(&all(|score| score.precision), weight),
        recall: mean(&all(|score| score.recall), weight),
        f_beta: mean(&all(|score| score.f_beta), weight),
        support: pairwise::sum(&all(|score| score.support)),
    }
}

fn scored<L: crate::Label>(
    pair: &Pair<'_, L>,
    average: Option<&Average<L>>,
    options: &ScoreOptions<'_, L>,
) -> Result<(Counted, Scored<Vec<FScore>>)> {
    if options.beta.is_nan() || options.beta < 0.0 {
        let expected = "a number not below 0";
        return Err(Error::Argument { name: "beta", got: options.beta.to_string(), expected });
    }
    let selection = Selection { labels: options.labels, sample_weight: options.sample_weight };
    let counted = Counted::new(pair, average, selection)?;
    let scorer =
        Scorer { zero_division: options.zero_division, beta: options.beta, axis: counted.axis };
    let mut warnings = Vec::new();
    let value = scorer.scores(&counted.counts, &mut warnings);
    Ok((counted, Scored { value, warnings }))
}

/// Precision, recall, F-beta and support of each class, in the order of `labels`.
///
/// # Errors
/// [`Error::Empty`], [`Error::Length`], [`Error::MixedTargets`]; [`Error::Labels`] for empty `labels`;
/// [`Error::Column`] for a label that is no column; [`Error::Argument`] for a negative beta or a weight
/// that is not finite; [`Error::ZeroWeight`].
///
/// # Formula
/// ```text
/// P = tp / predicted    R = tp / true    F = (1 + β²) tp / (β² true + predicted)
/// ```
///
/// # Reference
/// `sklearn.metrics.precision_recall_fscore_support` with `average=None`.
///
/// ```
/// use tunewise_metrics::{ScoreOptions, precision_recall_fscore_support};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let (y_true, y_pred) = (["cat", "dog", "cat"], ["cat", "dog", "dog"]);
/// let scores = precision_recall_fscore_support(&y_true, &y_pred, &ScoreOptions::default())?;
/// assert_eq!(scores.value[1].precision, 0.5); // of "dog"
/// # Ok(())
/// # }
/// ```
pub fn precision_recall_fscore_support<Y, P>(
    y_true: &Y,
    y_pred: &P,
    options: &ScoreOptions<'_, Y::Label>,
) -> Result<Scored<Vec<FScore>>>
where
    Y: Targets + ?Sized,
    P: Targets<Label = Y::Label> + ?Sized,
{
    Ok(scored(&Pair::new(y_true, y_pred)?, None, options)?.1)
}

/// The average of precision, recall and F-beta, and the whole support.
///
/// # Errors
/// As [`precision_recall_fscore_support`]; [`Error::SamplesAverage`] for one label a row;
/// [`Error::NotBinary`] and [`Error::PosLabel`] for [`Average::Binary`].
///
/// # Reference
/// `sklearn.metrics.precision_recall_fscore_support` with an `average`.
///
/// ```
/// use tunewise_metrics::{Average, ScoreOptions, average_precision_recall_fscore};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let (y_true, y_pred) = ([0, 1, 2, 0, 1, 2], [0, 2, 1, 0, 0, 1]);
/// let options = ScoreOptions::default();
/// let mean = average_precision_recall_fscore(&y_true, &y_pred, Average::Macro, &options)?;
/// assert!((mean.value.f_beta - 0.8 / 3.0).abs() < 1e-12);
/// # Ok(())
/// # }
/// ```
pub fn average_precision_recall_fscore<Y, P>(
    y_true: &Y,
    y_pred: &P,
    average: Average<Y::Label>,
    options: &ScoreOptions<'_, Y::Label>,
) -> Result<Scored<FScore>>
where
    Y: Targets + ?Sized,
    P: Targets<Label = Y::Label> + ?Sized,
{
    let (counted, scores) = scored(&Pair::new(y_true, y_pred)?, Some(&average), options)?;
    Ok(scores.map(|scores| self::average(&scores, counted.weight.as_deref())))
}

macro_rules! single_scores {
    ($($(#[$doc:meta])* $name:ident, $metric:literal, $field:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// As [`average_precision_recall_fscore`].
        pub fn $name<Y, P>(
            y_true: &Y,
            y_pred: &P,
            average: Average<Y::Label>,
            options: &ScoreOptions<'_, Y::Label>,
        ) -> Result<Scored>
        where
            Y: Targets + ?Sized,
            P: Targets<Label = Y::Label> + ?Sized,
        {
            let mut all = average_precision_recall_fscore(y_true, y_pred, average, options)?;
            all.warnings.retain(|warning| match warning {
                LabelWarning::Undefined(undefined) => undefined.metric == $metric,
                _ => true,
            });
            Ok(all.map(|score| score.$field))
        }
    )*};
}

single_scores! {
    /// The share of predicted rows that are right, averaged.
    ///
    /// # Reference
    /// `sklearn.metrics.precision_score`.
    ///
    /// ```
    /// use tunewise_metrics::{Average, ScoreOptions, precision_score};
    ///
    /// # fn main() -> tunewise_metrics::Result<()> {
    /// let spam = Average::Binary { pos_label: 1 };
    /// let score = precision_score(&[1, 0, 0], &[1, 1, 0], spam, &ScoreOptions::default())?;
    /// assert_eq!(score.value, 0.5);
    /// # Ok(())
    /// # }
    /// ```
    precision_score, "Precision", precision;
    /// The share of true rows that are found, averaged.
    ///
    /// # Reference
    /// `sklearn.metrics.recall_score`.
    ///
    /// ```
    /// use tunewise_metrics::{Average, ScoreOptions, recall_score};
    ///
    /// # fn main() -> tunewise_metrics::Result<()> {
    /// let spam = Average::Binary { pos_label: 1 };
    /// let score = recall_score(&[1, 0, 1], &[1, 1, 0], spam, &ScoreOptions::default())?;
    /// assert_eq!(score.value, 0.5);
    /// # Ok(())
    /// # }
    /// ```
    recall_score, "Recall", recall;
    /// F-beta with the options' beta, averaged; F1 by default.
    ///
    /// # Reference
    /// `sklearn.metrics.fbeta_score`, `f1_score`.
    ///
    /// ```
    /// use tunewise_metrics::{Average, ScoreOptions, fbeta_score};
    ///
    /// # fn main() -> tunewise_metrics::Result<()> {
    /// let options = ScoreOptions { beta: 2.0, ..ScoreOptions::default() };
    /// let score = fbeta_score(&[1, 0, 1], &[1, 1, 1], Average::Binary { pos_label: 1 }, &options)?;
    /// assert!((score.value - 10.0 / 11.0).abs() < 1e-12);
    /// # Ok(())
    /// # }
    /// ```
    fbeta_score, "F-score", f_beta;
}

/// The harmonic mean of precision and recall, averaged.
///
/// # Errors
/// As [`fbeta_score`], and [`Error::Argument`] for options whose beta is not 1.
///
/// # Reference
/// `sklearn.metrics.f1_score`.
///
/// ```
/// use tunewise_metrics::{Average, MultiLabel, ScoreOptions, f1_score};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let y_true = MultiLabel::new(&[1, 0, 1, 1], 2)?;
/// let y_pred = MultiLabel::new(&[1, 0, 0, 1], 2)?;
/// let score = f1_score(&y_true, &y_pred, Average::Samples, &ScoreOptions::default())?;
/// assert!((score.value - 5.0 / 6.0).abs() < 1e-12);
/// # Ok(())
/// # }
/// ```
pub fn f1_score<Y, P>(
    y_true: &Y,
    y_pred: &P,
    average: Average<Y::Label>,
    options: &ScoreOptions<'_, Y::Label>,
) -> Result<Scored>
where
    Y: Targets + ?Sized,
    P: Targets<Label = Y::Label> + ?Sized,
{
    if options.beta != 1.0 {
        let got = options.beta.to_string();
        return Err(Error::Argument { name: "beta", got, expected: "1: use fbeta_score" });
    }
    fbeta_score(y_true, y_pred, average, options)
}
