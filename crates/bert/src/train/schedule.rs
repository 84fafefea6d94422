//! The learning rate as a function of the optimizer step.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// How the learning rate falls after the warm-up.
///
/// # Reference
/// `transformers.SchedulerType`; with a warm-up, `constant` is its `constant_with_warmup`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SchedulerType {
    /// In a straight line to 0.
    #[default]
    Linear,
    /// Along half a cosine to 0.
    Cosine,
    /// Not at all.
    Constant,
    /// As a power of what is left of the run, to 0.
    Polynomial,
}

impl SchedulerType {
    const ALL: [(Self, &str); 4] = [
        (Self::Linear, "linear"),
        (Self::Cosine, "cosine"),
        (Self::Constant, "constant"),
        (Self::Polynomial, "polynomial"),
    ];
}

impl fmt::Display for SchedulerType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::ALL.iter().find(|(kind, _)| kind == self).map_or("", |(_, name)| name))
    }
}

impl FromStr for SchedulerType {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = Self::ALL.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind);
        found.ok_or_else(|| Error::Setting {
            name: "lr_scheduler_type",
            got: name.to_owned(),
            expected: Self::ALL.map(|(_, name)| name).join(", "),
        })
    }
}

/// Rises linearly from 0 over the warm-up, then falls as its [`SchedulerType`] says.
///
/// # Formula
/// ```text
/// rate(s) = peak * s / max(1, W)          for s < W
/// rate(s) = peak * fall(u)                otherwise, u = min(1, (s - W) / max(1, T - W))
///
/// linear      1 - u
/// cosine      (1 + cos(pi * u)) / 2
/// constant    1
/// polynomial  (1 - u)^power
/// ```
/// where `s` counts optimizer steps from 0, `W` is the warm-up and `T` the total.
///
/// # Reference
/// `transformers.get_linear_schedule_with_warmup`, `get_cosine_schedule_with_warmup`,
/// `get_constant_schedule_with_warmup`, and `get_polynomial_decay_schedule_with_warmup` with
/// `lr_end=0` (its own default is 1e-7).
///
/// ```
/// use tunewise_bert::train::{Schedule, SchedulerType};
///
/// let schedule = Schedule::new(SchedulerType::Linear, 1e-3, 3.0, 12);
/// assert_eq!(schedule.learning_rate(0), 0.0);
/// assert_eq!(schedule.learning_rate(3), 1e-3);
/// assert_eq!(schedule.learning_rate(12), 0.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Schedule {
    kind: SchedulerType,
    peak: f64,
    warmup_steps: u64,
    total_steps: u64,
    power: f64,
}

impl Schedule {
    /// `warmup_steps` below 1 is a share of `total_steps`, rounded up. The power of a polynomial is 1, as in
    /// Transformers.
    #[must_use]
    pub fn new(kind: SchedulerType, peak: f64, warmup_steps: f64, total_steps: u64) -> Self {
        let warmup =
            if warmup_steps < 1.0 { warmup_steps * total_steps as f64 } else { warmup_steps };
        Self { kind, peak, warmup_steps: warmup.ceil() as u64, total_steps, power: 1.0 }
    }

    /// The same with another power of the polynomial.
    #[must_use]
    pub fn with_power(self, power: f64) -> Self {
        Self { power, ..self }
    }

    /// The rate of optimizer step `step`, counted from 0.
    #[must_use]
    pub fn learning_rate(&self, step: u64) -> f64 {
        let (warmup, total) = (self.warmup_steps, self.total_steps);
        if step < warmup {
            return self.peak * (step as f64 / warmup.max(1) as f64);
        }
        let span = total.saturating_sub(warmup).max(1) as f64;
        let left = total.saturating_sub(step) as f64 / span; // 1 - u
        let fall = match self.kind {
            SchedulerType::Linear => left,
            SchedulerType::Cosine => 0.5 * (1.0 + (std::f64::consts::PI * (1.0 - left)).cos()),
            SchedulerType::Constant => 1.0,
            SchedulerType::Polynomial => left.powf(self.power),
        };
        self.peak * fall
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Transformers computes the same few operations in another order.
    const ROUNDING: f64 = 1e-12;

    #[test]
    fn a_warmup_below_one_is_a_share_rounded_up() {
        let schedule = |warmup| Schedule::new(SchedulerType::Linear, 1.0, warmup, 95);
        assert_eq!(schedule(0.1), schedule(10.0));
        assert_eq!(schedule(0.0).warmup_steps, 0);
    }

    #[test]
    fn a_warmup_longer_than_the_run_never_divides_by_zero() {
        let schedule = Schedule::new(SchedulerType::Linear, 1.0, 20.0, 10);
        assert_eq!(schedule.learning_rate(9), 0.45);
        assert_eq!(schedule.learning_rate(30), 0.0);
    }

    // Expected from Transformers 5.23: `get_scheduler(NAME, optimizer, 4, 20)` with a rate of 1e-3
    // (polynomial: `scheduler_specific_kwargs={"lr_end": 0.0, "power": 2.0}`), `get_last_lr()` at
    // steps 0, 3, 4, 9, 15, 19.
    #[test]
    fn rates_are_those_of_transformers() {
        let kinds = [
            (SchedulerType::Linear, EXPECTED[0]),
            (SchedulerType::Cosine, EXPECTED[1]),
            (SchedulerType::Constant, EXPECTED[2]),
            (SchedulerType::Polynomial, EXPECTED[3]),
        ];
        for (kind, expected) in kinds {
            let schedule = Schedule::new(kind, 1e-3, 4.0, 20).with_power(2.0);
            for (step, expected) in [0, 3, 4, 9, 15, 19].into_iter().zip(expected) {
                let got = schedule.learning_rate(step);
                approx::assert_abs_diff_eq!(got, expected, epsilon = ROUNDING * 1e-3);
            }
        }
    }

    #[rustfmt::skip]
    const EXPECTED: [[f64; 6]; 4] = [
        [0.0, 0.00075, 0.001, 0.0006875, 0.0003125, 6.25e-05],
        [0.0, 0.00075, 0.001, 0.0007777851165098011, 0.00022221488349019903, 9.607359798384786e-06],
        [0.0, 0.00075, 0.001, 0.001, 0.001, 0.001],
        [0.0, 0.00075, 0.001, 0.00047265625, 9.765625e-05, 3.90625e-06],
    ];

    #[test]
    fn names_read_back() {
        for (kind, name) in SchedulerType::ALL {
            assert_eq!(
                (name.parse::<SchedulerType>().unwrap(), kind.to_string()),
                (kind, name.into())
            );
        }
        let fault = "step".parse::<SchedulerType>().unwrap_err().to_string();
        assert!(fault.contains("`lr_scheduler_type` is step"), "{fault}");
    }
}
