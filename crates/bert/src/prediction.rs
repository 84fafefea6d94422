//! What the model says of one text.

use serde::Serialize;
use tunewise_data::ProblemType;

use crate::calibration::Calibration;

/// What the model says of one text.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Prediction {
    /// One label of several.
    Label {
        /// The label with the largest score, the first of equals.
        label: String,
        /// Its probability.
        score: f64,
        /// The probability of each label, in the order of the logits.
        scores: Vec<(String, f64)>,
    },
    /// No label: the largest score is below the checkpoint's threshold.
    Abstained {
        /// The label that it would have been.
        candidate: String,
        /// Its probability.
        score: f64,
        /// The probability of each label, in the order of the logits.
        scores: Vec<(String, f64)>,
    },
    /// Any number of labels.
    Labels {
        /// The labels whose score reaches the threshold, 0.5 unless the checkpoint has another.
        labels: Vec<String>,
        /// The score of each label, in the order of the logits.
        scores: Vec<(String, f64)>,
    },
    /// A number, or one for each output.
    Value {
        /// The outputs.
        value: Vec<f64>,
    },
}

impl Prediction {
    pub(crate) fn new(
        problem: ProblemType,
        scores: &[f64],
        names: &[String],
        calibration: Calibration,
    ) -> Self {
        let named = || names.iter().cloned().zip(scores.iter().copied()).collect();
        match problem {
            ProblemType::Regression => Self::Value { value: scores.to_vec() },
            ProblemType::SingleLabelClassification => {
                let (id, score) = crate::train::best(scores);
                let label = names.get(id).cloned().unwrap_or_default();
                if calibration.abstains(score) {
                    Self::Abstained { candidate: label, score, scores: named() }
                } else {
                    Self::Label { label, score, scores: named() }
                }
            }
            ProblemType::MultiLabelClassification => {
                let threshold = calibration.label_threshold();
                let marked = names.iter().zip(scores).filter(|(_, score)| **score >= threshold);
                Self::Labels {
                    labels: marked.map(|(name, _)| name.clone()).collect(),
                    scores: named(),
                }
            }
        }
    }

    /// The label, where there is exactly one.
    ///
    /// ```
    /// use tunewise_bert::Prediction;
    ///
    /// let scores = vec![("bad".to_owned(), 0.2), ("good".to_owned(), 0.8)];
    /// let sure = Prediction::Label { label: "good".to_owned(), score: 0.8, scores };
    /// assert_eq!(sure.label(), Some("good"));
    /// ```
    #[must_use]
    pub fn label(&self) -> Option<&str> {
        match self {
            Self::Label { label, .. } => Some(label),
            _ => None,
        }
    }

    /// The score of the label, or of the candidate where there is none.
    #[must_use]
    pub fn score(&self) -> Option<f64> {
        match self {
            Self::Label { score, .. } | Self::Abstained { score, .. } => Some(*score),
            _ => None,
        }
    }
}
