//! When a run ends before its last step.

use std::time::{Duration, Instant};

use super::config::TrainConfig;
use super::state::{StopReason, TrainState};

/// The bounds of a run; without any it ends with its last step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    patience: Option<u64>,
    until: Option<Instant>,
}

impl Limits {
    /// The time starts now.
    pub(super) fn new(config: &TrainConfig) -> Self {
        let limit = config.max_minutes.map(|minutes| Duration::try_from_secs_f64(minutes * 60.0));
        let until = limit.and_then(Result::ok).and_then(|limit| Instant::now().checked_add(limit));
        Self { patience: config.early_stopping_patience, until }
    }

    /// Why the run ends here, if it does.
    pub(super) fn reached(&self, state: &TrainState) -> Option<StopReason> {
        let patient = |patience| state.evaluations_without_improvement < patience;
        if state.is_complete() {
            Some(StopReason::Completed)
        } else if !self.patience.is_none_or(patient) {
            Some(StopReason::EarlyStopping)
        } else {
            let over = self.until.is_some_and(|until| Instant::now() >= until);
            over.then_some(StopReason::TimeLimit)
        }
    }
}
