//! Errors and correlation of predicted numbers.

use crate::Result;
use crate::error::same_length;

fn mean(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let count = values.clone().count();
    values.sum::<f64>() / count as f64
}

fn differences<'a>(y_true: &'a [f64], y_pred: &'a [f64]) -> impl Iterator<Item = f64> + Clone + 'a {
    y_true.iter().zip(y_pred).map(|(want, got)| want - got)
}

/// Mean of squared differences, as `sklearn.metrics.mean_squared_error`.
///
/// # Errors
/// [`crate::Error::Empty`], [`crate::Error::Length`].
///
/// ```
/// # fn main() -> tunewise_metrics::Result<()> {
/// let error = tunewise_metrics::mean_squared_error(&[3.0, -0.5, 2.0, 7.0], &[2.5, 0.0, 2.0, 8.0])?;
/// assert!((error - 0.375).abs() < 1e-12);
/// # Ok(())
/// # }
/// ```
pub fn mean_squared_error(y_true: &[f64], y_pred: &[f64]) -> Result<f64> {
    same_length("y_pred", y_pred.len(), y_true.len())?;
    Ok(mean(differences(y_true, y_pred).map(|x| x * x)))
}

/// Mean of absolute differences, as `sklearn.metrics.mean_absolute_error`.
///
/// # Errors
/// [`crate::Error::Empty`], [`crate::Error::Length`].
///
/// ```
/// # fn main() -> tunewise_metrics::Result<()> {
/// let error = tunewise_metrics::mean_absolute_error(&[3.0, -0.5, 2.0, 7.0], &[2.5, 0.0, 2.0, 8.0])?;
/// assert!((error - 0.5).abs() < 1e-12);
/// # Ok(())
/// # }
/// ```
pub fn mean_absolute_error(y_true: &[f64], y_pred: &[f64]) -> Result<f64> {
    same_length("y_pred", y_pred.len(), y_true.len())?;
    Ok(mean(differences(y_true, y_pred).map(f64::abs)))
}

/// Coefficient of determination, as `sklearn.metrics.r2_score`: NaN for fewer than two rows; where all
/// true values are equal, 1 if the predictions are perfect and 0 if not.
///
/// # Errors
/// [`crate::Error::Empty`], [`crate::Error::Length`].
///
/// ```
/// # fn main() -> tunewise_metrics::Result<()> {
/// let r2 = tunewise_metrics::r2_score(&[3.0, -0.5, 2.0, 7.0], &[2.5, 0.0, 2.0, 8.0])?;
/// assert!((r2 - 0.9486081370449679).abs() < 1e-12);
/// # Ok(())
/// # }
/// ```
pub fn r2_score(y_true: &[f64], y_pred: &[f64]) -> Result<f64> {
    same_length("y_pred", y_pred.len(), y_true.len())?;
    if y_true.len() < 2 {
        return Ok(f64::NAN);
    }
    let centre = mean(y_true.iter().copied());
    let residual: f64 = differences(y_true, y_pred).map(|x| x * x).sum();
    let total: f64 = y_true.iter().map(|y| (y - centre).powi(2)).sum();
    Ok(match (residual == 0.0, total == 0.0) {
        (true, _) => 1.0,
        (false, true) => 0.0,
        (false, false) => 1.0 - residual / total,
    })
}

/// Pearson's correlation in [-1, 1], as `scipy.stats.pearsonr`: NaN where a side is constant.
///
/// # Errors
/// [`crate::Error::Empty`], [`crate::Error::Length`].
///
/// ```
/// # fn main() -> tunewise_metrics::Result<()> {
/// let r = tunewise_metrics::pearson_r(&[3.0, -0.5, 2.0, 7.0], &[2.5, 0.0, 2.0, 8.0])?;
/// assert!((r - 0.98486961844827).abs() < 1e-12);
/// # Ok(())
/// # }
/// ```
pub fn pearson_r(y_true: &[f64], y_pred: &[f64]) -> Result<f64> {
    same_length("y_pred", y_pred.len(), y_true.len())?;
    let (a, b) = (mean(y_true.iter().copied()), mean(y_pred.iter().copied()));
    let norm = |y: &[f64], centre: f64| y.iter().map(|y| (y - centre).powi(2)).sum::<f64>().sqrt();
    let product: f64 = y_true.iter().zip(y_pred).map(|(x, y)| (x - a) * (y - b)).sum();
    let scale = norm(y_true, a) * norm(y_pred, b);
    Ok(if scale == 0.0 { f64::NAN } else { (product / scale).clamp(-1.0, 1.0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    // Expected from scikit-learn 1.9.1 and SciPy on the same numbers.
    #[test]
    fn values_are_those_of_scikit_learn() {
        let (y_true, y_pred) = ([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0]);
        assert_eq!(mean_squared_error(&y_true, &y_pred), Ok(0.375));
        assert_eq!(mean_absolute_error(&y_true, &y_pred), Ok(0.5));
        approx::assert_relative_eq!(
            r2_score(&y_true, &y_pred).unwrap(),
            0.9486081370449679,
            epsilon = 1e-15
        );
        approx::assert_relative_eq!(
            pearson_r(&y_true, &y_pred).unwrap(),
            0.98486961844827,
            epsilon = 1e-12
        );
        assert!(r2_score(&[1.0], &[1.0]).unwrap().is_nan());
        assert_eq!(r2_score(&[1.0, 1.0], &[1.0, 2.0]), Ok(0.0));
        assert!(pearson_r(&[1.0, 1.0], &[1.0, 2.0]).unwrap().is_nan());
    }
}
