//! What the trainer tells, and who listens.

use tch::Tensor;

use super::evaluation::Evaluation;
use super::state::{Outcome, TrainState};
use crate::{BertClassifier, Result};

/// Something that happened in a run.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// Before the first step.
    TrainBegin,
    /// An epoch starts; counted from 1.
    EpochBegin {
        /// Its number.
        epoch: u64,
    },
    /// Before every optimizer step.
    StepBegin,
    /// Once, after the first backward pass, if it left trainable parameters without a gradient.
    GradientsMissing {
        /// Their names.
        names: &'a [String],
    },
    /// A step's update was left out, since its loss or gradient norm was not finite.
    StepSkipped {
        /// Mean loss over the rows of the step.
        loss: f64,
        /// Norm of all gradients.
        grad_norm: f64,
    },
    /// After every optimizer step: the moment to ask for a stop.
    StepEnd,
    /// Every `logging_steps` optimizer steps, and at the last of an epoch.
    Step {
        /// Mean loss over the rows of this step.
        loss: f64,
        /// Norm of all gradients before clipping.
        grad_norm: f64,
        /// The rate that this step used.
        learning_rate: f64,
    },
    /// The last step of an epoch is done; an evaluation or a save may follow.
    EpochEnd {
        /// Its number.
        epoch: u64,
        /// Mean of the steps' losses, by rows.
        mean_loss: f64,
    },
    /// Before the validation set is evaluated.
    EvaluationBegin,
    /// The validation set was evaluated.
    Evaluated {
        /// The result.
        evaluation: &'a Evaluation,
    },
    /// The evaluation just told is the best so far: the moment to keep the weights.
    Improved {
        /// The model as it is.
        model: &'a BertClassifier,
    },
    /// By `save_steps`, when a run ends before its last step, and before it ends by a loss or gradient
    /// that is not finite. `state` is where the run resumes.
    SaveDue {
        /// The model as it is.
        model: &'a BertClassifier,
        /// The optimizer's state by name, as [`Trainer::resume`](super::Trainer::resume) asks for it.
        optimizer: &'a [(String, Tensor)],
    },
    /// The observers have dealt with [`Event::SaveDue`].
    SaveDone,
    /// After the last step.
    TrainEnd {
        /// What the run came to.
        outcome: &'a Outcome,
    },
}

/// What the trainer does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// Go on.
    Continue,
    /// Stop after this step.
    Stop,
}

/// Listens to a run. Observers see; only the trainer writes.
pub trait Observer {
    /// Called at every event, in the order in which observers were added.
    ///
    /// # Errors
    /// An error ends the run and is returned by [`Trainer::fit`](super::Trainer::fit).
    fn on_event(&mut self, event: &Event<'_>, state: &TrainState) -> Result<Control>;
}
