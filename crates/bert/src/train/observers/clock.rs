//! How long each phase of a run took.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::train::{Control, Event, Observer, TrainState};

/// Seconds by phase.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct PhaseSeconds {
    /// Optimizer steps, forward and backward included.
    pub steps: f64,
    /// Evaluation.
    pub evaluation: f64,
    /// Saving.
    pub saving: f64,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    Steps,
    Evaluation,
    Saving,
}

/// Counts the seconds of steps, evaluations and saves; what observers do between them is left out.
#[derive(Debug, Default)]
pub struct Stopwatch {
    elapsed: PhaseSeconds,
    running: Option<(Phase, Instant)>,
}

impl Stopwatch {
    /// A watch that goes on from what an interrupted run took.
    #[must_use]
    pub fn from_seconds(elapsed: PhaseSeconds) -> Self {
        Self { elapsed, running: None }
    }

    /// Seconds so far.
    #[must_use]
    pub fn seconds(&self) -> PhaseSeconds {
        let mut elapsed = self.elapsed;
        if let Some((phase, since)) = self.running {
            let seconds = match phase {
                Phase::Steps => &mut elapsed.steps,
                Phase::Evaluation => &mut elapsed.evaluation,
                Phase::Saving => &mut elapsed.saving,
            };
            *seconds += since.elapsed().as_secs_f64();
        }
        elapsed
    }

    fn enter(&mut self, phase: Option<Phase>) {
        self.elapsed = self.seconds();
        self.running = phase.map(|phase| (phase, Instant::now()));
    }

    /// Changes phase as the event says.
    pub(crate) fn see(&mut self, event: &Event<'_>) {
        match event {
            Event::StepBegin => self.enter(Some(Phase::Steps)),
            Event::EvaluationBegin => self.enter(Some(Phase::Evaluation)),
            Event::Improved { .. } | Event::SaveDue { .. } => self.enter(Some(Phase::Saving)),
            Event::StepEnd | Event::Evaluated { .. } | Event::SaveDone | Event::TrainEnd { .. } => {
                self.enter(None);
            }
            _ => {}
        }
    }
}

impl Observer for Stopwatch {
    fn on_event(&mut self, event: &Event<'_>, _: &TrainState) -> Result<Control> {
        self.see(event);
        Ok(Control::Continue)
    }
}
