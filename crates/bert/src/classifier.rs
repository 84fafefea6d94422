//! Prediction to embed: a folder in, labels out.

use std::path::Path;

use serde::Serialize;
use tch::Device;
use tunewise_data::{Dataset, Example, ProblemType, Targets, Tokenizer};

use crate::pretrained::Settings;
use crate::train::{Predictions, Source, predict};
use crate::{BertClassifier, Error, Head, Precision, Result};

/// A checkpoint ready to predict.
#[derive(Debug)]
pub struct Classifier {
    model: BertClassifier,
    tokenizer: Tokenizer,
    options: ClassifierOptions,
    max_seq_length: usize,
}

/// How a [`Classifier`] runs.
///
/// | name | default | meaning |
/// | --- | --- | --- |
/// | `device` | CPU | where |
/// | `precision` | fp32 | arithmetic |
/// | `batch_size` | 64 | rows of a batch |
/// | `max_seq_length` | none | tokens; none: as trained, else what tokenizer and positions allow |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassifierOptions {
    /// Where the model runs.
    pub device: Device,
    /// In which arithmetic.
    pub precision: Precision,
    /// Rows of a batch.
    pub batch_size: usize,
    /// Tokens that texts are truncated to.
    pub max_seq_length: Option<usize>,
}

impl Default for ClassifierOptions {
    fn default() -> Self {
        Self {
            device: Device::Cpu,
            precision: Precision::Fp32,
            batch_size: 64,
            max_seq_length: None,
        }
    }
}

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
    /// Any number of labels.
    Labels {
        /// The labels with a score of at least 0.5.
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

impl Classifier {
    /// Loads a fine-tuned checkpoint folder, to run on the CPU in fp32.
    ///
    /// # Errors
    /// As [`Classifier::with_options`].
    pub fn from_pretrained(dir: impl AsRef<Path>) -> Result<Self> {
        Self::with_options(dir, ClassifierOptions::default())
    }

    /// Loads a fine-tuned checkpoint folder.
    ///
    /// # Errors
    /// Those of [`BertClassifier::load_pretrained`] (a folder without a classification head among
    /// them) and of [`Tokenizer::from_dir`]; [`Error::SequenceTooLong`] and [`Error::Setting`] for
    /// options out of range.
    pub fn with_options(dir: impl AsRef<Path>, options: ClassifierOptions) -> Result<Self> {
        let dir = dir.as_ref();
        let (model, _) = BertClassifier::load_pretrained(dir, &Head::Kept, options.device)?;
        let tokenizer = Tokenizer::from_dir(dir)?;
        let trained = Settings::from_dir(dir)?.max_seq_length;
        let max_seq_length =
            fitting_length(&model, &tokenizer, options.max_seq_length.or(trained))?;
        if options.batch_size == 0 {
            let expected = "1 or more".to_owned();
            return Err(Error::Setting { name: "batch_size", got: "0".to_owned(), expected });
        }
        Ok(Self { model, tokenizer, options, max_seq_length })
    }

    /// Predicts texts in order.
    ///
    /// # Errors
    /// [`Error::Data`] if a text cannot be tokenized, [`Error::Torch`] such as out of memory.
    pub fn predict<S: AsRef<str>>(&self, texts: &[S]) -> Result<Vec<Prediction>> {
        let example = |text: &S| Example {
            text: text.as_ref().to_owned(),
            text_pair: None,
            label: None,
            line: 0,
        };
        let examples = texts.iter().map(example).collect();
        Ok(self.name(&self.predict_dataset(&Dataset::new("texts", examples, None))?))
    }

    /// Logits of a data set's texts and text pairs, in order.
    ///
    /// # Errors
    /// As [`Classifier::predict`].
    pub fn predict_dataset(&self, dataset: &Dataset) -> Result<Predictions> {
        let texts = self.tokenizer.encode_dataset(dataset, self.max_seq_length)?;
        check_vocabulary(&self.model, texts.max_id())?;
        let source = Source {
            texts: &texts,
            targets: &Targets::None,
            pad_id: self.tokenizer.pad_id(),
            max_seq_length: self.max_seq_length,
        };
        predict(&self.model, &source, self.options.batch_size, self.options.precision)
    }

    /// Gives predictions their labels' names.
    #[must_use]
    pub fn name(&self, predictions: &Predictions) -> Vec<Prediction> {
        let labels = &self.model.config().id2label;
        predictions
            .scores()
            .map(|scores| Prediction::new(predictions.problem(), &scores, labels))
            .collect()
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> &BertClassifier {
        &self.model
    }

    /// The tokens that texts are truncated to.
    #[must_use]
    pub fn max_seq_length(&self) -> usize {
        self.max_seq_length
    }
}

impl Prediction {
    pub(crate) fn new(problem: ProblemType, scores: &[f64], names: &[String]) -> Self {
        let named = || names.iter().cloned().zip(scores.iter().copied()).collect();
        match problem {
            ProblemType::Regression => Self::Value { value: scores.to_vec() },
            ProblemType::SingleLabelClassification => {
                let (id, score) = crate::train::best(scores);
                Self::Label {
                    label: names.get(id).cloned().unwrap_or_default(),
                    score,
                    scores: named(),
                }
            }
            ProblemType::MultiLabelClassification => {
                let marked =
                    names.iter().zip(scores).filter(|(_, s)| **s >= crate::train::THRESHOLD);
                Self::Labels {
                    labels: marked.map(|(name, _)| name.clone()).collect(),
                    scores: named(),
                }
            }
        }
    }
}

/// The length asked for if the model has the positions, or the longest that tokenizer and model
/// allow.
pub(crate) fn fitting_length(
    model: &BertClassifier,
    tokenizer: &Tokenizer,
    asked: Option<usize>,
) -> Result<usize> {
    let max_position_embeddings = model.config().max_position_embeddings;
    match asked {
        Some(length) if length > max_position_embeddings => {
            Err(Error::SequenceTooLong { length, max_position_embeddings })
        }
        Some(length) => Ok(length),
        None => Ok(tokenizer
            .model_max_length()
            .map_or(max_position_embeddings, |max| max.min(max_position_embeddings))),
    }
}

/// Refuses ids without an embedding.
pub(crate) fn check_vocabulary(model: &BertClassifier, largest: Option<u32>) -> Result<()> {
    let vocab_size = model.config().vocab_size;
    match largest {
        Some(id) if id as usize >= vocab_size => Err(Error::VocabularyTooSmall { id, vocab_size }),
        _ => Ok(()),
    }
}
