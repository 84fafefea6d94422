//! The command line `report`: true and predicted labels in, scikit-learn's report out.

use std::io::{Write, stdin};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use tunewise_data::{
    MultiLabelPredictions, PredictionFile, PredictionOptions, Predictions, read_predictions,
    read_predictions_path,
};
use tunewise_metrics::{
    ClassificationReport, MultiLabel, ReportOptions, ZeroDivision, classification_report,
    multilabel_report,
};

use crate::{CliResult, say};

/// Prints the classification report of true and predicted labels, to the byte as scikit-learn does
///
/// Labels of CSV and TSV files are integers if every cell is one, else strings; JSON Lines has strings,
/// integers, booleans, or lists of 0 and 1 for several labels a row.
#[derive(Debug, Parser)]
#[command(name = "report", version)]
pub struct ReportArgs {
    /// The file: .csv, .tsv, .jsonl, or - for CSV or JSON Lines on standard input
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// Column of the true labels
    #[arg(long, value_name = "NAME", default_value = "y_true")]
    true_column: String,
    /// Column of the predicted labels
    #[arg(long, value_name = "NAME", default_value = "y_pred")]
    pred_column: String,
    /// Labels to report on, in this order, between commas; given several times, each is one label,
    /// commas and all [default: those that occur, sorted]
    #[arg(long, value_name = "LABELS", allow_hyphen_values = true)]
    labels: Vec<String>,
    /// What the labels are called, between commas or given several times [default: the labels]
    #[arg(long, value_name = "NAMES", allow_hyphen_values = true)]
    target_names: Vec<String>,
    /// Digits after the point
    #[arg(long, value_name = "N", default_value_t = 2)]
    digits: u16,
    /// What a score without a denominator is: warn (0 and a warning), 0, 1 or nan
    #[arg(long, value_name = "V", default_value = "warn", value_parser = zero_division)]
    zero_division: ZeroDivision,
    /// Column of the weight of each row
    #[arg(long, value_name = "NAME")]
    sample_weight: Option<String>,
    /// Print the numbers as JSON, as scikit-learn's output_dict has them
    #[arg(long)]
    json: bool,
}

fn zero_division(word: &str) -> Result<ZeroDivision, &'static str> {
    match word {
        "warn" => Ok(ZeroDivision::Warn),
        "0" | "0.0" => Ok(ZeroDivision::Zero),
        "1" | "1.0" => Ok(ZeroDivision::One),
        "nan" => Ok(ZeroDivision::Nan),
        _ => Err("expected warn, 0, 1 or nan"),
    }
}

impl ReportArgs {
    /// Writes the report to `out`, and warnings to standard error.
    ///
    /// # Errors
    /// A message naming the file, line and column, or the flag, at fault.
    pub fn run(&self, out: &mut impl Write) -> CliResult {
        let report = match self.read()? {
            PredictionFile::Single(predictions) => self.single(&predictions)?,
            PredictionFile::Multi(predictions) => self.multi(&predictions)?,
        };
        let mut said: Vec<String> = Vec::new();
        for warning in report.warnings.iter().map(ToString::to_string) {
            if !said.contains(&warning) {
                say(format!("warning: {warning}"));
                said.push(warning);
            }
        }
        if self.json {
            // Through a value: of classes of the same name the last one counts, as in a dict.
            writeln!(out, "{}", serde_json::to_string_pretty(&serde_json::to_value(&report)?)?)?;
        } else {
            write!(out, "{report}")?;
        }
        out.flush()?;
        Ok(ExitCode::SUCCESS)
    }

    fn read(&self) -> tunewise_data::Result<PredictionFile> {
        let options = PredictionOptions {
            true_column: self.true_column.clone(),
            pred_column: self.pred_column.clone(),
            weight_column: self.sample_weight.clone(),
            ..PredictionOptions::default()
        };
        if self.input.as_os_str() == "-" {
            return read_predictions(stdin().lock(), "standard input", &options);
        }
        read_predictions_path(&self.input, &options)
    }

    fn single(&self, predictions: &Predictions) -> CliResult<ClassificationReport> {
        let Predictions { y_true, y_pred, sample_weight, .. } = predictions;
        let words = words(&self.labels);
        let (labels, names) = match words.as_slice() {
            [] => (None, predictions.class_names()),
            words => {
                let (labels, names) = predictions.select(words)?;
                (Some(labels), names)
            }
        };
        let names = self.names().unwrap_or(names);
        let options = self.options(labels.as_deref(), Some(&names), sample_weight.as_deref());
        Ok(classification_report(y_true, y_pred, &options)?)
    }

    fn multi(&self, predictions: &MultiLabelPredictions) -> CliResult<ClassificationReport> {
        let MultiLabelPredictions { num_labels, y_true, y_pred, sample_weight } = predictions;
        let (y_true, y_pred) =
            (MultiLabel::new(y_true, *num_labels)?, MultiLabel::new(y_pred, *num_labels)?);
        let column = |word: &String| {
            word.parse::<usize>().map_err(|_| {
                format!(
                    "`labels` has `{word}`, expected places in the lists: 0 to {}",
                    num_labels - 1
                )
            })
        };
        let labels: Vec<usize> =
            words(&self.labels).iter().map(column).collect::<Result<_, _>>()?;
        let labels = (!labels.is_empty()).then_some(labels.as_slice());
        let names = self.names();
        let options = self.options(labels, names.as_deref(), sample_weight.as_deref());
        Ok(multilabel_report(y_true, y_pred, &options)?)
    }

    /// The names given, if any. Where they are not as many as the labels given, scikit-learn warns.
    fn names(&self) -> Option<Vec<String>> {
        let (labels, names) = (words(&self.labels).len(), words(&self.target_names));
        if labels > 0 && !names.is_empty() && labels != names.len() {
            let names = names.len();
            say(format!(
                "warning: labels size, {labels}, does not match size of target_names, {names}"
            ));
        }
        (!names.is_empty()).then_some(names)
    }

    fn options<'a, L>(
        &self,
        labels: Option<&'a [L]>,
        target_names: Option<&'a [String]>,
        sample_weight: Option<&'a [f64]>,
    ) -> ReportOptions<'a, L> {
        let mut options = ReportOptions {
            labels,
            target_names,
            sample_weight,
            digits: usize::from(self.digits),
            ..ReportOptions::default()
        };
        options.zero_division = self.zero_division;
        options
    }
}

/// The words of a flag: one value is split at its commas, several are a word each.
fn words(values: &[String]) -> Vec<String> {
    match values {
        [one] => one.split(',').map(str::to_owned).collect(),
        several => several.to_vec(),
    }
}
