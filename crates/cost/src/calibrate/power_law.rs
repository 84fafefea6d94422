//! Training time as a power of the parameter count, and which law the data prefer.

use super::{Column, LinearFit, Regression, Result, training_time};

/// T = e^α·P^β, fitted to logarithms.
#[derive(Debug, Clone, PartialEq)]
pub struct PowerLawFit {
    /// The regression of ln T on ln P.
    pub logarithms: LinearFit,
    /// α.
    pub log_scale: f64,
    /// β, the elasticity of time in parameters; 1 is the article's law with m = 0.
    pub exponent: f64,
    /// Σ ln T: what makes its AIC one of T and not of ln T.
    log_sum: f64,
}

impl PowerLawFit {
    /// The median hours at a parameter count.
    ///
    /// # Formula
    /// e^(α + β·ln P).
    ///
    /// ```
    /// let fit = tunewise_cost::calibrate::power_law(&[1.0, 2.0, 4.0], &[3.0, 6.0, 12.0])?;
    /// assert!((fit.hours(8.0) - 24.0).abs() < 1e-9); // T = 3·P
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    #[must_use]
    pub fn hours(&self, param_count: f64) -> f64 {
        (self.log_scale + self.exponent * param_count.ln()).exp()
    }

    /// The AIC of T itself: that of ln T + 2·Σ ln T, the Jacobian of the logarithm.
    ///
    /// # Reference
    /// Akaike (1974) on a common response; Burnham and Anderson (2002), 2.11.3.
    ///
    /// ```
    /// use tunewise_cost::calibrate::power_law;
    ///
    /// let (params, hours) = ([1.0, 2.0, 4.0, 8.0], [1.0, 2.5, 4.0, 9.0]);
    /// let minutes = hours.map(|hour| 60.0 * hour);
    /// // A unit moves no residual of ln T, only the density of T: by 2·n·ln 60.
    /// let by_unit = power_law(&params, &minutes)?.aic() - power_law(&params, &hours)?.aic();
    /// assert!((by_unit - 2.0 * 4.0 * 60_f64.ln()).abs() < 1e-9);
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    #[must_use]
    pub fn aic(&self) -> f64 {
        self.logarithms.aic() + 2.0 * self.log_sum
    }
}

/// The power law T = e^α·P^β by least squares of logarithms.
///
/// ```
/// let fit = tunewise_cost::calibrate::power_law(&[1e6, 4e6, 16e6, 64e6], &[1.0, 2.0, 4.0, 8.0])?;
/// assert!((fit.exponent - 0.5).abs() < 1e-12);
/// assert!((fit.hours(9e6) - 3.0).abs() < 1e-9);
/// # Ok::<(), tunewise_cost::calibrate::FitError>(())
/// ```
///
/// # Errors
/// As [`Regression::fit`]; parameters and hours must be above 0.
pub fn power_law(param_count: &[f64], hours: &[f64]) -> Result<PowerLawFit> {
    let positive = |value: f64| value.is_finite() && value > 0.0;
    for (name, values) in [("param_count", param_count), ("hours", hours)] {
        Column { name, values }.check(hours.len(), "a finite number above 0", positive)?;
    }
    let [x, y] = [param_count, hours].map(|values| values.iter().map(|v| v.ln()).collect());
    let (x, y): (Vec<f64>, Vec<f64>) = (x, y);
    let logarithms = Regression {
        response: Column { name: "ln hours", values: &y },
        predictors: &[Column { name: "ln param_count", values: &x }],
        weights: None,
        intercept: true,
    }
    .fit()?;
    let exponent = logarithms.coefficient("ln param_count").unwrap_or(f64::NAN);
    let log_scale = logarithms.intercept();
    Ok(PowerLawFit { logarithms, log_scale, exponent, log_sum: y.iter().sum() })
}

/// A law of training time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeLaw {
    /// The article's T = l·P + m with errors of equal size.
    Linear,
    /// T = e^α·P^β with errors of equal ratio.
    Power,
}

/// Both laws on the same data.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeLawComparison {
    /// T = l·P + m.
    pub linear: LinearFit,
    /// T = e^α·P^β.
    pub power: PowerLawFit,
    /// AIC of the line less AIC of the power law, both of T: above 0 the power law is preferred.
    pub aic_difference: f64,
}

impl TimeLawComparison {
    /// The law with the smaller AIC.
    ///
    /// # Reference
    /// Akaike (1974): the smaller AIC, of T itself for both laws.
    ///
    /// ```
    /// use tunewise_cost::calibrate::{TimeLaw, compare_time_laws};
    ///
    /// // T = 10 + P but for a hundredth: no power of P.
    /// let laws = compare_time_laws(&[1.0, 2.0, 4.0, 8.0], &[11.01, 11.99, 14.01, 17.99])?;
    /// assert_eq!(laws.preferred(), TimeLaw::Linear);
    /// assert!(laws.aic_difference < 0.0);
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    #[must_use]
    pub fn preferred(&self) -> TimeLaw {
        if self.aic_difference > 0.0 { TimeLaw::Power } else { TimeLaw::Linear }
    }
}

/// Fits the article's line and the power law and compares them by AIC on a common scale.
///
/// # Formula
/// AIC(T = l·P + m) − AIC(T = e^α·P^β), the second with the Jacobian 2·Σ ln T.
///
/// # Reference
/// Akaike (1974); Burnham and Anderson (2002), 2.11.3.
///
/// ```
/// use tunewise_cost::calibrate::{TimeLaw, compare_time_laws};
///
/// # fn main() -> Result<(), tunewise_cost::calibrate::FitError> {
/// let params = [1.9e6, 7.2e6, 21.2e6, 46.5e6, 86.7e6];
/// let laws = compare_time_laws(&params, &[24.0, 48.0, 96.0, 144.0, 192.0])?;
/// assert_eq!(laws.preferred(), TimeLaw::Power);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As [`power_law`].
pub fn compare_time_laws(param_count: &[f64], hours: &[f64]) -> Result<TimeLawComparison> {
    let power = power_law(param_count, hours)?;
    let linear = training_time(param_count, hours)?;
    let aic_difference = linear.aic() - power.aic();
    Ok(TimeLawComparison { linear, power, aic_difference })
}
