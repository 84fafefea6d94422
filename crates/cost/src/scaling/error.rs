//! Why there is no scaling law or no time.

/// Why there is no scaling law or no time.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ScalingError {
    /// A quantity that must be above 0.
    #[error("{field} is {value}, expected {rule}")]
    Field {
        /// Its name.
        field: &'static str,
        /// Its value.
        value: f64,
        /// What it must be.
        rule: &'static str,
    },
    /// A run that no law can be fitted to.
    #[error("run {run}: {field} is {value}, expected a finite number above 0")]
    Run {
        /// The run, from 1.
        run: usize,
        /// `params`, `tokens` or `loss`.
        field: &'static str,
        /// Its value.
        value: f64,
    },
    /// Too few runs for five constants.
    #[error("{got} runs, expected at least 6: a law has five constants")]
    TooFewRuns {
        /// Runs given.
        got: usize,
    },
}

/// Checks that a quantity is finite and above 0.
pub(super) fn positive(field: &'static str, value: f64) -> Result<f64, ScalingError> {
    if value.is_finite() && value > 0.0 {
        return Ok(value);
    }
    Err(ScalingError::Field { field, value, rule: "a finite number above 0" })
}
