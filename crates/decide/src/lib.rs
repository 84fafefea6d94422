//! What to do with a model's scores: rank items for a reader ([`rank`]), watch a stream of texts
//! ([`monitor`]), answer questions or hand them to a person ([`support`]). Scores enter as numbers, so
//! this crate knows no model; what has one implements [`monitor::TextScorer`], [`rank::ClickModel`] or
//! [`support::IntentModel`].
//!
//! ```
//! use tunewise_decide::rank::{Blend, Candidate, Diversity, rank};
//!
//! # fn main() -> tunewise_decide::Result<()> {
//! let blend = Blend::fixed(&[("click", 0.8), ("popularity", 0.2)])?;
//! let item = |id: &str, click, popularity| Candidate {
//!     item: id.to_owned(), click: Some(click), signals: vec![popularity], terms: vec![],
//! };
//! let candidates = [item("a", 0.2, 0.9), item("b", 0.7, 0.1)];
//! let ranking = rank(&candidates, &blend, &Diversity::default(), 10)?;
//! assert_eq!(ranking[0].item, "b");
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod error;
mod file;
mod json;
pub mod monitor;
pub mod rank;
pub mod support;

pub use error::{Error, Fault, Result};
pub use file::replace_file;
