//! Runs the pilots that are not done yet.

use crate::design::{self, Design};
use crate::forecast::Recipe;
use crate::journal::Journal;
use crate::pilot::{Pilot, PilotRecord, PilotRunner};
use crate::{Error, Result};

/// Pilots about to run.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// Names of the models.
    pub models: Vec<String>,
    /// The label of every row of the file, as a number.
    pub classes: Vec<usize>,
    /// The rows that pilots use.
    pub pool: Vec<usize>,
    /// All pilots.
    pub pilots: Vec<Pilot>,
}

/// How the pilots ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PilotsEnd {
    /// All are done.
    Completed,
    /// One was stopped; those before it are in the journal.
    Stopped,
}

impl Schedule {
    /// The pilots of a design on rows with labels `classes`, trained by a recipe.
    ///
    /// # Errors
    /// [`Error::Setting`] without models or for two of one name, and those of [`Design::pool`].
    pub fn new(
        design: &Design,
        recipe: &Recipe,
        models: Vec<String>,
        classes: Vec<usize>,
    ) -> Result<Self> {
        let fault = |got: String, expected: &str| Error::Setting {
            name: "model".to_owned(),
            got,
            expected: expected.to_owned(),
        };
        if models.is_empty() {
            return Err(fault("none".to_owned(), "at least one"));
        }
        if let Some((_, name)) = models
            .iter()
            .enumerate()
            .find(|(at, name)| models.iter().take(*at).any(|it| it == *name))
        {
            return Err(fault(format!("`{name}` twice"), "models of different names"));
        }
        let pool = design.pool(&classes)?;
        let sizes = design.sizes(pool.len(), design::count(&classes));
        let pilots = design.pilots(recipe, models.len(), &sizes);
        Ok(Self { models, classes, pool, pilots })
    }

    /// About how long the pilots that are not done will train, seconds, at the pace of those that are:
    /// of the same model where there is one. None before the first.
    ///
    /// ```
    /// use tunewise_plan::{Design, Recipe, Schedule, Simulated, SimulatedModel};
    ///
    /// let model = SimulatedModel {
    ///     ceiling: 0.9, scale: 1.5, exponent: 0.5, untrained: 0.0, noise: 0.0,
    ///     parameters: 20_000_000, fixed_seconds: 0.0, seconds_a_thousand_tokens: 1.0, time_noise: 0.0,
    /// };
    /// let recipe = Recipe { epochs: 1.0, least_steps: 0.0, batch: 16.0 };
    /// let world =
    ///     Simulated { models: vec![model], recipe, tokens_a_row: 20.0, seed: 1, stop_before: None };
    /// let classes = (0..4000).map(|row| row % 2).collect();
    /// let schedule = Schedule::new(&Design::new(4000), &recipe, vec!["m".to_owned()], classes)?;
    /// let records = world.records(&schedule);
    /// assert_eq!(schedule.seconds_left(&[]), None);
    /// // Three runs on 1000 rows are left, of three epochs.
    /// let left = schedule.seconds_left(&records[..15]).unwrap();
    /// assert!((left - 3.0 * 3.0 * 1000.0 * 20.0 / 1000.0).abs() < 1e-9);
    /// # Ok::<(), tunewise_plan::Error>(())
    /// ```
    #[must_use]
    pub fn seconds_left(&self, records: &[PilotRecord]) -> Option<f64> {
        let pace = |of: &dyn Fn(&PilotRecord) -> bool| {
            let (mut seconds, mut rows) = (0.0, 0.0);
            for record in records.iter().filter(|it| of(it)) {
                seconds += record.measured.training_seconds;
                rows += record.measured.trained_rows as f64;
            }
            (rows > 0.0).then(|| seconds / rows)
        };
        let of_all = pace(&|_| true)?;
        let left =
            self.pilots.iter().filter(|it| records.iter().all(|done| done.pilot != it.number));
        let seconds = left.map(|pilot| {
            let name = self.models.get(pilot.model);
            let pace = pace(&|it| Some(&it.model) == name).unwrap_or(of_all);
            pace * pilot.rows as f64 * pilot.epochs
        });
        Some(seconds.sum())
    }

    /// Runs what the journal does not have, in order; `tell` hears of each pilot before it starts, with
    /// those that are done.
    ///
    /// # Errors
    /// Those of the runner and of [`Journal::enter`].
    pub fn run<R: PilotRunner>(
        &self,
        journal: &mut Journal,
        runner: &mut R,
        tell: &mut dyn FnMut(&Pilot, &[PilotRecord]),
    ) -> Result<PilotsEnd, R::Error> {
        for pilot in &self.pilots {
            if journal.has(pilot.number) {
                continue;
            }
            tell(pilot, journal.records());
            let rows = design::slice(&self.pool, &self.classes, pilot);
            let Some(measured) = runner.run(pilot, &rows)? else { return Ok(PilotsEnd::Stopped) };
            let model = self.models.get(pilot.model).cloned().unwrap_or_default();
            journal.enter(PilotRecord::new(pilot, model, measured))?;
        }
        Ok(PilotsEnd::Completed)
    }
}
