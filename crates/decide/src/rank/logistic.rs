//! Logistic regression.

use nalgebra::{DMatrix, DVector};

use crate::{Error, Result};

const MAX_STEPS: usize = 100;
/// Of a Newton step, relative to the weights: the next one would change nothing.
const SETTLED: f64 = 1e-10;

/// Intercept and weights in the units of the rows, by Newton's method on standardised columns. A column
/// that is constant gets the weight 0.
pub(super) fn fit(rows: &[Vec<f64>], clicked: &[bool], ridge: f64) -> Result<(f64, Vec<f64>)> {
    let columns = rows.first().map_or(0, Vec::len);
    let n = rows.len() as f64;
    let mean = |column: usize| rows.iter().filter_map(|row| row.get(column)).sum::<f64>() / n;
    let means: Vec<f64> = (0..columns).map(mean).collect();
    let deviation = |(column, mean): (usize, &f64)| {
        let squares = rows.iter().filter_map(|row| row.get(column)).map(|x| (x - mean).powi(2));
        (squares.sum::<f64>() / n).sqrt()
    };
    let deviations: Vec<f64> = means.iter().enumerate().map(deviation).collect();
    let standard = |row: usize, column: usize| {
        let place = column.checked_sub(1)?;
        let (mean, sd) = (means.get(place)?, deviations.get(place)?);
        let value = rows.get(row)?.get(place)?;
        Some(if *sd > 0.0 { (value - mean) / sd } else { 0.0 })
    };
    let x = DMatrix::from_fn(rows.len(), columns + 1, |row, column| {
        standard(row, column).unwrap_or(1.0)
    });
    let y = DVector::from_iterator(rows.len(), clicked.iter().map(|c| f64::from(u8::from(*c))));
    let b = newton(&x, &y, ridge)?;
    let scaled = b.iter().skip(1).zip(&deviations);
    let weights: Vec<f64> = scaled.map(|(b, sd)| if *sd > 0.0 { b / sd } else { 0.0 }).collect();
    let shift: f64 = weights.iter().zip(&means).map(|(weight, mean)| weight * mean).sum();
    Ok((b.iter().next().copied().unwrap_or_default() - shift, weights))
}

fn newton(x: &DMatrix<f64>, y: &DVector<f64>, ridge: f64) -> Result<DVector<f64>> {
    let columns = x.ncols();
    let penalty = DVector::from_fn(columns, |column, _| if column == 0 { 0.0 } else { ridge });
    let loss = |b: &DVector<f64>| {
        let fit = x * b;
        let terms = fit.iter().zip(y.iter()).map(|(f, y)| softplus(*f) - y * f);
        terms.sum::<f64>() + 0.5 * b.iter().zip(&penalty).map(|(b, p)| p * b * b).sum::<f64>()
    };
    let mut b = DVector::zeros(columns);
    for _ in 0..MAX_STEPS {
        let p = (x * &b).map(|f| 1.0 / (1.0 + (-f).exp()));
        let gradient = x.transpose() * (&p - y) + b.component_mul(&penalty);
        let weights = p.map(|p| p * (1.0 - p));
        let mut scaled = x.clone();
        scaled.row_iter_mut().zip(weights.iter()).for_each(|(mut row, w)| row *= *w);
        // A trace on the diagonal keeps constant columns solvable; their gradient is 0.
        let curvature = x.transpose() * scaled + DMatrix::from_diagonal(&penalty.add_scalar(1e-12));
        let unsolvable = Error::Fit { what: "signals repeat each other; a ridge above 0 would do" };
        let step = curvature.cholesky().ok_or(unsolvable)?.solve(&gradient);
        let before = loss(&b);
        let mut size = 1.0;
        // Where only rounding is left a whole step is taken.
        let at_most = before * (1.0 + 1e-12);
        while loss(&(&b - &step * size)) > at_most && size > 1e-6 {
            size /= 2.0;
        }
        b -= &step * size;
        if step.norm() <= SETTLED * (1.0 + b.norm()) {
            return Ok(b);
        }
    }
    Err(Error::Fit { what: "clicks and others part completely; a larger ridge would do" })
}

/// ln(1 + e^x).
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}
