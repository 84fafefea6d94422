//! One drawing of settings and how far it has come.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::scheduler::Standing;
use crate::train::MetricForBestModel;

/// Where a trial stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrialStatus {
    /// It waits at the end of a rung, and can go on.
    Paused,
    /// Its run is over: all steps are done, or its own early stopping ended it.
    Finished,
    /// Its run broke off, such as by a loss that is not finite.
    Failed,
}

/// A trial at the end of a rung.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RungResult {
    /// Epochs done.
    pub epochs: f64,
    /// Optimizer steps done.
    pub step: u64,
    /// The best value of the metric so far; none if the trial failed in this rung.
    pub value: Option<f64>,
}

/// One drawing of settings, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Its number, counted from 0.
    pub trial: usize,
    /// The settings that it drew.
    pub settings: Map<String, Value>,
    /// Where it stands.
    pub status: TrialStatus,
    /// What it had reached at the end of each rung.
    pub rungs: Vec<RungResult>,
    /// Why it failed.
    pub failure: Option<String>,
    /// Seconds of training and evaluation.
    pub seconds: f64,
}

impl Trial {
    /// The best value of the metric, unless the trial failed.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        self.rungs.last().and_then(|rung| rung.value)
    }

    /// What the scheduler knows of it.
    pub(super) fn standing(&self, metric: Option<MetricForBestModel>) -> Standing {
        let sign = if metric.is_some_and(MetricForBestModel::lower_is_better) { -1.0 } else { 1.0 };
        let score = |rung: &RungResult| rung.value.map_or(f64::NAN, |value| sign * value);
        Standing { scores: self.rungs.iter().map(score).collect(), is_running: false }
    }
}
