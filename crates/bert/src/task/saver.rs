//! Keeps the best weights and the checkpoints of a run on disk.

use std::path::PathBuf;

use tch::Tensor;

use super::fingerprint::Fingerprint;
use super::kept::Kept;
use super::manifest;
use super::retention::{deletions, saved_steps};
use super::run_clock::RunClock;
use super::saved_run::{OPTIMIZER, STATE, SavedRun};
use crate::files::{self, OutputFolder, checkpoint_name};
use crate::train::{Control, Event, History, Observer, TrainState};
use crate::{BertClassifier, Result, model::weights};

/// Writes the model to the output folder's root whenever it improves, and `checkpoint-N` folders
/// from which the run can go on whenever a save is due. What a checkpoint tells of the run so far is
/// kept here too.
pub(super) struct Saver<'a> {
    pub(super) kept: Kept<'a>,
    pub(super) folder: &'a OutputFolder,
    pub(super) fingerprint: &'a Fingerprint,
    pub(super) save_total_limit: Option<usize>,
    pub(super) clock: RunClock,
    pub(super) history: History,
    pub(super) last: Option<PathBuf>,
}

impl Saver<'_> {
    fn save(
        &mut self,
        model: &BertClassifier,
        optimizer: &[(String, Tensor)],
        state: &TrainState,
    ) -> Result<()> {
        let path = self.folder.join(&checkpoint_name(state.step));
        let (spent, history) = (self.clock.spent(), self.history.clone());
        let saved = SavedRun::new(*state, spent, history, self.fingerprint.clone());
        files::write_folder(&path, |partial| {
            self.kept.save(partial, model, state.best.is_some())?;
            let named = optimizer.iter().map(|(name, tensor)| (name.as_str(), tensor));
            files::write(&partial.join(OPTIMIZER), &weights::serialize(named)?)?;
            files::write_json(&partial.join(STATE), &saved)?;
            manifest::write(partial)
        })?;
        self.last = Some(path);
        self.prune(state)
    }

    /// Checkpoints of later steps, left by a run that was resumed from an earlier one, do not count.
    fn prune(&self, state: &TrainState) -> Result<()> {
        let mut saved = saved_steps(self.folder.path())?;
        saved.retain(|&step| step <= state.step);
        let best = state.best.map(|best| best.step);
        for step in deletions(&saved, best, self.save_total_limit) {
            files::remove_folder(&self.folder.join(&checkpoint_name(step)))?;
        }
        Ok(())
    }
}

impl Observer for Saver<'_> {
    fn on_event(&mut self, event: &Event<'_>, state: &TrainState) -> Result<Control> {
        self.clock.stopwatch.see(event);
        self.history.on_event(event, state)?;
        match event {
            Event::Improved { model } => self.kept.keep(model)?,
            Event::SaveDue { model, optimizer } => self.save(model, optimizer, state)?,
            _ => {}
        }
        Ok(Control::Continue)
    }
}
