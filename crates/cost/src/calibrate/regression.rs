//! What is fitted to what.

use super::least_squares::{Problem, Solved};
use super::{FitError, INTERCEPT, LinearFit, Result};

/// A named column of numbers.
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    /// What the coefficient and the messages call it.
    pub name: &'a str,
    /// A value a row.
    pub values: &'a [f64],
}

/// A linear regression: y = β₀ + Σ βⱼ·xⱼ + ε.
///
/// Without weights it is ordinary least squares; with them, weighted least squares, where a weight is
/// proportional to 1/variance of its row, as in statsmodels' `WLS`.
///
/// ```
/// use tunewise_cost::calibrate::{Column, Regression};
///
/// # fn main() -> Result<(), tunewise_cost::calibrate::FitError> {
/// let regression = Regression {
///     response: Column { name: "hours", values: &[1.1, 1.9, 3.2, 3.9] },
///     predictors: &[Column { name: "params", values: &[1e8, 2e8, 3e8, 4e8] }],
///     weights: None,
///     intercept: true,
/// };
/// let fit = regression.fit()?;
/// assert!((fit.coefficient("params").unwrap_or(0.0) - 9.7e-9).abs() < 1e-20);
/// assert_eq!(fit.df_residual(), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Regression<'a> {
    /// y.
    pub response: Column<'a>,
    /// The columns of x, without the constant.
    pub predictors: &'a [Column<'a>],
    /// One positive weight a row.
    pub weights: Option<Column<'a>>,
    /// Whether there is a constant β₀.
    pub intercept: bool,
}

impl Regression<'_> {
    /// The fit.
    ///
    /// # Formula
    /// β = argmin Σ wᵢ·(yᵢ − xᵢβ)², by QR of √w·X with centred columns of unit length.
    ///
    /// # Reference
    /// statsmodels `OLS`, `WLS`; Björck, *Numerical Methods for Least Squares Problems* (1996), 2.9
    /// (refinement).
    ///
    /// # Errors
    /// [`FitError`] for too few rows, columns of other lengths or with one name, a value that is not
    /// finite (with its row and column), a weight that is not above 0, or a column that the others
    /// determine (with its name).
    ///
    /// ```
    /// use tunewise_cost::calibrate::{Column, Regression};
    ///
    /// // A constant alone is the weighted mean.
    /// let fit = Regression {
    ///     response: Column { name: "hours", values: &[1.0, 5.0] },
    ///     predictors: &[],
    ///     weights: Some(Column { name: "gpus", values: &[1.0, 3.0] }),
    ///     intercept: true,
    /// }
    /// .fit()?;
    /// assert!((fit.intercept() - 4.0).abs() < 1e-12);
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    pub fn fit(&self) -> Result<LinearFit> {
        self.check()?;
        let terms = self.terms();
        let problem = Problem {
            response: self.response.values,
            columns: self.predictors.iter().map(|column| column.values).collect(),
            weights: self.weights.map(|weights| weights.values),
            intercept: self.intercept,
        };
        let solved = Solved::new(&problem).map_err(|fault| fault.name(&terms))?;
        Ok(LinearFit::new(terms, &problem, solved))
    }

    fn terms(&self) -> Vec<String> {
        let constant = self.intercept.then_some(INTERCEPT);
        let names = self.predictors.iter().map(|column| column.name);
        constant.into_iter().chain(names).map(str::to_owned).collect()
    }

    fn check(&self) -> Result<()> {
        let coefficients = self.predictors.len() + usize::from(self.intercept);
        if coefficients == 0 {
            return Err(FitError::NoPredictors);
        }
        let rows = self.response.values.len();
        self.response.check(rows, "a finite number", f64::is_finite)?;
        for (index, column) in self.predictors.iter().enumerate() {
            let earlier = self.predictors.iter().take(index);
            if column.name == INTERCEPT || earlier.clone().any(|one| one.name == column.name) {
                return Err(FitError::DuplicateColumn { column: column.name.to_owned() });
            }
            column.check(rows, "a finite number", f64::is_finite)?;
        }
        if let Some(weights) = self.weights {
            let positive = |value: f64| value.is_finite() && value > 0.0;
            weights.check(rows, "a finite weight above 0", positive)?;
        }
        if rows <= coefficients {
            return Err(FitError::TooFewRows { rows, coefficients, expected: coefficients + 1 });
        }
        Ok(())
    }
}

impl Column<'_> {
    pub(super) fn check(
        &self,
        rows: usize,
        rule: &'static str,
        holds: impl Fn(f64) -> bool,
    ) -> Result<()> {
        let column = || self.name.to_owned();
        if self.values.len() != rows {
            let got = self.values.len();
            return Err(FitError::Length { column: column(), got, expected: rows });
        }
        match (1..).zip(self.values).find(|(_, value)| !holds(**value)) {
            None => Ok(()),
            Some((row, &value)) => Err(FitError::Value { column: column(), row, value, rule }),
        }
    }
}
