//! Stops a trial at the end of its rung, or when the search's time is over.

use std::cell::RefCell;
use std::time::Instant;

use super::notice::SearchNotice;
use crate::Result;
use crate::train::{Control, Event, MetricForBestModel, Observer, TrainState};

/// Ends a run after the first evaluation at or past `epochs`.
pub(super) struct Pause<'a, 't> {
    pub(super) trial: usize,
    pub(super) epochs: f64,
    pub(super) until: Option<Instant>,
    pub(super) metric: Option<MetricForBestModel>,
    /// The run's own notices go the same way.
    pub(super) tell: &'a RefCell<&'t mut dyn FnMut(&SearchNotice)>,
    /// Whether the rung's end was reached.
    pub(super) reached: bool,
    /// Whether the time is over.
    pub(super) is_late: bool,
}

impl Observer for Pause<'_, '_> {
    fn on_event(&mut self, event: &Event<'_>, state: &TrainState) -> Result<Control> {
        match event {
            // A search killed between the checkpoint and its own state: the rung is done already.
            Event::TrainBegin => {
                let evaluated = state.step > 0 && state.evaluated_at == state.step;
                self.reached = evaluated && state.epoch >= self.epochs;
            }
            Event::Evaluated { evaluation } => {
                let metric = self.metric.unwrap_or_else(|| evaluation.default_metric());
                let (trial, epoch) = (self.trial, state.epoch);
                let value = evaluation.metric(metric)?;
                (self.tell.borrow_mut())(&SearchNotice::Evaluated { trial, epoch, metric, value });
                self.reached = state.epoch >= self.epochs;
            }
            Event::StepEnd => self.is_late = self.until.is_some_and(|end| Instant::now() >= end),
            _ => {}
        }
        Ok(if self.reached || self.is_late { Control::Stop } else { Control::Continue })
    }
}
