//! Stops a run from outside.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::Result;
use crate::train::{Control, Event, Observer, TrainState};

/// Ends the run after the step under way once the flag is set, such as by a Ctrl-C handler.
#[derive(Debug, Clone, Default)]
pub struct StopFlag(Arc<AtomicBool>);

impl StopFlag {
    /// Asks for the end; whether that had been asked before.
    #[allow(clippy::must_use_candidate, reason = "asking is the point")]
    pub fn set(&self) -> bool {
        self.0.swap(true, Ordering::SeqCst)
    }
}

impl Observer for StopFlag {
    fn on_event(&mut self, _: &Event<'_>, _: &TrainState) -> Result<Control> {
        Ok(if self.0.load(Ordering::SeqCst) { Control::Stop } else { Control::Continue })
    }
}
