//! Weights of rows.

use crate::error::same_length;
use crate::{Error, Result};

/// Checks that there is a weight a row, all of them finite and not all zero.
pub(crate) fn check(weights: Option<&[f64]>, rows: usize) -> Result<()> {
    let Some(weights) = weights else {
        return Ok(());
    };
    same_length("sample_weight", weights.len(), rows)?;
    if let Some((row, weight)) = weights.iter().enumerate().find(|(_, weight)| !weight.is_finite())
    {
        let got = format!("{weight} in row {row}");
        return Err(Error::Argument { name: "sample_weight", got, expected: "finite weights" });
    }
    if weights.iter().all(|weight| *weight == 0.0) { Err(Error::ZeroWeight) } else { Ok(()) }
}
