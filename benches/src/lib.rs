//! What the timings share. They are in `benches/` (`cargo bench`) and `src/bin/` (end to end, to be set
//! beside the scripts in `peers/`).

mod agreement;
mod operations;
mod process;
mod source;
mod workload;

pub use agreement::Agreement;
pub use operations::Operations;
pub use process::{peak_rss_mb, seconds_since_start};
pub use source::{SourceArgs, rates};
pub use workload::{Rows, mini_lm};
