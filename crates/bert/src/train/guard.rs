//! What happens where training breaks.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::engine::Measured;
use super::windows::Window;
use crate::{Error, Result};

/// What becomes of a step whose loss or gradient norm is not finite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NonFinite {
    /// The run ends with an error that names the step and the rows; the state before it is saved.
    #[default]
    Stop,
    /// The weights stay as they are, the step counts as skipped, and the run goes on.
    Skip,
}

/// Whether a step's update is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Apply,
    LeaveOut,
}

impl NonFinite {
    /// What becomes of step `step`, counted from 1, of those rows.
    pub(super) fn judge(
        self,
        step: u64,
        measured: Measured,
        window: &Window<'_>,
    ) -> Result<Verdict> {
        let Measured { loss, grad_norm } = measured;
        let rows = || window.rows().collect();
        match self {
            _ if loss.is_finite() && grad_norm.is_finite() => Ok(Verdict::Apply),
            Self::Skip => Ok(Verdict::LeaveOut),
            Self::Stop if loss.is_finite() => {
                Err(Error::GradientNotFinite { step, norm: grad_norm, rows: rows() })
            }
            Self::Stop => Err(Error::LossNotFinite { step, loss, rows: rows() }),
        }
    }
}

impl fmt::Display for NonFinite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stop => "stop",
            Self::Skip => "skip",
        })
    }
}

impl FromStr for NonFinite {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "stop" => Ok(Self::Stop),
            "skip" => Ok(Self::Skip),
            _ => Err(Error::Setting {
                name: "non_finite",
                got: name.to_owned(),
                expected: "stop or skip".to_owned(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_finite_step_is_applied() {
        let batches = [vec![4, 2], vec![7]];
        let window = Window { epoch: 0, number: 0, per_epoch: 1, batches: &batches };
        let judge = |policy: NonFinite, loss, grad_norm| {
            policy.judge(3, Measured { loss, grad_norm }, &window)
        };
        assert_eq!(judge(NonFinite::Stop, 1.0, 1.0).unwrap(), Verdict::Apply);
        assert_eq!(judge(NonFinite::Skip, 1.0, f64::NAN).unwrap(), Verdict::LeaveOut);
        let fault = judge(NonFinite::Stop, f64::NAN, 1.0).unwrap_err();
        assert!(
            matches!(fault, Error::LossNotFinite { step: 3, ref rows, .. } if *rows == [4, 2, 7])
        );
        let fault = judge(NonFinite::Stop, 1.0, f64::INFINITY).unwrap_err();
        assert!(matches!(fault, Error::GradientNotFinite { .. }));
    }
}
