//! Whether probabilities are shares.

use crate::error::same_length;
use crate::weighted::check_shares;
use crate::{Error, Result};

/// How rows are put into bins by their probability.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bins {
    /// So many bins of one width over [0, 1]; bin i holds (i/n, (i+1)/n], the first 0 too.
    EqualWidth(usize),
    /// So many bins of as many rows as ties allow: rows of one probability share a bin, that of the
    /// first of them.
    EqualMass(usize),
}

impl Default for Bins {
    /// 15 of equal width, as Guo et al.
    fn default() -> Self {
        Self::EqualWidth(15)
    }
}

/// Rows of similar probability.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReliabilityBin {
    /// Rows.
    pub count: usize,
    /// Their weight.
    pub weight: f64,
    /// Their mean probability, by weight.
    pub mean_confidence: f64,
    /// The share of them that are positive (or right), by weight.
    pub accuracy: f64,
}

impl ReliabilityBin {
    /// How far the probabilities are off.
    #[must_use]
    pub fn gap(&self) -> f64 {
        (self.accuracy - self.mean_confidence).abs()
    }
}

/// The bins that have weight, in ascending order of probability.
#[derive(Debug, Clone, PartialEq)]
pub struct ReliabilityCurve {
    /// The bins.
    pub bins: Vec<ReliabilityBin>,
}

impl ReliabilityCurve {
    /// The mean gap by weight (ECE), in [0, 1].
    #[must_use]
    pub fn expected_calibration_error(&self) -> f64 {
        let total: f64 = self.bins.iter().map(|bin| bin.weight).sum();
        (self.bins.iter().map(|bin| bin.weight * bin.gap()).sum::<f64>() / total).min(1.0)
    }

    /// The greatest gap (MCE).
    #[must_use]
    pub fn maximum_calibration_error(&self) -> f64 {
        self.bins.iter().map(ReliabilityBin::gap).fold(0.0, f64::max)
    }

    /// The plain mean of the gaps (ACE, with bins of equal mass).
    #[must_use]
    pub fn average_calibration_error(&self) -> f64 {
        self.bins.iter().map(ReliabilityBin::gap).sum::<f64>() / self.bins.len() as f64
    }
}

/// Mean probability against the share of positive rows, bin by bin. `y_true` and `y_prob` are `[rows]`;
/// for several classes they are those of [`crate::top_label`].
///
/// # Errors
/// [`Error::Length`], [`Error::Empty`]; [`Error::Probability`] outside [0, 1] or NaN; [`Error::Argument`] for
/// no bins or a negative weight; [`Error::ZeroWeight`].
///
/// # Reference
/// `sklearn.calibration.calibration_curve` (`uniform`), which closes bins on the left and leaves counts
/// out.
///
/// ```
/// use tunewise_metrics::{Bins, reliability_curve};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let y_true = [false, true, true, true];
/// let curve = reliability_curve(&y_true, &[0.2, 0.4, 0.9, 0.7], Bins::EqualWidth(2), None)?;
/// let bin = curve.bins[1];
/// assert_eq!((bin.count, bin.mean_confidence, bin.accuracy), (2, 0.8, 1.0));
/// # Ok(())
/// # }
/// ```
pub fn reliability_curve(
    y_true: &[bool],
    y_prob: &[f64],
    bins: Bins,
    sample_weight: Option<&[f64]>,
) -> Result<ReliabilityCurve> {
    same_length("y_prob", y_prob.len(), y_true.len())?;
    let outside = |(_, probability): &(usize, &f64)| !(0.0..=1.0).contains(*probability);
    if let Some((row, &got)) = y_prob.iter().enumerate().find(outside) {
        return Err(Error::Probability { row, column: 0, got });
    }
    check_shares(sample_weight, y_true.len())?;
    let places = places(y_prob, bins)?;
    let mut rows: Vec<(usize, usize)> = places.into_iter().zip(0..).collect();
    rows.sort_unstable();
    let row = |row: usize| {
        let weight = sample_weight.map_or(Some(1.0), |weights| weights.get(row).copied())?;
        Some((weight, *y_prob.get(row)?, *y_true.get(row)?))
    };
    let bin = |group: &[(usize, usize)]| {
        let (mut weight, mut probability, mut positive) = (0.0, 0.0, 0.0);
        for (w, p, mark) in group.iter().filter_map(|&(_, index)| row(index)) {
            weight += w;
            probability += w * p;
            positive += if mark { w } else { 0.0 };
        }
        let (mean_confidence, accuracy) = (probability / weight, positive / weight);
        ReliabilityBin { count: group.len(), weight, mean_confidence, accuracy }
    };
    let bins = rows.chunk_by(|a, b| a.0 == b.0).map(bin).filter(|bin| bin.weight > 0.0).collect();
    Ok(ReliabilityCurve { bins })
}

/// The mean distance between probability and share (ECE), in [0, 1]; [`ReliabilityCurve`] has the
/// greatest (MCE) and the plain mean (ACE). Inputs as [`reliability_curve`].
///
/// # Errors
/// As [`reliability_curve`].
///
/// # Formula
/// ```text
/// ECE = Σ_b W_b |accuracy_b - confidence_b| / Σ_b W_b      W_b: weight of the rows of bin b
/// ```
///
/// # Reference
/// Guo et al. (2017), On calibration of modern neural networks, eq. 3; equal mass: Nixon et al. (2019),
/// Measuring calibration in deep learning. Not in scikit-learn.
///
/// ```
/// use tunewise_metrics::{Bins, expected_calibration_error};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let y_true = [false, true, true, true];
/// let y_prob = [0.2, 0.4, 0.9, 0.7];
/// // Two bins of two rows: |0.5 - 0.3| and |1 - 0.8|.
/// let error = expected_calibration_error(&y_true, &y_prob, Bins::EqualWidth(2), None)?;
/// assert!((error - 0.2).abs() < 1e-15);
/// # Ok(())
/// # }
/// ```
pub fn expected_calibration_error(
    y_true: &[bool],
    y_prob: &[f64],
    bins: Bins,
    sample_weight: Option<&[f64]>,
) -> Result<f64> {
    Ok(reliability_curve(y_true, y_prob, bins, sample_weight)?.expected_calibration_error())
}

/// The bin of each row.
fn places(y_prob: &[f64], bins: Bins) -> Result<Vec<usize>> {
    let (Bins::EqualWidth(n) | Bins::EqualMass(n)) = bins;
    if n == 0 {
        return Err(Error::Argument { name: "bins", got: "0".to_owned(), expected: "at least 1" });
    }
    if let Bins::EqualWidth(_) = bins {
        let place = |p: &f64| ((p * n as f64).ceil() as usize).saturating_sub(1).min(n - 1);
        return Ok(y_prob.iter().map(place).collect());
    }
    let mut sorted = y_prob.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let place = |p: &f64| {
        let below = sorted.partition_point(|other| other < p) as u128;
        (below * n as u128 / sorted.len() as u128) as usize
    };
    Ok(y_prob.iter().map(place).collect())
}
