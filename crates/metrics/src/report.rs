//! The classification report.

use std::collections::BTreeSet;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::counts::{self, Counts, MultiLabel, weights};
use crate::error::same_length;
use crate::scores::{Score, Scorer, UndefinedMetric, ZeroDivision, accuracy_score, average};
use crate::{Error, Label, Result};

/// What a report covers and how it looks.
///
/// | field | default | meaning |
/// | --- | --- | --- |
/// | `labels` | all that occur, sorted | the rows, in order |
/// | `target_names` | the labels | what the rows are called |
/// | `sample_weight` | 1 | weight of each row of the data |
/// | `digits` | 2 | after the point, in the text |
/// | `zero_division` | warn | ratios without a denominator |
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
}

impl<L> Default for ReportOptions<'_, L> {
    fn default() -> Self {
        Self {
            labels: None,
            target_names: None,
            sample_weight: None,
            digits: 2,
            zero_division: ZeroDivision::Warn,
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
    /// Ratios that were undefined, in the order in which scikit-learn warns.
    pub warnings: Vec<UndefinedMetric>,
    pub(crate) digits: usize,
    pub(crate) float_support: bool,
}

/// Precision, recall, F1 and support of every class, and their averages, for one label a row.
///
/// # Errors
/// [`Error::Empty`], [`Error::Length`]; [`Error::Labels`] for an empty `labels`;
/// [`Error::TargetNames`] if the names are not as many as the classes.
///
/// # Reference
/// `sklearn.metrics.classification_report`.
pub fn classification_report<L: Label>(
    y_true: &[L],
    y_pred: &[L],
    options: &ReportOptions<'_, L>,
) -> Result<ClassificationReport> {
    same_length("y_pred", y_pred.len(), y_true.len())?;
    let weights = weights(options.sample_weight, y_true.len())?;
    let observed: BTreeSet<&L> = y_true.iter().chain(y_pred).collect();
    let labels: Vec<L> = match options.labels {
        Some([]) => return Err(Error::Labels),
        Some(labels) => labels.to_vec(),
        None => observed.iter().map(|&label| label.clone()).collect(),
    };
    let complete = observed.iter().all(|label| labels.contains(label));
    let counts = counts::by_class(&labels, y_true, y_pred, &weights);
    let mut report = assemble(&counts, names(&labels, options)?, options)?;
    // Without a single right row scikit-learn's counts happen to be floats, and print as such.
    report.float_support |=
        y_true.iter().zip(y_pred).all(|(actual, predicted)| actual != predicted);
    if complete {
        report.accuracy = Some(accuracy_score(y_true, y_pred, options.sample_weight)?);
        report.micro_avg = None;
    }
    Ok(report)
}

/// The same for rows of several labels; `options.labels` are columns.
///
/// # Errors
/// As [`classification_report`], and [`Error::Column`] for a label that is not a column.
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
    same_length("y_pred", y_pred.len(), y_true.len())?;
    let num_labels = y_true.num_labels();
    if y_pred.num_labels() != num_labels {
        let what = format!("y_pred has {} columns", y_pred.num_labels());
        return Err(Error::Indicator { num_labels, what });
    }
    let weights = weights(options.sample_weight, y_true.len())?;
    let all: Vec<usize> = (0..num_labels).collect();
    let columns = options.labels.unwrap_or(&all);
    if columns.is_empty() {
        return Err(Error::Labels);
    }
    if let Some(label) = columns.iter().find(|column| **column >= num_labels) {
        return Err(Error::Column { label: label.to_string(), num_labels });
    }
    let counts = counts::by_column(columns, y_true, y_pred, &weights);
    let mut report = assemble(&counts, names(columns, options)?, options)?;
    let scorer = Scorer { zero_division: options.zero_division, axis: "sample" };
    let rows = scorer.scores(&counts::by_row(columns, y_true, y_pred), &mut report.warnings);
    let support = report.macro_avg.support;
    report.samples_avg = Some(Score { support, ..average(&rows, options.sample_weight) });
    Ok(report)
}

/// The report of counts by class, with the micro average and without accuracy.
fn assemble<L>(
    counts: &[Counts],
    names: Vec<String>,
    options: &ReportOptions<'_, L>,
) -> Result<ClassificationReport> {
    let mut warnings = Vec::new();
    let scorer = Scorer { zero_division: options.zero_division, axis: "label" };
    let scores = scorer.scores(counts, &mut warnings);
    let micro = scorer.scores(&[Counts::sum(counts)], &mut warnings);
    // scikit-learn computes the classes anew for each mean, and warns anew.
    for _ in 0..2 {
        scorer.scores(counts, &mut warnings);
    }
    let support: Vec<f64> = scores.iter().map(|score| score.support).collect();
    let classes = names.into_iter().zip(&scores).map(|(name, &score)| ClassRow { name, score });
    Ok(ClassificationReport {
        classes: classes.collect(),
        accuracy: None,
        micro_avg: micro.first().copied(),
        macro_avg: average(&scores, None),
        weighted_avg: average(&scores, Some(&support)),
        samples_avg: None,
        warnings,
        digits: options.digits,
        float_support: options.sample_weight.is_some(),
    })
}

fn names<L: Label>(labels: &[L], options: &ReportOptions<'_, L>) -> Result<Vec<String>> {
    let Some(names) = options.target_names else {
        return Ok(labels.iter().map(L::to_string).collect());
    };
    // With labels given, scikit-learn warns and pairs what there is.
    if names.len() != labels.len() && options.labels.is_none() {
        return Err(Error::TargetNames { classes: labels.len(), names: names.len() });
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

impl Serialize for ClassificationReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for row in &self.classes {
            map.serialize_entry(&row.name, &row.score)?;
        }
        if let Some(accuracy) = self.accuracy {
            map.serialize_entry("accuracy", &accuracy)?;
        }
        for (name, score) in self.averages() {
            map.serialize_entry(name, score)?;
        }
        map.end()
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
