//! How often something happens.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::state::TrainState;
use crate::{Error, Result};

/// When an evaluation or a save is due; written as `no`, `epoch` or a number of optimizer steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub enum Cadence {
    /// Not at all.
    #[default]
    Never,
    /// After so many optimizer steps each, and after the last.
    Steps(u64),
    /// After each epoch, and after the last step.
    Epoch,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Steps(u64),
    Name(String),
}

impl Cadence {
    /// Whether it is time, now that the state's step is done.
    #[must_use]
    pub fn is_due(self, state: &TrainState) -> bool {
        match self {
            Self::Never => false,
            Self::Steps(steps) => {
                state.step > 0 && (state.step.is_multiple_of(steps) || state.is_complete())
            }
            Self::Epoch => state.ends_epoch(),
        }
    }
}

impl fmt::Display for Cadence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.write_str("no"),
            Self::Steps(steps) => steps.fmt(f),
            Self::Epoch => f.write_str("epoch"),
        }
    }
}

impl FromStr for Cadence {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "no" | "0" => Ok(Self::Never),
            "epoch" => Ok(Self::Epoch),
            _ => text.parse().map(Self::Steps).map_err(|_| Error::Setting {
                name: "cadence",
                got: text.to_owned(),
                expected: "no, epoch or a number of optimizer steps".to_owned(),
            }),
        }
    }
}

impl TryFrom<Written> for Cadence {
    type Error = Error;

    fn try_from(written: Written) -> Result<Self> {
        match written {
            Written::Steps(0) => Ok(Self::Never),
            Written::Steps(steps) => Ok(Self::Steps(steps)),
            Written::Name(name) => name.parse(),
        }
    }
}

impl From<Cadence> for Written {
    fn from(cadence: Cadence) -> Self {
        match cadence {
            Cadence::Steps(steps) => Self::Steps(steps),
            named => Self::Name(named.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_reads_back() {
        for (text, cadence) in
            [("no", Cadence::Never), ("epoch", Cadence::Epoch), ("7", Cadence::Steps(7))]
        {
            assert_eq!(text.parse::<Cadence>().unwrap(), cadence);
            assert_eq!(cadence.to_string(), text);
            let json = serde_json::to_string(&cadence).unwrap();
            assert_eq!(serde_json::from_str::<Cadence>(&json).unwrap(), cadence);
        }
        assert_eq!("0".parse::<Cadence>().unwrap(), Cadence::Never);
        assert!("often".parse::<Cadence>().is_err());
    }

    #[test]
    fn the_last_step_is_always_due_and_the_first_moment_never() {
        let state = |step, position_in_epoch| TrainState {
            step,
            position_in_epoch,
            total_steps: 7,
            ..TrainState::default()
        };
        let due = |cadence: Cadence| -> Vec<u64> {
            (0..=7).filter(|&step| cadence.is_due(&state(step, step % 3))).collect()
        };
        assert_eq!(due(Cadence::Steps(2)), [2, 4, 6, 7]);
        assert_eq!(due(Cadence::Epoch), [3, 6, 7]);
        assert!(due(Cadence::Never).is_empty());
    }
}
