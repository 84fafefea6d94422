//! What a run leaves behind beside its checkpoint.

use std::path::Path;

use serde::Serialize;
use serde_json::json;
use tunewise_data::{Dataset, Label, LabelSet, ProblemType, Targets, targets};
use tunewise_metrics::{ConfusionMatrix, svg};

use crate::classifier::Classifier;
use crate::error::Context;
use crate::files;
use crate::train::{EpochRecord, Evaluation, Predictions};
use crate::{Error, Prediction, Result};

/// A labelled data set measured: the predictions and what they are worth.
#[derive(Debug)]
pub struct Labelled {
    /// The rows' logits.
    pub predictions: Predictions,
    /// The report.
    pub evaluation: Evaluation,
}

/// Measures a checkpoint on a labelled data set.
///
/// # Errors
/// [`Error::Data`] for a label that the checkpoint does not have, and those of
/// [`Classifier::predict_dataset`].
pub fn evaluate_dataset(classifier: &Classifier, dataset: &Dataset) -> Result<Labelled> {
    let config = classifier.config();
    let labels = LabelSet::from_names(config.id2label.clone())?;
    let targets = targets(dataset, config.problem(), &labels)?;
    let predictions = classifier.predict_dataset(dataset)?;
    let evaluation = Evaluation::new(&predictions, &targets, labels.names())?;
    Ok(Labelled { predictions, evaluation })
}

/// `metrics.json`.
#[derive(Serialize)]
pub(super) struct Metrics<'a> {
    pub(super) epochs: &'a [EpochRecord],
    /// Which rows the final numbers are of: `test`, `validation` or `train`.
    pub(super) final_split: &'static str,
    #[serde(rename = "final")]
    pub(super) last: &'a Evaluation,
}

/// The rows of the final report.
pub(super) struct Final<'a> {
    pub(super) dataset: &'a Dataset,
    pub(super) targets: &'a Targets,
    pub(super) predictions: &'a Predictions,
    pub(super) id2label: &'a [String],
}

impl Final<'_> {
    /// `text,text_pair,label,prediction,score`, a line a row. Several labels stand as a JSON list, and
    /// so do their scores; a regression has no score.
    pub(super) fn write_predictions(&self, path: &Path) -> Result<()> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let fault = |source: csv::Error| Error::Io { path: path.to_owned(), source: source.into() };
        writer
            .write_record(["text", "text_pair", "label", "prediction", "score"])
            .map_err(fault)?;
        let (problem, calibration) = (self.predictions.problem(), self.predictions.calibration());
        for (example, scores) in self.dataset.examples().iter().zip(self.predictions.scores()) {
            let label = example.label.as_ref().map(|label| self.label(label)).unwrap_or_default();
            let (prediction, score) =
                cells(Prediction::new(problem, &scores, self.id2label, calibration));
            let pair = example.text_pair.as_deref().unwrap_or_default();
            writer
                .write_record([&example.text, pair, &label, &prediction, &score])
                .map_err(fault)?;
        }
        let bytes = writer.into_inner().map_err(|error| error.into_error()).at(path)?;
        files::write(path, &bytes)
    }

    /// The label as the model names it: an integer that stands for `LABEL_i` becomes that name.
    fn label(&self, label: &Label) -> String {
        match label {
            Label::Class(name) if self.id2label.contains(name) => name.clone(),
            Label::Class(name) => format!("LABEL_{name}"),
            Label::Classes(names) => json!(names).to_string(),
            Label::Value(value) => value.to_string(),
        }
    }

    /// The confusion matrix as SVG; none but for a single label.
    pub(super) fn confusion_matrix(&self) -> Result<Option<String>> {
        let (ProblemType::SingleLabelClassification, Targets::Classes(classes)) =
            (self.predictions.problem(), self.targets)
        else {
            return Ok(None);
        };
        let y_true: Vec<usize> = classes.iter().map(|&class| class as usize).collect();
        let y_pred: Vec<usize> =
            self.predictions.scores().map(|scores| crate::train::best(&scores).0).collect();
        let names = |ids: &[usize]| -> Vec<String> {
            ids.iter().filter_map(|&id| self.id2label.get(id).cloned()).collect()
        };
        let matrix = ConfusionMatrix::with_labels(self.id2label, &names(&y_true), &names(&y_pred))?;
        Ok(Some(svg::confusion_matrix(&matrix, "Confusion matrix")?))
    }
}

/// A prediction and its score as cells.
fn cells(prediction: Prediction) -> (String, String) {
    match prediction {
        Prediction::Label { label, score, .. } => (label, score.to_string()),
        Prediction::Abstained { score, .. } => (String::new(), score.to_string()),
        Prediction::Labels { labels, scores } => {
            let marked: Vec<f64> = scores
                .iter()
                .filter(|(name, _)| labels.contains(name))
                .map(|(_, score)| *score)
                .collect();
            (json!(labels).to_string(), json!(marked).to_string())
        }
        Prediction::Value { value } => match value.as_slice() {
            [value] => (value.to_string(), String::new()),
            values => (json!(values).to_string(), String::new()),
        },
    }
}
