//! A progress bar on a terminal, plain lines elsewhere.

use std::io::{IsTerminal, Write, stderr};

use indicatif::{ProgressBar, ProgressStyle};

use crate::Result;
use crate::train::{Control, Evaluation, Event, Observer, TrainState};

const TEMPLATE: &str = "{bar:32} {pos}/{len} steps  {elapsed} < {eta}  {msg}";

/// Shows loss, rate and time left on standard error, and each epoch's report.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    is_terminal: bool,
    has_reports: bool,
}

impl Default for Progress {
    fn default() -> Self {
        let is_terminal = stderr().is_terminal();
        let bar = if is_terminal { ProgressBar::new(0) } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
            bar.set_style(style);
        }
        Self { bar, is_terminal, has_reports: true }
    }
}

impl Progress {
    /// A bar and warnings alone: nothing of steps, epochs and evaluations that is not on a terminal's
    /// bar. For those who tell of a run themselves.
    #[must_use]
    pub fn bar_alone() -> Self {
        Self { has_reports: false, ..Self::default() }
    }

    /// A line above the bar. That standard error may be closed must not end a run.
    fn say(&self, text: &str) {
        if self.is_terminal {
            self.bar.println(text);
        } else {
            let _ = writeln!(stderr(), "{text}");
        }
    }

    fn step(&self, message: String, state: &TrainState) {
        self.bar.set_position(state.step);
        if self.is_terminal {
            self.bar.set_message(message);
        } else if self.has_reports {
            self.say(&format!("step {}/{}  {message}", state.step, state.total_steps));
        }
    }

    fn evaluated(&self, evaluation: &Evaluation, state: &TrainState) {
        self.say(&format!(
            "epoch {:.4}: eval_loss {:.4}\n{evaluation}",
            state.epoch, evaluation.eval_loss
        ));
    }
}

impl Observer for Progress {
    fn on_event(&mut self, event: &Event<'_>, state: &TrainState) -> Result<Control> {
        match event {
            Event::TrainBegin => self.bar.set_length(state.total_steps),
            Event::Step { loss, grad_norm, learning_rate } => self.step(
                format!(
                    "loss {loss:.4}  grad_norm {grad_norm:.3}  learning_rate {learning_rate:.2e}"
                ),
                state,
            ),
            Event::StepSkipped { loss, grad_norm } => self.say(&format!(
                "warning: step {} left out: loss {loss}, gradient norm {grad_norm} ({} so far)",
                state.step + 1,
                state.skipped_steps
            )),
            Event::EpochEnd { epoch, mean_loss } if self.has_reports => {
                self.say(&format!("epoch {epoch}: mean training loss {mean_loss:.4}"));
            }
            Event::Evaluated { evaluation } if self.has_reports => {
                self.evaluated(evaluation, state)
            }
            Event::TrainEnd { .. } => self.bar.finish_and_clear(),
            _ => {}
        }
        Ok(Control::Continue)
    }
}
