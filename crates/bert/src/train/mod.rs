//! The trainer: one loop, and what it calls.

mod cadence;
mod class_weights;
mod config;
mod distil;
mod engine;
mod evaluation;
mod event;
mod groups;
mod guard;
mod limits;
mod loss;
mod metric;
mod objective;
mod observers;
mod predictions;
mod ranks;
mod schedule;
mod source;
mod state;
mod trainer;
mod windows;

pub use cadence::Cadence;
pub use class_weights::ClassWeights;
pub use config::TrainConfig;
pub(crate) use distil::check_teacher;
pub use distil::{DistilConfig, Relations};
pub use engine::{EngineChoice, EngineKind};
pub use evaluation::{Evaluation, RegressionReport, Scores};
pub use event::{Control, Event, Observer};
pub use groups::decays;
pub use guard::NonFinite;
pub use loss::{Loss, LossConfig};
pub use metric::MetricForBestModel;
#[cfg(feature = "tensorboard")]
pub use observers::TensorBoard;
pub use observers::{EpochRecord, History, LogFile, PhaseSeconds, Progress, StopFlag, Stopwatch};
pub use predictions::{Predictions, predict};
pub(crate) use predictions::{best, predict_batches};
pub use schedule::{Schedule, SchedulerType};
pub use source::Source;
pub use state::{Best, Outcome, RowMean, StopReason, TrainState};
pub use trainer::Trainer;
