//! What a plan tells of itself.

use std::fmt;

use tunewise_plan::Pilot;

use crate::task::Notice;
use crate::train::MetricForBestModel;

/// Something that happened while pilots ran.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum PlanNotice {
    /// What the pilots will be.
    Designed {
        /// How many.
        pilots: usize,
        /// Done before this process.
        done: usize,
        /// Rows that they may use.
        pool: usize,
        /// Rows that they are measured on.
        validation_rows: usize,
        /// Rows that labelling could reach.
        full_rows: usize,
    },
    /// What the first run of this process finds worth saying of data and checkpoint.
    Run(Notice),
    /// A pilot begins.
    Begun {
        /// How many are done.
        done: usize,
        /// Of how many.
        pilots: usize,
        /// Its model.
        model: String,
        /// Its rows, epochs and seed.
        pilot: Pilot,
        /// About how long this one and those after it will train, if one is done.
        seconds_left: Option<f64>,
    },
    /// A pilot is done.
    Measured {
        /// What quality is.
        metric: MetricForBestModel,
        /// The quality.
        quality: f64,
        /// What training took, seconds.
        seconds: f64,
    },
}

impl fmt::Display for PlanNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Designed { pilots, done, pool, validation_rows, full_rows } => write!(
                f,
                "{pilots} pilots ({done} done) on up to {pool} of {full_rows} rows, measured on {validation_rows} others"
            ),
            Self::Run(notice) if notice.is_warning() => write!(f, "warning: {notice}"),
            Self::Run(notice) => notice.fmt(f),
            Self::Begun { done, pilots, model, pilot, seconds_left } => {
                let Pilot { rows, epochs, seed, .. } = pilot;
                write!(
                    f,
                    "pilot {} of {pilots}: {model} on {rows} rows, epochs {epochs}, seed {seed}",
                    done + 1
                )?;
                match seconds_left {
                    Some(left) if *left >= 90.0 => write!(f, "; about {:.0} min left", left / 60.0),
                    Some(left) => write!(f, "; about {left:.0} s left"),
                    None => Ok(()),
                }
            }
            Self::Measured { metric, quality, seconds } => {
                write!(f, "  {metric} {quality:.4} after {seconds:.1} s of training")
            }
        }
    }
}
