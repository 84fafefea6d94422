//! From logits to scores, from scores to labels: what a checkpoint says of both.

use std::fmt;

use tunewise_data::ProblemType;

use crate::pretrained::Settings;
use crate::{Error, Result};

/// How logits become scores, and from which score on a label is given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    /// Divides the logits.
    pub temperature: f64,
    /// The least score of a label; `None` is 0.5 where rows have several labels, and no bound where
    /// they have one.
    pub threshold: Option<f64>,
}

impl Default for Calibration {
    fn default() -> Self {
        Self { temperature: 1.0, threshold: None }
    }
}

impl Calibration {
    /// What `tunewise.json` says, checked for that problem.
    pub(crate) fn new(settings: &Settings, problem: ProblemType) -> Result<Self> {
        let fault = |name, got: f64, expected: &str| {
            Err(Error::Setting { name, got: got.to_string(), expected: expected.to_owned() })
        };
        if let (ProblemType::Regression, Some(got)) =
            (problem, settings.temperature.or(settings.threshold))
        {
            let name = if settings.temperature.is_some() { "temperature" } else { "threshold" };
            return fault(name, got, "nothing, since a regression has no scores");
        }
        let temperature = settings.temperature.unwrap_or(1.0);
        if !(temperature.is_finite() && temperature > 0.0) {
            return fault("temperature", temperature, "a number above 0");
        }
        match settings.threshold {
            Some(got) if !(0.0..=1.0).contains(&got) => fault("threshold", got, "0 to 1"),
            threshold => Ok(Self { temperature, threshold }),
        }
    }

    /// The score from which a label of several counts.
    pub(crate) fn label_threshold(self) -> f64 {
        self.threshold.unwrap_or(0.5)
    }

    /// Whether that score is too low for the only label of a text.
    pub(crate) fn abstains(self, score: f64) -> bool {
        self.threshold.is_some_and(|threshold| score < threshold)
    }
}

impl fmt::Display for Calibration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "temperature {}", self.temperature)?;
        match self.threshold {
            Some(threshold) => write!(f, ", labels from a score of {threshold} on"),
            None => Ok(()),
        }
    }
}
