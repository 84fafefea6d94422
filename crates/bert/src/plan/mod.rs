//! Where to spend: pilot runs on growing slices of the rows, and the cheapest plan to a quality.
//!
//! [`plan`] is the whole job, on files; what pilots say is the crate `tunewise-plan`'s. The page
//! `docs/plan.md` tells how to read the answer.

mod config;
mod cut;
mod notice;
mod rows;
mod runner;
mod task;

pub use config::{ModelChoice, PlanConfig};
pub use notice::PlanNotice;
pub use task::{Planned, plan};
