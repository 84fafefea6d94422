//! How well a linear fit explains its response as a whole.

use super::LinearFit;
use crate::special::f_sf;

impl LinearFit {
    /// R² = 1 − Σ w·e²/Σ w·(y − ȳ)²; without an intercept, ȳ is 0.
    ///
    /// statsmodels `rsquared`.
    ///
    /// ```
    /// let fit = tunewise_cost::calibrate::annotation(&[0.0, 0.0, 2.0, 2.0], &[0.0, 2.0, 3.0, 5.0])?;
    /// assert!((fit.r_squared() - 9.0 / 13.0).abs() < 1e-12); // 1 - 4/13
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    #[must_use]
    pub fn r_squared(&self) -> f64 {
        self.explained / (self.explained + self.rss)
    }

    /// 1 − (1 − R²)·(n − intercept)/(n − k).
    ///
    /// statsmodels `rsquared_adj`.
    ///
    /// ```
    /// let fit = tunewise_cost::calibrate::annotation(&[0.0, 0.0, 2.0, 2.0], &[0.0, 2.0, 3.0, 5.0])?;
    /// assert!((fit.adjusted_r_squared() - 7.0 / 13.0).abs() < 1e-12); // 1 - 4/13·3/2
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    #[must_use]
    pub fn adjusted_r_squared(&self) -> f64 {
        let free = (self.n() - usize::from(self.intercept)) as f64;
        let unexplained = self.rss / (self.explained + self.rss);
        1.0 - free / self.df_residual() as f64 * unexplained
    }

    /// F of all terms but the constant; none if there is no other.
    ///
    /// # Formula
    /// (Σ w·(ŷ − ȳ)²/(k − 1))/σ², without an intercept Σ w·ŷ²/k over σ²; statsmodels `fvalue`.
    ///
    /// ```
    /// let fit = tunewise_cost::calibrate::annotation(&[0.0, 0.0, 2.0, 2.0], &[0.0, 2.0, 3.0, 5.0])?;
    /// assert!(fit.f().is_some_and(|f| (f - 4.5).abs() < 1e-12)); // 9/1 over σ² = 2; the square of t
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    #[must_use]
    pub fn f(&self) -> Option<f64> {
        let df = self.df_model();
        (df > 0).then(|| self.explained / df as f64 / self.residual_variance())
    }

    /// P(F this large or larger) if all coefficients but the constant were 0.
    ///
    /// statsmodels `f_pvalue`.
    ///
    /// ```
    /// let fit = tunewise_cost::calibrate::annotation(&[0.0, 0.0, 2.0, 2.0], &[0.0, 2.0, 3.0, 5.0])?;
    /// // One term: the p-value of its t.
    /// assert!(fit.f_p_value().is_some_and(|p| (p - fit.p_values()[1]).abs() < 1e-12));
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    #[must_use]
    pub fn f_p_value(&self) -> Option<f64> {
        self.f().map(|f| f_sf(f, self.df_model() as f64, self.df_residual() as f64))
    }

    /// ln L = −n/2·(ln 2π + ln(Σ w·e²/n) + 1) + ½·Σ ln w.
    ///
    /// statsmodels `llf`.
    ///
    /// ```
    /// let fit = tunewise_cost::calibrate::annotation(&[0.0, 0.0, 2.0, 2.0], &[0.0, 2.0, 3.0, 5.0])?;
    /// // Σ e²/n is 1: -n/2·(ln 2π + 1).
    /// assert!((fit.log_likelihood() + 2.0 * (std::f64::consts::TAU.ln() + 1.0)).abs() < 1e-12);
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    #[must_use]
    pub fn log_likelihood(&self) -> f64 {
        let n = self.n() as f64;
        let weights = self.weights.iter().flatten().map(|weight| weight.ln()).sum::<f64>();
        -n / 2.0 * ((std::f64::consts::TAU * self.rss / n).ln() + 1.0) + weights / 2.0
    }

    /// −2·ln L + 2·k, k the coefficients.
    ///
    /// # Reference
    /// Akaike (1974); statsmodels `aic`, which does not count the variance.
    ///
    /// ```
    /// let fit = tunewise_cost::calibrate::annotation(&[0.0, 0.0, 2.0, 2.0], &[0.0, 2.0, 3.0, 5.0])?;
    /// assert!((fit.aic() - (4.0 - 2.0 * fit.log_likelihood())).abs() < 1e-12); // k = 2
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    #[must_use]
    pub fn aic(&self) -> f64 {
        2.0 * (self.terms.len() as f64 - self.log_likelihood())
    }

    /// −2·ln L + k·ln n.
    ///
    /// # Reference
    /// Schwarz (1978); statsmodels `bic`, which does not count the variance.
    ///
    /// ```
    /// let fit = tunewise_cost::calibrate::annotation(&[0.0, 0.0, 2.0, 2.0], &[0.0, 2.0, 3.0, 5.0])?;
    /// assert!((fit.bic() - (2.0 * 4_f64.ln() - 2.0 * fit.log_likelihood())).abs() < 1e-12);
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    #[must_use]
    pub fn bic(&self) -> f64 {
        (self.n() as f64).ln() * self.terms.len() as f64 - 2.0 * self.log_likelihood()
    }
}
