//! What a search tells of itself.

use std::fmt;
use std::path::PathBuf;

use super::trial::Trial;
use crate::task::Notice;
use crate::train::MetricForBestModel;

/// Something that happened in a search.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum SearchNotice {
    /// The search goes on from an interrupted one.
    Resumed {
        /// Its state.
        path: PathBuf,
        /// Trials started then.
        trials: usize,
    },
    /// What the first run of this process finds worth saying of data and checkpoint.
    Run(Notice),
    /// A trial trains to the end of a rung.
    Begun {
        /// Its number.
        trial: usize,
        /// The rung, counted from 0.
        rung: usize,
        /// Where the rung ends, in epochs; infinite for the whole run.
        epochs: f64,
        /// The settings that it drew.
        settings: String,
    },
    /// A trial was evaluated.
    Evaluated {
        /// Its number.
        trial: usize,
        /// Epochs done.
        epoch: f64,
        /// What trials are compared by.
        metric: MetricForBestModel,
        /// Its value.
        value: f64,
    },
    /// A trial failed; the others go on.
    Failed(Trial),
}

impl fmt::Display for SearchNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resumed { path, trials } => {
                write!(f, "going on from {}, {trials} trials started", path.display())
            }
            Self::Run(notice) if notice.is_warning() => write!(f, "warning: {notice}"),
            Self::Run(notice) => notice.fmt(f),
            Self::Begun { trial, epochs, settings, .. } if epochs.is_infinite() => {
                write!(f, "trial {trial} to the end: {settings}")
            }
            Self::Begun { trial, epochs, settings, .. } => {
                write!(f, "trial {trial} to epoch {epochs}: {settings}")
            }
            Self::Evaluated { trial, epoch, metric, value } => {
                write!(f, "trial {trial}, epoch {epoch:.3}: {metric} {value:.4}")
            }
            Self::Failed(trial) => {
                let reason = trial.failure.as_deref().unwrap_or("unknown");
                write!(f, "warning: trial {} failed: {reason}", trial.trial)
            }
        }
    }
}
