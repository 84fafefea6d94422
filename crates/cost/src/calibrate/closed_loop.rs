//! The weights and the feedback slope from effectiveness alone, through the closed form.

use levenberg_marquardt::{LeastSquaresProblem, LevenbergMarquardt};
use nalgebra::{DMatrix, DVector, Dyn, Owned};

use super::identify::check_identified;
use super::linear::rows;
use super::{FitError, Result};
use crate::{Inputs, Model, Parameter};

/// Relative changes at which the solver stops: what its arithmetic allows.
const TOLERANCE: f64 = 1e-15;
/// Gauss-Newton steps after the solver: each squares the distance to the minimum.
const POLISH_STEPS: usize = 12;
/// Scaled columns of the Jacobian that reach less far outside the others are not told apart.
const DEPENDENT: f64 = 1e-10;

/// Measured effectiveness at a data volume and a parameter count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observation {
    /// D, samples.
    pub data_volume: f64,
    /// P, parameters.
    pub param_count: f64,
    /// E as measured.
    pub effectiveness: f64,
}

/// A nonlinear least squares problem: which parameters make E(D, P) of the model what was measured.
///
/// ```
/// use tunewise_cost::calibrate::{ClosedLoop, Observation};
/// use tunewise_cost::{Inputs, Model, Parameter};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut truth = Inputs::default();
/// truth.weights.training_effect = 2.0;
/// truth.weights.promotion = 0.5;
/// truth.promotion.fixed = 8.0;
/// truth.feedback.per_effectiveness = 0.1;
/// let observe = |data_volume: f64| {
///     let inputs = Inputs { data_volume, ..truth };
///     let effectiveness = Model::default().solve(&inputs)?.effectiveness().unwrap_or(0.0);
///     tunewise_cost::Result::Ok(Observation { data_volume, param_count: 1.0, effectiveness })
/// };
/// let observations = [0.5, 1.0, 2.0, 4.0, 8.0].map(observe);
/// let observations = observations.into_iter().collect::<tunewise_cost::Result<Vec<_>>>()?;
/// let mut start = truth;
/// start.weights.promotion = 0.3;
/// start.feedback.per_effectiveness = 0.3;
/// let free = [Parameter::WeightA, Parameter::WeightD, Parameter::FeedbackSlope];
/// let fit = ClosedLoop { observations: &observations, start, free: &free, model: Model::default() }.fit()?;
/// assert!((fit.inputs.feedback.per_effectiveness - 0.1).abs() < 1e-9);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ClosedLoop<'a> {
    /// What was measured.
    pub observations: &'a [Observation],
    /// Start values of the free parameters, and the values of all others.
    pub start: Inputs,
    /// The parameters to find, such as a, b, c, d, o. From E alone (d, o, p) have a common factor
    /// that nothing determines: fix p.
    pub free: &'a [Parameter],
    /// Training effect and root policy.
    pub model: Model,
}

/// A fitted closed loop.
#[derive(Debug, Clone, PartialEq)]
pub struct ClosedLoopFit {
    /// All inputs, the free ones as fitted.
    pub inputs: Inputs,
    /// The free parameters, in the order asked for.
    pub free: Vec<Parameter>,
    /// Their values.
    pub values: Vec<f64>,
    /// Their standard errors: √ of the covariance's diagonal.
    pub standard_errors: Vec<f64>,
    /// (JᵀJ)⁻¹·χ²/(n − k), a row a parameter: lmfit's with `scale_covar`.
    pub covariance: Vec<Vec<f64>>,
    /// Σ (E − measured)².
    pub chi_square: f64,
    /// Observations less free parameters.
    pub df: usize,
    /// E less measured, a row.
    pub residuals: Vec<f64>,
}

impl ClosedLoop<'_> {
    /// The fit: Levenberg-Marquardt with analytic partials, then Gauss-Newton steps to the last digit.
    ///
    /// # Reference
    /// Moré (1978), MINPACK `lmder`; lmfit `minimize` (its covariance convention).
    ///
    /// # Errors
    /// [`FitError`] for too few observations, a bad input, parameters that E cannot tell apart (by
    /// structure or in these data), no admissible equilibrium at the start or the minimum, or no
    /// convergence.
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
    /// assert!((fit.values[0] - 7.0 / 5.0).abs() < 1e-12);
    /// assert!((fit.chi_square - 0.2).abs() < 1e-12); // 0.4² + 0.2²
    /// assert!((fit.standard_errors[0] - 0.2).abs() < 1e-12); // √(0.2/1/5)
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    pub fn fit(&self) -> Result<ClosedLoopFit> {
        check_identified(self.free)?;
        let (n, k) = (self.observations.len(), self.free.len());
        if k == 0 {
            return Err(FitError::NoPredictors);
        }
        if n <= k {
            return Err(FitError::TooFewRows { rows: n, coefficients: k, expected: k + 1 });
        }
        self.check_values()?;
        let start: Vec<f64> = self.free.iter().map(|one| self.start.get(*one)).collect();
        let searched = self.search(&start)?;
        let (values, residuals, map) = self.polish(searched)?;
        let (chi_square, df) = (residuals.norm_squared(), n - k);
        let covariance = &map * map.transpose() * (chi_square / df as f64);
        Ok(ClosedLoopFit {
            inputs: self.inputs(&values),
            free: self.free.to_vec(),
            standard_errors: covariance.diagonal().iter().map(|value| value.sqrt()).collect(),
            covariance: rows(&covariance),
            chi_square,
            df,
            residuals: residuals.iter().copied().collect(),
            values,
        })
    }

    fn check_values(&self) -> Result<()> {
        for (row, observation) in (1..).zip(self.observations) {
            let value = observation.effectiveness;
            if !value.is_finite() {
                let column = "effectiveness".to_owned();
                return Err(FitError::Value { column, row, value, rule: "a finite number" });
            }
            self.at(observation, &self.start).validate()?;
        }
        Ok(())
    }

    fn search(&self, start: &[f64]) -> Result<Vec<f64>> {
        // Unit scale: a column of the Jacobian is worth what its parameter's size makes of it.
        let scales: Vec<f64> =
            start.iter().map(|v| if *v == 0.0 { 1.0 } else { v.abs() }).collect();
        let at = DVector::from_iterator(start.len(), start.iter().zip(&scales).map(|(v, s)| v / s));
        let target = Target { problem: self, scales, at };
        if let Err(row) = self.evaluate(start) {
            return Err(FitError::NoEquilibrium { row, at: "starting" });
        }
        let solver = LevenbergMarquardt::new().with_tol(TOLERANCE).with_patience(400);
        let (target, report) = solver.minimize(target);
        if report.termination.was_usage_issue() || !report.objective_function.is_finite() {
            let reason = format!("{:?}", report.termination);
            return Err(FitError::NotConverged { reason });
        }
        Ok(target.values())
    }

    /// Full Gauss-Newton steps while they lower χ²; then residuals and the map of the covariance.
    fn polish(&self, mut values: Vec<f64>) -> Result<(Vec<f64>, DVector<f64>, DMatrix<f64>)> {
        let fitted = |row| FitError::NoEquilibrium { row, at: "fitted" };
        let (mut residuals, mut jacobian) = self.evaluate(&values).map_err(fitted)?;
        for _ in 0..POLISH_STEPS {
            let (step, _) = self.newton_step(&residuals, &jacobian)?;
            let next: Vec<f64> = values.iter().zip(step.iter()).map(|(v, s)| v - s).collect();
            let Ok((there, slopes)) = self.evaluate(&next) else { break };
            // χ² is flat to rounding at the minimum: a step may raise it in the last digits.
            if there.norm_squared() > residuals.norm_squared() * (1.0 + 1e-12) {
                break;
            }
            (values, residuals, jacobian) = (next, there, slopes);
        }
        let (_, map) = self.newton_step(&residuals, &jacobian)?;
        Ok((values, residuals, map))
    }

    /// The Gauss-Newton step and L with (JᵀJ)⁻¹ = L·Lᵀ.
    fn newton_step(
        &self,
        residuals: &DVector<f64>,
        jacobian: &DMatrix<f64>,
    ) -> Result<(DVector<f64>, DMatrix<f64>)> {
        let lengths: Vec<f64> = jacobian.column_iter().map(|column| column.norm()).collect();
        let mut scaled = jacobian.clone();
        for (mut column, length) in scaled.column_iter_mut().zip(&lengths) {
            column /= if *length > 0.0 { *length } else { 1.0 };
        }
        let (q, r) = scaled.qr().unpack();
        let unclear = r.diagonal().iter().position(|value| value.abs() <= DEPENDENT);
        if let Some(parameter) = unclear.and_then(|index| self.free.get(index)) {
            let reason = "these observations do not determine it beside the others";
            let parameters = parameter.letter().to_owned();
            return Err(FitError::NotIdentified { parameters, reason });
        }
        let identity = DMatrix::identity(lengths.len(), lengths.len());
        let mut map = r.solve_upper_triangular(&identity).unwrap_or(identity);
        for (mut row, length) in map.row_iter_mut().zip(&lengths) {
            row /= *length;
        }
        Ok((&map * q.tr_mul(residuals), map))
    }

    /// Residuals and Jacobian, or the row (from 1) without an admissible equilibrium.
    fn evaluate(&self, values: &[f64]) -> Result<(DVector<f64>, DMatrix<f64>), usize> {
        let inputs = self.inputs(values);
        let (n, k) = (self.observations.len(), self.free.len());
        let (mut residuals, mut slopes) = (Vec::with_capacity(n), Vec::with_capacity(n * k));
        for (row, observation) in (1_usize..).zip(self.observations) {
            let answer = self.model.solve(&self.at(observation, &inputs)).map_err(|_| row)?;
            let effectiveness = answer.effectiveness().ok_or(row)?;
            let gradient = answer.gradient().ok_or(row)?;
            residuals.push(effectiveness - observation.effectiveness);
            slopes.extend(self.free.iter().map(|one| gradient.get(*one)));
        }
        Ok((DVector::from_vec(residuals), DMatrix::from_row_slice(n, k, &slopes)))
    }

    pub(super) fn chi_square(&self, values: &[f64]) -> Result<f64> {
        let fitted = |row| FitError::NoEquilibrium { row, at: "fitted" };
        self.evaluate(values).map(|(residuals, _)| residuals.norm_squared()).map_err(fitted)
    }

    fn inputs(&self, values: &[f64]) -> Inputs {
        let pairs = self.free.iter().zip(values);
        pairs.fold(self.start, |inputs, (parameter, value)| inputs.with(*parameter, *value))
    }

    fn at(&self, observation: &Observation, inputs: &Inputs) -> Inputs {
        let Observation { data_volume, param_count, .. } = *observation;
        Inputs { data_volume, param_count, ..*inputs }
    }
}

impl ClosedLoopFit {
    /// χ²/(n − k).
    ///
    /// lmfit's `redchi`: the variance of a row's error, estimated.
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
    /// assert!((fit.reduced_chi_square() - 0.2).abs() < 1e-12); // (0.4² + 0.2²)/(2 - 1)
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    #[must_use]
    pub fn reduced_chi_square(&self) -> f64 {
        self.chi_square / self.df as f64
    }

    /// The correlation of every two parameters, a row a parameter.
    ///
    /// # Formula
    /// cov(i, j)/(SEᵢ·SEⱼ); lmfit's `correl`.
    ///
    /// ```
    /// use tunewise_cost::calibrate::{ClosedLoop, Observation};
    /// use tunewise_cost::{Inputs, Model, Parameter};
    ///
    /// // E = a·x + b·P: x is 1, 0, 2 and P is 1, 2, 1.
    /// let observe = |data_volume, param_count, effectiveness| Observation { data_volume, param_count, effectiveness };
    /// let start = Inputs::default().with(Parameter::TimePerParameter, 1.0);
    /// let fit = ClosedLoop {
    ///     observations: &[observe(1.0, 1.0, 2.0), observe(0.0, 2.0, 3.0), observe(2.0, 1.0, 5.0)],
    ///     start: start.with(Parameter::WeightA, 1.0).with(Parameter::WeightB, 1.0),
    ///     free: &[Parameter::WeightA, Parameter::WeightB],
    ///     model: Model::default(),
    /// }
    /// .fit()?;
    /// // -Σ x·P/√(Σ x²·Σ P²) = -3/√(5·6).
    /// assert!((fit.correlations()[0][1] + 3.0 / 30_f64.sqrt()).abs() < 1e-12);
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    #[must_use]
    pub fn correlations(&self) -> Vec<Vec<f64>> {
        let scale = |row: &Vec<f64>, error: &f64| {
            row.iter()
                .zip(&self.standard_errors)
                .map(|(value, other)| value / (error * other))
                .collect()
        };
        self.covariance.iter().zip(&self.standard_errors).map(|(row, e)| scale(row, e)).collect()
    }
}

/// The problem in parameters divided by their start values.
struct Target<'a, 'b> {
    problem: &'a ClosedLoop<'b>,
    scales: Vec<f64>,
    at: DVector<f64>,
}

impl Target<'_, '_> {
    fn values(&self) -> Vec<f64> {
        self.at.iter().zip(&self.scales).map(|(value, scale)| value * scale).collect()
    }
}

impl LeastSquaresProblem<f64, Dyn, Dyn> for Target<'_, '_> {
    type ResidualStorage = Owned<f64, Dyn>;
    type JacobianStorage = Owned<f64, Dyn, Dyn>;
    type ParameterStorage = Owned<f64, Dyn>;

    fn set_params(&mut self, at: &DVector<f64>) {
        self.at.copy_from(at);
    }

    fn params(&self) -> DVector<f64> {
        self.at.clone()
    }

    fn residuals(&self) -> Option<DVector<f64>> {
        // Where there is no equilibrium the residuals are infinite: the solver takes a shorter step.
        let all = || DVector::from_element(self.problem.observations.len(), f64::MAX.sqrt() / 1e6);
        Some(
            self.problem
                .evaluate(&self.values())
                .map_or_else(|_| all(), |(residuals, _)| residuals),
        )
    }

    fn jacobian(&self) -> Option<DMatrix<f64>> {
        let (_, mut jacobian) = self.problem.evaluate(&self.values()).ok()?;
        for (mut column, scale) in jacobian.column_iter_mut().zip(&self.scales) {
            column *= *scale;
        }
        Some(jacobian)
    }
}
