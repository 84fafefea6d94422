//! Texts to rows of tokens, and rows of logits to predictions: all of prediction but the model.

use tunewise_data::{Dataset, EncodedTexts, Example, ProblemType, Targets, Tokenizer, Windows};

use crate::calibration::Calibration;
use crate::classifier::{ClassifierOptions, check_vocabulary, fitting_length};
use crate::long_texts::{LongTexts, aggregate};
use crate::prediction::Prediction;
use crate::pretrained::Settings;
use crate::train::{Predictions, Source};
use crate::{BertConfig, Result};

/// What the texts of a call became.
pub(crate) struct EncodedCall {
    pub(crate) rows: EncodedTexts,
    /// Rows of each text; `None` where each has one.
    windows: Option<Vec<usize>>,
}

/// Encodes and decodes for one checkpoint.
#[derive(Debug)]
pub(crate) struct Codec {
    tokenizer: Tokenizer,
    config: BertConfig,
    long_texts: LongTexts,
    calibration: Calibration,
    max_seq_length: usize,
}

impl Codec {
    pub(crate) fn new(
        config: &BertConfig,
        tokenizer: Tokenizer,
        settings: &Settings,
        options: &ClassifierOptions,
    ) -> Result<Self> {
        let asked = options.max_seq_length.or(settings.max_seq_length);
        Ok(Self {
            max_seq_length: fitting_length(config, &tokenizer, asked)?,
            calibration: Calibration::new(settings, config.problem())?,
            long_texts: options.long_texts,
            config: config.clone(),
            tokenizer,
        })
    }

    pub(crate) fn encode_texts<S: AsRef<str>>(&self, texts: &[S]) -> Result<EncodedCall> {
        self.encode_examples("texts", texts.iter().map(|text| (text.as_ref(), None)))
    }

    pub(crate) fn encode_pairs(&self, pairs: &[(&str, &str)]) -> Result<EncodedCall> {
        self.encode_examples("pairs", pairs.iter().map(|(text, pair)| (*text, Some(*pair))))
    }

    fn encode_examples<'a>(
        &self,
        name: &str,
        texts: impl Iterator<Item = (&'a str, Option<&'a str>)>,
    ) -> Result<EncodedCall> {
        let example = |(line, (text, pair)): (u64, (&str, Option<&str>))| Example {
            text: text.to_owned(),
            text_pair: pair.map(str::to_owned),
            label: None,
            line,
        };
        let examples = (1..).zip(texts).map(example).collect();
        self.encode(&Dataset::new(name, examples, None))
    }

    pub(crate) fn encode(&self, dataset: &Dataset) -> Result<EncodedCall> {
        let max_seq_length = self.max_seq_length;
        let (rows, windows) = match self.long_texts {
            LongTexts::Truncated => (self.tokenizer.encode_dataset(dataset, max_seq_length)?, None),
            LongTexts::Windows { stride, max_windows, .. } => {
                let windows = Windows { max_seq_length, stride, max_windows };
                let (rows, counts) = self.tokenizer.encode_windows(dataset, windows)?;
                (rows, Some(counts))
            }
        };
        check_vocabulary(&self.config, rows.max_id())?;
        Ok(EncodedCall { rows, windows })
    }

    /// The rows as the model takes them.
    pub(crate) fn source<'a>(&self, rows: &'a EncodedTexts) -> Source<'a> {
        Source {
            texts: rows,
            targets: &Targets::None,
            pad_id: self.tokenizer.pad_id(),
            max_seq_length: self.max_seq_length,
        }
    }

    /// One row of logits a text, calibrated.
    pub(crate) fn decode(&self, logits: Predictions, call: &EncodedCall) -> Predictions {
        let logits = match (&call.windows, self.long_texts) {
            (Some(counts), LongTexts::Windows { aggregation, .. }) => {
                aggregate(&logits, counts, aggregation)
            }
            _ => logits,
        };
        logits.calibrated(self.calibration)
    }

    pub(crate) fn name(&self, predictions: &Predictions) -> Vec<Prediction> {
        let (problem, labels): (ProblemType, _) = (predictions.problem(), &self.config.id2label);
        let name = |scores: Vec<f64>| Prediction::new(problem, &scores, labels, self.calibration);
        predictions.scores().map(name).collect()
    }

    pub(crate) fn config(&self) -> &BertConfig {
        &self.config
    }

    pub(crate) fn max_seq_length(&self) -> usize {
        self.max_seq_length
    }

    pub(crate) fn calibration(&self) -> Calibration {
        self.calibration
    }
}
