//! Where to spend: more labels, longer training, a larger model, or nothing more.
//!
//! Small pilot runs on growing slices of the rows ([`Design`], [`Schedule`], [`PilotRunner`]) become a
//! learning curve with its uncertainty ([`LearningCurve`]) and a time law ([`TimeLaw`]) a model; with a
//! price list ([`Prices`]) they answer a [`Question`]: the cheapest plan to a quality, or the best
//! quality for a budget ([`decide`]), and what the next step is worth ([`next_moves`]).
//!
//! Nothing here trains: [`PilotRunner`] is what does, and [`Simulated`] is one with a known truth.
#![forbid(unsafe_code)]

mod answer;
mod curve;
mod decide;
mod design;
mod error;
mod forecast;
mod handover;
mod html;
mod journal;
mod marginal;
mod pilot;
mod prices;
mod run;
mod simulate;
mod text;
mod time;

pub use answer::{Answer, ModelSummary, Spent};
pub use curve::{CurveData, Forecast, LEVEL, LearningCurve, Observation};
pub use decide::{Decision, Goal, Question, Verdict, decide, frontier};
pub use design::{Design, slice, stratified_order};
pub use error::{Error, Result};
pub use forecast::{Candidate, ModelView, Recipe, Setting};
pub use journal::{JOURNAL, Journal};
pub use marginal::{Move, MoveKind, Moves, STEP, next_moves};
pub use pilot::{Measured, Pilot, PilotRecord, PilotRunner};
pub use prices::{LabelPrices, MachinePrices, Prices, QualityPrices};
pub use run::{PilotsEnd, Schedule};
pub use simulate::{Simulated, SimulatedModel};
pub use time::{Hours, TimeLaw};
