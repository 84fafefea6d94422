//! `run.json`: what a run cost, for the cost model to read.

use serde::Serialize;
use tunewise_data::EncodedTexts;

use super::config::FinetuneConfig;
use super::run_clock::Spent;
use crate::BertClassifier;
use crate::train::{EngineChoice, Outcome, StopReason};

/// The record of a run. Keys are flat; the configuration is nested under `configuration`.
///
/// A resumed run's record is of the whole run: seconds are the sums over its processes, up to the last
/// checkpoint of each that was killed.
///
/// | key | unit | meaning |
/// | --- | --- | --- |
/// | `train_rows`, `train_tokens` | rows, tokens | the training data; padding not counted |
/// | `trained_rows`, `trained_tokens` | rows, tokens | the same by epochs |
/// | `parameters`, `trainable_parameters` | numbers | of the model, adapters' among them |
/// | `steps` | | optimizer steps |
/// | `training_seconds` | s | tokenizing the training rows and all steps; no evaluation, no saving |
/// | `tokenizing_seconds`, `step_seconds` | s | the two parts of `training_seconds` |
/// | `evaluation_seconds`, `saving_seconds` | s | validation in training; checkpoints and best weights |
/// | `total_seconds` | s | from reading the files to the last output but this |
/// | `peak_rss_mb` | MiB | peak resident memory, of the largest process; null where the system does not tell |
/// | `price_per_hour`, `price` | | what an hour costs, if given, and `total_seconds` at that |
/// | `samples_per_second` | rows/s | `trained_rows / training_seconds` |
/// | `threads`, `device`, `precision` | | how it ran |
/// | `libtorch_version`, `tunewise_version` | | what ran |
/// | `data_hash` | | SHA-256 of the training file |
/// | `model_commit` | | the commit, where the model came from a hub |
#[derive(Debug, Clone, Serialize)]
pub struct RunRecord {
    /// Rows trained on.
    pub train_rows: usize,
    /// Their tokens.
    pub train_tokens: u64,
    /// Rows by epochs.
    pub trained_rows: u64,
    /// Tokens by epochs.
    pub trained_tokens: u64,
    /// Numbers in the model.
    pub parameters: u64,
    /// Those that training changes.
    pub trainable_parameters: u64,
    /// Optimizer steps.
    pub steps: u64,
    /// Those of them that left the weights as they were.
    pub skipped_steps: u64,
    /// Why training ended.
    pub stop_reason: StopReason,
    /// Tokenizing and steps.
    pub training_seconds: f64,
    /// Tokenizing the training rows.
    pub tokenizing_seconds: f64,
    /// Optimizer steps.
    pub step_seconds: f64,
    /// Evaluation during training.
    pub evaluation_seconds: f64,
    /// Saving during training.
    pub saving_seconds: f64,
    /// The whole run.
    pub total_seconds: f64,
    /// What an hour of the machine costs.
    pub price_per_hour: Option<f64>,
    /// What the run cost at that.
    pub price: Option<f64>,
    /// Peak resident memory, MiB.
    pub peak_rss_mb: Option<f64>,
    /// Rows a second of training.
    pub samples_per_second: f64,
    /// Threads of libtorch.
    pub threads: i64,
    /// Where it ran.
    pub device: String,
    /// In which arithmetic.
    pub precision: String,
    /// libtorch's version as this build pins it.
    pub libtorch_version: String,
    /// This crate's version.
    pub tunewise_version: String,
    /// SHA-256 of the training file, hexadecimal.
    pub data_hash: String,
    /// Commit of the hub's model that the run started from.
    pub model_commit: Option<String>,
    /// The settings.
    pub configuration: FinetuneConfig,
}

/// What only the run knows.
pub(super) struct Measured<'a> {
    pub(super) texts: &'a EncodedTexts,
    pub(super) outcome: &'a Outcome,
    pub(super) spent: Spent,
    pub(super) data_hash: String,
    pub(super) model_commit: Option<String>,
}

impl RunRecord {
    pub(super) fn new(
        config: &FinetuneConfig,
        model: &BertClassifier,
        measured: Measured<'_>,
    ) -> Self {
        let state = measured.outcome.state;
        let Spent { total, tokenizing, phases, peak_rss_mb } = measured.spent;
        let training_seconds = tokenizing + phases.steps;
        Self {
            train_rows: measured.texts.len(),
            train_tokens: measured.texts.total_tokens(),
            trained_rows: state.rows,
            trained_tokens: state.tokens,
            parameters: model.num_parameters(),
            trainable_parameters: model.num_trainable(),
            steps: state.step,
            skipped_steps: state.skipped_steps,
            stop_reason: measured.outcome.reason,
            training_seconds,
            tokenizing_seconds: tokenizing,
            step_seconds: phases.steps,
            evaluation_seconds: phases.evaluation,
            saving_seconds: phases.saving,
            price_per_hour: config.price_per_hour,
            price: config.price_per_hour.map(|price| price * total / 3600.0),
            total_seconds: total,
            peak_rss_mb,
            samples_per_second: state.rows as f64 / training_seconds,
            threads: i64::from(tch::get_num_threads()),
            device: format!("{:?}", model.device()).to_lowercase(),
            precision: EngineChoice::of(model, &config.train_config()).precision.to_string(),
            libtorch_version: tunewise_torch::LIBTORCH_VERSION.to_owned(),
            tunewise_version: env!("CARGO_PKG_VERSION").to_owned(),
            data_hash: measured.data_hash,
            model_commit: measured.model_commit,
            configuration: config.clone(),
        }
    }
}
