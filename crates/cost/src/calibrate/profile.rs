//! Confidence from the shape of χ² itself.

use super::{ClosedLoop, ClosedLoopFit, FitError, Interval, Result};
use crate::Parameter;
use crate::special::f_cdf;

/// Doublings of the bracket, then halvings: far more than an f64 needs.
const MOST_STEPS: usize = 80;
/// The relative width at which an end is found.
const WIDTH: f64 = 1e-10;

impl ClosedLoop<'_> {
    /// The profile-likelihood interval of a free parameter: where χ², minimised over the others, keeps
    /// below what the confidence allows.
    ///
    /// # Formula
    /// P(F ≤ (χ²_fixed/χ²_min − 1)·(n − k)) = confidence, with (1, n − k) degrees of freedom: lmfit's
    /// `conf_interval`. Unlike ±t·SE it need not be symmetric.
    ///
    /// # Errors
    /// [`FitError::Confidence`] outside (0, 1); [`FitError::NotIdentified`] if the parameter was not
    /// free; [`FitError::NotConverged`] if no end is found.
    ///
    /// ```
    /// use tunewise_cost::calibrate::{ClosedLoop, Observation};
    /// use tunewise_cost::{Inputs, Model, Parameter};
    ///
    /// // E = a·x here: least squares through the origin of 1 and 3 on 1 and 2.
    /// let observe = |data_volume, effectiveness| Observation { data_volume, param_count: 1.0, effectiveness };
    /// let problem = ClosedLoop {
    ///     observations: &[observe(1.0, 1.0), observe(2.0, 3.0)],
    ///     start: Inputs::default().with(Parameter::WeightA, 1.0),
    ///     free: &[Parameter::WeightA],
    ///     model: Model::default(),
    /// };
    /// let fit = problem.fit()?;
    /// // A straight line: the interval is ±t·SE, and with one degree of freedom t at 50 % is 1.
    /// let interval = problem.profile_interval(&fit, Parameter::WeightA, 0.5)?;
    /// assert!((interval.low - 1.2).abs() < 1e-8 && (interval.high - 1.6).abs() < 1e-8);
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    pub fn profile_interval(
        &self,
        fit: &ClosedLoopFit,
        parameter: Parameter,
        confidence: f64,
    ) -> Result<Interval> {
        if !(confidence > 0.0 && confidence < 1.0) {
            return Err(FitError::Confidence { value: confidence });
        }
        let found = fit.free.iter().position(|one| *one == parameter);
        let found =
            found.and_then(|at| Some((*fit.values.get(at)?, *fit.standard_errors.get(at)?)));
        let Some((value, error)) = found else {
            let parameters = parameter.letter().to_owned();
            return Err(FitError::NotIdentified { parameters, reason: "it was not free" });
        };
        let profile = Profile { problem: self, fit, parameter, confidence };
        Ok(Interval { low: profile.end(value, -error)?, high: profile.end(value, error)? })
    }
}

struct Profile<'a, 'b> {
    problem: &'a ClosedLoop<'b>,
    fit: &'a ClosedLoopFit,
    parameter: Parameter,
    confidence: f64,
}

impl Profile<'_, '_> {
    /// Where the confidence is reached on one side: a bracket by doubling, then bisection.
    fn end(&self, value: f64, step: f64) -> Result<f64> {
        let mut inside = value;
        let mut outside = value + step;
        let mut reach = step;
        for _ in 0..MOST_STEPS {
            if self.probability(outside) > self.confidence {
                return Ok(self.bisect(inside, outside));
            }
            inside = outside;
            reach *= 2.0;
            outside = value + reach;
        }
        let reason = format!("the profile of {} has no end", self.parameter.letter());
        Err(FitError::NotConverged { reason })
    }

    fn bisect(&self, mut inside: f64, mut outside: f64) -> f64 {
        for _ in 0..MOST_STEPS {
            let middle = inside + (outside - inside) / 2.0;
            if (outside - inside).abs() <= WIDTH * middle.abs() {
                break;
            }
            if self.probability(middle) > self.confidence {
                outside = middle;
            } else {
                inside = middle;
            }
        }
        inside + (outside - inside) / 2.0
    }

    /// The confidence at which the value is the end; 1 where no fit exists.
    fn probability(&self, value: f64) -> f64 {
        let free: Vec<Parameter> =
            self.fit.free.iter().copied().filter(|one| *one != self.parameter).collect();
        let start = self.fit.inputs.with(self.parameter, value);
        let fixed = ClosedLoop { start, free: &free, ..*self.problem };
        let Ok(chi_square) = fixed.least_chi_square() else { return 1.0 };
        let df = self.fit.df as f64;
        f_cdf((chi_square / self.fit.chi_square - 1.0).max(0.0) * df, 1.0, df)
    }
}

impl ClosedLoop<'_> {
    /// χ² at the minimum over the free parameters, also when none is.
    fn least_chi_square(&self) -> Result<f64> {
        if self.free.is_empty() {
            return self.chi_square(&[]);
        }
        self.fit().map(|fit| fit.chi_square)
    }
}
