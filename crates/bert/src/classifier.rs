//! Prediction to embed: a folder in, labels out.

use std::path::Path;
use std::sync::Arc;

use tch::Device;
use tunewise_data::{Dataset, EncodedTexts, Tokenizer};
use tunewise_kernels::Isa;

use crate::calibration::Calibration;
use crate::codec::Codec;
use crate::engine::{Backend, Engine, Fallback, InferencePrecision};
use crate::long_texts::LongTexts;
use crate::prediction::Prediction;
use crate::pretrained::Settings;
use crate::serve::{ShareOptions, SharedClassifier};
use crate::thrift::thrifty_batches;
use crate::train::{Predictions, predict_batches};
use crate::{BertClassifier, BertConfig, Checkpoint, Error, Head, Precision, Result};

/// A checkpoint ready to predict, for one thread at a time; [`Classifier::share`] makes it one for
/// all.
#[derive(Debug)]
pub struct Classifier {
    model: Model,
    backend: Backend,
    is_int8: bool,
    codec: Arc<Codec>,
    options: ClassifierOptions,
}

/// What holds the weights.
#[derive(Debug)]
enum Model {
    Engine(Box<Engine>),
    Libtorch(Box<BertClassifier>, Precision),
}

/// How a [`Classifier`] runs.
///
/// | name | default | meaning |
/// | --- | --- | --- |
/// | `device` | CPU | where |
/// | `precision` | stored | arithmetic; stored: fp32, int8 of weights in 8 bits |
/// | `batch_size` | 64 | rows of a batch |
/// | `max_seq_length` | none | tokens; none: as trained, else what tokenizer and positions allow |
/// | `long_texts` | truncated | what becomes of texts of more tokens |
///
/// What the CPU has instructions for runs on kernels of our own ([`Engine`](crate::Engine)): a text's
/// logits are then the same to the bit whatever texts are beside it. The rest runs on libtorch, as
/// [`Classifier::backend`] says; there they depend on the other rows of a batch by rounding, less than
/// 1e-5 in fp32, and with a `batch_size` of 1 not at all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassifierOptions {
    /// Where the model runs.
    pub device: Device,
    /// In which arithmetic.
    pub precision: InferencePrecision,
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
            precision: InferencePrecision::Stored,
            batch_size: 64,
            max_seq_length: None,
            long_texts: LongTexts::Truncated,
        }
    }
}

impl ClassifierOptions {
    fn validate(&self) -> Result<()> {
        if self.batch_size == 0 {
            let expected = "1 or more".to_owned();
            return Err(Error::Setting { name: "batch_size", got: "0".to_owned(), expected });
        }
        Ok(())
    }
}

impl Classifier {
    /// Loads a fine-tuned checkpoint folder, to run on the CPU in fp32, or in int8 if its weights are in
    /// 8 bits.
    ///
    /// # Errors
    /// As [`Classifier::with_options`].
    pub fn from_pretrained(dir: impl AsRef<Path>) -> Result<Self> {
        Self::with_options(dir, ClassifierOptions::default())
    }

    /// Loads a fine-tuned checkpoint folder.
    ///
    /// # Errors
    /// Those of [`BertClassifier::load_pretrained`] (a folder without a pooler or a classification head
    /// among them) and of [`Tokenizer::from_dir`]; [`Error::SequenceTooLong`] and [`Error::Setting`] for
    /// options out of range; [`Error::Pool`].
    pub fn with_options(dir: impl AsRef<Path>, options: ClassifierOptions) -> Result<Self> {
        let dir = dir.as_ref();
        let checkpoint = Checkpoint::open(dir)?;
        let (tokenizer, settings) = (Tokenizer::from_dir(dir)?, Settings::from_dir(dir)?);
        let codec = Codec::new(checkpoint.config(), tokenizer, &settings, &options)?;
        let is_int8 = checkpoint.is_int8();
        let precision = options.precision.of_weights(is_int8);
        let backend = Backend::choose(precision, options.device, Isa::detect());
        options.validate()?;
        let model = Model::load(checkpoint, backend, options.device)?;
        Ok(Self { is_int8, ..Self::of_parts(model, codec, options, backend)? })
    }

    /// A classifier of a model that there is already, on libtorch.
    pub(crate) fn of_model(
        model: BertClassifier,
        tokenizer: Tokenizer,
        settings: &Settings,
        (options, fallback): (ClassifierOptions, Fallback),
    ) -> Result<Self> {
        let codec = Codec::new(model.config(), tokenizer, settings, &options)?;
        options.validate()?;
        let precision = Backend::libtorch_precision(options.precision);
        let backend = Backend::Libtorch { precision, fallback };
        Self::of_parts(Model::Libtorch(Box::new(model), precision), codec, options, backend)
    }

    fn of_parts(
        model: Model,
        codec: Codec,
        options: ClassifierOptions,
        backend: Backend,
    ) -> Result<Self> {
        let classifier = Self { model, backend, is_int8: false, codec: Arc::new(codec), options };
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

    /// Predicts pairs of texts in order.
    ///
    /// # Errors
    /// As [`Classifier::predict`].
    pub fn predict_pairs(&self, pairs: &[(&str, &str)]) -> Result<Vec<Prediction>> {
        let call = self.codec.encode_pairs(pairs)?;
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
        let batch_size = self.options.batch_size;
        match &self.model {
            Model::Engine(engine) => {
                Ok(Predictions::of_logits(engine.logits(rows, batch_size)?, self.config()))
            }
            Model::Libtorch(model, precision) => {
                let batches = thrifty_batches(&rows.lengths(), batch_size);
                predict_batches(model, &self.codec.source(rows), &batches, *precision)
            }
        }
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

    /// The checkpoint's configuration.
    #[must_use]
    pub fn config(&self) -> &BertConfig {
        self.codec.config()
    }

    /// What computes the predictions.
    #[must_use]
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// Whether the folder's weights are in 8 bits; [`Classifier::backend`] says how they are computed
    /// with.
    #[must_use]
    pub fn is_int8(&self) -> bool {
        self.is_int8
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

impl Model {
    fn load(checkpoint: Checkpoint, backend: Backend, device: Device) -> Result<Self> {
        Ok(match backend {
            Backend::Engine(precision) => {
                let threads = usize::try_from(tch::get_num_threads()).unwrap_or(1);
                Self::Engine(Box::new(Engine::from_checkpoint(checkpoint, precision, threads)?))
            }
            Backend::Libtorch { precision, .. } => {
                let path = checkpoint.path().to_owned();
                let (model, report) =
                    BertClassifier::from_checkpoint(checkpoint, &Head::Kept, device)?;
                if !report.fresh.is_empty() {
                    let (missing, unexpected) = (report.fresh, Vec::new());
                    return Err(Error::TensorNames { path, missing, unexpected });
                }
                Self::Libtorch(Box::new(model), precision)
            }
        })
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

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::fs;

    use safetensors::SafeTensors;

    use super::*;
    use crate::engine::{EnginePrecision, Fallback};

    #[test]
    fn whatever_computes_a_pooler_or_head_that_is_missing_is_an_error() {
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/single_label");
        let bytes = fs::read(fixture.join("model.safetensors")).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let fallback = Fallback::Instructions("test");
        let backends = [
            Backend::Engine(EnginePrecision::Fp32),
            Backend::Libtorch { precision: Precision::Fp32, fallback },
        ];
        for missing in ["bert.pooler.dense.weight", "classifier.weight", "classifier.bias"] {
            let dir = tempfile::tempdir().unwrap();
            let kept: HashMap<_, _> = file.iter().filter(|(name, _)| *name != missing).collect();
            fs::copy(fixture.join("config.json"), dir.path().join("config.json")).unwrap();
            safetensors::serialize_to_file(kept, None, &dir.path().join("model.safetensors"))
                .unwrap();
            for backend in backends {
                let checkpoint = Checkpoint::open(dir.path()).unwrap();
                let error = Model::load(checkpoint, backend, Device::Cpu).unwrap_err();
                let named = matches!(&error, Error::TensorNames { missing: names, .. } if names == &[missing]);
                assert!(named, "{backend}: {error}");
            }
        }
    }
}
