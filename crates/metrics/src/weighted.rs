//! Means by weight.

use crate::error::same_length;
use crate::pairwise;
use crate::probability::matrix::finite;
use crate::{Error, Result};

/// Checks that there is a finite weight for each row.
pub(crate) fn check_weights(sample_weight: Option<&[f64]>, rows: usize) -> Result<()> {
    match sample_weight {
        None => Ok(()),
        Some(weights) => {
            same_length("sample_weight", weights.len(), rows)?;
            finite("sample_weight", weights)
        }
    }
}

/// The same where a mean is taken: not all weights are zero.
pub(crate) fn check_mean(sample_weight: Option<&[f64]>, rows: usize) -> Result<()> {
    check_weights(sample_weight, rows)?;
    let zero = |weights: &[f64]| weights.iter().all(|weight| *weight == 0.0);
    if sample_weight.is_some_and(zero) { Err(Error::ZeroWeight) } else { Ok(()) }
}

/// The same where a share of the weight must be in [0, 1]: no weight is negative, one is positive.
pub(crate) fn check_shares(sample_weight: Option<&[f64]>, rows: usize) -> Result<()> {
    check_mean(sample_weight, rows)?;
    let Some(weights) = sample_weight else { return Ok(()) };
    if let Some((row, weight)) = weights.iter().enumerate().find(|(_, weight)| **weight < 0.0) {
        let got = format!("{weight} in row {row}");
        return Err(Error::Argument { name: "sample_weight", got, expected: "0 or more" });
    }
    Ok(())
}

/// `numpy.average`.
pub(crate) fn average(values: &[f64], weights: Option<&[f64]>) -> Result<f64> {
    let Some(weights) = weights else {
        return Ok(pairwise::sum(values) / values.len() as f64);
    };
    let total = pairwise::sum(weights);
    if total == 0.0 {
        return Err(Error::ZeroWeight);
    }
    Ok(total_of(values, Some(weights)) / total)
}

/// The sum by weight.
pub(crate) fn total_of(values: &[f64], weights: Option<&[f64]>) -> f64 {
    match weights {
        None => pairwise::sum(values),
        Some(weights) => {
            let products = values.iter().zip(weights).map(|(value, weight)| value * weight);
            pairwise::sum(&products.collect::<Vec<_>>())
        }
    }
}
