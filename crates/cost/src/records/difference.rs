//! What runs on one line should share.

use std::fmt;

use super::Run;

/// Relative difference of tokens that does not matter: time is measured no better.
const SAME: f64 = 0.01;

/// Something that runs should share if their times are to lie on one line, and do not.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Difference {
    /// They trained on other numbers of tokens.
    Tokens {
        /// The least, rounded.
        least: u64,
        /// The most, rounded.
        most: u64,
    },
    /// They ran on other devices.
    Device {
        /// All of them.
        names: Vec<String>,
    },
    /// They ran in other arithmetics.
    Precision {
        /// All of them.
        names: Vec<String>,
    },
    /// They ran with other numbers of threads.
    Threads {
        /// All of them.
        counts: Vec<u64>,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tokens { least, most } => write!(
                f,
                "the runs trained on {least} to {most} tokens: say for how many the hours are"
            ),
            Self::Device { names } => write!(f, "the runs' devices differ: {}", names.join(", ")),
            Self::Precision { names } => {
                write!(f, "the runs' precisions differ: {}", names.join(", "))
            }
            Self::Threads { counts } => {
                let counts: Vec<String> = counts.iter().map(u64::to_string).collect();
                write!(f, "the runs' threads differ: {}", counts.join(", "))
            }
        }
    }
}

impl Run {
    /// In what runs differ that should share it for their times to lie on one line.
    ///
    /// ```
    /// use tunewise_cost::records::{Difference, Run};
    ///
    /// # fn main() -> Result<(), tunewise_cost::records::RecordError> {
    /// let log = "params,seconds,tokens\n1e8,60,5000\n2e8,200,9000\n";
    /// let found = Run::differences(&Run::log(log.as_bytes())?);
    /// assert_eq!(found, [Difference::Tokens { least: 5000, most: 9000 }]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn differences(runs: &[Self]) -> Vec<Difference> {
        let tokens = runs.iter().filter_map(|run| run.tokens);
        let least = tokens.clone().fold(f64::INFINITY, f64::min);
        let most = tokens.fold(f64::NEG_INFINITY, f64::max);
        let machines = || runs.iter().filter_map(|run| run.machine.as_ref());
        let devices = unique(machines().map(|machine| machine.device.clone()));
        let precisions = unique(machines().map(|machine| machine.precision.clone()));
        let threads = unique(machines().map(|machine| machine.threads));
        let mut found = Vec::new();
        if most > least * (1.0 + SAME) {
            found.push(Difference::Tokens {
                least: least.round() as u64,
                most: most.round() as u64,
            });
        }
        if devices.len() > 1 {
            found.push(Difference::Device { names: devices });
        }
        if precisions.len() > 1 {
            found.push(Difference::Precision { names: precisions });
        }
        if threads.len() > 1 {
            found.push(Difference::Threads { counts: threads });
        }
        found
    }
}

fn unique<T: Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
    values.collect::<std::collections::BTreeSet<T>>().into_iter().collect()
}
