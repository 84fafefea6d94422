//! BERT for sequence classification: the model as Transformers computes it, a trainer, prediction,
//! and whole jobs from files to a folder.
//!
//! ```
//! # fn main() -> tunewise_bert::Result<()> {
//! # let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/single_label");
//! let classifier = tunewise_bert::Classifier::from_pretrained(dir)?;
//! let predictions = classifier.predict(&["good price, fast delivery"])?;
//! assert_eq!(predictions.len(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! | module | what |
//! | --- | --- |
//! | `model` | [`BertClassifier`], [`BertConfig`], [`Checkpoint`] |
//! | [`train`] | [`Trainer`](train::Trainer), losses, schedule, events and observers, [`predict`](train::predict) |
//! | `classifier` | [`Classifier`]: a folder in, labels out |
//! | `adapter_classifier` | [`AdapterClassifier`]: one base, many adapters |
//! | `engine` | [`Engine`]: prediction on kernels of our own, and when it is used: [`Backend`] |
//! | `predictor` | [`Predictor`]: either classifier, as a judge of labels too |
//! | `decide` | with the feature `decide`: `ClickHead`, `NewsHeads`, the models of `tunewise-decide` |
//! | `serve` | [`SharedClassifier`]: one model for many threads and tasks |
//! | `export` | [`export_int8`]: the weights in 8 bits |
//! | `pretrained` | [`PretrainedWriter`]: folders that Transformers loads |
//! | [`task`] | [`finetune`](task::finetune): the main job |
//! | [`search`] | [`search`](search::search): many such jobs, for the settings that do best |
//! | [`label_cost`] | [`label_cost`](label_cost::label_cost): how many labels choosing them saves |
//!
//! Sources: Devlin et al. 2019, *BERT*; Transformers' `BertForSequenceClassification` and `Trainer`.
#![forbid(unsafe_code)]

mod adapter_classifier;
mod calibration;
mod classifier;
mod codec;
#[cfg(feature = "decide")]
mod decide;
#[cfg(feature = "hub")]
mod download_bar;
mod engine;
mod error;
mod export;
mod files;
pub mod label_cost;
mod long_texts;
mod mix;
mod model;
#[cfg(feature = "plan")]
pub mod plan;
mod prediction;
mod predictor;
mod pretrained;
mod runtime;
pub mod search;
mod serve;
pub mod task;
mod thrift;
pub mod train;

pub use adapter_classifier::AdapterClassifier;
pub use calibration::Calibration;
pub use classifier::{Classifier, ClassifierOptions};
#[cfg(feature = "decide")]
pub use decide::{ClickHead, NewsHeads};
#[cfg(feature = "hub")]
pub use download_bar::DownloadBar;
pub use engine::{
    Backend, Engine, EnginePrecision, Fallback, InferencePrecision, SentenceEmbedder,
};
pub use error::{Error, Result};
pub use export::{Exported, export_int8};
pub use long_texts::{Aggregation, LongTexts};
pub use model::{
    Activation, AdaLoraConfig, BertClassifier, BertConfig, BitFitConfig, Checkpoint, DeviceBatch,
    Head, HeadConfig, HoulsbyConfig, LoadReport, LoraConfig, Mode, PeftConfig, Precision, Tape,
    TargetModules, WordEmbeddings,
};
pub use prediction::Prediction;
pub use predictor::Predictor;
pub use pretrained::{PretrainedWriter, Settings};
pub use runtime::{exit_at_once, runtime_info, set_num_threads};
pub use serve::{Answer, Pending, ShareOptions, SharedClassifier};
pub use tunewise_torch::{GroupOptions, ProcessGroup};
