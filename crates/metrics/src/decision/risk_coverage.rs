//! What answering fewer rows buys.

use crate::probability::steps::steps;
use crate::weighted::check_shares;
use crate::{Error, Result};

/// Rows answered and the risk taken, at one threshold of confidence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CoveragePoint {
    /// Rows with at least this confidence are answered, the others abstained from.
    pub threshold: f64,
    /// The share of rows answered, by weight.
    pub coverage: f64,
    /// The share of the answered rows that are wrong, by weight.
    pub risk: f64,
}

/// The points of every distinct confidence, in ascending order of coverage; the last covers all.
#[derive(Debug, Clone, PartialEq)]
pub struct RiskCoverageCurve {
    /// The points; at least one.
    pub points: Vec<CoveragePoint>,
}

impl RiskCoverageCurve {
    /// The mean risk over coverage (AURC), in [0, 1]; rows of one confidence are answered together.
    ///
    /// ```text
    /// AURC = Σ_n (coverage_n - coverage_{n-1}) risk_n
    /// ```
    #[must_use]
    pub fn area(&self) -> f64 {
        let mut before = 0.0;
        let step = |point: &CoveragePoint| {
            let width = point.coverage - before;
            before = point.coverage;
            width * point.risk
        };
        self.points.iter().map(step).sum()
    }

    /// The widest coverage whose answered rows are right at least this often, by weight; `None` if there
    /// is none. Of a binary problem's positive predictions the accuracy is the precision.
    #[must_use]
    pub fn coverage_at_accuracy(&self, accuracy: f64) -> Option<CoveragePoint> {
        self.points.iter().rev().find(|point| 1.0 - point.risk >= accuracy).copied()
    }
}

/// The risk at every coverage of a classifier that abstains below a confidence. `correct` says whether
/// each row's answer is right; both are `[rows]`, [`crate::top_label`] makes them of probabilities.
///
/// # Errors
/// [`Error::Length`], [`Error::Empty`], [`Error::NotFinite`]; [`Error::Argument`] for a negative weight;
/// [`Error::ZeroWeight`].
///
/// # Formula
/// ```text
/// coverage(t) = Σ_{c>=t} w / Σ w      risk(t) = Σ_{c>=t, wrong} w / Σ_{c>=t} w
/// ```
///
/// # Reference
/// El-Yaniv and Wiener (2010), On the foundations of noise-free selective classification; Geifman,
/// Uziel and El-Yaniv (2019), Bias-reduced uncertainty estimation for deep neural classifiers (AURC). Not
/// in scikit-learn.
///
/// ```
/// # fn main() -> tunewise_metrics::Result<()> {
/// let correct = [true, true, false, true];
/// let curve = tunewise_metrics::risk_coverage_curve(&correct, &[0.9, 0.8, 0.7, 0.6], None)?;
/// let point = curve.coverage_at_accuracy(1.0).unwrap();
/// assert_eq!((point.coverage, point.threshold), (0.5, 0.8));
/// // A quarter each at risk 0, 0, 1/3 and 1/4.
/// assert!((curve.area() - (1.0 / 3.0 + 0.25) / 4.0).abs() < 1e-15);
/// # Ok(())
/// # }
/// ```
pub fn risk_coverage_curve(
    correct: &[bool],
    confidence: &[f64],
    sample_weight: Option<&[f64]>,
) -> Result<RiskCoverageCurve> {
    crate::error::same_length("confidence", confidence.len(), correct.len())?;
    check_shares(sample_weight, correct.len())?;
    let steps = steps(correct, confidence, sample_weight)?;
    let total = steps.last().map_or(0.0, |step| step.true_positives + step.false_positives);
    let point = |step: &crate::probability::steps::Step| {
        let answered = step.true_positives + step.false_positives;
        let (coverage, risk) = (answered / total, step.false_positives / answered);
        CoveragePoint { threshold: step.threshold, coverage, risk }
    };
    if total > 0.0 {
        return Ok(RiskCoverageCurve { points: steps.iter().map(point).collect() });
    }
    Err(Error::ZeroWeight)
}
