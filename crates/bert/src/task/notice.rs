//! What a run finds worth saying before it trains.

use std::fmt;
use std::path::PathBuf;

use tunewise_data::LengthStatistics;

use crate::train::EngineChoice;

/// Something that the user should know and that does not stop a run.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Notice {
    /// A data set was read.
    Read {
        /// The file.
        source: String,
        /// Its rows.
        rows: usize,
        /// The columns in use.
        columns: Vec<String>,
        /// Each label's rows, where rows have one label.
        classes: Vec<(String, usize)>,
    },
    /// Rows stand more than once in a file.
    Duplicates {
        /// The file.
        source: String,
        /// How many rows repeat an earlier one.
        rows: usize,
        /// How many have the text of an earlier row and another label.
        conflicting: usize,
    },
    /// Rows of a held-out file also stand in the training file.
    Leak {
        /// The held-out file.
        source: String,
        /// How many of its rows.
        rows: usize,
        /// How many rows it has.
        of: usize,
        /// Lines of the first pairs: in the training file, in the held-out one.
        first_lines: Vec<(u64, u64)>,
    },
    /// The run goes on from a checkpoint.
    Resumed {
        /// The checkpoint.
        path: PathBuf,
        /// Optimizer steps done then.
        step: u64,
    },
    /// A checkpoint newer than the one that the run goes on from is damaged.
    CheckpointLeftOut {
        /// Which, and why.
        reason: String,
    },
    /// The run was to be resumed and has left nothing to go on from.
    NothingToResume,
    /// Training broke off; the state before it did is saved.
    BrokenOff {
        /// The checkpoint.
        path: PathBuf,
        /// The training file.
        source: String,
        /// The lines of the rows at fault.
        lines: Vec<u64>,
    },
    /// The other processes are gone; the run can go on from a checkpoint.
    LastCheckpoint {
        /// The checkpoint.
        path: PathBuf,
    },
    /// The run goes on with another number of processes.
    OtherProcesses {
        /// How many it had when the checkpoint was written.
        then: usize,
        /// How many it has.
        now: usize,
    },
    /// Trainable parameters got no gradient in the first step.
    WithoutGradient {
        /// Their names.
        names: Vec<String>,
    },
    /// Steps left the weights as they were, since loss or gradient norm was not finite.
    SkippedSteps {
        /// How many.
        steps: u64,
    },
    /// Texts were tokenized.
    Tokenized {
        /// The file.
        source: String,
        /// Their lengths.
        lengths: LengthStatistics,
        /// The length that they were truncated to.
        max_seq_length: usize,
    },
    /// A file of a hub's model is being downloaded; said at its beginning, often in between, at its end.
    Download {
        /// The file.
        file: String,
        /// Bytes that are here.
        received: u64,
        /// Its size, where the hub tells.
        total: Option<u64>,
    },
    /// The model is a hub's.
    Model {
        /// Its id.
        name: PathBuf,
        /// Its commit.
        commit: String,
    },
    /// The head starts fresh.
    NewHead {
        /// Its labels.
        labels: Vec<String>,
    },
    /// Tensors start fresh because the checkpoint lacks them.
    FreshTensors {
        /// Their names.
        names: Vec<String>,
    },
    /// Parameters are excluded from training.
    Frozen {
        /// How many.
        tensors: usize,
    },
    /// Few parameters are trained.
    Trainable {
        /// Numbers in the model, adapters' among them.
        parameters: u64,
        /// Those of them that are trained.
        trainable: u64,
    },
    /// Only some layers of the checkpoint are kept.
    Cut {
        /// Which, counted from 0.
        layers: Vec<usize>,
        /// Of how many.
        of: usize,
    },
    /// How large the student is.
    Student {
        /// Its parameters.
        parameters: u64,
        /// Its teacher's.
        of: u64,
    },
    /// What computes the steps.
    Engine {
        /// Which, and why.
        choice: EngineChoice,
    },
    /// Tensors in 16 or 8 bits were widened.
    Widened {
        /// How many.
        tensors: usize,
    },
}

impl Notice {
    /// Whether this is a likely fault of the input, not just a fact.
    #[must_use]
    pub fn is_warning(&self) -> bool {
        matches!(
            self,
            Self::Duplicates { .. }
                | Self::Leak { .. }
                | Self::FreshTensors { .. }
                | Self::CheckpointLeftOut { .. }
                | Self::BrokenOff { .. }
                | Self::WithoutGradient { .. }
                | Self::SkippedSteps { .. }
        )
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { source, rows, columns, classes } => {
                write!(f, "{source}: {rows} rows, columns {}", columns.join(", "))?;
                const SHOWN: usize = 8;
                for (name, count) in classes.iter().take(SHOWN) {
                    write!(f, "; {name}: {count}")?;
                }
                match classes.len() {
                    n if n > SHOWN => write!(f, "; and {} more labels", n - SHOWN),
                    _ => Ok(()),
                }
            }
            Self::Duplicates { source, rows, conflicting } => write!(
                f,
                "{source}: {rows} rows repeat an earlier text, {conflicting} of them with another label"
            ),
            Self::Leak { source, rows, of, first_lines } => {
                write!(f, "{source}: {rows} of {of} rows also stand in the training data")?;
                match first_lines.first() {
                    Some((train, held_out)) => write!(f, " (line {held_out} is its line {train})"),
                    None => Ok(()),
                }
            }
            Self::Resumed { path, step } => {
                write!(f, "going on from {} after step {step}", path.display())
            }
            Self::CheckpointLeftOut { reason } => write!(f, "{reason}; the one before is tried"),
            Self::NothingToResume => f.write_str("nothing to resume: starting with the first step"),
            Self::BrokenOff { path, source, lines } => {
                let lines: Vec<String> = lines.iter().map(u64::to_string).collect();
                let path = path.display();
                write!(
                    f,
                    "the state before that step is in {path}; its rows are {source}, lines {}",
                    lines.join(", ")
                )
            }
            Self::LastCheckpoint { path } => {
                write!(f, "the run can go on from {}", path.display())
            }
            Self::OtherProcesses { then, now } => write!(
                f,
                "the checkpoint is of {then} processes, this run has {now}: the rows of each step stay \
                 the same, their sums are added up in another order"
            ),
            Self::WithoutGradient { names } => {
                write!(f, "trainable, but the loss does not reach it: {}", names.join(", "))
            }
            Self::SkippedSteps { steps } => {
                write!(f, "{steps} steps left out: their loss or gradient norm was not finite")
            }
            Self::Tokenized { source, lengths, max_seq_length } => write!(
                f,
                "{source}: {} tokens; length mean {:.1}, median {}, 99th percentile {}, longest {}; \
                 {} rows truncated to {max_seq_length}",
                lengths.total,
                lengths.mean,
                lengths.p50,
                lengths.p99,
                lengths.max,
                lengths.truncated
            ),
            Self::Download { file, received, total } => match total {
                Some(total) => write!(f, "downloading {file}: {received} of {total} bytes"),
                None => write!(f, "downloading {file}: {received} bytes"),
            },
            Self::Model { name, commit } => {
                write!(f, "{}: a hub's model, at commit {commit}", name.display())
            }
            Self::NewHead { labels } => {
                write!(f, "the classification head is new: {} labels", labels.len())
            }
            Self::FreshTensors { names } => {
                write!(f, "not in the checkpoint, so started fresh: {}", names.join(", "))
            }
            Self::Frozen { tensors } => write!(f, "{tensors} tensors stay as they are"),
            Self::Trainable { parameters, trainable } => {
                let share = 100.0 * *trainable as f64 / *parameters as f64;
                write!(f, "{trainable} of {parameters} parameters are trained ({share:.2} %)")
            }
            Self::Cut { layers, of } => {
                let layers: Vec<_> = layers.iter().map(usize::to_string).collect();
                write!(f, "layers {} of {of} are kept", layers.join(", "))
            }
            Self::Student { parameters, of } => {
                write!(f, "the student has {parameters} parameters, its teacher {of}")
            }
            Self::Engine { choice } => choice.fmt(f),
            Self::Widened { tensors } => {
                write!(f, "{tensors} tensors were widened to 32 bits")
            }
        }
    }
}
