//! Items for a reader: scored, blended with other signals, diversified, explained, evaluated.
//!
//! | module | what |
//! | --- | --- |
//! | `profile` | [`Catalogue`]: a reader's history to the text that a [`ClickModel`] reads |
//! | `candidate` | [`Candidate`], [`Session`], and files of them |
//! | `shelf` | [`Shelf`]: the catalogue, with the signals of its items |
//! | `visit`, `scoring` | [`Visit`] and files of them; [`Visits`]: what a model reads, at its training and later |
//! | `blend` | [`Blend`]: weights, given or fitted |
//! | `order` | [`rank`]: the order, with what made it |
//! | `lists` | [`Lists`]: what every reader is shown, as text and JSON |
//! | `evaluate` | [`evaluate()`], [`compare`]: NDCG, MRR, MAP, hit rate and coverage with intervals |
//! | `study` | [`Study`]: a blend beside the model alone, popularity and chance, as text, JSON and picture |

mod blend;
mod candidate;
mod evaluate;
mod lists;
mod logistic;
mod order;
mod profile;
mod scoring;
mod shelf;
mod study;
mod visit;

pub use blend::{Blend, Fit};
pub use candidate::{Candidate, Session, read_sessions};
pub use evaluate::{Comparison, EvaluateOptions, Evaluation, Interval, compare, evaluate};
pub use lists::Lists;
pub use order::{Contribution, Diversity, Ranked, rank};
pub use profile::{Catalogue, ClickModel, Profile, ProfileKind};
pub use scoring::{Note, Omission, Pair, ScoreError, Visits};
pub use shelf::{Item, Shelf};
pub use study::{Study, StudyRow};
pub use visit::{Visit, clicks_known, read_visits};
