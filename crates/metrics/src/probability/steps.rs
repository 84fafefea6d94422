//! Rows in descending order of score, cumulated.

use rayon::prelude::*;

use crate::error::same_length;
use crate::probability::matrix::finite;
use crate::weighted::check_weights;
use crate::{Error, Result};

/// The weight of rows whose score is at least `threshold`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Step {
    pub(crate) threshold: f64,
    pub(crate) true_positives: f64,
    pub(crate) false_positives: f64,
}

/// Bits that sort as the scores do; 0 and -0 are one.
pub(crate) fn ordered_bits(score: f64) -> u64 {
    let bits = (score + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

/// Checks what every score of a binary problem needs.
pub(crate) fn check_binary(y_true: &[bool], y_score: &[f64], w: Option<&[f64]>) -> Result<()> {
    same_length("y_score", y_score.len(), y_true.len())?;
    finite("y_score", y_score)?;
    check_weights(w, y_true.len())
}

/// A step for each distinct score, in descending order; rows without weight are left out. At least
/// one step.
pub(crate) fn steps(y_true: &[bool], y_score: &[f64], w: Option<&[f64]>) -> Result<Vec<Step>> {
    check_binary(y_true, y_score, w)?;
    let weight = |row: usize| w.map_or(Some(1.0), |weights| weights.get(row).copied());
    let rows = y_true.iter().zip(y_score).enumerate();
    let mut rows: Vec<(u64, f64, f64, bool)> = rows
        .filter_map(|(row, (&positive, &score))| {
            let weight = weight(row).filter(|&weight| weight != 0.0)?;
            Some((!ordered_bits(score), score, weight, positive))
        })
        .collect();
    // Stable, so that the sums round as scikit-learn's do and its corners are found.
    rows.par_sort_by_key(|row| row.0);
    let mut steps: Vec<Step> = Vec::new();
    let (mut true_positives, mut false_positives) = (0.0, 0.0);
    for group in rows.chunk_by(|a, b| a.0 == b.0) {
        for &(_, _, weight, positive) in group {
            if positive { true_positives += weight } else { false_positives += weight }
        }
        let threshold = group.last().map_or(f64::NAN, |row| row.1);
        steps.push(Step { threshold, true_positives, false_positives });
    }
    if steps.is_empty() { Err(Error::ZeroWeight) } else { Ok(steps) }
}
