//! Prediction to embed: a folder in, labels out.

use std::path::Path;
use std::sync::Arc;

use tch::Device;
use tunewise_data::{Dataset, EncodedTexts, Tokenizer};

use crate::calibration::Calibration;
use crate::codec::Codec;
use crate::long_texts::LongTexts;
use crate::prediction::Prediction;
use crate::pretrained::Settings;
use crate::serve::{ShareOptions, SharedClassifier};
use crate::thrift::thrifty_batches;
use crate::train::{Predictions, predict_batches};
use crate::{BertClassifier, BertConfig, Error, Head, Precision, Result};

/// A checkpoint ready to predict, for one thread at a time; [`Classifier::share`] makes it one for
/// all.
#[derive(Debug)]
pub struct Classifier {
    model: BertClassifier,
    codec: Arc<Codec>,
    options: ClassifierOptions,
}

/// How a [`Classifier`] runs.
///
/// | name | default | meaning |
/// | --- | --- | --- |
/// | `device` | CPU | where |
/// | `precision` | fp32 | arithmetic |
/// | `batch_size` | 64 | rows of a batch |
/// | `max_seq_length` | none | tokens; none: as trained, else what tokenizer and positions allow |
/// | `long_texts` | truncated | what becomes of texts of more tokens |
///
/// The logits of a text depend on the other rows of its batch by rounding alone: by less than 1e-5 in
/// fp32. With a `batch_size` of 1 they do not depend on them at all.
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
    /// How texts of more tokens are read.
    pub long_texts: LongTexts,
}

impl Default for ClassifierOptions {
    fn default() -> Self {
        Self {
            device: Device::Cpu,
            precision: Precision::Fp32,
            batch_size: 64,
            max_seq_length: None,
            long_texts: LongTexts::Truncated,
        }
    }
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
        let codec = Codec::new(model.config(), tokenizer, &Settings::from_dir(dir)?, &options)?;
        if options.batch_size == 0 {
            let expected = "1 or more".to_owned();
            return Err(Error::Setting { name: "batch_size", got: "0".to_owned(), expected });
        }
        let classifier = Self { model, codec: Arc::new(codec), options };
        classifier.codec.encode_texts(&[""])?; // refuses windows that leave no room for text
        Ok(classifier)
    }

    /// Predicts texts in order.
    ///
    /// # Errors
    /// [`Error::Data`] if a text cannot be tokenized, [`Error::Torch`] such as out of memory.
    pub fn predict<S: AsRef<str>>(&self, texts: &[S]) -> Result<Vec<Prediction>> {
        let call = self.codec.encode_texts(texts)?;
        let predictions = self.codec.decode(self.run(&call.rows)?, &call);
        Ok(self.name(&predictions))
    }

    /// Logits of a data set's texts and text pairs, in order.
    ///
    /// # Errors
    /// As [`Classifier::predict`].
    pub fn predict_dataset(&self, dataset: &Dataset) -> Result<Predictions> {
        let call = self.codec.encode(dataset)?;
        Ok(self.codec.decode(self.run(&call.rows)?, &call))
    }

    /// The logits of encoded rows.
    pub(crate) fn run(&self, rows: &EncodedTexts) -> Result<Predictions> {
        let batches = thrifty_batches(&rows.lengths(), self.options.batch_size);
        predict_batches(&self.model, &self.codec.source(rows), &batches, self.options.precision)
    }

    /// Gives the model to a thread of its own, which answers any number of threads and tasks.
    ///
    /// # Errors
    /// [`Error::Setting`] for options out of range, [`Error::Thread`].
    pub fn share(self, options: ShareOptions) -> Result<SharedClassifier> {
        SharedClassifier::new(self, options)
    }

    /// Gives predictions their labels' names.
    #[must_use]
    pub fn name(&self, predictions: &Predictions) -> Vec<Prediction> {
        self.codec.name(predictions)
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> &BertClassifier {
        &self.model
    }

    /// The tokens that texts are truncated to.
    #[must_use]
    pub fn max_seq_length(&self) -> usize {
        self.codec.max_seq_length()
    }

    /// The temperature and threshold that `tunewise.json` gives, and that predictions follow.
    #[must_use]
    pub fn calibration(&self) -> Calibration {
        self.codec.calibration()
    }

    pub(crate) fn codec(&self) -> &Arc<Codec> {
        &self.codec
    }

    pub(crate) fn options(&self) -> &ClassifierOptions {
        &self.options
    }
}

/// The length asked for if the model has the positions, or the longest that tokenizer and model
/// allow.
pub(crate) fn fitting_length(
    config: &BertConfig,
    tokenizer: &Tokenizer,
    asked: Option<usize>,
) -> Result<usize> {
    let max_position_embeddings = config.max_position_embeddings;
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
pub(crate) fn check_vocabulary(config: &BertConfig, largest: Option<u32>) -> Result<()> {
    let vocab_size = config.vocab_size;
    match largest {
        Some(id) if id as usize >= vocab_size => Err(Error::VocabularyTooSmall { id, vocab_size }),
        _ => Ok(()),
    }
}
