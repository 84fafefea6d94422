//! Listeners that come with the crate.

mod clock;
mod history;
mod log_file;
mod progress;
mod stop_flag;

pub use clock::Stopwatch;
pub use history::{EpochRecord, History};
pub use log_file::LogFile;
pub use progress::Progress;
pub use stop_flag::StopFlag;
