//! How long training itself took.

use std::time::{Duration, Instant};

use crate::Result;
use crate::train::{Control, Event, Observer, TrainState};

/// Counts the seconds of training steps; evaluation and saving are left out.
#[derive(Debug, Default)]
pub struct Stopwatch {
    elapsed: Duration,
    running_since: Option<Instant>,
}

impl Stopwatch {
    /// Seconds of training so far.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        let running = self.running_since.map_or(Duration::ZERO, |since| since.elapsed());
        (self.elapsed + running).as_secs_f64()
    }

    fn stop(&mut self) {
        if let Some(since) = self.running_since.take() {
            self.elapsed += since.elapsed();
        }
    }

    /// Starts or stops as the event says.
    pub(super) fn see(&mut self, event: &Event<'_>) {
        match event {
            Event::EpochBegin { .. } | Event::SaveDone => self.running_since = Some(Instant::now()),
            Event::EpochEnd { .. } | Event::SaveDue { .. } | Event::TrainEnd { .. } => self.stop(),
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
