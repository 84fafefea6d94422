//! The model's relations, each from its own data.

use super::{Column, LinearFit, Regression, Result};

/// T = l·P + m from training runs: hours on parameter counts.
///
/// The slope is l in hours per parameter, the intercept m in hours.
///
/// ```
/// use tunewise_cost::calibrate::training_time;
///
/// # fn main() -> Result<(), tunewise_cost::calibrate::FitError> {
/// // YOLOv5 n, s, m, l, x: 1, 2, 4, 6 and 8 days on one V100, from the project's README.
/// let params = [1.9e6, 7.2e6, 21.2e6, 46.5e6, 86.7e6];
/// let fit = training_time(&params, &[24.0, 48.0, 96.0, 144.0, 192.0])?;
/// assert!((fit.coefficients()[1] - 1.920e-6).abs() < 1e-9);
/// assert!((fit.r_squared() - 0.944).abs() < 1e-3);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As [`Regression::fit`].
pub fn training_time(param_count: &[f64], hours: &[f64]) -> Result<LinearFit> {
    line(("hours", hours), ("param_count", param_count))
}

/// C = k1·D + k2 from invoices: amounts on samples.
///
/// The slope is k1 in currency per sample, the intercept k2 in currency.
///
/// ```
/// let fit = tunewise_cost::calibrate::annotation(&[1e3, 2e3, 4e3], &[350.0, 450.0, 650.0])?;
/// assert!((fit.intercept() - 250.0).abs() < 1e-9);
/// # Ok::<(), tunewise_cost::calibrate::FitError>(())
/// ```
///
/// # Errors
/// As [`Regression::fit`].
pub fn annotation(samples: &[f64], amounts: &[f64]) -> Result<LinearFit> {
    line(("amount", amounts), ("samples", samples))
}

/// M = n1·x + n2: promotion spending on training effect.
///
/// ```
/// let fit = tunewise_cost::calibrate::promotion(&[1.0, 2.0, 3.0], &[5.0, 7.0, 9.0])?;
/// assert!((fit.coefficients()[1] - 2.0).abs() < 1e-12);
/// # Ok::<(), tunewise_cost::calibrate::FitError>(())
/// ```
///
/// # Errors
/// As [`Regression::fit`].
pub fn promotion(training_effect: &[f64], spending: &[f64]) -> Result<LinearFit> {
    line(("promotion_cost", spending), ("training_effect", training_effect))
}

/// F = o·E + p: feedback on effectiveness.
///
/// E and F are determined together, so where shocks hit both this is inconsistent: see
/// [`TwoStage`](super::TwoStage).
///
/// ```
/// let fit = tunewise_cost::calibrate::feedback(&[0.0, 10.0, 20.0], &[1.0, 1.2, 1.4])?;
/// assert!((fit.intercept() - 1.0).abs() < 1e-12);
/// # Ok::<(), tunewise_cost::calibrate::FitError>(())
/// ```
///
/// # Errors
/// As [`Regression::fit`].
pub fn feedback(effectiveness: &[f64], feedback: &[f64]) -> Result<LinearFit> {
    line(("feedback", feedback), ("effectiveness", effectiveness))
}

/// What the weights multiply, a value a row each.
#[derive(Debug, Clone, Copy)]
pub struct WeightColumns<'a> {
    /// x.
    pub training_effect: &'a [f64],
    /// T, hours.
    pub training_time: &'a [f64],
    /// C, currency.
    pub annotation_cost: &'a [f64],
    /// M/F, currency per index.
    pub promotion_per_feedback: &'a [f64],
}

/// a, b, c, d of E = a·x + b·T + c·C + d·M/F, without an intercept.
///
/// M/F depends on E: where E has shocks of its own, d is biased; see [`TwoStage`](super::TwoStage) and
/// [`ClosedLoop`](super::ClosedLoop).
///
/// ```
/// use tunewise_cost::calibrate::{WeightColumns, weights};
///
/// # fn main() -> Result<(), tunewise_cost::calibrate::FitError> {
/// let columns = WeightColumns {
///     training_effect: &[1.0, 2.0, 3.0, 5.0, 4.0],
///     training_time: &[1.0, 0.0, 2.0, 1.0, 7.0],
///     annotation_cost: &[4.0, 1.0, 0.0, 2.0, 3.0],
///     promotion_per_feedback: &[0.0, 2.0, 1.0, 1.0, 9.0],
/// };
/// // a = 3, b = -1, c = -2, d = 1.
/// let fit = weights(&columns, &[-6.0, 6.0, 8.0, 11.0, 8.0])?;
/// assert!((fit.coefficient("annotation_cost").unwrap_or(0.0) + 2.0).abs() < 1e-12);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As [`Regression::fit`].
pub fn weights(columns: &WeightColumns<'_>, effectiveness: &[f64]) -> Result<LinearFit> {
    let predictors = [
        Column { name: "training_effect", values: columns.training_effect },
        Column { name: "training_time", values: columns.training_time },
        Column { name: "annotation_cost", values: columns.annotation_cost },
        Column { name: "promotion_per_feedback", values: columns.promotion_per_feedback },
    ];
    let response = Column { name: "effectiveness", values: effectiveness };
    Regression { response, predictors: &predictors, weights: None, intercept: false }.fit()
}

fn line(response: (&str, &[f64]), predictor: (&str, &[f64])) -> Result<LinearFit> {
    let [response, predictor] = [response, predictor].map(|(name, values)| Column { name, values });
    Regression { response, predictors: &[predictor], weights: None, intercept: true }.fit()
}
