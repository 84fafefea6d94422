//! Two-stage least squares, for regressors that the errors move.

use nalgebra::{DMatrix, DVector};

use super::linear::rows;
use super::{Column, FitError, INTERCEPT, Result};
use crate::special::{chi2_sf, f_sf};

/// How far outside the others a scaled column must reach.
const DEPENDENT: f64 = 1e-12;

/// y = Xβ + ε where some columns of X move with ε, and instruments Z that do not.
///
/// E and F are determined together, so least squares of F on E (or of E on M/F) is inconsistent when
/// both have shocks. x, T, C and M move E and not the shocks: they are the instruments.
///
/// Columns of X that are exogenous stand in Z under the same name.
///
/// ```
/// use tunewise_cost::calibrate::{Column, TwoStage};
///
/// # fn main() -> Result<(), tunewise_cost::calibrate::FitError> {
/// let fit = TwoStage {
///     response: Column { name: "feedback", values: &[1.4, 1.7, 1.6, 2.1, 2.0] },
///     regressors: &[Column { name: "effectiveness", values: &[20.0, 33.0, 31.0, 54.0, 52.0] }],
///     instruments: &[Column { name: "training_effect", values: &[1.0, 2.0, 3.0, 4.0, 5.0] }],
///     intercept: true,
/// }
/// .fit()?;
/// assert_eq!(fit.terms, ["intercept", "effectiveness"]);
/// assert!(fit.sargan.is_none()); // as many instruments as regressors: nothing to test
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct TwoStage<'a> {
    /// y.
    pub response: Column<'a>,
    /// X without the constant.
    pub regressors: &'a [Column<'a>],
    /// Z without the constant.
    pub instruments: &'a [Column<'a>],
    /// Whether X and Z have a constant.
    pub intercept: bool,
}

/// A fit by two-stage least squares.
#[derive(Debug, Clone, PartialEq)]
pub struct TwoStageFit {
    /// What the coefficients belong to.
    pub terms: Vec<String>,
    /// β.
    pub coefficients: Vec<f64>,
    /// Their standard errors.
    pub standard_errors: Vec<f64>,
    /// cov β = RSS/(n − k)·(X̂ᵀX̂)⁻¹, a row a term.
    pub covariance: Vec<Vec<f64>>,
    /// y − Xβ, with X itself and not its projection.
    pub residuals: Vec<f64>,
    /// How well the instruments explain each endogenous regressor.
    pub first_stages: Vec<FirstStage>,
    /// The test of the instruments, where there are more than needed.
    pub sargan: Option<Sargan>,
}

/// The first stage of an endogenous regressor.
#[derive(Debug, Clone, PartialEq)]
pub struct FirstStage {
    /// The regressor.
    pub regressor: String,
    /// F of the instruments that are not in X; below 10 they are weak.
    pub f: f64,
    /// P(F this large or larger) if they explained nothing.
    pub p_value: f64,
}

/// The test of overidentifying restrictions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sargan {
    /// n·R² of the residuals on the instruments (uncentred).
    pub statistic: f64,
    /// Instruments less regressors.
    pub df: usize,
    /// P(this large or larger) if all instruments are valid.
    pub p_value: f64,
}

impl TwoStage<'_> {
    /// The fit.
    ///
    /// # Formula
    /// β = (X̂ᵀX̂)⁻¹X̂ᵀy with X̂ = P_Z·X, by QR of scaled columns.
    ///
    /// # Reference
    /// Theil (1953), Basmann (1957); statsmodels `IV2SLS`; Sargan (1958).
    ///
    /// # Errors
    /// [`FitError`] for columns of other lengths or values that are not finite, fewer instruments than
    /// regressors, too few rows, or columns that others determine.
    ///
    /// ```
    /// use tunewise_cost::calibrate::{Column, TwoStage};
    ///
    /// let fit = TwoStage {
    ///     response: Column { name: "y", values: &[2.0, 3.0, 4.0] },
    ///     regressors: &[Column { name: "x", values: &[1.0, 1.0, 2.0] }],
    ///     instruments: &[Column { name: "z", values: &[1.0, 2.0, 3.0] }],
    ///     intercept: false,
    /// }
    /// .fit()?;
    /// assert!((fit.coefficients[0] - 20.0 / 9.0).abs() < 1e-12); // Σ z·y/Σ z·x
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    pub fn fit(&self) -> Result<TwoStageFit> {
        self.check()?;
        let (x, x_terms) = self.matrix(self.regressors);
        let (z, z_terms) = self.matrix(self.instruments);
        let y = DVector::from_column_slice(self.response.values);
        let (z_q, _) = scaled_qr(&z, &z_terms)?;
        let projected = &z_q * z_q.tr_mul(&x);
        let (q, map) = scaled_qr(&projected, &x_terms)?;
        let coefficients = &map * q.tr_mul(&y);
        let residuals = &y - &x * &coefficients;
        let df = (y.len() - x_terms.len()) as f64;
        let covariance = &map * map.transpose() * (residuals.norm_squared() / df);
        Ok(TwoStageFit {
            standard_errors: covariance.diagonal().iter().map(|value| value.sqrt()).collect(),
            covariance: rows(&covariance),
            first_stages: self.first_stages(&z_q)?,
            sargan: sargan(&z_q, &residuals, x_terms.len()),
            coefficients: coefficients.iter().copied().collect(),
            residuals: residuals.iter().copied().collect(),
            terms: x_terms,
        })
    }

    fn check(&self) -> Result<()> {
        let rows = self.response.values.len();
        let all = [self.response].into_iter().chain(self.regressors.iter().copied());
        for column in all.chain(self.instruments.iter().copied()) {
            column.check(rows, "a finite number", f64::is_finite)?;
        }
        let constant = usize::from(self.intercept);
        let instruments = self.instruments.len() + constant;
        let regressors = self.regressors.len() + constant;
        if regressors == 0 {
            return Err(FitError::NoPredictors);
        }
        if instruments < regressors {
            return Err(FitError::TooFewInstruments { instruments, regressors });
        }
        if rows <= instruments {
            let expected = instruments + 1;
            return Err(FitError::TooFewRows { rows, coefficients: instruments, expected });
        }
        Ok(())
    }

    fn matrix(&self, columns: &[Column<'_>]) -> (DMatrix<f64>, Vec<String>) {
        let rows = self.response.values.len();
        let ones = self.intercept.then(|| vec![1.0; rows]);
        let values = columns.iter().map(|column| column.values.to_vec());
        let data: Vec<f64> = ones.into_iter().chain(values).flatten().collect();
        let constant = self.intercept.then_some(INTERCEPT);
        let names = constant.into_iter().chain(columns.iter().map(|column| column.name));
        let terms: Vec<String> = names.map(str::to_owned).collect();
        (DMatrix::from_vec(rows, terms.len(), data), terms)
    }

    fn first_stages(&self, z_q: &DMatrix<f64>) -> Result<Vec<FirstStage>> {
        let in_z = |column: &Column<'_>| self.instruments.iter().any(|z| z.name == column.name);
        let exogenous: Vec<Column<'_>> =
            self.regressors.iter().filter(|column| in_z(column)).copied().collect();
        let (included, terms) = self.matrix(&exogenous);
        let included = if terms.is_empty() { included } else { scaled_qr(&included, &terms)?.0 };
        let (rows, instruments) = z_q.shape();
        let (extra, df) = ((instruments - terms.len()) as f64, (rows - instruments) as f64);
        let stage = |column: &Column<'_>| {
            let x = DVector::from_column_slice(column.values);
            let left = |q: &DMatrix<f64>| (&x - q * q.tr_mul(&x)).norm_squared();
            let unexplained = left(z_q);
            let f = (left(&included) - unexplained) / extra / (unexplained / df);
            FirstStage { regressor: column.name.to_owned(), f, p_value: f_sf(f, extra, df) }
        };
        Ok(self.regressors.iter().filter(|column| !in_z(column)).map(stage).collect())
    }
}

fn sargan(z_q: &DMatrix<f64>, residuals: &DVector<f64>, regressors: usize) -> Option<Sargan> {
    let df = z_q.ncols().checked_sub(regressors).filter(|&df| df > 0)?;
    let explained = z_q.tr_mul(residuals).norm_squared() / residuals.norm_squared();
    let statistic = residuals.len() as f64 * explained;
    Some(Sargan { statistic, df, p_value: chi2_sf(statistic, df as f64) })
}

/// Q of the columns scaled to unit length, and the map from Qᵀy to coefficients of the columns as given.
fn scaled_qr(columns: &DMatrix<f64>, terms: &[String]) -> Result<(DMatrix<f64>, DMatrix<f64>)> {
    let lengths: Vec<f64> = columns.column_iter().map(|column| column.norm()).collect();
    let mut scaled = columns.clone();
    for (mut column, length) in scaled.column_iter_mut().zip(&lengths) {
        column /= if *length > 0.0 { *length } else { 1.0 };
    }
    let (q, r) = scaled.qr().unpack();
    let deficient = (0..lengths.len())
        .zip(terms)
        .find(|(term, _)| r.get((*term, *term)).is_none_or(|value| value.abs() <= DEPENDENT));
    if let Some((_, column)) = deficient {
        return Err(FitError::RankDeficient { column: column.clone(), constant: false });
    }
    let identity = DMatrix::identity(lengths.len(), lengths.len());
    let mut map = r.solve_upper_triangular(&identity).unwrap_or(identity);
    for (mut row, length) in map.row_iter_mut().zip(&lengths) {
        row /= *length;
    }
    Ok((q, map))
}
