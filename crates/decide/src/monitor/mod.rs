//! A stream of timed, scored texts: the share of negative ones per topic, and alerts when it rises.
//!
//! ```
//! use tunewise_decide::monitor::{AlertKind, Monitor, MonitorOptions, ScoredText};
//!
//! # fn main() -> tunewise_decide::Result<()> {
//! let options = MonitorOptions { baseline: Some(0.1), ..MonitorOptions::default() };
//! let mut monitor = Monitor::new(options)?;
//! let mut records = Vec::new();
//! for minute in 0..600 {
//!     let text = ScoredText {
//!         id: Some(minute.to_string()), time: minute * 60_000, topic: "delivery".into(),
//!         negative: if minute < 300 { 0.1 } else { 0.9 }, text: "late again".into(),
//!     };
//!     records.extend(monitor.push(text).1);
//! }
//! records.extend(monitor.finish());
//! let said: Vec<_> = records.iter().map(|record| (record.topic.as_str(), record.kind)).collect();
//! assert_eq!(said, [("delivery", AlertKind::Opened), ("delivery", AlertKind::Escalated)]);
//! # Ok(())
//! # }
//! ```
//!
//! | module | what |
//! | --- | --- |
//! | `text` | lines of JSON to [`TimedText`] and [`ScoredText`]; [`TextScorer`], the seam for a model |
//! | `scoring` | [`LineScorer`]: lines that are scored already, or by a [`TextScorer`] in batches |
//! | `detect` | [`Cusum`] and [`SequentialTest`] of shares |
//! | `topic` | a topic's window, baseline, detectors and alert |
//! | `stream` | [`Monitor`]: event time, lateness, duplicates, the whole state |
//! | `replay` | [`Replay`]: files in and out, restarts that lose and repeat nothing |
//! | `review` | [`Review`]: alerts held against bursts that are known |
//! | `page` | [`page()`]: curves and alerts as HTML |

mod alert;
mod detect;
mod options;
mod page;
mod replay;
mod review;
mod scoring;
mod stream;
mod text;
mod topic;

pub use alert::{AlertKind, AlertRecord, Detection, Evidence, Severity};
pub use detect::{Cusum, LogRatio, SequentialTest};
pub use options::{MonitorOptions, Trigger};
pub use page::page;
pub use replay::{Replay, ReplayPaths};
pub use review::{Burst, Review};
pub use scoring::{LineScorer, Ready, Scored};
pub use stream::{Counts, Monitor, Outcome};
pub use text::{ScoredText, TextScore, TextScorer, TimedText};
