//! Trains the trials that the scheduler names, one after the other.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::config::SearchConfig;
use super::notice::SearchNotice;
use super::pause::Pause;
use super::scheduler::Job;
use super::state::{PICTURE, STATE, SearchState, TABLE};
use super::trial::{RungResult, Trial, TrialStatus};
use crate::error::Context;
use crate::files;
use crate::task::{FinetuneConfig, Finetuned, Notice, finetune};
use crate::train::{Observer, StopReason};
use crate::{Error, Result};

/// Why a search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchEnd {
    /// There is nothing left to train.
    Completed,
    /// `max_minutes` are over.
    TimeLimit,
    /// An observer asked for it.
    Stopped,
}

/// What a search came to.
#[derive(Debug, Clone)]
pub struct Searched {
    /// Why it ended.
    pub end: SearchEnd,
    /// All trials.
    pub state: SearchState,
    /// The folder of the best trial.
    pub best_dir: Option<PathBuf>,
}

/// Searches for the settings that do best on the validation rows: trials draw theirs from
/// `search.space`, and successive halving ([`SuccessiveHalving`](super::SuccessiveHalving)) decides
/// which of them go on.
///
/// A trial is one run of [`finetune`] in a folder `trial-N` of `base.output_dir`, with the schedule of
/// its whole length; at the end of a rung, which is the first evaluation at or past so many epochs, it
/// is paused with a checkpoint and goes on from there, bit for bit, if it is promoted. Trials are
/// compared by the best value so far of `metric_for_best_model`. `search.json` (the state),
/// `trials.csv` (the table, the best first) and `search.svg` are written after every rung. With
/// `base.resume` a search that was interrupted goes on, and comes to the same table.
///
/// # Errors
/// Those of [`SearchConfig::validate`]; [`Error::OutputNotEmpty`] and [`Error::ResumeMismatch`] for the
/// output folder; those of [`finetune`], but for a loss or gradient that is not finite, a batch that is
/// out of memory, and settings that the data or the checkpoint cannot honour: such a trial has failed,
/// and the others go on.
pub fn search(
    base: &FinetuneConfig,
    search: &SearchConfig,
    tell: &mut dyn FnMut(&SearchNotice),
    observers: &mut [&mut dyn Observer],
) -> Result<Searched> {
    base.validate()?;
    search.validate(base)?;
    let limit = search.max_minutes.map(|minutes| Duration::try_from_secs_f64(minutes * 60.0));
    let until = limit.and_then(Result::ok).and_then(|limit| Instant::now().checked_add(limit));
    let state = open(base, search, tell)?;
    let tell = RefCell::new(tell);
    let mut runner = Runner { base, search, until, state, heard: false, tell, observers };
    let end = runner.run()?;
    let best_dir = runner.state.best().map(|best| runner.folder(best.trial));
    Ok(Searched { end, state: runner.state, best_dir })
}

/// The state to go on from, or that of a search about to start.
fn open(
    base: &FinetuneConfig,
    search: &SearchConfig,
    tell: &mut dyn FnMut(&SearchNotice),
) -> Result<SearchState> {
    let folder = base.output_dir.as_path();
    if let Some(state) = SearchState::read(folder)?.filter(|_| base.resume) {
        let state = state.go_on(folder, base, search)?;
        tell(&SearchNotice::Resumed { path: folder.join(STATE), trials: state.trials.len() });
        return Ok(state);
    }
    fs::create_dir_all(folder).at(folder)?;
    for entry in fs::read_dir(folder).at(folder)? {
        if !base.overwrite_output_dir {
            return Err(Error::OutputNotEmpty { path: folder.to_owned() });
        }
        clear(&entry.at(folder)?.path())?;
    }
    let state = SearchState::new(base, search);
    state.write(folder)?;
    Ok(state)
}

/// Removes what an earlier search has written; other files stay.
fn clear(path: &Path) -> Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let number = name.strip_prefix("trial-").map(str::parse::<usize>);
    match number {
        Some(Ok(_)) => files::remove_folder(path),
        _ if [STATE, TABLE, PICTURE].contains(&name.as_ref()) => fs::remove_file(path).at(path),
        _ => Ok(()),
    }
}

struct Runner<'a, 'o> {
    base: &'a FinetuneConfig,
    search: &'a SearchConfig,
    until: Option<Instant>,
    state: SearchState,
    /// Whether a run of this process has told what it finds of data and checkpoint.
    heard: bool,
    tell: RefCell<&'a mut dyn FnMut(&SearchNotice)>,
    observers: &'a mut [&'o mut dyn Observer],
}

/// What a job came to.
enum JobEnd {
    /// The trial is at the end of its rung, or failed.
    Done(Trial),
    /// The search ends before that.
    Ended(SearchEnd),
}

impl Runner<'_, '_> {
    fn run(&mut self) -> Result<SearchEnd> {
        let halving = self.search.halving(self.base.num_train_epochs);
        loop {
            self.remove_spent()?;
            let metric = self.state.metric;
            let standings: Vec<_> =
                self.state.trials.iter().map(|trial| trial.standing(metric)).collect();
            let Some(job) = halving.next(&standings) else { return Ok(SearchEnd::Completed) };
            if self.until.is_some_and(|end| Instant::now() >= end) {
                return Ok(SearchEnd::TimeLimit);
            }
            match self.train(job)? {
                JobEnd::Done(trial) => self.enter(trial)?,
                JobEnd::Ended(end) => return Ok(end),
            }
        }
    }

    fn enter(&mut self, trial: Trial) -> Result<()> {
        let folder = self.base.output_dir.as_path();
        self.state.enter(trial);
        self.state.write(folder)?;
        files::write(&folder.join(TABLE), self.state.table()?.as_bytes())?;
        match self.state.picture()? {
            Some(picture) => files::write(&folder.join(PICTURE), picture.as_bytes()),
            None => Ok(()),
        }
    }

    fn train(&mut self, job: Job) -> Result<JobEnd> {
        let (settings, mut config) = self.search.trial(self.base, job.trial)?;
        config.output_dir = self.folder(job.trial);
        (config.resume, config.overwrite_output_dir) = (true, true);
        config.save_total_limit = config.save_total_limit.or(Some(1));
        let trial = match self.state.trials.get(job.trial) {
            Some(trial) => trial.clone(),
            None => Trial::new(job.trial, settings),
        };
        if let (TrialStatus::Finished, Some(&last)) = (trial.status, trial.rungs.last()) {
            return Ok(JobEnd::Done(trial.at_rung(last))); // a run shorter than the rung
        }
        let epochs = self.rung_end(job.rung);
        let settings = trial.settings_text();
        self.tell(&SearchNotice::Begun { trial: job.trial, rung: job.rung, epochs, settings });
        self.train_to(epochs, trial, &config)
    }

    fn train_to(&mut self, epochs: f64, trial: Trial, config: &FinetuneConfig) -> Result<JobEnd> {
        let tell = &self.tell;
        let heard = std::mem::replace(&mut self.heard, true);
        let mut note = |notice: &Notice| {
            if !heard && *notice != Notice::NothingToResume {
                (tell.borrow_mut())(&SearchNotice::Run(notice.clone()));
            }
        };
        let mut pause = Pause {
            trial: trial.trial,
            epochs,
            until: self.until,
            metric: self.base.metric_for_best_model,
            tell,
            reached: false,
            is_late: false,
        };
        let mut observers: Vec<&mut dyn Observer> = vec![&mut pause];
        observers.extend(self.observers.iter_mut().map(|o| &mut **o as &mut dyn Observer));
        let done = finetune(config, &mut note, observers);
        let (reached, is_late) = (pause.reached, pause.is_late);
        match done {
            Ok(done) if done.outcome.reason == StopReason::Stopped && !reached => {
                Ok(JobEnd::Ended(if is_late { SearchEnd::TimeLimit } else { SearchEnd::Stopped }))
            }
            Ok(done) => {
                self.state.metric = Some(done.metric_for_best_model);
                Ok(JobEnd::Done(trial.after(&done)))
            }
            Err(error) if is_of_trial(&error) => {
                let trial = trial.failed(&error);
                self.tell(&SearchNotice::Failed(trial.clone()));
                Ok(JobEnd::Done(trial))
            }
            Err(source) => Err(Error::Trial { trial: trial.trial, source: Box::new(source) }),
        }
    }

    fn tell(&self, notice: &SearchNotice) {
        (self.tell.borrow_mut())(notice);
    }

    fn rung_end(&self, rung: usize) -> f64 {
        let rungs = self.search.rungs(self.base.num_train_epochs);
        rungs.get(rung).copied().unwrap_or(f64::INFINITY)
    }

    fn folder(&self, trial: usize) -> PathBuf {
        self.base.output_dir.join(format!("trial-{trial}"))
    }

    /// Frees the disk of weights and checkpoints that nothing can need. Should a trial be promoted
    /// after all, it starts over and comes to the same.
    fn remove_spent(&self) -> Result<()> {
        if self.search.keep_weights {
            return Ok(());
        }
        let spent = self.state.spent().into_iter();
        spent.map(|trial| self.folder(trial)).try_for_each(|folder| remove_weights(&folder))
    }
}

fn remove_weights(folder: &Path) -> Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(Error::Io { path: folder.to_owned(), source }),
    };
    for entry in entries {
        let path = entry.at(folder)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if files::checkpoint_step(&name).is_some() {
            files::remove_folder(&path)?;
        } else if name == files::ADAPTER_FOLDER {
            files::clear_adapter(&path)?;
        } else if name == "model.safetensors" {
            fs::remove_file(&path).at(&path)?;
        }
    }
    Ok(())
}

/// Whether an error is of the settings that a trial drew, not of what all trials share.
fn is_of_trial(error: &Error) -> bool {
    matches!(
        error,
        Error::LossNotFinite { .. }
            | Error::GradientNotFinite { .. }
            | Error::OutOfMemory { .. }
            | Error::Setting { .. }
            | Error::SequenceTooLong { .. }
    )
}

impl Trial {
    fn new(trial: usize, settings: serde_json::Map<String, serde_json::Value>) -> Self {
        let status = TrialStatus::Paused;
        Self { trial, settings, status, rungs: Vec::new(), failure: None, seconds: 0.0 }
    }

    fn at_rung(mut self, result: RungResult) -> Self {
        self.rungs.push(result);
        self
    }

    /// At the end of a rung.
    fn after(mut self, done: &Finetuned) -> Self {
        let state = &done.outcome.state;
        if done.outcome.reason != StopReason::Stopped {
            self.status = TrialStatus::Finished;
        }
        self.seconds = done.record.training_seconds + done.record.evaluation_seconds;
        let value = state.best.map(|best| best.value).filter(|value| value.is_finite());
        self.at_rung(RungResult { epochs: state.epoch, step: state.step, value })
    }

    fn failed(mut self, error: &Error) -> Self {
        (self.status, self.failure) = (TrialStatus::Failed, Some(error.to_string()));
        let (epochs, step) = self.rungs.last().map_or((0.0, 0), |last| (last.epochs, last.step));
        self.at_rung(RungResult { epochs, step, value: None })
    }
}
