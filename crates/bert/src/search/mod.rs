//! Search for settings: seeded random drawings, successive halving, trials that go on from where they
//! were paused.
//!
//! [`search`] is the whole job, on files; [`Space`] and [`SuccessiveHalving`] are its two pure parts,
//! for a search of your own. The page `docs/training.md` has an example of a `[search]` table.

mod config;
mod notice;
mod pause;
mod runner;
mod scheduler;
mod space;
mod state;
mod table;
mod trial;

pub use config::SearchConfig;
pub use notice::SearchNotice;
pub use runner::{SearchEnd, Searched, search};
pub use scheduler::{Job, Standing, SuccessiveHalving};
pub use space::{Distribution, Space};
pub use state::SearchState;
pub use trial::{RungResult, Trial, TrialStatus};
