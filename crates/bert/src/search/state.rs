//! `search.json`: a search so far, from which it goes on.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::config::SearchConfig;
use super::scheduler::better_first;
use super::trial::Trial;
use crate::error::Context;
use crate::files;
use crate::task::{FinetuneConfig, difference};
use crate::train::MetricForBestModel;
use crate::{Error, Result};

pub(super) const STATE: &str = "search.json";
pub(super) const TABLE: &str = "trials.csv";
pub(super) const PICTURE: &str = "search.svg";
const FORMAT_VERSION: u32 = 1;

/// A search so far: its settings and the trials by number. `search.json` holds it, with the ranking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SearchState {
    format_version: u32,
    /// What trials are compared by; none before the first has a result.
    pub metric: Option<MetricForBestModel>,
    /// Numbers of the trials, the best first; those that failed last.
    pub ranking: Vec<usize>,
    /// The trials by number.
    pub trials: Vec<Trial>,
    /// The settings of the search.
    pub search: SearchConfig,
    /// The settings that all trials share.
    pub configuration: FinetuneConfig,
}

impl SearchState {
    pub(super) fn new(base: &FinetuneConfig, search: &SearchConfig) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            metric: None,
            ranking: Vec::new(),
            trials: Vec::new(),
            search: search.clone(),
            configuration: base.clone(),
        }
    }

    /// The best trial with a result.
    #[must_use]
    pub fn best(&self) -> Option<&Trial> {
        self.ranked().next().filter(|trial| trial.value().is_some())
    }

    /// The trials, the best first.
    pub fn ranked(&self) -> impl Iterator<Item = &Trial> {
        self.ranking.iter().filter_map(|&trial| self.trials.get(trial))
    }

    /// Enters what a job came to; the trial is new if its number is.
    pub(super) fn enter(&mut self, trial: Trial) {
        match self.trials.get_mut(trial.trial) {
            Some(known) => *known = trial,
            None => self.trials.push(trial),
        }
        let score = |trial: &Trial| {
            let standing = trial.standing(self.metric);
            standing.scores.last().copied().unwrap_or(f64::NAN)
        };
        let mut ranking: Vec<(usize, f64)> =
            self.trials.iter().map(|trial| (trial.trial, score(trial))).collect();
        ranking.sort_by(|a, b| better_first(a.1, b.1)); // stable: of equal ones the first started
        self.ranking = ranking.into_iter().map(|(trial, _)| trial).collect();
    }

    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        files::write_json(&folder.join(STATE), self)
    }

    /// The state of a search that was interrupted, if the folder has one.
    pub(super) fn read(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(STATE);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(Error::Io { path, source }),
        };
        let state: Self = serde_json::from_slice(&bytes).at(&path)?;
        let in_order = state.trials.iter().enumerate().all(|(index, trial)| trial.trial == index);
        if state.format_version != FORMAT_VERSION || !in_order {
            let reason = "not a search of this version, or not its trials in order".to_owned();
            return Err(Error::CheckpointDamaged { path, reason });
        }
        Ok(Some(state))
    }

    /// Takes up the settings of now, which must be those of the search so far but for what may
    /// change: paths, `trials`, `max_minutes`, `keep_weights`.
    pub(super) fn go_on(
        mut self,
        folder: &Path,
        base: &FinetuneConfig,
        search: &SearchConfig,
    ) -> Result<Self> {
        const FREE: [&str; 3] = ["trials", "max_minutes", "keep_weights"];
        let path = folder.join(STATE);
        let json = |value: serde_json::Result<Value>| value.at(&path);
        let settings = |base: &FinetuneConfig| json(serde_json::to_value(base));
        let of_search = |search: &SearchConfig| json(serde_json::to_value(search));
        let (then, now) = (settings(&self.configuration)?, settings(base)?);
        let differs = difference(&then, &now, &FinetuneConfig::MAY_CHANGE).or(difference(
            &of_search(&self.search)?,
            &of_search(search)?,
            &FREE,
        ));
        if let Some((field, expected, got)) = differs {
            let (expected, got) = (expected.to_string(), got.to_string());
            return Err(Error::ResumeMismatch { path, field, got, expected });
        }
        self.search = search.clone();
        self.configuration = base.clone();
        Ok(self)
    }

    /// The trials whose weights and checkpoints are of no more use.
    pub(super) fn spent(&self) -> Vec<usize> {
        let halving = self.search.halving(self.configuration.num_train_epochs);
        let standings: Vec<_> = self.trials.iter().map(|t| t.standing(self.metric)).collect();
        let best = self.best().map(|best| best.trial);
        let is_whole = |trial: &Trial| trial.rungs.len() >= halving.rungs;
        let out = self.trials.iter().zip(halving.out(&standings));
        let spent = out.filter(|(trial, out)| *out || is_whole(trial));
        spent.map(|(trial, _)| trial.trial).filter(|trial| Some(*trial) != best).collect()
    }
}
