//! What the timings share. They are in `benches/` (`cargo bench`) and `src/bin/` (end to end, to be set
//! beside the scripts in `peers/`).

mod agreement;
mod process;

pub use agreement::Agreement;
pub use process::{peak_rss_mb, seconds_since_start};
