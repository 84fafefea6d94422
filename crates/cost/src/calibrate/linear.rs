//! A fitted linear regression: coefficients and what they are worth.

use nalgebra::DMatrix;

use super::least_squares::{Problem, Solved};
use super::prediction::{Interval, t_critical};
use super::{INTERCEPT, Result};
use crate::special::t_two_sided_p;

/// A fitted linear regression.
///
/// The conventions are statsmodels': R² is centred where there is an intercept and uncentred where there
/// is none, information criteria count the coefficients and not the variance, weighted fits report
/// weighted sums of squares.
///
/// The examples of its methods fit 0, 2, 3, 5 on 0, 0, 2, 2: the line 1 + 1.5·x with residuals of ±1.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearFit {
    pub(super) terms: Vec<String>,
    pub(super) solved: Solved,
    pub(super) predictors: Vec<Vec<f64>>,
    pub(super) weights: Option<Vec<f64>>,
    pub(super) fitted: Vec<f64>,
    pub(super) intercept: bool,
    /// Σ w·e².
    pub(super) rss: f64,
    /// Σ w·(ŷ − ȳ)², or Σ w·ŷ² without an intercept.
    pub(super) explained: f64,
}

impl LinearFit {
    pub(super) fn new(terms: Vec<String>, problem: &Problem<'_>, solved: Solved) -> Self {
        let weights = problem.weights.map(<[f64]>::to_vec);
        let fitted = problem.response.iter().zip(&solved.residuals).map(|(y, e)| y - e).collect();
        let constant = usize::from(problem.intercept);
        let explained = solved.effects.iter().skip(constant).map(|effect| effect * effect).sum();
        let mut fit = Self {
            terms,
            predictors: problem.columns.iter().map(|values| values.to_vec()).collect(),
            weights,
            fitted,
            intercept: problem.intercept,
            rss: 0.0,
            explained,
            solved,
        };
        fit.rss = fit.weighted_residuals().iter().map(|e| e * e).sum();
        fit
    }

    /// What the coefficients belong to, `intercept` first where there is one.
    ///
    /// ```
    /// let fit = tunewise_cost::calibrate::annotation(&[0.0, 0.0, 2.0, 2.0], &[0.0, 2.0, 3.0, 5.0])?;
    /// assert_eq!(fit.terms(), ["intercept", "samples"]);
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    #[must_use]
    pub fn terms(&self) -> &[String] {
        &self.terms
    }

    /// β, in the order of [`terms`](Self::terms).
    ///
    /// # Formula
    /// β = (XᵀWX)⁻¹XᵀWy; statsmodels `params`.
    ///
    /// ```
    /// let fit = tunewise_cost::calibrate::annotation(&[0.0, 0.0, 2.0, 2.0], &[0.0, 2.0, 3.0, 5.0])?;
    /// let &[intercept, slope] = fit.coefficients() else { unreachable!() };
    /// assert!((intercept - 1.0).abs() < 1e-12 && (slope - 1.5).abs() < 1e-12);
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    #[must_use]
    pub fn coefficients(&self) -> &[f64] {
        &self.solved.coefficients
    }

    /// The coefficient of a term by name.
    ///
    /// ```
    /// let fit = tunewise_cost::calibrate::annotation(&[0.0, 0.0, 2.0, 2.0], &[0.0, 2.0, 3.0, 5.0])?;
    /// assert!(fit.coefficient("samples").is_some_and(|slope| (slope - 1.5).abs() < 1e-12));
    /// assert_eq!(fit.coefficient("hours"), None);
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    #[must_use]
    pub fn coefficient(&self, term: &str) -> Option<f64> {
        let named = self.terms.iter().zip(self.coefficients()).find(|(name, _)| *name == term);
        named.map(|(_, value)| *value)
    }

    /// The values of a predictor by name, a row.
    ///
    /// ```
    /// let fit = tunewise_cost::calibrate::annotation(&[1.0, 2.0, 3.0], &[2.0, 3.0, 5.0])?;
    /// assert_eq!(fit.predictor("samples"), Some(&[1.0, 2.0, 3.0][..]));
    /// assert_eq!(fit.predictor("amount"), None);
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    #[must_use]
    pub fn predictor(&self, name: &str) -> Option<&[f64]> {
        let names = self.terms.iter().skip(usize::from(self.intercept));
        let named = names.zip(&self.predictors).find(|(one, _)| *one == name);
        named.map(|(_, values)| &values[..])
    }

    /// The constant; 0 where there is none.
    ///
    /// ```
    /// let fit = tunewise_cost::calibrate::annotation(&[0.0, 0.0, 2.0, 2.0], &[0.0, 2.0, 3.0, 5.0])?;
    /// assert!((fit.intercept() - 1.0).abs() < 1e-12); // the mean of the rows with 0 samples
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    #[must_use]
    pub fn intercept(&self) -> f64 {
        self.coefficient(INTERCEPT).unwrap_or(0.0)
    }

    /// y − ŷ, a row, not weighted.
    ///
    /// statsmodels `resid`.
    ///
    /// ```
    /// let fit = tunewise_cost::calibrate::annotation(&[0.0, 0.0, 2.0, 2.0], &[0.0, 2.0, 3.0, 5.0])?;
    /// for (residual, expected) in fit.residuals().iter().zip([-1.0, 1.0, -1.0, 1.0]) {
    ///     assert!((residual - expected).abs() < 1e-12);
    /// }
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    #[must_use]
    pub fn residuals(&self) -> &[f64] {
        &self.solved.residuals
    }

    /// ŷ, a row.
    ///
    /// statsmodels `fittedvalues`.
    ///
    /// ```
    /// let fit = tunewise_cost::calibrate::annotation(&[0.0, 0.0, 2.0, 2.0], &[0.0, 2.0, 3.0, 5.0])?;
    /// for (fitted, expected) in fit.fitted().iter().zip([1.0, 1.0, 4.0, 4.0]) {
    ///     assert!((fitted - expected).abs() < 1e-12);
    /// }
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    #[must_use]
    pub fn fitted(&self) -> &[f64] {
        &self.fitted
    }

    /// Rows.
    ///
    /// statsmodels `nobs`.
    ///
    /// ```
    /// let fit = tunewise_cost::calibrate::annotation(&[0.0, 0.0, 2.0, 2.0], &[0.0, 2.0, 3.0, 5.0])?;
    /// assert_eq!(fit.n(), 4);
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    #[must_use]
    pub fn n(&self) -> usize {
        self.fitted.len()
    }

    /// Rows less coefficients.
    ///
    /// n − k; statsmodels `df_resid`.
    ///
    /// ```
    /// let fit = tunewise_cost::calibrate::annotation(&[0.0, 0.0, 2.0, 2.0], &[0.0, 2.0, 3.0, 5.0])?;
    /// assert_eq!(fit.df_residual(), 2); // 4 rows, intercept and slope
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    #[must_use]
    pub fn df_residual(&self) -> usize {
        self.n() - self.terms.len()
    }

    /// Coefficients less the constant.
    ///
    /// k − 1, k without an intercept; statsmodels `df_model`.
    ///
    /// ```
    /// let fit = tunewise_cost::calibrate::annotation(&[0.0, 0.0, 2.0, 2.0], &[0.0, 2.0, 3.0, 5.0])?;
    /// assert_eq!(fit.df_model(), 1); // the slope
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    #[must_use]
    pub fn df_model(&self) -> usize {
        self.terms.len() - usize::from(self.intercept)
    }

    /// Σ w·e².
    ///
    /// statsmodels `ssr`.
    ///
    /// ```
    /// let fit = tunewise_cost::calibrate::annotation(&[0.0, 0.0, 2.0, 2.0], &[0.0, 2.0, 3.0, 5.0])?;
    /// assert!((fit.residual_sum_of_squares() - 4.0).abs() < 1e-12); // four residuals of ±1
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    #[must_use]
    pub fn residual_sum_of_squares(&self) -> f64 {
        self.rss
    }

    /// σ² = Σ w·e²/(n − k).
    ///
    /// statsmodels `mse_resid`.
    ///
    /// ```
    /// let fit = tunewise_cost::calibrate::annotation(&[0.0, 0.0, 2.0, 2.0], &[0.0, 2.0, 3.0, 5.0])?;
    /// assert!((fit.residual_variance() - 2.0).abs() < 1e-12); // 4/(4 - 2)
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    #[must_use]
    pub fn residual_variance(&self) -> f64 {
        self.rss / self.df_residual() as f64
    }

    /// √σ².
    ///
    /// ```
    /// let fit = tunewise_cost::calibrate::annotation(&[0.0, 0.0, 2.0, 2.0], &[0.0, 2.0, 3.0, 5.0])?;
    /// assert!((fit.residual_standard_error() - 2_f64.sqrt()).abs() < 1e-12); // σ² = 4/(4 - 2)
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    #[must_use]
    pub fn residual_standard_error(&self) -> f64 {
        self.residual_variance().sqrt()
    }

    /// cov β = σ²·(XᵀWX)⁻¹, a row a term.
    ///
    /// statsmodels `cov_params()`.
    ///
    /// ```
    /// let fit = tunewise_cost::calibrate::annotation(&[0.0, 0.0, 2.0, 2.0], &[0.0, 2.0, 3.0, 5.0])?;
    /// // σ² = 2, x̄ = 1 and Σ(x - x̄)² = 4: var k1 = 2/4, cov = -x̄·var k1, var k2 = 2/4 + x̄²·var k1.
    /// let expected = [[1.0, -0.5], [-0.5, 0.5]];
    /// for (row, expected) in fit.covariance().iter().zip(expected) {
    ///     assert!(row.iter().zip(expected).all(|(got, expected)| (got - expected).abs() < 1e-12));
    /// }
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    #[must_use]
    pub fn covariance(&self) -> Vec<Vec<f64>> {
        let map = &self.solved.map;
        rows(&(map * map.transpose() * self.residual_variance()))
    }

    /// √ of the covariance's diagonal.
    ///
    /// statsmodels `bse`.
    ///
    /// ```
    /// let fit = tunewise_cost::calibrate::annotation(&[0.0, 0.0, 2.0, 2.0], &[0.0, 2.0, 3.0, 5.0])?;
    /// let errors = fit.standard_errors(); // the variances are 1 and 1/2
    /// assert!((errors[0] - 1.0).abs() < 1e-12 && (errors[1] - 0.5_f64.sqrt()).abs() < 1e-12);
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    #[must_use]
    pub fn standard_errors(&self) -> Vec<f64> {
        let sigma = self.residual_standard_error();
        self.solved.map.row_iter().map(|row| sigma * row.norm()).collect()
    }

    /// t = β/SE of each term.
    ///
    /// statsmodels `tvalues`.
    ///
    /// ```
    /// let fit = tunewise_cost::calibrate::annotation(&[0.0, 0.0, 2.0, 2.0], &[0.0, 2.0, 3.0, 5.0])?;
    /// let t = fit.t_values(); // 1/1 and 1.5/√0.5
    /// assert!((t[0] - 1.0).abs() < 1e-12 && (t[1] - 4.5_f64.sqrt()).abs() < 1e-12);
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    #[must_use]
    pub fn t_values(&self) -> Vec<f64> {
        let errors = self.standard_errors();
        self.coefficients().iter().zip(errors).map(|(value, error)| value / error).collect()
    }

    /// P(|t| this large or larger) if the coefficient were 0.
    ///
    /// # Formula
    /// 2·P(T > |β/SE|), T Student's with n − k degrees of freedom; statsmodels `pvalues`.
    ///
    /// ```
    /// let fit = tunewise_cost::calibrate::annotation(&[0.0, 0.0, 2.0, 2.0], &[0.0, 2.0, 3.0, 5.0])?;
    /// // With 2 degrees of freedom P(|t| > x) is 1 - x/√(2 + x²), here at 1 and √4.5.
    /// let p = fit.p_values();
    /// assert!((p[0] - (1.0 - 1.0 / 3_f64.sqrt())).abs() < 1e-12);
    /// assert!((p[1] - (1.0 - (4.5_f64 / 6.5).sqrt())).abs() < 1e-12);
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    #[must_use]
    pub fn p_values(&self) -> Vec<f64> {
        let df = self.df_residual() as f64;
        self.t_values().into_iter().map(|t| t_two_sided_p(t, df)).collect()
    }

    /// β ± t·SE of each term.
    ///
    /// # Formula
    /// t is the (1 + confidence)/2 quantile of Student's distribution with n − k degrees of freedom;
    /// statsmodels `conf_int(1 - confidence)`.
    ///
    /// # Errors
    /// [`FitError::Confidence`](super::FitError::Confidence) if it is not between 0 and 1.
    ///
    /// ```
    /// let fit = tunewise_cost::calibrate::annotation(&[0.0, 0.0, 2.0, 2.0], &[0.0, 2.0, 3.0, 5.0])?;
    /// // The 97.5 % quantile of Student's t with 2 degrees of freedom is 4.3026527; SE of the constant is 1.
    /// let constant = fit.confidence_intervals(0.95)?[0];
    /// assert!((constant.low - (1.0 - 4.3026527)).abs() < 1e-7);
    /// assert!((constant.high - (1.0 + 4.3026527)).abs() < 1e-7);
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    pub fn confidence_intervals(&self, confidence: f64) -> Result<Vec<Interval>> {
        self.intervals(&self.standard_errors(), confidence)
    }

    pub(super) fn intervals(&self, errors: &[f64], confidence: f64) -> Result<Vec<Interval>> {
        let t = t_critical(confidence, self.df_residual() as f64)?;
        let pairs = self.coefficients().iter().zip(errors);
        Ok(pairs.map(|(value, error)| Interval::around(*value, t * error)).collect())
    }

    /// √w·e, a row.
    pub(super) fn weighted_residuals(&self) -> Vec<f64> {
        match &self.weights {
            None => self.residuals().to_vec(),
            Some(weights) => {
                self.residuals().iter().zip(weights).map(|(e, w)| e * w.sqrt()).collect()
            }
        }
    }
}

pub(super) fn rows(matrix: &DMatrix<f64>) -> Vec<Vec<f64>> {
    matrix.row_iter().map(|row| row.iter().copied().collect()).collect()
}
