//! Items for a reader: scored, blended with other signals, diversified, explained, evaluated.
//!
//! | module | what |
//! | --- | --- |
//! | `profile` | [`Catalogue`]: a reader's history to the text that a [`ClickModel`] reads |
//! | `candidate` | [`Candidate`], [`Session`], and files of them |
//! | `blend` | [`Blend`]: weights, given or fitted |
//! | `order` | [`rank`]: the order, with what made it |
//! | `evaluate` | [`evaluate()`], [`compare`]: NDCG, MRR, MAP, hit rate and coverage with intervals |

mod blend;
mod candidate;
mod evaluate;
mod logistic;
mod order;
mod profile;

pub use blend::{Blend, Fit};
pub use candidate::{Candidate, Session, read_sessions};
pub use evaluate::{Comparison, EvaluateOptions, Evaluation, Interval, compare, evaluate};
pub use order::{Contribution, Diversity, Ranked, rank};
pub use profile::{Catalogue, ClickModel, Profile};
