//! What a run was like, kept for its outputs.

use serde::Serialize;
use tunewise_plot::{ChartText, Series, line_chart};

use crate::Result;
use crate::train::{Control, Evaluation, Event, Observer, TrainState};

const TEXT: ChartText<'_> =
    ChartText { title: "Loss", x_label: "optimizer step", y_label: "mean loss" };

/// One epoch.
#[derive(Debug, Clone, Serialize)]
pub struct EpochRecord {
    /// Epochs done.
    pub epoch: f64,
    /// Optimizer steps done.
    pub step: u64,
    /// Mean training loss of the epoch, by rows.
    pub train_loss: f64,
    /// The validation result, if there is a validation set.
    pub evaluation: Option<Evaluation>,
}

/// Keeps the logged losses and the epochs' results.
#[derive(Debug, Default)]
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

    /// Training and validation loss by optimizer step, as SVG.
    ///
    /// # Errors
    /// [`crate::Error::Plot`] if nothing was logged.
    pub fn loss_curve(&self) -> Result<String> {
        let validation: Vec<(f64, f64)> = self
            .epochs
            .iter()
            .filter_map(|epoch| Some((epoch.step as f64, epoch.evaluation.as_ref()?.eval_loss)))
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
            Event::Step { loss, .. } => self.train_losses.push((state.step as f64, *loss)),
            Event::EpochEnd { mean_loss, .. } => self.epochs.push(EpochRecord {
                epoch: state.epoch,
                step: state.step,
                train_loss: *mean_loss,
                evaluation: None,
            }),
            Event::Evaluated { evaluation } => {
                if let Some(last) = self.epochs.last_mut() {
                    last.evaluation = Some((*evaluation).clone());
                }
            }
            _ => {}
        }
        Ok(Control::Continue)
    }
}
