//! The seam between the loop and what computes a step.

mod choice;
mod general;
mod packed;
mod parallel;

use tch::Tensor;

pub use choice::{EngineChoice, EngineKind};
pub(super) use choice::{choose, choose_shared};

use super::objective::Objective;
use super::source::Source;
use crate::{BertClassifier, Result};

/// Rows that go through the model together, and what their losses count for.
#[derive(Clone, Copy)]
pub(super) struct MicroBatch<'a> {
    pub(super) source: &'a Source<'a>,
    pub(super) rows: &'a [usize],
    pub(super) objective: &'a Objective<'a>,
    /// What the sum of the rows' losses is divided by: the window's [`Objective::denominator`].
    pub(super) weight: f64,
}

/// What a step measured before its update.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measured {
    /// Mean over the window's rows.
    pub(super) loss: f64,
    /// L2 norm of all gradients before clipping.
    pub(super) grad_norm: f64,
}

/// Computes optimizer steps of one model: gradients of micro-batches add up, are clipped, and move the
/// weights.
///
/// An engine may keep weights of its own between steps; [`StepEngine::sync`] brings them home. The
/// loop calls it before anybody else reads the model's tensors.
pub(super) trait StepEngine {
    /// Whether rows of any length go through together without padding.
    fn takes_ragged(&self) -> bool {
        false
    }

    /// A run of so many steps begins or, if some are `done`, goes on.
    fn begin_run(&mut self, total_steps: u64, done: u64) -> Result<()>;

    /// A step begins. Its dropout masks are a function of `stream` and of what the step computes.
    fn begin_step(&mut self, stream: i64);

    /// Forward and backward of a micro-batch: its gradients and its share of the loss are added.
    fn accumulate(&mut self, model: &BertClassifier, batch: &MicroBatch<'_>) -> Result<()>;

    /// Loss and gradient norm of what was accumulated; the gradients are then clipped to
    /// `max_grad_norm`, unless it is 0.
    fn clip_grad_norm(&mut self, max_grad_norm: f64) -> Result<Measured>;

    /// Moves the weights.
    fn step(&mut self, learning_rate: f64) -> Result<()>;

    /// Forgets gradients and loss.
    fn zero_grad(&mut self) -> Result<()>;

    /// Makes the model's tensors hold the weights of the last step.
    fn sync(&mut self, model: &BertClassifier) -> Result<()>;

    /// Trainable parameters that what was accumulated gave no gradient.
    fn without_gradient(&self, model: &BertClassifier) -> Vec<String>;

    /// The optimizer's state as [`tunewise_torch::AdamW::state`] names it: any engine goes on from
    /// any other's.
    fn state(&mut self) -> Result<Vec<(String, Tensor)>>;

    /// Takes over a state; `find` returns the tensor of a name.
    fn load_state(&mut self, find: &dyn Fn(&str) -> Option<Tensor>) -> Result<()>;
}
