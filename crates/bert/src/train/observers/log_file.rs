//! `log.jsonl`.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::clock::Stopwatch;
use crate::error::Context;
use crate::train::{Control, Event, Observer, TrainState};
use crate::{Result, files};

/// Writes one JSON object a logged step: `step, epoch, loss, grad_norm, learning_rate,
/// samples_per_second, tokens_per_second`; the rates are those since the object before.
#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    file: File,
    stopwatch: Stopwatch,
    last: (f64, u64, u64),
}

#[derive(Serialize)]
struct Line {
    step: u64,
    epoch: f64,
    loss: f64,
    grad_norm: f64,
    learning_rate: f64,
    samples_per_second: f64,
    tokens_per_second: f64,
}

impl LogFile {
    /// Creates or empties the file.
    ///
    /// # Errors
    /// [`crate::Error::Io`].
    pub fn create(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_owned();
        let file = File::create(&path).at(&path)?;
        Ok(Self { path, file, stopwatch: Stopwatch::default(), last: (0.0, 0, 0) })
    }

    /// Goes on with the file of an interrupted run, cut back to what was logged up to `step`.
    ///
    /// # Errors
    /// [`crate::Error::Io`].
    pub fn resume(path: impl AsRef<Path>, step: u64) -> Result<Self> {
        #[derive(Deserialize)]
        struct Logged {
            step: u64,
        }
        let path = path.as_ref().to_owned();
        let text = match std::fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            read => read.at(&path)?,
        };
        let whole = |line: &&[u8]| {
            let logged = serde_json::from_slice::<Logged>(line);
            line.ends_with(b"\n") && logged.is_ok_and(|logged| logged.step <= step)
        };
        let kept: Vec<&[u8]> =
            text.split_inclusive(|&byte| byte == b'\n').take_while(whole).collect();
        files::write(&path, &kept.concat())?;
        let file = File::options().append(true).open(&path).at(&path)?;
        Ok(Self { path, file, stopwatch: Stopwatch::default(), last: (0.0, 0, 0) })
    }

    /// Rows and tokens a second since the last call.
    fn rates(&mut self, state: &TrainState) -> (f64, f64) {
        let now = (self.stopwatch.seconds().steps, state.rows, state.tokens);
        let (seconds, rows, tokens) = std::mem::replace(&mut self.last, now);
        let rate = |count: u64| count as f64 / (now.0 - seconds).max(f64::MIN_POSITIVE);
        (rate(now.1 - rows), rate(now.2 - tokens))
    }
}

impl Observer for LogFile {
    fn on_event(&mut self, event: &Event<'_>, state: &TrainState) -> Result<Control> {
        self.stopwatch.see(event);
        if let Event::TrainBegin = event {
            self.last = (0.0, state.rows, state.tokens);
        }
        if let Event::Step { loss, grad_norm, learning_rate } = *event {
            let (samples_per_second, tokens_per_second) = self.rates(state);
            let (step, epoch) = (state.step, state.epoch);
            let line = Line {
                step,
                epoch,
                loss,
                grad_norm,
                learning_rate,
                samples_per_second,
                tokens_per_second,
            };
            let mut line = serde_json::to_vec(&line).at(&self.path)?;
            line.push(b'\n');
            self.file.write_all(&line).at(&self.path)?;
        }
        Ok(Control::Continue)
    }
}
