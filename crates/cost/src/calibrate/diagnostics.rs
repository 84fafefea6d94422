//! Whether a fit can be trusted: leverage, influence, correlation, unequal variances, collinearity.

use super::{Column, LinearFit, Regression, Result};
use crate::special::{chi2_sf, f_sf};

/// A test of equal variances.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct BreuschPagan {
    /// n·R² of the squared residuals on the predictors.
    pub lm: f64,
    /// P(LM this large or larger) with equal variances: χ².
    pub lm_p_value: f64,
    /// F of the same regression.
    pub f: f64,
    /// P(F this large or larger) with equal variances.
    pub f_p_value: f64,
}

impl LinearFit {
    /// h, the diagonal of the hat matrix, a row: how much a row pulls its own fit.
    ///
    /// # Formula
    /// H = √W·X(XᵀWX)⁻¹Xᵀ√W, from the rows of Q; statsmodels `OLSInfluence.hat_matrix_diag`.
    ///
    /// ```
    /// let fit = tunewise_cost::calibrate::annotation(&[0.0, 0.0, 2.0, 2.0], &[0.0, 2.0, 3.0, 5.0])?;
    /// // Two rows at each of two places: each pulls half of its fit; together they are k.
    /// assert!(fit.leverage().iter().all(|h| (h - 0.5).abs() < 1e-12));
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    #[must_use]
    pub fn leverage(&self) -> Vec<f64> {
        self.solved.q.row_iter().map(|row| row.norm_squared()).collect()
    }

    /// Cook's distance, a row: e²·h/(k·σ²·(1 − h)²), how far all fitted values move without it.
    ///
    /// # Reference
    /// Cook (1977); statsmodels `OLSInfluence.cooks_distance`.
    ///
    /// ```
    /// let fit = tunewise_cost::calibrate::annotation(&[0.0, 0.0, 2.0, 2.0], &[0.0, 2.0, 3.0, 5.0])?;
    /// // e² = 1, h = 1/2, k = 2, σ² = 2: (1/2)/(2·2·(1/2)²).
    /// assert!(fit.cooks_distance().iter().all(|distance| (distance - 0.5).abs() < 1e-12));
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    #[must_use]
    pub fn cooks_distance(&self) -> Vec<f64> {
        let scale = self.terms.len() as f64 * self.residual_variance();
        let pairs = self.weighted_residuals().into_iter().zip(self.leverage());
        pairs.map(|(e, h)| e * e * h / (scale * (1.0 - h) * (1.0 - h))).collect()
    }

    /// Externally studentised residuals, a row: e over its standard error from a fit without the row.
    ///
    /// None where no degree of freedom is left without the row.
    ///
    /// # Formula
    /// e/√(s₍ᵢ₎²·(1 − h)), s₍ᵢ₎² = (RSS − e²/(1 − h))/(n − k − 1): statsmodels'
    /// `resid_studentized_external`.
    ///
    /// ```
    /// let fit = tunewise_cost::calibrate::annotation(&[0.0, 0.0, 2.0, 2.0], &[0.0, 2.0, 3.0, 5.0])?;
    /// // Without a row σ² is (4 - 1/(1/2))/1 = 2: e/√(2·1/2) is ±1.
    /// let studentized = fit.studentized_residuals().unwrap();
    /// assert!(studentized.iter().all(|t| (t.abs() - 1.0).abs() < 1e-12));
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    #[must_use]
    pub fn studentized_residuals(&self) -> Option<Vec<f64>> {
        let df = self.df_residual().checked_sub(1).filter(|&df| df > 0)? as f64;
        let rss = self.residual_sum_of_squares();
        let one = |(e, h): (f64, f64)| {
            let without = (rss - e * e / (1.0 - h)) / df;
            e / (without * (1.0 - h)).sqrt()
        };
        Some(self.weighted_residuals().into_iter().zip(self.leverage()).map(one).collect())
    }

    /// Σ (eₜ − eₜ₋₁)²/Σ eₜ²: 2 for uncorrelated neighbours, towards 0 where they are alike.
    ///
    /// # Reference
    /// Durbin and Watson (1950); statsmodels `durbin_watson`.
    ///
    /// ```
    /// let fit = tunewise_cost::calibrate::annotation(&[0.0, 0.0, 2.0, 2.0], &[0.0, 2.0, 3.0, 5.0])?;
    /// assert!((fit.durbin_watson() - 3.0).abs() < 1e-12); // e = -1, 1, -1, 1: (4 + 4 + 4)/4
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    #[must_use]
    pub fn durbin_watson(&self) -> f64 {
        let residuals = self.residuals();
        let steps = residuals.iter().zip(residuals.iter().skip(1));
        let squares = residuals.iter().map(|e| e * e).sum::<f64>();
        steps.map(|(one, next)| (next - one) * (next - one)).sum::<f64>() / squares
    }

    /// The Breusch-Pagan test of equal variances, in Koenker's studentised form.
    ///
    /// None without an intercept or without predictors, where the test is not defined.
    ///
    /// # Reference
    /// Breusch and Pagan (1979); Koenker (1981); statsmodels `het_breuschpagan`.
    ///
    /// # Errors
    /// As [`Regression::fit`]; the squared residuals are regressed on the same predictors.
    ///
    /// ```
    /// let (x, y) = ([0.0, 0.0, 0.0, 2.0, 2.0, 2.0], [0.0, 1.0, 2.0, 2.0, 4.0, 6.0]);
    /// let test = tunewise_cost::calibrate::annotation(&x, &y)?.breusch_pagan()?.unwrap();
    /// // e² is 1, 0, 1 and 4, 0, 4: R² of those on x is 9/26.
    /// assert!((test.lm - 6.0 * 9.0 / 26.0).abs() < 1e-12);
    /// assert!((test.f - 4.0 * 9.0 / 17.0).abs() < 1e-12);
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    pub fn breusch_pagan(&self) -> Result<Option<BreuschPagan>> {
        if !self.intercept || self.predictors.is_empty() {
            return Ok(None);
        }
        // A common factor changes nothing and keeps the squares in range.
        let scale = self.residuals().iter().fold(0.0_f64, |most, e| most.max(e.abs()));
        let scale = if scale > 0.0 { scale } else { 1.0 };
        let squares: Vec<f64> = self.residuals().iter().map(|e| (e / scale).powi(2)).collect();
        let names = self.terms.iter().skip(1);
        let predictors: Vec<Column<'_>> =
            names.zip(&self.predictors).map(|(name, values)| Column { name, values }).collect();
        let auxiliary = Regression {
            response: Column { name: "squared residuals", values: &squares },
            predictors: &predictors,
            weights: None,
            intercept: true,
        };
        let fit = auxiliary.fit()?;
        let (df, lm) = (fit.df_model() as f64, self.n() as f64 * fit.r_squared());
        let f = fit.f().unwrap_or(f64::NAN);
        Ok(Some(BreuschPagan {
            lm,
            lm_p_value: chi2_sf(lm, df),
            f,
            f_p_value: f_sf(f, df, fit.df_residual() as f64),
        }))
    }

    /// Variance inflation of each predictor: 1/(1 − R²) of its regression on the others and a constant.
    ///
    /// # Formula
    /// ‖xⱼ − x̄ⱼ‖²·[(XᶜᵀXᶜ)⁻¹]ⱼⱼ with centred columns, the same number without the regressions; no weights,
    /// and centred also where the fit has no intercept: statsmodels 0.15 `variance_inflation_factor`.
    ///
    /// # Errors
    /// As [`Regression::fit`], if a constant makes the predictors dependent.
    ///
    /// ```
    /// use tunewise_cost::calibrate::{Column, Regression};
    ///
    /// let fit = Regression {
    ///     response: Column { name: "y", values: &[1.0, 2.0, 4.0, 3.0] },
    ///     predictors: &[
    ///         Column { name: "u", values: &[0.0, 0.0, 2.0, 2.0] },
    ///         Column { name: "v", values: &[0.0, 1.0, 1.0, 2.0] },
    ///     ],
    ///     weights: None,
    ///     intercept: true,
    /// }
    /// .fit()?;
    /// // The correlation of u and v is √½.
    /// assert!(fit.variance_inflation()?.iter().all(|factor| (factor - 2.0).abs() < 1e-12));
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    pub fn variance_inflation(&self) -> Result<Vec<f64>> {
        let names = self.terms.iter().skip(usize::from(self.intercept));
        let predictors: Vec<Column<'_>> =
            names.zip(&self.predictors).map(|(name, values)| Column { name, values }).collect();
        let response = Column { name: "fitted", values: &self.fitted };
        let centered =
            Regression { response, predictors: &predictors, weights: None, intercept: true };
        let solved = centered.fit()?.solved;
        let lengths = solved.lengths.iter().zip(solved.map.row_iter()).skip(1);
        Ok(lengths.map(|(length, row)| (length * row.norm()).powi(2)).collect())
    }

    /// The largest singular value of √w·X over the smallest, columns as given: statsmodels'
    /// `condition_number`. Large values are harmless here as far as they come from units or offsets.
    ///
    /// ```
    /// // Columns at right angles, the constant of length √4 and x of length 10·√4.
    /// let (x, y) = ([-10.0, 10.0, -10.0, 10.0], [1.0, 2.0, 3.0, 5.0]);
    /// let fit = tunewise_cost::calibrate::feedback(&x, &y)?;
    /// assert!((fit.condition_number() - 10.0).abs() < 1e-12);
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    #[must_use]
    pub fn condition_number(&self) -> f64 {
        self.solved.condition
    }
}
