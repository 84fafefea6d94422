//! What a checkpoint holds beside its weights, and how it is read again.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::config::FinetuneConfig;
use super::fingerprint::Fingerprint;
use super::manifest;
use super::notice::Notice;
use super::retention::saved_steps;
use super::run_clock::Spent;
use crate::error::Context;
use crate::files::{self, OutputFolder, checkpoint_name};
use crate::model::weights;
use crate::train::{History, TrainState, Trainer};
use crate::{Error, Result};

pub(super) const STATE: &str = "state.json";
pub(super) const OPTIMIZER: &str = "optimizer.safetensors";
/// The best weights so far, where there has been an evaluation.
pub(super) const BEST: &str = "best.safetensors";
pub(super) const MODEL: &str = "model.safetensors";

const FORMAT_VERSION: u32 = 2;

/// `state.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct SavedRun {
    format_version: u32,
    #[serde(flatten)]
    pub(super) state: TrainState,
    pub(super) spent: Spent,
    pub(super) history: History,
    pub(super) run: Fingerprint,
}

/// A whole checkpoint to go on from.
#[derive(Debug)]
pub(super) struct Resumed {
    pub(super) path: PathBuf,
    pub(super) saved: SavedRun,
}

impl SavedRun {
    pub(super) fn new(state: TrainState, spent: Spent, history: History, run: Fingerprint) -> Self {
        Self { format_version: FORMAT_VERSION, state, spent, history, run }
    }

    fn read(dir: &Path) -> Result<Self> {
        #[derive(Deserialize)]
        struct Version {
            format_version: u32,
        }
        let path = dir.join(STATE);
        let bytes = std::fs::read(&path).at(&path)?;
        let version: Version = serde_json::from_slice(&bytes).at(&path)?;
        if version.format_version != FORMAT_VERSION {
            return Err(Error::ResumeMismatch {
                path: dir.to_owned(),
                field: "format_version".to_owned(),
                got: FORMAT_VERSION.to_string(),
                expected: version.format_version.to_string(),
            });
        }
        serde_json::from_slice(&bytes).at(&path)
    }
}

impl Resumed {
    /// The newest checkpoint of the output folder that is whole; each newer one that is not is told.
    /// None if the run is not to be resumed, or has not come far enough to have left anything.
    pub(super) fn find(
        config: &FinetuneConfig,
        tell: &mut dyn FnMut(&Notice),
    ) -> Result<Option<Self>> {
        if !config.resume {
            return Ok(None);
        }
        let output = config.output_dir.as_path();
        let steps = if output.is_dir() { saved_steps(output)? } else { Vec::new() };
        let mut faults = Vec::new();
        for step in steps.into_iter().rev() {
            let path = output.join(checkpoint_name(step));
            match manifest::verify(&path) {
                Ok(()) => {
                    let saved = SavedRun::read(&path)?;
                    let step = saved.state.step;
                    tell(&Notice::Resumed { path: path.clone(), step });
                    return Ok(Some(Self { path, saved }));
                }
                Err(fault @ Error::CheckpointDamaged { .. }) => {
                    let reason = fault.to_string();
                    tell(&Notice::CheckpointLeftOut { reason: reason.clone() });
                    faults.push(reason);
                }
                Err(other) => return Err(other),
            }
        }
        if config.overwrite_output_dir || (faults.is_empty() && !output.join(MODEL).exists()) {
            tell(&Notice::NothingToResume);
            return Ok(None);
        }
        Err(Error::NothingToResume { path: output.to_owned(), faults })
    }

    /// Which commit of a hub's model the run began with.
    pub(super) fn model_commit(&self) -> Option<&str> {
        self.saved.run.model_commit.as_deref()
    }

    /// Refuses a run that is not the checkpoint's.
    pub(super) fn check(&self, now: &Fingerprint, tell: &mut dyn FnMut(&Notice)) -> Result<()> {
        self.saved.run.check(now, &self.path)?;
        let (then, now) = (self.saved.run.processes(), now.processes());
        if then != now {
            tell(&Notice::OtherProcesses { then, now });
        }
        Ok(())
    }

    /// Enters the output folder of the run that the checkpoint is of, whose root gets back the best
    /// weights of that time.
    pub(super) fn enter(&self, output: &Path) -> Result<OutputFolder> {
        let folder = OutputFolder::open(output)?;
        if self.saved.state.best.is_some() {
            files::link(&self.path.join(BEST), &folder.join(MODEL))?;
        }
        Ok(folder)
    }

    /// Puts the trainer where the checkpoint was written; the model has its weights already.
    pub(super) fn restore<'a>(&self, trainer: Trainer<'a>) -> Result<Trainer<'a>> {
        let tensors = weights::read_all(&self.path.join(OPTIMIZER))?;
        trainer.resume(self.saved.state, |name| tensors.get(name).map(Tensor::shallow_clone))
    }
}
