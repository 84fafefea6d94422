//! The trainer: one loop, and what it calls.

mod config;
mod evaluation;
mod event;
mod loss;
mod observers;
mod predictions;
mod schedule;
mod source;
mod state;
mod trainer;

pub use config::{MetricForBestModel, TrainConfig};
pub use evaluation::{Evaluation, RegressionReport, Scores};
pub use event::{Control, Event, Observer};
pub use loss::Loss;
pub use observers::{EpochRecord, History, LogFile, Progress, StopFlag, Stopwatch};
pub use predictions::{Predictions, predict};
pub(crate) use predictions::{THRESHOLD, best};
pub use schedule::LinearSchedule;
pub use source::Source;
pub use state::{Best, Outcome, StopReason, TrainState};
pub use trainer::{Trainer, decays};
