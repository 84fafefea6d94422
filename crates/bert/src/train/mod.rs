//! The trainer: one loop, and what it calls.

mod class_weights;
mod config;
mod evaluation;
mod event;
mod groups;
mod loss;
mod observers;
mod predictions;
mod schedule;
mod source;
mod state;
mod trainer;

pub use class_weights::ClassWeights;
pub use config::{MetricForBestModel, TrainConfig};
pub use evaluation::{Evaluation, RegressionReport, Scores};
pub use event::{Control, Event, Observer};
pub use groups::decays;
pub use loss::{Loss, LossConfig};
#[cfg(feature = "tensorboard")]
pub use observers::TensorBoard;
pub use observers::{EpochRecord, History, LogFile, Progress, StopFlag, Stopwatch};
pub use predictions::{Predictions, predict};
pub(crate) use predictions::{best, predict_batches};
pub use schedule::{Schedule, SchedulerType};
pub use source::Source;
pub use state::{Best, Outcome, StopReason, TrainState};
pub use trainer::Trainer;
