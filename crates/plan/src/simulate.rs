//! Pilots that nobody trains: a known curve with noise, to see what a design would find out, and to
//! hold the planner against a truth.

use tunewise_cost::special::normal_quantile;
use tunewise_cost::uncertainty::Stream;

use crate::forecast::Recipe;
use crate::pilot::{Measured, Pilot, PilotRecord, PilotRunner};
use crate::run::Schedule;

/// A model as it truly is: quality at D rows and S steps is
/// `ceiling` − `scale`·D^−`exponent` − `untrained`/S.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SimulatedModel {
    /// The quality that no data exceeds.
    pub ceiling: f64,
    /// How far below it one row is.
    pub scale: f64,
    /// How fast data helps.
    pub exponent: f64,
    /// What a run lacks that ends before it has learned what its rows have to teach.
    pub untrained: f64,
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
    /// The expected quality of a run of so many steps on so many rows; `f64::INFINITY` trains to the end.
    #[must_use]
    pub fn expected(&self, rows: f64, steps: f64) -> f64 {
        self.ceiling - self.scale * rows.powf(-self.exponent) - self.untrained / steps
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
        let trained_rows = rows * pilot.epochs;
        let tokens = trained_rows * self.tokens_a_row;
        let seconds = model.fixed_seconds + model.seconds_a_thousand_tokens * tokens / 1000.0;
        Some(Measured {
            quality: (model.expected(rows, self.recipe.steps(rows, pilot.epochs))
                + model.noise * normal())
            .clamp(0.0, 1.0),
            training_seconds: seconds * (model.time_noise * normal()).exp(),
            trained_rows: trained_rows.round() as u64,
            trained_tokens: tokens.round() as u64,
            parameters: model.parameters,
        })
    }
}

impl Simulated {
    /// All pilots of a schedule, without a journal; those of models that there are.
    ///
    /// ```
    /// use tunewise_plan::{Design, Recipe, Schedule, Simulated, SimulatedModel};
    ///
    /// let model = SimulatedModel {
    ///     ceiling: 0.9, scale: 1.5, exponent: 0.5, untrained: 3.0, noise: 0.0,
    ///     parameters: 20_000_000, fixed_seconds: 1.0, seconds_a_thousand_tokens: 0.5, time_noise: 0.0,
    /// };
    /// let recipe = Recipe { epochs: 3.0, least_steps: 200.0, batch: 16.0 };
    /// let world =
    ///     Simulated { models: vec![model], recipe, tokens_a_row: 25.0, seed: 1, stop_before: None };
    /// let classes = (0..4000).map(|row| row % 2).collect();
    /// let schedule = Schedule::new(&Design::new(4000), &recipe, vec!["m".to_owned()], classes)?;
    /// let records = world.records(&schedule);
    /// assert_eq!((records.len(), records[11].rows), (18, 1000));
    /// // 63 steps an epoch, of which 200 are four.
    /// assert_eq!(records[11].measured.quality, model.expected(1000.0, 252.0));
    /// # Ok::<(), tunewise_plan::Error>(())
    /// ```
    #[must_use]
    pub fn records(&self, schedule: &Schedule) -> Vec<PilotRecord> {
        let record = |pilot: &Pilot| {
            let model = schedule.models.get(pilot.model)?.clone();
            Some(PilotRecord::new(pilot, model, self.measure(pilot)?))
        };
        schedule.pilots.iter().filter_map(record).collect()
    }
}

impl PilotRunner for Simulated {
    type Error = crate::Error;

    fn run(&mut self, pilot: &Pilot, _: &[usize]) -> Result<Option<Measured>, Self::Error> {
        let stopped = self.stop_before.is_some_and(|number| pilot.number >= number);
        Ok(if stopped { None } else { self.measure(pilot) })
    }
}
