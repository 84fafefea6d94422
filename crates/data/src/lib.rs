//! Text classification data: from files to labelled examples, to token ids, to batches.
//!
//! ```
//! use tunewise_data::{Format, LabelSet, ReadOptions, read_from, targets};
//!
//! # fn main() -> tunewise_data::Result<()> {
//! let file = "text,label\nworks well,good\nbroke at once,bad\n";
//! let options = ReadOptions { format: Some(Format::Csv), ..ReadOptions::default() };
//! let dataset = read_from(file.as_bytes(), "reviews.csv", &options)?;
//! let labels = LabelSet::from_dataset(&dataset)?;
//! assert_eq!(labels.names(), ["bad", "good"]);
//! # Ok(())
//! # }
//! ```
//!
//! | module | what |
//! | --- | --- |
//! | `read` | CSV, TSV, JSON Lines and Parquet files to a [`Dataset`] |
//! | `predictions` | files of true and predicted labels: [`read_predictions`] |
//! | `labels` | [`LabelSet`] and the [`Targets`] of a data set |
//! | [`split`] | stratified seeded split |
//! | `audit` | statistics, duplicates, leaks |
//! | `hub` (feature) | a model id to a folder, by way of the Hugging Face cache |
//! | `tokenizer`, `encoded` | [`Tokenizer`] to [`EncodedTexts`] |
//! | [`augment`], [`scrub`] | variants of rows; personal data to pseudonyms |
//! | [`labelling`] | crowd labels, likely label errors, pseudo-labels, what to label next |
//! | `order`, `batch` | which rows share a batch, and the [`Batch`] |
//!
//! Conventions are Transformers' (`run_glue.py`, `Trainer`, `BertTokenizerFast`).
#![forbid(unsafe_code)]

mod audit;
pub mod augment;
mod batch;
mod budget;
mod dataset;
mod encoded;
mod error;
mod format;
#[cfg(feature = "hub")]
pub mod hub;
pub mod labelling;
mod labels;
mod order;
mod predictions;
mod read;
pub mod scrub;
pub mod split;
mod tokenizer;

pub use audit::{DatasetStatistics, Leak, leak};
pub use batch::{Batch, BatchTargets, Collator};
pub use dataset::{Columns, Dataset, Example, Label, ProblemType};
pub use encoded::{EncodedTexts, LengthStatistics};
pub use error::{Error, Result};
pub use format::Format;
pub use labels::{LabelSet, Targets, targets};
pub use order::{Batching, Order, plan, transformers_permutation};
pub use predictions::{LabelType, MultiLabelPredictions, PredictionFile, Predictions};
pub use read::{
    LabelUse, Limits, PredictionOptions, ReadOptions, read_from, read_lines, read_path,
    read_predictions, read_predictions_path,
};
pub use tokenizer::{Casing, Tokenizer, Windows};
