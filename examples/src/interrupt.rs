//! Ctrl-C: the first time stops a run where it can go on later, the second time at once.

use tunewise_bert::exit_at_once;
use tunewise_bert::train::StopFlag;
use tunewise_examples_pure::{CliResult, INTERRUPTED, say};

/// A flag that the first Ctrl-C sets.
///
/// # Errors
/// If the system has no handler to give.
pub fn stop_on_interrupt() -> CliResult<StopFlag> {
    let stop = StopFlag::default();
    let asked = stop.clone();
    ctrlc::set_handler(move || {
        if asked.set() {
            exit_at_once(INTERRUPTED); // the second time
        }
        say("stopping after this step; once more to stop at once");
    })?;
    Ok(stop)
}
