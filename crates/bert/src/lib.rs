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
//! | `pretrained` | [`PretrainedWriter`]: folders that Transformers loads |
//! | [`task`] | [`finetune`](task::finetune): the main job |
//!
//! Sources: Devlin et al. 2019, *BERT*; Transformers' `BertForSequenceClassification` and `Trainer`.
#![forbid(unsafe_code)]

mod classifier;
mod error;
mod files;
mod model;
mod pretrained;
mod runtime;
pub mod task;
pub mod train;

pub use classifier::{Classifier, ClassifierOptions, Prediction};
pub use error::{Error, Result};
pub use model::{
    Activation, BertClassifier, BertConfig, Checkpoint, DeviceBatch, Head, LoadReport, Mode,
    Precision,
};
pub use pretrained::{PretrainedWriter, Settings};
pub use runtime::{runtime_info, set_num_threads};
