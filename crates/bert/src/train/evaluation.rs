//! A validation or test set measured.

use std::fmt;

use serde::Serialize;
use tunewise_data::{ProblemType, Targets};
use tunewise_metrics::{
    ClassificationReport, MultiLabel, ReportOptions, accuracy_score, classification_report,
    matthews_corrcoef, mean_absolute_error, mean_squared_error, multilabel_report, pearson_r,
    r2_score,
};

use super::metric::MetricForBestModel;
use super::predictions::{Predictions, best};
use crate::{Error, Result};

/// What the predictions on labelled rows are worth. `Display` is the report's text, serde its
/// numbers.
#[derive(Debug, Clone, Serialize)]
pub struct Evaluation {
    /// Mean loss over the rows.
    pub eval_loss: f64,
    /// Number of rows.
    pub rows: usize,
    /// Share of rows whose labels are all right; absent for regression.
    pub accuracy: Option<f64>,
    /// Matthews' correlation coefficient; of one label a row only.
    pub mcc: Option<f64>,
    /// The report.
    pub report: Scores,
}

/// The report of a problem.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Scores {
    /// Single-label and multi-label classification: scikit-learn's report.
    Classification(Box<ClassificationReport>),
    /// Regression.
    Regression(RegressionReport),
}

/// Errors and agreement of a regression; with several outputs, over all of them together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RegressionReport {
    /// Mean of squared differences.
    pub mean_squared_error: f64,
    /// Mean of absolute differences.
    pub mean_absolute_error: f64,
    /// Coefficient of determination.
    pub r2: f64,
    /// Pearson's correlation.
    pub pearson_r: f64,
}

impl Evaluation {
    /// Compares predictions with the rows' targets; `id2label` names the logits.
    ///
    /// # Errors
    /// [`Error::Metrics`] where a metric is not defined, [`Error::Internal`] for targets of another
    /// kind than the predictions.
    pub fn new(predictions: &Predictions, targets: &Targets, id2label: &[String]) -> Result<Self> {
        let (accuracy, mcc, report) = match (predictions.problem(), targets) {
            (ProblemType::SingleLabelClassification, Targets::Classes(classes)) => {
                let (accuracy, mcc, report) = single_label(predictions, classes, id2label)?;
                (Some(accuracy), Some(mcc), report)
            }
            (ProblemType::MultiLabelClassification, Targets::MultiHot { values, .. }) => {
                let (accuracy, report) = multi_label(predictions, values, id2label)?;
                (accuracy, None, report)
            }
            (ProblemType::Regression, Targets::Values(values)) => {
                (None, None, regression(predictions, values)?)
            }
            _ => return Err(Error::Internal { what: "targets are of the model's problem" }),
        };
        Ok(Self {
            eval_loss: predictions.loss(targets)?,
            rows: predictions.len(),
            accuracy,
            mcc,
            report,
        })
    }

    /// Macro F1, or the loss for regression.
    #[must_use]
    pub fn default_metric(&self) -> MetricForBestModel {
        MetricForBestModel::default_of(self.problem())
    }

    /// The value of a metric.
    ///
    /// # Errors
    /// [`Error::Setting`] for a metric that the problem does not have.
    pub fn metric(&self, metric: MetricForBestModel) -> Result<f64> {
        let value = match &self.report {
            _ if metric == MetricForBestModel::Loss => Some(self.eval_loss),
            Scores::Classification(report) => self.of_classification(metric, report),
            Scores::Regression(report) => report.metric(metric),
        };
        value.ok_or_else(|| metric.not_for(self.problem()))
    }

    fn of_classification(
        &self,
        metric: MetricForBestModel,
        report: &ClassificationReport,
    ) -> Option<f64> {
        match metric {
            MetricForBestModel::MacroF1 => Some(report.macro_avg.f1_score),
            MetricForBestModel::MicroF1 => {
                report.micro_avg.map_or(self.accuracy, |score| Some(score.f1_score))
            }
            MetricForBestModel::WeightedF1 => Some(report.weighted_avg.f1_score),
            MetricForBestModel::Accuracy => self.accuracy,
            MetricForBestModel::MacroPrecision => Some(report.macro_avg.precision),
            MetricForBestModel::MacroRecall => Some(report.macro_avg.recall),
            MetricForBestModel::Mcc => self.mcc,
            _ => None,
        }
    }

    fn problem(&self) -> ProblemType {
        match (&self.report, self.mcc) {
            (Scores::Regression(_), _) => ProblemType::Regression,
            (_, Some(_)) => ProblemType::SingleLabelClassification,
            (_, None) => ProblemType::MultiLabelClassification,
        }
    }
}

impl RegressionReport {
    fn metric(&self, metric: MetricForBestModel) -> Option<f64> {
        match metric {
            MetricForBestModel::Mse => Some(self.mean_squared_error),
            MetricForBestModel::Mae => Some(self.mean_absolute_error),
            MetricForBestModel::R2 => Some(self.r2),
            MetricForBestModel::PearsonR => Some(self.pearson_r),
            _ => None,
        }
    }
}

impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.report {
            Scores::Classification(report) => report.fmt(f),
            Scores::Regression(report) => report.fmt(f),
        }
    }
}

impl fmt::Display for RegressionReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "mean squared error   {:.6}", self.mean_squared_error)?;
        writeln!(f, "mean absolute error  {:.6}", self.mean_absolute_error)?;
        writeln!(f, "R2                   {:.6}", self.r2)?;
        writeln!(f, "Pearson r            {:.6}", self.pearson_r)
    }
}

fn single_label(
    predictions: &Predictions,
    classes: &[i64],
    id2label: &[String],
) -> Result<(f64, f64, Scores)> {
    let y_true: Vec<usize> = classes.iter().map(|&class| class as usize).collect();
    let y_pred: Vec<usize> = predictions.scores().map(|scores| best(&scores).0).collect();
    // The report's order is scikit-learn's: integer labels by value, others by code point.
    let numbers: Option<Vec<i64>> = id2label.iter().map(|name| name.parse().ok()).collect();
    let report = match numbers {
        Some(numbers) => report_named(&y_true, &y_pred, &numbers)?,
        None => report_named(&y_true, &y_pred, id2label)?,
    };
    let accuracy = accuracy_score(&y_true, &y_pred, None)?;
    let mcc = matthews_corrcoef(&y_true, &y_pred, None)?;
    Ok((accuracy, mcc, Scores::Classification(Box::new(report))))
}

fn report_named<L>(y_true: &[usize], y_pred: &[usize], names: &[L]) -> Result<ClassificationReport>
where
    L: tunewise_metrics::Label,
{
    let named = |ids: &[usize]| {
        let names: Option<Vec<L>> = ids.iter().map(|&id| names.get(id).cloned()).collect();
        names.ok_or(Error::Internal { what: "class ids are below the number of labels" })
    };
    Ok(classification_report(&named(y_true)?, &named(y_pred)?, &ReportOptions::default())?)
}

fn multi_label(
    predictions: &Predictions,
    marks: &[f32],
    id2label: &[String],
) -> Result<(Option<f64>, Scores)> {
    let num_labels = id2label.len();
    let y_true: Vec<u8> = marks.iter().map(|&mark| u8::from(mark > 0.5)).collect();
    let threshold = predictions.calibration().label_threshold();
    let y_pred: Vec<u8> =
        predictions.scores().flatten().map(|score| u8::from(score >= threshold)).collect();
    let options = ReportOptions { target_names: Some(id2label), ..ReportOptions::default() };
    let report = multilabel_report(
        MultiLabel::new(&y_true, num_labels)?,
        MultiLabel::new(&y_pred, num_labels)?,
        &options,
    )?;
    let rows = y_true.chunks_exact(num_labels).zip(y_pred.chunks_exact(num_labels));
    let exact = rows.filter(|(want, got)| want == got).count();
    let accuracy = exact as f64 / predictions.len().max(1) as f64;
    Ok((Some(accuracy), Scores::Classification(Box::new(report))))
}

fn regression(predictions: &Predictions, values: &[f32]) -> Result<Scores> {
    let y_true: Vec<f64> = values.iter().copied().map(f64::from).collect();
    let y_pred: Vec<f64> = predictions.scores().flatten().collect();
    Ok(Scores::Regression(RegressionReport {
        mean_squared_error: mean_squared_error(&y_true, &y_pred)?,
        mean_absolute_error: mean_absolute_error(&y_true, &y_pred)?,
        r2: r2_score(&y_true, &y_pred)?,
        pearson_r: pearson_r(&y_true, &y_pred)?,
    }))
}
