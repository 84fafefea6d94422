//! The crate's error type.

mod context;
mod memory;
mod wording;

use std::path::PathBuf;

use tch::TchError;

pub(crate) use context::Context;
use wording::{damaged, first_line, names, numbers};

/// What can go wrong between a checkpoint, a data set and a prediction.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// libtorch refused an operation.
    #[error("{op}: {}", first_line(&source.to_string()))]
    Torch {
        /// The operation.
        op: &'static str,
        /// tch's error.
        source: TchError,
    },
    /// The optimizer or autocast failed.
    #[error(transparent)]
    Shim(#[from] tunewise_torch::Error),
    /// The data cannot be used.
    #[error(transparent)]
    Data(#[from] tunewise_data::Error),
    /// A metric cannot be computed.
    #[error(transparent)]
    Metrics(#[from] tunewise_metrics::Error),
    /// A product's factors do not fit.
    #[error(transparent)]
    Kernel(#[from] tunewise_kernels::Error),
    /// The threads of prediction cannot be started.
    #[error("{threads} threads for prediction: {source}")]
    Pool {
        /// How many were asked for.
        threads: usize,
        /// rayon's error.
        source: rayon::ThreadPoolBuildError,
    },
    /// A plan cannot be made.
    #[cfg(feature = "plan")]
    #[error(transparent)]
    Plan {
        /// Why not.
        source: Box<tunewise_plan::Error>,
    },
    /// A picture cannot be drawn.
    #[error(transparent)]
    Plot(#[from] tunewise_plot::Error),
    /// A file or folder cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// A file is not the JSON that it should be.
    #[error("{}: {source}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// serde's error, with line and column.
        source: serde_json::Error,
    },
    /// A folder is not a checkpoint.
    #[error("{}: not a checkpoint folder: {missing} is missing", path.display())]
    NotACheckpoint {
        /// The folder.
        path: PathBuf,
        /// The file that was looked for.
        missing: &'static str,
    },
    /// A model is named that is no folder, and there is no hub to ask for it.
    #[error(
        "{}: no such folder; to load a model by its id give a hub (feature `hub`, `FinetuneConfig::hub`)", path.display()
    )]
    NoFolder {
        /// The name.
        path: PathBuf,
    },
    /// Only a pickle holds the weights.
    #[error(
        "{}: pickled weights are refused, since reading a pickle can run code; \
         save the model with `save_pretrained(..., safe_serialization=True)`", path.display()
    )]
    Pickle {
        /// The pickle.
        path: PathBuf,
    },
    /// A key of `config.json` has a value that this model cannot honour.
    #[error("{}: `{key}` is {got}, expected {expected}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
        /// The value found, as JSON, or `missing`.
        got: String,
        /// What would do.
        expected: String,
    },
    /// A safetensors file is damaged or truncated.
    #[error("{}: {source}", path.display())]
    Safetensors {
        /// The file.
        path: PathBuf,
        /// The format's own error.
        source: safetensors::SafeTensorError,
    },
    /// The index of a sharded checkpoint names a file outside its folder.
    #[error("{}: shard `{shard}` is not a plain file name in the checkpoint's folder, or a link out of it", path.display())]
    ShardOutside {
        /// The index.
        path: PathBuf,
        /// The name found.
        shard: String,
    },
    /// The checkpoint's tensors are not the model's.
    #[error("{}: missing tensors: {}; unexpected tensors: {}", path.display(), names(missing), names(unexpected))]
    TensorNames {
        /// The checkpoint.
        path: PathBuf,
        /// Tensors that the model has and the file has not.
        missing: Vec<String>,
        /// Tensors that the file has and the model has not.
        unexpected: Vec<String>,
    },
    /// A tensor has another shape than the configuration says.
    #[error("{}: tensor `{name}` has shape {got:?}, expected {expected:?} from config.json", path.display())]
    TensorShape {
        /// The checkpoint.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// The file's shape.
        got: Vec<usize>,
        /// The model's shape.
        expected: Vec<usize>,
    },
    /// A tensor of an adapter has another shape than its configuration and the model say.
    #[error(
        "{}: tensor `{name}` has shape {got:?}, expected {expected:?} from adapter_config.json and the base model",
        path.display()
    )]
    AdapterShape {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// The file's shape.
        got: Vec<usize>,
        /// The shape that fits.
        expected: Vec<usize>,
    },
    /// A tensor has a dtype that does not belong there.
    #[error("{}: tensor `{name}` has dtype {got}, expected {expected}", path.display())]
    TensorDtype {
        /// The checkpoint.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// The file's dtype.
        got: String,
        /// What would do.
        expected: &'static str,
    },
    /// A tensor holds NaN or an infinity.
    #[error("{}: tensor `{name}` holds NaN or infinity", path.display())]
    TensorNotFinite {
        /// The checkpoint.
        path: PathBuf,
        /// The tensor.
        name: String,
    },
    /// A setting is out of its range.
    #[error("`{name}` is {got}, expected {expected}")]
    Setting {
        /// The setting.
        name: &'static str,
        /// The value given.
        got: String,
        /// What would do.
        expected: String,
    },
    /// The tokenizer gives ids that the model has no embedding for.
    #[error(
        "token id {id} is outside the model's vocabulary of {vocab_size}: tokenizer and checkpoint do not belong together"
    )]
    VocabularyTooSmall {
        /// The largest id.
        id: u32,
        /// The model's `vocab_size`.
        vocab_size: usize,
    },
    /// A token's segment has no embedding.
    #[error(
        "segment {segment} of a second text is beyond the model's type_vocab_size {type_vocab_size}"
    )]
    SegmentTooLarge {
        /// The segment.
        segment: u8,
        /// Segments that have one.
        type_vocab_size: usize,
    },
    /// A batch is longer than the model has positions.
    #[error(
        "a sequence of {length} tokens exceeds the model's {max_position_embeddings} positions (max_position_embeddings)"
    )]
    SequenceTooLong {
        /// Tokens of the longest sequence.
        length: usize,
        /// The model's positions.
        max_position_embeddings: usize,
    },
    /// The output folder has content that nobody allowed to replace.
    #[error("{}: the output folder is not empty; name another, or allow it with overwrite_output_dir", path.display())]
    OutputNotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// The loss stopped being a number.
    #[error(
        "the loss is {loss} at step {step}: lower the learning rate, or look at the training rows {} (counted from 0)",
        numbers(rows)
    )]
    LossNotFinite {
        /// The optimizer step, counted from 1.
        step: u64,
        /// The loss.
        loss: f64,
        /// The rows of the step, counted from 0.
        rows: Vec<usize>,
    },
    /// The gradients stopped being numbers.
    #[error(
        "the gradient norm is {norm} at step {step}: lower the learning rate, or look at the training rows {} (counted from 0)",
        numbers(rows)
    )]
    GradientNotFinite {
        /// The optimizer step, counted from 1.
        step: u64,
        /// The norm.
        norm: f64,
        /// The rows of the step, counted from 0.
        rows: Vec<usize>,
    },
    /// A shared classifier has as many requests waiting as it may.
    #[error(
        "{capacity} requests are waiting, which is the most: ask again later, or raise queue_capacity"
    )]
    QueueFull {
        /// The most requests.
        capacity: usize,
    },
    /// The thread of a shared classifier ended before it answered.
    #[error("the classifier's thread ended before it answered")]
    Stopped,
    /// The thread of a shared classifier cannot be started.
    #[error("cannot start the classifier's thread: {source}")]
    Thread {
        /// The system's error.
        source: std::io::Error,
    },
    /// A prediction panicked; the classifier goes on with other requests.
    #[error("the prediction panicked: {message}")]
    Panicked {
        /// The panic's message.
        message: String,
    },
    /// A batch does not fit into memory.
    #[error(
        "out of memory in a batch of {rows} rows x {tokens} tokens: lower per_device_train_batch_size \
         (and raise gradient_accumulation_steps as much, which gives the same result) or max_seq_length; {detail}"
    )]
    OutOfMemory {
        /// Rows of the batch.
        rows: usize,
        /// Tokens a row, padding included.
        tokens: usize,
        /// libtorch's words.
        detail: String,
    },
    /// A checkpoint is not what was written.
    #[error("{}: damaged: {reason}", path.display())]
    CheckpointDamaged {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// There is nothing to go on from.
    #[error(
        "{}: no checkpoint to resume from{}; to start over, allow it with overwrite_output_dir",
        path.display(), damaged(faults)
    )]
    NothingToResume {
        /// The output folder.
        path: PathBuf,
        /// What is wrong with the checkpoints that are there.
        faults: Vec<String>,
    },
    /// The run that a checkpoint is of is not the run that is asked for.
    #[error(
        "{}: cannot resume: `{field}` is {got}, expected {expected} as when the run began", path.display()
    )]
    ResumeMismatch {
        /// The checkpoint.
        path: PathBuf,
        /// What differs: a setting, or what was found at the time.
        field: String,
        /// Its value now, as JSON.
        got: String,
        /// Its value then, as JSON.
        expected: String,
    },
    /// The processes of a group were not started for the same run.
    #[error("rank {rank}: {difference}")]
    RanksDiffer {
        /// This process.
        rank: usize,
        /// What differs.
        difference: String,
    },
    /// A search cannot draw values for a setting.
    #[error("`{setting}` is {got}, expected {expected}")]
    SearchSpace {
        /// The setting.
        setting: String,
        /// What was given, as JSON.
        got: String,
        /// What would do.
        expected: String,
    },
    /// A trial of a search cannot run.
    #[error("trial {trial}: {source}")]
    Trial {
        /// Its number.
        trial: usize,
        /// Why.
        source: Box<Error>,
    },
    /// A picture could not be drawn or an invariant of this crate broke.
    #[error("internal: {what}")]
    Internal {
        /// What was expected to hold.
        what: &'static str,
    },
}

/// The crate's result type.
pub type Result<T, E = Error> = std::result::Result<T, E>;
