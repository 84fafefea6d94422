//! Listeners that come with the crate.

mod clock;
mod history;
mod log_file;
mod progress;
mod stop_flag;
#[cfg(feature = "tensorboard")]
mod tensorboard;

pub use clock::{PhaseSeconds, Stopwatch};
pub use history::{EpochRecord, History};
pub use log_file::LogFile;
pub use progress::Progress;
pub use stop_flag::StopFlag;
#[cfg(feature = "tensorboard")]
pub use tensorboard::TensorBoard;
