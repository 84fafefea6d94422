//! Pilots, and who runs them.

use serde::{Deserialize, Serialize};

/// A pilot to run: a model fine-tuned on a slice of the rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pilot {
    /// Its number, counted from 0.
    pub number: usize,
    /// Which of the models.
    pub model: usize,
    /// Rows of the slice.
    pub rows: usize,
    /// Orders the rows, and starts the run's random numbers.
    pub seed: u64,
    /// How often training passes over the rows.
    pub epochs: f64,
}

/// What a run came to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// The metric on the validation rows, from 0 to 1.
    pub quality: f64,
    /// What training took, seconds: tokenizing and steps, no evaluation, no saving.
    pub training_seconds: f64,
    /// Rows trained on, all epochs together.
    pub trained_rows: u64,
    /// Tokens trained on, all epochs together.
    pub trained_tokens: u64,
    /// Numbers in the model.
    pub parameters: u64,
}

/// A pilot that was run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PilotRecord {
    /// Its number, counted from 0.
    pub pilot: usize,
    /// The model's name.
    pub model: String,
    /// Rows of the slice.
    pub rows: usize,
    /// Its seed.
    pub seed: u64,
    /// How often it passed over the rows.
    pub epochs: f64,
    /// What it came to.
    #[serde(flatten)]
    pub measured: Measured,
}

impl PilotRecord {
    /// What a pilot of the model of that name came to.
    #[must_use]
    pub fn new(pilot: &Pilot, model: String, measured: Measured) -> Self {
        let Pilot { number, rows, seed, epochs, .. } = *pilot;
        Self { pilot: number, model, rows, seed, epochs, measured }
    }
}

/// Runs pilots: fine-tunes a model, or pretends to.
pub trait PilotRunner {
    /// Why a run fails.
    type Error: From<crate::Error>;

    /// Fine-tunes `pilot.model` on the rows of those numbers, and measures it on the validation rows,
    /// which are the same for all pilots. `None` if the run was stopped before its end.
    ///
    /// # Errors
    /// What keeps a run from its end.
    fn run(&mut self, pilot: &Pilot, rows: &[usize]) -> Result<Option<Measured>, Self::Error>;
}
