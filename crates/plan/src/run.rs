//! Runs the pilots that are not done yet.

use crate::design::{self, Design};
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
    /// The pilots of a design on rows with labels `classes`.
    ///
    /// # Errors
    /// [`Error::Setting`] without models or for two of one name, and those of [`Design::pool`].
    pub fn new(design: &Design, models: Vec<String>, classes: Vec<usize>) -> Result<Self> {
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
        let pilots = design.pilots(models.len(), &sizes);
        Ok(Self { models, classes, pool, pilots })
    }

    /// Runs what the journal does not have, in order; `tell` hears of each pilot before it starts, with
    /// the number of those done.
    ///
    /// # Errors
    /// Those of the runner and of [`Journal::enter`].
    pub fn run<R: PilotRunner>(
        &self,
        journal: &mut Journal,
        runner: &mut R,
        tell: &mut dyn FnMut(&Pilot, usize),
    ) -> Result<PilotsEnd, R::Error> {
        for pilot in &self.pilots {
            if journal.has(pilot.number) {
                continue;
            }
            tell(pilot, journal.records().len());
            let rows = design::slice(&self.pool, &self.classes, pilot);
            let Some(measured) = runner.run(pilot, &rows)? else { return Ok(PilotsEnd::Stopped) };
            let model = self.models.get(pilot.model).cloned().unwrap_or_default();
            let (number, rows, seed) = (pilot.number, pilot.rows, pilot.seed);
            journal.enter(PilotRecord { pilot: number, model, rows, seed, measured })?;
        }
        Ok(PilotsEnd::Completed)
    }
}
