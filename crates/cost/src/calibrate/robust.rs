//! Standard errors that do not need equal variances.

use nalgebra::{DMatrix, DVector};

use super::linear::rows;
use super::prediction::Interval;
use super::{LinearFit, Result};

/// How a squared residual estimates the variance of its row; h is the row's leverage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RobustKind {
    /// e².
    Hc0,
    /// e²·n/(n − k).
    Hc1,
    /// e²/(1 − h).
    Hc2,
    /// e²/(1 − h)².
    Hc3,
}

/// A covariance of the coefficients that holds with unequal variances.
#[derive(Debug, Clone, PartialEq)]
pub struct RobustCovariance {
    /// cov β, a row a term.
    pub covariance: Vec<Vec<f64>>,
    /// √ of its diagonal.
    pub standard_errors: Vec<f64>,
}

impl LinearFit {
    /// The heteroscedasticity-consistent covariance.
    ///
    /// # Formula
    /// (XᵀWX)⁻¹·Σ uᵢ·xᵢxᵢᵀ·(XᵀWX)⁻¹ with uᵢ by [`RobustKind`].
    ///
    /// # Reference
    /// White (1980); MacKinnon and White (1985); statsmodels `cov_HC0` to `cov_HC3`.
    ///
    /// ```
    /// use tunewise_cost::calibrate::{RobustKind, training_time};
    ///
    /// # fn main() -> Result<(), tunewise_cost::calibrate::FitError> {
    /// let fit = training_time(&[1e8, 2e8, 3e8, 4e8], &[1.0, 2.1, 2.8, 4.3])?;
    /// let [hc0, hc3] = [RobustKind::Hc0, RobustKind::Hc3].map(|kind| fit.robust(kind));
    /// assert!(hc3.standard_errors[1] > hc0.standard_errors[1]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn robust(&self, kind: RobustKind) -> RobustCovariance {
        let (n, df) = (self.n() as f64, self.df_residual() as f64);
        let share = |h: f64| match kind {
            RobustKind::Hc0 => 1.0,
            RobustKind::Hc1 => (n / df).sqrt(),
            RobustKind::Hc2 => 1.0 / (1.0 - h).sqrt(),
            RobustKind::Hc3 => 1.0 / (1.0 - h),
        };
        let mut scaled = self.solved.q.clone();
        let residuals = self.weighted_residuals();
        for ((mut row, e), h) in scaled.row_iter_mut().zip(residuals).zip(self.leverage()) {
            row *= e * share(h);
        }
        let half = scaled * self.solved.map.transpose();
        let covariance = half.tr_mul(&half);
        let standard_errors = covariance.diagonal().iter().map(|value| value.sqrt()).collect();
        RobustCovariance { covariance: rows(&covariance), standard_errors }
    }

    /// Wald's F of all terms but the constant, with a robust covariance; none if there is no other term
    /// or the covariance of the slopes is singular.
    ///
    /// # Formula
    /// βᵀV⁻¹β/q over the q slopes, V their robust covariance: with one slope, its t².
    ///
    /// # Reference
    /// statsmodels `get_robustcov_results(kind).fvalue`.
    ///
    /// ```
    /// use tunewise_cost::calibrate::{RobustKind, training_time};
    ///
    /// # fn main() -> Result<(), tunewise_cost::calibrate::FitError> {
    /// let fit = training_time(&[1e8, 2e8, 3e8, 4e8], &[1.0, 2.1, 2.8, 4.3])?;
    /// let t = fit.coefficients()[1] / fit.robust(RobustKind::Hc1).standard_errors[1];
    /// let f = fit.robust_f(RobustKind::Hc1).unwrap_or(0.0);
    /// assert!((f / (t * t) - 1.0).abs() < 1e-12);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn robust_f(&self, kind: RobustKind) -> Option<f64> {
        let (constant, slopes) = (self.terms.len() - self.df_model(), self.df_model());
        if slopes == 0 {
            return None;
        }
        let robust = self.robust(kind);
        // In units of the standard errors: the columns' own scales may differ by many powers of ten.
        let size = |slope: usize| robust.standard_errors[constant + slope];
        let correlation = DMatrix::from_fn(slopes, slopes, |row, column| {
            robust.covariance[constant + row][constant + column] / (size(row) * size(column))
        });
        let scaled =
            DVector::from_fn(slopes, |row, _| self.coefficients()[constant + row] / size(row));
        let solved = correlation.cholesky()?.solve(&scaled);
        Some(scaled.dot(&solved) / slopes as f64)
    }

    /// β ± t·SE of each term with robust standard errors.
    ///
    /// ```
    /// use tunewise_cost::calibrate::{RobustKind, training_time};
    ///
    /// # fn main() -> Result<(), tunewise_cost::calibrate::FitError> {
    /// let fit = training_time(&[1e8, 2e8, 3e8, 4e8], &[1.0, 2.1, 2.8, 4.3])?;
    /// let slope = fit.robust_intervals(RobustKind::Hc3, 0.95)?[1];
    /// assert!(slope.low < fit.coefficients()[1] && fit.coefficients()[1] < slope.high);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`FitError::Confidence`](super::FitError::Confidence) if it is not between 0 and 1.
    pub fn robust_intervals(&self, kind: RobustKind, confidence: f64) -> Result<Vec<Interval>> {
        self.intervals(&self.robust(kind).standard_errors, confidence)
    }
}
