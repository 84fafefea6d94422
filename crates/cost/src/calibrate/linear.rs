//! A fitted linear regression: coefficients and what they are worth.

use nalgebra::DMatrix;

use super::least_squares::{Problem, Solved};
use super::prediction::{Interval, t_critical};
use super::{INTERCEPT, Result};
use crate::special::{f_sf, t_two_sided_p};

/// A fitted linear regression.
///
/// The conventions are statsmodels': R² is centred where there is an intercept and uncentred where there
/// is none, information criteria count the coefficients and not the variance, weighted fits report
/// weighted sums of squares.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearFit {
    pub(super) terms: Vec<String>,
    pub(super) solved: Solved,
    pub(super) predictors: Vec<Vec<f64>>,
    pub(super) weights: Option<Vec<f64>>,
    pub(super) fitted: Vec<f64>,
    pub(super) intercept: bool,
    /// Σ w·e².
    rss: f64,
    /// Σ w·(ŷ − ȳ)², or Σ w·ŷ² without an intercept.
    explained: f64,
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
    #[must_use]
    pub fn terms(&self) -> &[String] {
        &self.terms
    }

    /// β, in the order of [`terms`](Self::terms).
    #[must_use]
    pub fn coefficients(&self) -> &[f64] {
        &self.solved.coefficients
    }

    /// The coefficient of a term by name.
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
    #[must_use]
    pub fn intercept(&self) -> f64 {
        self.coefficient(INTERCEPT).unwrap_or(0.0)
    }

    /// y − ŷ, a row, not weighted.
    #[must_use]
    pub fn residuals(&self) -> &[f64] {
        &self.solved.residuals
    }

    /// ŷ, a row.
    #[must_use]
    pub fn fitted(&self) -> &[f64] {
        &self.fitted
    }

    /// Rows.
    #[must_use]
    pub fn n(&self) -> usize {
        self.fitted.len()
    }

    /// Rows less coefficients.
    #[must_use]
    pub fn df_residual(&self) -> usize {
        self.n() - self.terms.len()
    }

    /// Coefficients less the constant.
    #[must_use]
    pub fn df_model(&self) -> usize {
        self.terms.len() - usize::from(self.intercept)
    }

    /// Σ w·e².
    #[must_use]
    pub fn residual_sum_of_squares(&self) -> f64 {
        self.rss
    }

    /// σ² = Σ w·e²/(n − k).
    #[must_use]
    pub fn residual_variance(&self) -> f64 {
        self.rss / self.df_residual() as f64
    }

    /// √σ².
    #[must_use]
    pub fn residual_standard_error(&self) -> f64 {
        self.residual_variance().sqrt()
    }

    /// cov β = σ²·(XᵀWX)⁻¹, a row a term.
    #[must_use]
    pub fn covariance(&self) -> Vec<Vec<f64>> {
        let map = &self.solved.map;
        rows(&(map * map.transpose() * self.residual_variance()))
    }

    /// √ of the covariance's diagonal.
    #[must_use]
    pub fn standard_errors(&self) -> Vec<f64> {
        let sigma = self.residual_standard_error();
        self.solved.map.row_iter().map(|row| sigma * row.norm()).collect()
    }

    /// t = β/SE of each term.
    #[must_use]
    pub fn t_values(&self) -> Vec<f64> {
        let errors = self.standard_errors();
        self.coefficients().iter().zip(errors).map(|(value, error)| value / error).collect()
    }

    /// P(|t| this large or larger) if the coefficient were 0.
    #[must_use]
    pub fn p_values(&self) -> Vec<f64> {
        let df = self.df_residual() as f64;
        self.t_values().into_iter().map(|t| t_two_sided_p(t, df)).collect()
    }

    /// β ± t·SE of each term.
    ///
    /// # Errors
    /// [`FitError::Confidence`](super::FitError::Confidence) if it is not between 0 and 1.
    pub fn confidence_intervals(&self, confidence: f64) -> Result<Vec<Interval>> {
        self.intervals(&self.standard_errors(), confidence)
    }

    pub(super) fn intervals(&self, errors: &[f64], confidence: f64) -> Result<Vec<Interval>> {
        let t = t_critical(confidence, self.df_residual() as f64)?;
        let pairs = self.coefficients().iter().zip(errors);
        Ok(pairs.map(|(value, error)| Interval::around(*value, t * error)).collect())
    }

    /// R² = 1 − Σ w·e²/Σ w·(y − ȳ)²; without an intercept, ȳ is 0.
    #[must_use]
    pub fn r_squared(&self) -> f64 {
        self.explained / (self.explained + self.rss)
    }

    /// 1 − (1 − R²)·(n − intercept)/(n − k).
    #[must_use]
    pub fn adjusted_r_squared(&self) -> f64 {
        let free = (self.n() - usize::from(self.intercept)) as f64;
        let unexplained = self.rss / (self.explained + self.rss);
        1.0 - free / self.df_residual() as f64 * unexplained
    }

    /// F of all terms but the constant; none if there is no other.
    #[must_use]
    pub fn f(&self) -> Option<f64> {
        let df = self.df_model();
        (df > 0).then(|| self.explained / df as f64 / self.residual_variance())
    }

    /// P(F this large or larger) if all coefficients but the constant were 0.
    #[must_use]
    pub fn f_p_value(&self) -> Option<f64> {
        self.f().map(|f| f_sf(f, self.df_model() as f64, self.df_residual() as f64))
    }

    /// ln L = −n/2·(ln 2π + ln(Σ w·e²/n) + 1) + ½·Σ ln w.
    #[must_use]
    pub fn log_likelihood(&self) -> f64 {
        let n = self.n() as f64;
        let weights = self.weights.iter().flatten().map(|weight| weight.ln()).sum::<f64>();
        -n / 2.0 * ((std::f64::consts::TAU * self.rss / n).ln() + 1.0) + weights / 2.0
    }

    /// −2·ln L + 2·k, k the coefficients.
    #[must_use]
    pub fn aic(&self) -> f64 {
        2.0 * (self.terms.len() as f64 - self.log_likelihood())
    }

    /// −2·ln L + k·ln n.
    #[must_use]
    pub fn bic(&self) -> f64 {
        (self.n() as f64).ln() * self.terms.len() as f64 - 2.0 * self.log_likelihood()
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
