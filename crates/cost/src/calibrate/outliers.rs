//! Which rows do not fit, and whether the errors have one size.

use super::{BreuschPagan, LinearFit, Result};
use crate::special::t_two_sided_p;

/// A row that the others contradict, or that decides the fit alone.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Outlier {
    /// The row, from 1.
    pub row: usize,
    /// Its residual.
    pub residual: f64,
    /// Its externally studentised residual; infinite where the others fit exactly.
    pub studentized: f64,
    /// P(a residual this large somewhere among n), by Bonferroni's bound.
    pub p_value: f64,
    /// Its Cook's distance.
    pub cooks_distance: f64,
    /// Its leverage.
    pub leverage: f64,
    /// Whether its Cook's distance is above 4/n and its leverage above 2·k/n.
    pub influential: bool,
}

/// What the residuals say about a fit.
#[derive(Debug, Clone, PartialEq)]
pub struct ResidualReport {
    /// Rows whose Bonferroni p is below the level, or that are influential, the most suspect first.
    pub outliers: Vec<Outlier>,
    /// The test of equal variances, where it is defined.
    pub breusch_pagan: Option<BreuschPagan>,
    /// Whether that test rejects equal variances at the level: then robust errors are called for.
    pub unequal_variances: bool,
}

impl LinearFit {
    /// Outliers, influential rows and unequal variances at a level such as 0.05.
    ///
    /// # Reference
    /// Bonferroni bound on externally studentised residuals: statsmodels `outlier_test`; the bounds on
    /// leverage and Cook's distance are those of Belsley, Kuh and Welsch (1980).
    ///
    /// ```
    /// use tunewise_cost::calibrate::annotation;
    ///
    /// # fn main() -> Result<(), tunewise_cost::calibrate::FitError> {
    /// let amounts = [10.1, 20.0, 29.8, 40.1, 90.0, 60.2, 69.9, 80.1];
    /// let fit = annotation(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], &amounts)?;
    /// assert_eq!(fit.residual_report(0.05)?.outliers[0].row, 5);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`breusch_pagan`](LinearFit::breusch_pagan).
    pub fn residual_report(&self, level: f64) -> Result<ResidualReport> {
        let breusch_pagan = self.breusch_pagan()?;
        let mut outliers = self.suspects();
        outliers.retain(|row| row.p_value < level || row.influential);
        outliers.sort_by(|one, other| other.studentized.abs().total_cmp(&one.studentized.abs()));
        let unequal_variances = breusch_pagan.is_some_and(|test| test.lm_p_value < level);
        Ok(ResidualReport { outliers, breusch_pagan, unequal_variances })
    }

    fn suspects(&self) -> Vec<Outlier> {
        let (n, terms) = (self.n() as f64, self.terms().len() as f64);
        let df = self.df_residual() as f64 - 1.0;
        let studentized = self.studentized_residuals().unwrap_or_default();
        let rows = (1..).zip(studentized).zip(self.residuals());
        let shape = self.cooks_distance().into_iter().zip(self.leverage());
        let one = |(((row, studentized), residual), (cooks_distance, leverage))| {
            let (residual, leverage): (&f64, f64) = (residual, leverage);
            Outlier {
                row,
                residual: *residual,
                studentized,
                p_value: (n * t_two_sided_p(studentized, df)).min(1.0),
                cooks_distance,
                leverage,
                influential: cooks_distance > 4.0 / n && leverage > 2.0 * terms / n,
            }
        };
        rows.zip(shape).map(one).collect()
    }
}
