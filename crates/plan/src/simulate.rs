//! Pilots that nobody trains: a known curve with noise, to see what a design would find out, and to
//! hold the planner against a truth.

use tunewise_cost::special::normal_quantile;
use tunewise_cost::uncertainty::Stream;

use crate::forecast::Recipe;
use crate::pilot::{Measured, Pilot, PilotRunner};

/// A model as it truly is: quality at D rows is `ceiling` − `scale`·D^−`exponent`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SimulatedModel {
    /// The quality that no data exceeds.
    pub ceiling: f64,
    /// How far below it one row is.
    pub scale: f64,
    /// How fast data helps.
    pub exponent: f64,
    /// Standard deviation between runs.
    pub noise: f64,
    /// Numbers in the model.
    pub parameters: u64,
    /// Seconds that any run takes.
    pub fixed_seconds: f64,
    /// Seconds a thousand tokens.
    pub seconds_a_thousand_tokens: f64,
    /// Standard deviation of times, relative.
    pub time_noise: f64,
}

/// Runs pilots of models that are known.
#[derive(Debug, Clone)]
pub struct Simulated {
    /// The models, in the order of the pilots' numbers.
    pub models: Vec<SimulatedModel>,
    /// How runs train.
    pub recipe: Recipe,
    /// Tokens of a row.
    pub tokens_a_row: f64,
    /// Of the noise: another one is another repetition.
    pub seed: u64,
    /// Stops before the pilot of this number.
    pub stop_before: Option<usize>,
}

impl SimulatedModel {
    /// The expected quality at so many rows.
    #[must_use]
    pub fn expected(&self, rows: f64) -> f64 {
        self.ceiling - self.scale * rows.powf(-self.exponent)
    }
}

impl Simulated {
    /// What a run comes to; the same pilot comes to the same. None for a model that there is not.
    #[must_use]
    pub fn measure(&self, pilot: &Pilot) -> Option<Measured> {
        let model = self.models.get(pilot.model)?;
        let key = (pilot.number as u64) << 20 ^ pilot.seed;
        let mut stream = Stream::new(self.seed, key);
        let mut normal = || normal_quantile(stream.uniform());
        let rows = pilot.rows as f64;
        let trained_rows = rows * self.recipe.epochs(rows);
        let tokens = trained_rows * self.tokens_a_row;
        let seconds = model.fixed_seconds + model.seconds_a_thousand_tokens * tokens / 1000.0;
        Some(Measured {
            quality: (model.expected(rows) + model.noise * normal()).clamp(0.0, 1.0),
            training_seconds: seconds * (model.time_noise * normal()).exp(),
            trained_rows: trained_rows.round() as u64,
            trained_tokens: tokens.round() as u64,
            parameters: model.parameters,
        })
    }
}

impl PilotRunner for Simulated {
    type Error = crate::Error;

    fn run(&mut self, pilot: &Pilot, _: &[usize]) -> Result<Option<Measured>, Self::Error> {
        let stopped = self.stop_before.is_some_and(|number| pilot.number >= number);
        Ok(if stopped { None } else { self.measure(pilot) })
    }
}
