//! Curves over every threshold.

use crate::probability::steps::{Step, steps};
use crate::{Error, Result, Warned, Warning, pairwise};

/// Which points of a curve are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CurvePoints {
    /// One for each distinct score.
    #[default]
    All,
    /// Those that a plot needs (`drop_intermediate=True`).
    Corners,
}

/// A receiver operating characteristic, in descending order of threshold from infinity.
#[derive(Debug, Clone, PartialEq)]
pub struct RocCurve {
    /// Share of the negatives whose score is at least the threshold.
    pub false_positive_rate: Vec<f64>,
    /// Share of the positives whose score is at least the threshold.
    pub true_positive_rate: Vec<f64>,
    /// The distinct scores, after infinity.
    pub thresholds: Vec<f64>,
}

/// Precision against recall, in ascending order of threshold; a last point (1, 0) has no threshold.
#[derive(Debug, Clone, PartialEq)]
pub struct PrecisionRecallCurve {
    /// Precision of the rows whose score is at least the threshold, `[thresholds + 1]`.
    pub precision: Vec<f64>,
    /// Their recall, `[thresholds + 1]`.
    pub recall: Vec<f64>,
    /// The distinct scores.
    pub thresholds: Vec<f64>,
}

/// Detection error tradeoff, in ascending order of threshold.
#[derive(Debug, Clone, PartialEq)]
pub struct DetCurve {
    /// Share of the negatives whose score is at least the threshold.
    pub false_positive_rate: Vec<f64>,
    /// Share of the positives whose score is below it.
    pub false_negative_rate: Vec<f64>,
    /// The distinct scores, and infinity where no finite score has no false positives.
    pub thresholds: Vec<f64>,
}

/// The receiver operating characteristic of scores of the positive class, both `[rows]`.
///
/// A rate without rows to count is NaN, with a warning. Rows of weight 0 are left out.
/// [`CurvePoints::Corners`] drops points on the straight line between others; scikit-learn's default.
///
/// # Errors
/// [`Error::Length`], [`Error::Empty`]; [`Error::NotFinite`]; [`Error::ZeroWeight`] if no row has weight.
///
/// # Formula
/// ```text
/// TPR(t) = Σ_{y=1, s>=t} w / Σ_{y=1} w      FPR(t) = Σ_{y=0, s>=t} w / Σ_{y=0} w
/// ```
///
/// # Reference
/// `sklearn.metrics.roc_curve`.
///
/// ```
/// use tunewise_metrics::{CurvePoints, roc_curve};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let y_true = [false, false, true, true];
/// let curve = roc_curve(&y_true, &[0.1, 0.4, 0.35, 0.8], None, CurvePoints::All)?.value;
/// assert_eq!(curve.false_positive_rate, [0.0, 0.0, 0.5, 0.5, 1.0]);
/// assert_eq!(curve.true_positive_rate, [0.0, 0.5, 0.5, 1.0, 1.0]);
/// assert_eq!(curve.thresholds, [f64::INFINITY, 0.8, 0.4, 0.35, 0.1]);
/// # Ok(())
/// # }
/// ```
pub fn roc_curve(
    y_true: &[bool],
    y_score: &[f64],
    sample_weight: Option<&[f64]>,
    points: CurvePoints,
) -> Result<Warned<RocCurve>> {
    let mut steps = steps(y_true, y_score, sample_weight)?;
    if points == CurvePoints::Corners {
        // The second difference that scikit-learn takes, rounded as it rounds.
        let bends = |count: fn(&Step) -> f64, [a, b, c]: [&Step; 3]| {
            (count(c) - count(b)) - (count(b) - count(a)) != 0.0
        };
        steps = corners(&steps, |three| {
            bends(|step| step.false_positives, three) || bends(|step| step.true_positives, three)
        });
    }
    steps.insert(0, Step { threshold: f64::INFINITY, true_positives: 0.0, false_positives: 0.0 });
    let last = end(&steps);
    let mut warnings = Vec::new();
    let mut rate = |count: fn(&Step) -> f64, warning: Warning| -> Vec<f64> {
        let total = count(&last);
        if total <= 0.0 {
            warnings.push(warning);
            return vec![f64::NAN; steps.len()];
        }
        steps.iter().map(|step| count(step) / total).collect()
    };
    let false_positive_rate = rate(|step| step.false_positives, Warning::NoNegatives);
    let true_positive_rate = rate(|step| step.true_positives, Warning::NoPositives);
    let thresholds = steps.iter().map(|step| step.threshold).collect();
    Ok(Warned { value: RocCurve { false_positive_rate, true_positive_rate, thresholds }, warnings })
}

/// Precision and recall at every distinct score of the positive class, both inputs `[rows]`.
///
/// Without positives recall is 1, with a warning. [`CurvePoints::Corners`] keeps the first and the last
/// point of each recall.
///
/// # Errors
/// As [`roc_curve`].
///
/// # Formula
/// ```text
/// P(t) = TP(t) / (TP(t) + FP(t))      R(t) = TP(t) / (TP + FN)
/// ```
///
/// # Reference
/// `sklearn.metrics.precision_recall_curve`.
///
/// ```
/// use tunewise_metrics::{CurvePoints, precision_recall_curve};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let y_true = [false, false, true, true];
/// let y_score = [0.1, 0.4, 0.35, 0.8];
/// let curve = precision_recall_curve(&y_true, &y_score, None, CurvePoints::All)?.value;
/// assert_eq!(curve.precision, [0.5, 2.0 / 3.0, 0.5, 1.0, 1.0]);
/// assert_eq!(curve.recall, [1.0, 1.0, 0.5, 0.5, 0.0]);
/// assert_eq!(curve.thresholds, [0.1, 0.35, 0.4, 0.8]);
/// # Ok(())
/// # }
/// ```
pub fn precision_recall_curve(
    y_true: &[bool],
    y_score: &[f64],
    sample_weight: Option<&[f64]>,
    points: CurvePoints,
) -> Result<Warned<PrecisionRecallCurve>> {
    let mut steps = steps(y_true, y_score, sample_weight)?;
    if points == CurvePoints::Corners {
        steps = corners(&steps, true_positives_change);
    }
    let positives = end(&steps).true_positives;
    let precision = |step: &Step| {
        let predicted = step.true_positives + step.false_positives;
        if predicted == 0.0 { 0.0 } else { step.true_positives / predicted }
    };
    let recall = |step: &Step| if positives == 0.0 { 1.0 } else { step.true_positives / positives };
    let ascending = || steps.iter().rev();
    let value = PrecisionRecallCurve {
        precision: ascending().map(precision).chain([1.0]).collect(),
        recall: ascending().map(recall).chain([0.0]).collect(),
        thresholds: ascending().map(|step| step.threshold).collect(),
    };
    let warning = (positives == 0.0).then_some(Warning::NoPositives);
    Ok(Warned { value, warnings: warning.into_iter().collect() })
}

/// Error rates at every distinct score of the positive class, both inputs `[rows]`, from the last
/// threshold with all the positives to the first with negatives.
///
/// # Errors
/// As [`roc_curve`], and [`Error::OneClass`].
///
/// # Reference
/// `sklearn.metrics.det_curve`; [`CurvePoints::All`] is its default.
///
/// ```
/// use tunewise_metrics::{CurvePoints, det_curve};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let y_true = [false, false, true, true];
/// let curve = det_curve(&y_true, &[0.1, 0.4, 0.35, 0.8], None, CurvePoints::All)?;
/// assert_eq!(curve.false_positive_rate, [0.5, 0.5, 0.0]);
/// assert_eq!(curve.false_negative_rate, [0.0, 0.5, 0.5]);
/// assert_eq!(curve.thresholds, [0.35, 0.4, 0.8]);
/// # Ok(())
/// # }
/// ```
pub fn det_curve(
    y_true: &[bool],
    y_score: &[f64],
    sample_weight: Option<&[f64]>,
    points: CurvePoints,
) -> Result<DetCurve> {
    let mut steps = steps(y_true, y_score, sample_weight)?;
    if !(y_true.contains(&true) && y_true.contains(&false)) {
        return Err(Error::OneClass);
    }
    steps.insert(0, Step { threshold: f64::INFINITY, true_positives: 0.0, false_positives: 0.0 });
    if points == CurvePoints::Corners {
        steps = corners(&steps, true_positives_change);
    }
    let last = end(&steps);
    let first = steps.partition_point(|step| step.false_positives <= 0.0).saturating_sub(1);
    let stop = steps.partition_point(|step| step.true_positives < last.true_positives) + 1;
    let kept = steps.get(first..stop.min(steps.len())).unwrap_or_default();
    let ascending = || kept.iter().rev();
    let missed = |step: &Step| (last.true_positives - step.true_positives) / last.true_positives;
    Ok(DetCurve {
        false_positive_rate: ascending()
            .map(|step| step.false_positives / last.false_positives)
            .collect(),
        false_negative_rate: ascending().map(missed).collect(),
        thresholds: ascending().map(|step| step.threshold).collect(),
    })
}

/// The area under a curve of points in ascending or descending order of `x`, by the trapezoid rule.
///
/// # Errors
/// [`Error::Length`]; [`Error::Argument`] for fewer than two points, or an `x` that rises and falls.
///
/// # Reference
/// `sklearn.metrics.auc`.
///
/// ```
/// # fn main() -> tunewise_metrics::Result<()> {
/// assert_eq!(tunewise_metrics::auc(&[0.0, 0.5, 1.0], &[0.0, 1.0, 1.0])?, 0.75);
/// # Ok(())
/// # }
/// ```
pub fn auc(x: &[f64], y: &[f64]) -> Result<f64> {
    crate::error::same_length("y", y.len(), x.len())?;
    let fault = |got: String, expected| Err(Error::Argument { name: "x", got, expected });
    if x.len() < 2 {
        return fault(format!("{} point", x.len()), "at least two points");
    }
    let widths = || x.windows(2).filter_map(|pair| Some(pair.get(1)? - pair.first()?));
    let falls = widths().any(|width| width < 0.0);
    if falls && widths().any(|width| width > 0.0) {
        return fault("a rise and a fall".to_owned(), "ascending or descending points");
    }
    let heights = y.windows(2).filter_map(|pair| Some(pair.first()? + pair.get(1)?));
    let areas: Vec<f64> = widths().zip(heights).map(|(width, two)| width * two / 2.0).collect();
    let area = pairwise::sum(&areas);
    Ok(if falls { -area } else { area })
}

fn end(steps: &[Step]) -> Step {
    let none = Step { threshold: f64::NAN, true_positives: 0.0, false_positives: 0.0 };
    steps.last().copied().unwrap_or(none)
}

fn true_positives_change([a, b, c]: [&Step; 3]) -> bool {
    a.true_positives != b.true_positives || b.true_positives != c.true_positives
}

/// The first, the last, and those between that the two beside them make worth keeping.
fn corners(steps: &[Step], keep: impl Fn([&Step; 3]) -> bool) -> Vec<Step> {
    let (Some(first), Some(last)) = (steps.first(), steps.last()) else { return Vec::new() };
    if steps.len() < 3 {
        return steps.to_vec();
    }
    let inner = steps.windows(3).filter_map(|three| match three {
        [a, b, c] => keep([a, b, c]).then_some(*b),
        _ => None,
    });
    std::iter::once(*first).chain(inner).chain([*last]).collect()
}
