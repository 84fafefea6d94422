//! What a run was like, kept for its outputs.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tunewise_plot::{ChartText, Series, line_chart};

use crate::train::{Control, Event, Observer, TrainState};
use crate::{Error, Result};

const TEXT: ChartText<'_> =
    ChartText { title: "Loss", x_label: "optimizer step", y_label: "mean loss" };

/// One epoch, or one evaluation within it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Epochs done.
    pub epoch: f64,
    /// Optimizer steps done.
    pub step: u64,
    /// Mean training loss of the epoch so far, by rows.
    pub train_loss: Option<f64>,
    /// The validation result's numbers, if there is a validation set.
    pub evaluation: Option<Value>,
}

impl EpochRecord {
    fn new(state: &TrainState) -> Self {
        let mean = state.epoch_loss.mean();
        let train_loss = mean.is_finite().then_some(mean);
        Self { epoch: state.epoch, step: state.step, train_loss, evaluation: None }
    }

    fn eval_loss(&self) -> Option<f64> {
        self.evaluation.as_ref()?.get("eval_loss")?.as_f64()
    }
}

/// Keeps the logged losses and the epochs' results; a checkpoint holds them too.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct History {
    train_losses: Vec<(f64, f64)>,
    epochs: Vec<EpochRecord>,
}

impl History {
    /// The epochs so far.
    #[must_use]
    pub fn epochs(&self) -> &[EpochRecord] {
        &self.epochs
    }

    /// Whether nothing was logged yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.train_losses.is_empty()
    }

    /// The record of the state's step, made if it is not there.
    fn record(&mut self, state: &TrainState) -> Option<&mut EpochRecord> {
        if self.epochs.last().is_none_or(|last| last.step != state.step) {
            self.epochs.push(EpochRecord::new(state));
        }
        self.epochs.last_mut()
    }

    /// Training and validation loss by optimizer step, as SVG.
    ///
    /// # Errors
    /// [`crate::Error::Plot`] if nothing was logged.
    pub fn loss_curve(&self) -> Result<String> {
        let validation: Vec<(f64, f64)> = self
            .epochs
            .iter()
            .filter_map(|epoch| Some((epoch.step as f64, epoch.eval_loss()?)))
            .collect();
        let mut series = vec![Series { name: "training", points: &self.train_losses }];
        if !validation.is_empty() {
            series.push(Series { name: "validation", points: &validation });
        }
        Ok(line_chart(TEXT, &series)?)
    }
}

impl Observer for History {
    fn on_event(&mut self, event: &Event<'_>, state: &TrainState) -> Result<Control> {
        match event {
            Event::Step { loss, .. } if loss.is_finite() => {
                self.train_losses.push((state.step as f64, *loss));
            }
            Event::EpochEnd { .. } => {
                self.record(state);
            }
            Event::Evaluated { evaluation } => {
                let numbers = serde_json::to_value(evaluation)
                    .map_err(|_| Error::Internal { what: "an evaluation is JSON" })?;
                if let Some(record) = self.record(state) {
                    record.evaluation = Some(numbers);
                }
            }
            _ => {}
        }
        Ok(Control::Continue)
    }
}
