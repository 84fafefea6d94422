//! The classification report.

use serde::Serialize;

use crate::average::ZeroDivision;
use crate::counted::columns;
use crate::counts::{self, Counts};
use crate::label_warning::LabelWarning;
use crate::scores::{FScore, Scorer, average};
use crate::tally::{Observed, Tally};
use crate::targets::{MultiLabel, Pair, Targets};
use crate::{Error, Label, Result, weighted};

/// What a report covers and how it looks.
///
/// | field | default | meaning |
/// | --- | --- | --- |
/// | `labels` | all that occur, sorted | the rows, in order |
/// | `target_names` | the labels | what the rows are called |
/// | `sample_weight` | 1 | weight of each row of the data |
/// | `digits` | 2 | after the point, in the text |
/// | `zero_division` | warn | ratios without a denominator |
/// | `alignment` | code points | what the width of a name is counted in |
#[derive(Debug, Clone, Copy)]
pub struct ReportOptions<'a, L> {
    /// The rows, in order.
    pub labels: Option<&'a [L]>,
    /// What they are called.
    pub target_names: Option<&'a [String]>,
    /// Weight of each row of the data.
    pub sample_weight: Option<&'a [f64]>,
    /// Digits after the point.
    pub digits: usize,
    /// Ratios without a denominator.
    pub zero_division: ZeroDivision,
    /// How names are aligned.
    pub alignment: Alignment,
}

/// What the width of a name is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Alignment {
    /// Code points, as scikit-learn does: its bytes, crooked for Chinese, Japanese and Korean names.
    #[default]
    CodePoints,
    /// Columns of a terminal, two for a wide character (Unicode Standard Annex 11).
    Columns,
}

/// Precision, recall and F1 with the rows behind them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Score {
    /// Share of the predicted rows that are right.
    pub precision: f64,
    /// Share of the true rows that are found.
    pub recall: f64,
    /// Their harmonic mean.
    #[serde(rename = "f1-score")]
    pub f1_score: f64,
    /// True rows, or their weight.
    pub support: f64,
}

impl From<FScore> for Score {
    fn from(score: FScore) -> Self {
        let FScore { precision, recall, f_beta, support } = score;
        Self { precision, recall, f1_score: f_beta, support }
    }
}

impl<L> Default for ReportOptions<'_, L> {
    fn default() -> Self {
        Self {
            labels: None,
            target_names: None,
            sample_weight: None,
            digits: 2,
            zero_division: ZeroDivision::Warn,
            alignment: Alignment::CodePoints,
        }
    }
}

/// A row of the report.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassRow {
    /// What the class is called.
    pub name: String,
    /// Its scores.
    pub score: Score,
}

/// All numbers of a report. `Display` is scikit-learn's text; serde is its `output_dict`.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassificationReport {
    /// A row a class.
    pub classes: Vec<ClassRow>,
    /// Share of right rows, if the report covers every label that occurs.
    pub accuracy: Option<f64>,
    /// Scores of all counts together, where they are not the accuracy.
    pub micro_avg: Option<Score>,
    /// Unweighted mean over classes.
    pub macro_avg: Score,
    /// Mean over classes by support.
    pub weighted_avg: Score,
    /// Mean over rows; multi-label only.
    pub samples_avg: Option<Score>,
    /// What scikit-learn warns of, in its order.
    pub warnings: Vec<LabelWarning>,
    pub(crate) accuracy_f1: f64,
    pub(crate) digits: usize,
    pub(crate) alignment: Alignment,
    pub(crate) float_support: bool,
}

/// Precision, recall, F1 and support of every class, and their averages.
///
/// # Errors
/// [`Error::Empty`], [`Error::Length`], [`Error::MixedTargets`]; [`Error::Labels`] for an empty `labels`;
/// [`Error::Column`] for a label that is no column; [`Error::TargetNames`] if the names are not as many
/// as the classes; [`Error::Argument`] for a weight that is not finite; [`Error::ZeroWeight`].
///
/// # Formula
/// ```text
/// P = tp / predicted    R = tp / true    F1 = 2 tp / (true + predicted)
/// ```
///
/// # Reference
/// `sklearn.metrics.classification_report`.
pub fn classification_report<Y, P>(
    y_true: &Y,
    y_pred: &P,
    options: &ReportOptions<'_, Y::Label>,
) -> Result<ClassificationReport>
where
    Y: Targets + ?Sized,
    P: Targets<Label = Y::Label> + ?Sized,
{
    let pair = Pair::new(y_true, y_pred)?;
    weighted::check_mean(options.sample_weight, pair.len())?;
    match &pair {
        Pair::Classes(y_true, y_pred) => {
            of_observed(&Tally::of(y_true, y_pred, options.sample_weight).observed(), options)
        }
        Pair::Marks(y_true, y_pred) => of_marks(*y_true, *y_pred, options),
    }
}

/// [`classification_report`] of rows of several labels; `options.labels` are columns.
///
/// # Errors
/// As [`classification_report`].
///
/// # Reference
/// `sklearn.metrics.classification_report` of a label indicator.
///
/// ```
/// use tunewise_metrics::{MultiLabel, ReportOptions, multilabel_report};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let y_true = MultiLabel::new(&[1, 0, 1, 1], 2)?; // two rows of two labels
/// let y_pred = MultiLabel::new(&[1, 0, 0, 1], 2)?;
/// let report = multilabel_report(y_true, y_pred, &ReportOptions::default())?;
/// assert_eq!(report.classes[0].score.recall, 0.5);
/// # Ok(())
/// # }
/// ```
pub fn multilabel_report(
    y_true: MultiLabel<'_>,
    y_pred: MultiLabel<'_>,
    options: &ReportOptions<'_, usize>,
) -> Result<ClassificationReport> {
    classification_report(&y_true, &y_pred, options)
}

/// The report of labels that are counted already.
pub(crate) fn of_observed<L: Label>(
    observed: &Observed<L>,
    options: &ReportOptions<'_, L>,
) -> Result<ClassificationReport> {
    let labels = options.labels.unwrap_or(&observed.labels);
    if labels.is_empty() {
        return Err(Error::Labels);
    }
    let mut report = assemble(&observed.select(labels), labels, options)?;
    // Without a single right row scikit-learn's counts happen to be floats, and print as such.
    report.float_support |= observed.hits() == 0.0;
    if options.labels.is_none() || observed.all_in(labels) {
        let micro = report.micro_avg.take();
        report.accuracy = micro.map(|micro| micro.precision);
        report.accuracy_f1 = micro.map_or(f64::NAN, |micro| micro.f1_score);
    }
    Ok(report)
}

fn of_marks<L: Label>(
    y_true: MultiLabel<'_>,
    y_pred: MultiLabel<'_>,
    options: &ReportOptions<'_, L>,
) -> Result<ClassificationReport> {
    let (labels, weights) = (options.labels, options.sample_weight);
    let columns = columns(y_true, labels)?;
    let counts = counts::by_column(&columns, y_true, y_pred, weights);
    let mut report = match labels {
        Some(labels) => assemble(&counts, labels, options)?,
        None => assemble(&counts, &columns, options)?,
    };
    let counts = counts::by_row(&columns, y_true, y_pred, weights);
    let rows = scorer(options, "sample").scores(&counts, &mut report.warnings);
    let support = report.macro_avg.support;
    report.samples_avg = Some(Score { support, ..average(&rows, weights).into() });
    Ok(report)
}

fn scorer<L>(options: &ReportOptions<'_, L>, axis: &'static str) -> Scorer {
    Scorer { zero_division: options.zero_division, beta: 1.0, axis }
}

/// The report of counts by class, with the micro average and without accuracy.
fn assemble<L, N: Label>(
    counts: &[Counts],
    labels: &[N],
    options: &ReportOptions<'_, L>,
) -> Result<ClassificationReport> {
    let mut warnings = Vec::new();
    let names = names(labels, options, &mut warnings)?;
    let scorer = scorer(options, "label");
    let scores = scorer.scores(counts, &mut warnings);
    let micro = scorer.scores(&[Counts::sum(counts)], &mut warnings);
    // scikit-learn computes the classes anew for each mean, and warns anew.
    for _ in 0..2 {
        scorer.scores(counts, &mut warnings);
    }
    let support: Vec<f64> = scores.iter().map(|score| score.support).collect();
    let rows = names.into_iter().zip(&scores);
    Ok(ClassificationReport {
        classes: rows.map(|(name, &score)| ClassRow { name, score: score.into() }).collect(),
        accuracy: None,
        micro_avg: micro.first().map(|&score| score.into()),
        macro_avg: average(&scores, None).into(),
        weighted_avg: average(&scores, Some(&support)).into(),
        samples_avg: None,
        warnings,
        accuracy_f1: f64::NAN,
        digits: options.digits,
        alignment: options.alignment,
        float_support: options.sample_weight.is_some(),
    })
}

fn names<L, N: Label>(
    labels: &[N],
    options: &ReportOptions<'_, L>,
    warnings: &mut Vec<LabelWarning>,
) -> Result<Vec<String>> {
    let Some(names) = options.target_names else {
        return Ok(labels.iter().map(N::name).collect());
    };
    if names.len() != labels.len() {
        if options.labels.is_none() {
            return Err(Error::TargetNames { classes: labels.len(), names: names.len() });
        }
        warnings.push(LabelWarning::TargetNames { labels: labels.len(), names: names.len() });
    }
    Ok(names.to_vec())
}

impl ClassificationReport {
    /// The rows below the classes: name and scores, in scikit-learn's order; accuracy apart.
    pub(crate) fn averages(&self) -> impl Iterator<Item = (&'static str, &Score)> {
        let averages = [
            ("micro avg", self.micro_avg.as_ref()),
            ("macro avg", Some(&self.macro_avg)),
            ("weighted avg", Some(&self.weighted_avg)),
            ("samples avg", self.samples_avg.as_ref()),
        ];
        averages.into_iter().filter_map(|(name, score)| Some((name, score?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected from scikit-learn 1.9.1 on the same arrays, in its order.
    #[test]
    fn warnings_are_those_of_scikit_learn() {
        let texts = |report: ClassificationReport| -> Vec<String> {
            report.warnings.iter().map(|w| w.to_string()).collect()
        };
        let end = "Use `zero_division` parameter to control this behavior.";
        let report = classification_report(&[0, 1, 2], &[0, 1, 1], &ReportOptions::default());
        let line = format!(
            "Precision is ill-defined and being set to 0.0 in labels with no predicted samples. {end}"
        );
        assert_eq!(texts(report.unwrap()), vec![line; 3]);

        let only = ReportOptions { labels: Some(&[2][..]), ..ReportOptions::default() };
        let single = texts(classification_report(&[1, 1], &[1, 1], &only).unwrap());
        assert_eq!(single.len(), 12);
        assert_eq!(
            single[2],
            format!(
                "F-score is ill-defined and being set to 0.0 due to no true nor predicted samples. {end}"
            )
        );

        let y_true = MultiLabel::new(&[1, 0, 0, 0], 2).unwrap();
        let y_pred = MultiLabel::new(&[0, 0, 1, 0], 2).unwrap();
        let multi = texts(multilabel_report(y_true, y_pred, &ReportOptions::default()).unwrap());
        assert_eq!(multi.len(), 11);
        assert_eq!(
            multi[10],
            format!(
                "Recall is ill-defined and being set to 0.0 in samples with no true labels. {end}"
            )
        );
    }
}
