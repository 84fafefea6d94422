//! The time law: what training takes at a number of tokens.
//!
//! T = l·P·tokens + m by `tunewise-cost`'s calibration, a model at a time: the embeddings count among
//! its parameters and take next to no time, so one l would not serve two sizes. Relative errors are
//! alike for short and long runs, hence weights 1/T². The fixed part m is kept only where the longest
//! pilot is at least twice the shortest, m is above 0 and it earns its place by BIC: a run's length is
//! extrapolated several times over, and an m that is noise would be extrapolated with it.

use serde::Serialize;
use tunewise_cost::TrainingTime;
use tunewise_cost::calibrate::{Column, LinearFit, Regression};

use crate::curve::LEVEL;
use crate::pilot::PilotRecord;
use crate::{Error, Result};

const SECONDS_PER_HOUR: f64 = 3600.0;
/// What a run that is extrapolated may be off even if the pilots agree to the second.
const LEAST_RELATIVE_ERROR: f64 = 0.02;

/// How many times the shortest pilot's tokens the longest must have for a fixed part to be told from a
/// rate.
const LEAST_SPREAD: f64 = 2.0;

/// A fitted time law of one model on one machine.
#[derive(Debug, Clone)]
pub struct TimeLaw {
    fit: LinearFit,
    parameters: f64,
}

/// How long a run takes, hours, with the interval that holds it with a probability of 80 %.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Hours {
    /// Expected.
    pub hours: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl TimeLaw {
    /// The law of one model's pilots.
    ///
    /// # Errors
    /// [`Error::Time`] for fewer than two pilots, or times and sizes that are not above 0.
    pub fn fit(model: &str, pilots: &[PilotRecord]) -> Result<Self> {
        let parameters = pilots.first().map_or(1.0, |it| it.measured.parameters as f64);
        let sizes: Vec<f64> =
            pilots.iter().map(|it| parameters * it.measured.trained_tokens as f64).collect();
        let hours: Vec<f64> =
            pilots.iter().map(|it| it.measured.training_seconds / SECONDS_PER_HOUR).collect();
        let weights: Vec<f64> = hours.iter().map(|it| 1.0 / (it * it)).collect();
        let fit = |intercept: bool| {
            Regression {
                response: Column { name: "hours", values: &hours },
                predictors: &[Column { name: "parameters times tokens", values: &sizes }],
                weights: Some(Column { name: "1/hours²", values: &weights }),
                intercept,
            }
            .fit()
        };
        let line = fit(false).map_err(|source| Error::Time { model: model.to_owned(), source })?;
        // Slices that are trained for one number of steps have one size; then there is no second fit.
        let with_fixed = fit(true).ok();
        let (shortest, longest) = (
            sizes.iter().copied().fold(f64::INFINITY, f64::min),
            sizes.iter().copied().fold(0.0, f64::max),
        );
        let earns = |it: &LinearFit| {
            longest >= LEAST_SPREAD * shortest && it.intercept() > 0.0 && it.bic() < line.bic()
        };
        let fit = with_fixed.filter(earns).unwrap_or(line);
        Ok(Self { fit, parameters })
    }

    /// The time of a run over so many tokens, all epochs together.
    #[must_use]
    pub fn hours(&self, tokens: f64) -> Hours {
        let at = self.fit.predict(&[self.parameters * tokens], LEVEL).ok();
        let hours = at.map_or(f64::NAN, |at| at.mean);
        let curve = at.map_or(f64::NAN, |at| at.standard_error);
        // The weights are 1/T²: a run of that length scatters by σ·T.
        let run = self.fit.residual_standard_error().max(LEAST_RELATIVE_ERROR) * hours;
        let t =
            -tunewise_cost::special::t_quantile((1.0 - LEVEL) / 2.0, self.fit.df_residual() as f64);
        let half = t * curve.hypot(run);
        Hours { hours, low: (hours - half).max(0.0), high: hours + half }
    }

    /// T = l·P + m of runs over so many tokens, as the cost model has it.
    #[must_use]
    pub fn at(&self, tokens: f64) -> TrainingTime {
        let slope = self.fit.coefficients().last().copied().unwrap_or(0.0);
        TrainingTime { per_parameter: slope * tokens, fixed: self.fit.intercept() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pilot::Measured;

    fn record(tokens: u64, seconds: f64) -> PilotRecord {
        let measured = Measured {
            quality: 0.8,
            training_seconds: seconds,
            trained_rows: tokens / 20,
            trained_tokens: tokens,
            parameters: 20_000_000,
        };
        PilotRecord { pilot: 0, model: "m".to_owned(), rows: 100, seed: 1, epochs: 3.0, measured }
    }

    #[test]
    fn a_run_four_times_as_long_is_within_its_interval() {
        let jitter = [1.01, 0.98, 1.02, 0.99, 1.0, 1.015];
        let tokens = [40_000_u64, 40_000, 80_000, 80_000, 160_000, 160_000];
        for fixed in [0.0, 20.0] {
            let seconds = |tokens: u64| fixed + tokens as f64 / 1000.0;
            let pilots: Vec<_> = tokens
                .into_iter()
                .zip(jitter)
                .map(|(tokens, jitter)| record(tokens, jitter * seconds(tokens)))
                .collect();
            let law = TimeLaw::fit("m", &pilots).unwrap();
            let (hours, truth) = (law.hours(640_000.0), seconds(640_000) / 3600.0);
            assert!((hours.hours / truth - 1.0).abs() < 0.05, "{hours:?} {truth}");
            assert!(hours.low < truth && truth < hours.high, "{hours:?} {truth}");
            assert_eq!(law.at(640_000.0).fixed > 0.0, fixed > 0.0);
            let whole = law.at(640_000.0);
            assert!((whole.per_parameter * 2e7 + whole.fixed - hours.hours).abs() < 1e-9);
        }
    }

    #[test]
    fn pilots_of_one_length_give_a_rate() {
        let pilots = [record(1000, 10.0), record(1000, 10.0), record(1000, 10.0)];
        let hours = TimeLaw::fit("m", &pilots).unwrap().hours(4000.0);
        assert!((hours.hours * 3600.0 - 40.0).abs() < 1e-9);
        assert!(hours.low < hours.hours && hours.hours < hours.high);
    }

    #[test]
    fn pilots_of_nearly_one_length_give_a_rate_alone() {
        // Times that grow by less than their tokens, as luck has it: no start-up of half of the time.
        let pilots: Vec<_> = [(3000, 33.0), (3100, 33.4), (3200, 34.1), (3300, 34.4)]
            .map(|(tokens, seconds)| record(tokens, seconds))
            .into();
        let law = TimeLaw::fit("m", &pilots).unwrap();
        assert_eq!(law.at(9000.0).fixed, 0.0);
        let seconds = law.hours(9000.0).hours * 3600.0;
        assert!((seconds / 9000.0 * 3150.0 / 33.7 - 1.0).abs() < 0.01, "{seconds}");
    }

    #[test]
    fn a_time_that_cannot_be_is_said() {
        let fault = TimeLaw::fit("a", &[record(1000, 0.0), record(2000, 5.0)]).unwrap_err();
        assert!(fault.to_string().starts_with("no time law of a: "), "{fault}");
        assert!(TimeLaw::fit("a", &[record(1000, 1.0)]).is_err());
    }
}
