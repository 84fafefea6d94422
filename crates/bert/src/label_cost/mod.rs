//! How many labels are saved by choosing what to label, against labelling at random: pool-based active
//! learning and pseudo-labels, simulated on a file whose labels are known.
//!
//! | module | what |
//! | --- | --- |
//! | `config` | [`LabelCostConfig`], [`Strategy`] |
//! | `run` | [`label_cost`]: the rounds |
//! | `state` | [`LabelCostState`]: what was measured so far; a run that was killed goes on from it |
//! | `saving` | [`Saving`]: labels saved at the same score, with an interval over seeds |

mod config;
mod run;
mod saving;
mod state;

pub use config::{LabelCostConfig, Strategy};
pub use run::label_cost;
pub use saving::{Saving, label_cost_report};
pub use state::{LabelCostState, Point};
