//! Area under the receiver operating characteristic of a binary problem.

use rayon::prelude::*;

use crate::probability::curves::{CurvePoints, auc, roc_curve};
use crate::probability::steps::{check_binary, ordered_bits};
use crate::{Error, Result, Warned, Warning};

/// What the area takes besides the rows.
///
/// | field | default | meaning |
/// | --- | --- | --- |
/// | `sample_weight` | 1 each | weight of each row, `[rows]` |
/// | `max_fpr` | 1 | area up to this false positive rate, standardised by McClish to 0.5 at chance |
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RocAucOptions<'a> {
    /// Weight of each row.
    pub sample_weight: Option<&'a [f64]>,
    /// The area up to this false positive rate, in (0, 1].
    pub max_fpr: Option<f64>,
}

/// The probability that a positive row scores higher than a negative one, ties half; in [0, 1], 0.5 at
/// chance. Inputs are `[rows]`, scores of the positive class in any unit.
///
/// With one class in `y_true` the area is NaN, with a warning. Without weights the pairs are counted in
/// integers, so the result is exact to the last division.
///
/// # Errors
/// [`Error::Length`], [`Error::Empty`]; [`Error::NotFinite`]; [`Error::Argument`] for a `max_fpr` outside
/// (0, 1], or negative weights that make the curve fall; [`Error::ZeroWeight`].
///
/// # Formula
/// ```text
/// AUC = Σ_{i: y=1} Σ_{j: y=0} w_i w_j (1[s_i > s_j] + 1[s_i = s_j] / 2) / (Σ_{y=1} w Σ_{y=0} w)
/// partial: (1 + (A - m²/2) / (m - m²/2)) / 2, A the area up to m = max_fpr
/// ```
///
/// # Reference
/// `sklearn.metrics.roc_auc_score`; McClish (1989), Analyzing a portion of the ROC curve.
///
/// ```
/// use tunewise_metrics::{RocAucOptions, roc_auc_score};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let y_true = [false, false, true, true];
/// let score = roc_auc_score(&y_true, &[0.1, 0.4, 0.35, 0.8], &RocAucOptions::default())?;
/// assert_eq!(score.value, 0.75);
/// # Ok(())
/// # }
/// ```
pub fn roc_auc_score(
    y_true: &[bool],
    y_score: &[f64],
    options: &RocAucOptions<'_>,
) -> Result<Warned<f64>> {
    check_binary(y_true, y_score, options.sample_weight)?;
    let max_fpr = options.max_fpr.unwrap_or(1.0);
    if !(max_fpr > 0.0 && max_fpr <= 1.0) {
        let (got, expected) = (max_fpr.to_string(), "a rate above 0 and at most 1");
        return Err(Error::Argument { name: "max_fpr", got, expected });
    }
    if !(y_true.contains(&true) && y_true.contains(&false)) {
        return Ok(Warned { value: f64::NAN, warnings: vec![Warning::OneClass] });
    }
    if options.sample_weight.is_none() && max_fpr == 1.0 {
        return Ok(Warned { value: pairs_in_order(y_true, y_score), warnings: Vec::new() });
    }
    let curve = roc_curve(y_true, y_score, options.sample_weight, CurvePoints::Corners)?;
    let (x, y) = (curve.value.false_positive_rate, curve.value.true_positive_rate);
    let value = if max_fpr == 1.0 { auc(&x, &y)? } else { partial(x, y, max_fpr)? };
    Ok(Warned { value, warnings: curve.warnings })
}

/// The share of pairs of a positive and a negative row whose scores are in order. Both classes are
/// sorted apart, which takes 8 bytes a row, and merged.
fn pairs_in_order(y_true: &[bool], y_score: &[f64]) -> f64 {
    let sorted = |class: bool| {
        let rows = y_true.iter().zip(y_score).filter(|(mark, _)| **mark == class);
        let mut keys: Vec<u64> = rows.map(|(_, &score)| ordered_bits(score)).collect();
        keys.par_sort_unstable();
        keys
    };
    let (positives, negatives) = rayon::join(|| sorted(true), || sorted(false));
    // In halves of a pair: a negative below counts two, a tie one.
    let (mut halves, mut below, mut upto) = (0_u128, 0_usize, 0_usize);
    let mut place = negatives.iter().enumerate().peekable();
    let mut previous = None;
    for &key in &positives {
        if previous != Some(key) {
            below = upto;
            while let Some((index, _)) = place.next_if(|(_, negative)| **negative < key) {
                below = index + 1;
            }
            upto = below;
            while let Some((index, _)) = place.next_if(|(_, negative)| **negative == key) {
                upto = index + 1;
            }
            previous = Some(key);
        }
        halves += (below + upto) as u128;
    }
    halves as f64 / (2 * positives.len() as u128 * negatives.len() as u128) as f64
}

fn partial(mut x: Vec<f64>, mut y: Vec<f64>, max_fpr: f64) -> Result<f64> {
    let stop = x.partition_point(|&rate| rate <= max_fpr);
    let point = |at: usize| Some((*x.get(at)?, *y.get(at)?));
    let between = (stop.checked_sub(1).and_then(point), point(stop));
    let (Some((x0, y0)), Some((x1, y1))) = between else { return Ok(f64::NAN) };
    let at_limit = (y1 - y0) / (x1 - x0) * (max_fpr - x0) + y0;
    x.truncate(stop);
    y.truncate(stop);
    x.push(max_fpr);
    y.push(at_limit);
    let (least, most) = (0.5 * max_fpr * max_fpr, max_fpr);
    Ok(0.5 * (1.0 + (auc(&x, &y)? - least) / (most - least)))
}
