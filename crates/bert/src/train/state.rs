//! Where a run is, and how it ended.

use serde::{Deserialize, Serialize};

/// The best evaluation so far.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Best {
    /// Optimizer steps done then.
    pub step: u64,
    /// Epochs done then.
    pub epoch: f64,
    /// The value of the metric for the best model.
    pub value: f64,
}

/// The trainer's position. Only the trainer writes it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct TrainState {
    /// Optimizer steps done.
    pub step: u64,
    /// Optimizer steps of the whole run.
    pub total_steps: u64,
    /// Epochs done, with the fraction of the one under way.
    pub epoch: f64,
    /// Rows trained on, repetitions counted.
    pub rows: u64,
    /// Tokens trained on, padding not counted.
    pub tokens: u64,
    /// The best evaluation so far.
    pub best: Option<Best>,
}

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// All steps are done.
    Completed,
    /// An observer asked for it.
    Stopped,
}

/// What a run came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Why it ended.
    pub reason: StopReason,
    /// Where it ended.
    pub state: TrainState,
}
