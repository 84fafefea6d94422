//! Where a run is, and how it ended.

use serde::{Deserialize, Serialize};

use super::windows::Window;

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

/// The trainer's position. Only the trainer writes it; with the weights and the optimizer's moments
/// it is all that a resumed run needs, since rows and dropout masks are functions of seed and step.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct TrainState {
    /// Optimizer steps done.
    pub step: u64,
    /// Optimizer steps of the whole run.
    pub total_steps: u64,
    /// Epochs done, with the fraction of the one under way.
    pub epoch: f64,
    /// Optimizer steps done of the epoch under way.
    pub position_in_epoch: u64,
    /// Rows trained on, repetitions counted.
    pub rows: u64,
    /// Tokens trained on, padding not counted.
    pub tokens: u64,
    /// Steps whose update was left out because a loss or gradient was not finite.
    pub skipped_steps: u64,
    /// The losses of the epoch under way.
    pub epoch_loss: RowMean,
    /// The step after which the model was last evaluated.
    pub evaluated_at: u64,
    /// Evaluations since the last that was better by the margin of early stopping.
    pub evaluations_without_improvement: u64,
    /// The best evaluation so far.
    pub best: Option<Best>,
}

impl TrainState {
    /// Whether all steps are done.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.step >= self.total_steps
    }

    /// Whether the step just done was the last of its epoch, or of the run.
    #[must_use]
    pub fn ends_epoch(&self) -> bool {
        self.step > 0 && (self.position_in_epoch == 0 || self.is_complete())
    }

    /// Counts a window's step. `loss` is the mean over its rows.
    pub(super) fn advance(&mut self, window: &Window<'_>, loss: f64, tokens: u64) {
        if window.number == 0 {
            self.epoch_loss = RowMean::default();
        }
        let rows = window.rows().count() as u64;
        self.epoch_loss.add(loss, rows);
        self.step += 1;
        self.rows += rows;
        self.tokens += tokens;
        self.position_in_epoch = (window.number + 1) % window.per_epoch;
        self.epoch = window.epoch as f64 + (window.number + 1) as f64 / window.per_epoch as f64;
    }
}

/// A mean over rows of means over rows.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct RowMean {
    sum: f64,
    rows: u64,
}

impl RowMean {
    /// A mean that is not finite belongs to a skipped step and is left out.
    fn add(&mut self, mean: f64, rows: u64) {
        if mean.is_finite() {
            self.sum += mean * rows as f64;
            self.rows += rows;
        }
    }

    /// The mean; NaN of no rows.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.sum / self.rows as f64
    }
}

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// All steps are done.
    Completed,
    /// The metric has not improved for as many evaluations as `early_stopping_patience`.
    EarlyStopping,
    /// `max_minutes` are over.
    TimeLimit,
    /// An observer asked for it.
    Stopped,
}

impl StopReason {
    /// Every reason.
    pub(super) const ALL: [Self; 4] =
        [Self::Completed, Self::EarlyStopping, Self::TimeLimit, Self::Stopped];
}

/// What a run came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Why it ended.
    pub reason: StopReason,
    /// Where it ended.
    pub state: TrainState,
}
