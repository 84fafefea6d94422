//! How far one input may move before the equilibrium is lost.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::Equilibrium;

/// Where Δ = 0 if one quantity moves and the others stay; none where no value does it.
///
/// # Formula
/// G = −S²/(4o); d = G/M; p = −oA ± 2√(−oG); A = (−p ± 2√(−oG))/o;
/// o = (−(Ap + 2G) ± 2√(G(G + Ap)))/A².
///
/// ```
/// use tunewise_cost::{Folds, Inputs, solve};
///
/// # fn main() -> tunewise_cost::Result<()> {
/// let mut inputs = Inputs::default(); // A = 0
/// inputs.feedback.per_effectiveness = 0.25;
/// inputs.promotion.fixed = 2.0;
/// inputs.weights.promotion = -0.25;
/// let folds = Folds::of(&solve(&inputs)?);
/// assert_eq!(folds.pull, Some(-1.0));
/// assert_eq!(folds.promotion_weight, Some(-0.5));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Folds {
    /// G.
    pub pull: Option<f64>,
    /// d.
    pub promotion_weight: Option<f64>,
    /// p, the smaller first.
    pub baseline: Option<[f64; 2]>,
    /// A, the smaller first.
    pub autonomous: Option<[f64; 2]>,
    /// o, the smaller first.
    pub slope: Option<[f64; 2]>,
}

impl Folds {
    /// The folds around an answer.
    ///
    /// ```
    /// use tunewise_cost::{Inputs, Parameter, Folds, solve};
    ///
    /// // A = 0, G = 4, o = 1, p = 3: F² - 3F - 4 = 0, so F is 4 or -1.
    /// let answer = solve(
    ///     &Inputs::default()
    ///         .with(Parameter::WeightD, 1.0)
    ///         .with(Parameter::PromotionFixed, 4.0)
    ///         .with(Parameter::FeedbackSlope, 1.0)
    ///         .with(Parameter::FeedbackBaseline, 3.0),
    /// )?;
    /// let folds = Folds::of(&answer);
    /// assert_eq!(folds.pull, Some(-2.25)); // -S²/(4o) = -9/4
    /// assert_eq!(folds.promotion_weight, Some(-0.5625)); // over M = 4
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    #[must_use]
    pub fn of(answer: &Equilibrium) -> Self {
        let (a, g) = (answer.autonomous, answer.pull);
        let feedback = &answer.inputs.feedback;
        let (o, p) = (feedback.per_effectiveness, feedback.baseline);
        let pull = finite(-answer.feedback_sum * answer.feedback_sum / (4.0 * o));
        let width = 2.0 * (-o * g).sqrt();
        Self {
            pull,
            promotion_weight: pull.and_then(|pull| finite(pull / answer.promotion_cost)),
            baseline: pair(-o * a - width, -o * a + width),
            autonomous: pair((-p - width) / o, (-p + width) / o),
            slope: slope_folds(a * p, g).and_then(|[low, high]| pair(low / a / a, high / a / a)),
        }
    }
}

/// A quantity that may move the equilibrium away.
#[derive(Debug, Clone, PartialEq)]
pub struct FoldPoint {
    /// `G`, `d`, `A`, `o` or `p`.
    pub quantity: &'static str,
    /// What it is.
    pub now: f64,
    /// Where Δ = 0 if it alone moves, the smaller first; empty where no value does it.
    pub folds: Vec<f64>,
}

/// How far a scenario is from losing its equilibrium; JSON has the folds by quantity.
///
/// ```
/// use tunewise_cost::{FoldReport, Inputs, Parameter, solve};
///
/// // A = 0, G = 4, o = 1, p = 3.
/// let answer = solve(
///     &Inputs::default()
///         .with(Parameter::WeightD, 1.0)
///         .with(Parameter::PromotionFixed, 4.0)
///         .with(Parameter::FeedbackSlope, 1.0)
///         .with(Parameter::FeedbackBaseline, 3.0),
/// )?;
/// let report = FoldReport::from(&answer);
/// assert_eq!(report.margin, 1.0); // Δ/(S² + 4·o·G) = 25/25
/// assert_eq!((report.points[0].now, &report.points[0].folds[..]), (4.0, &[-2.25][..]));
/// assert!(report.points[4].folds.is_empty()); // no p brings -o·G below 0
/// # Ok::<(), tunewise_cost::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FoldReport {
    /// What kind of answer there is.
    pub status: crate::Status,
    /// Δ/(S² + 4·|o·G|): 1 is far from collapse, below 0 past it.
    pub margin: f64,
    /// G, d, A, o and p.
    #[serde(rename = "folds", serialize_with = "by_quantity")]
    pub points: [FoldPoint; 5],
}

impl From<&Equilibrium> for FoldReport {
    fn from(answer: &Equilibrium) -> Self {
        let folds = Folds::of(answer);
        let (weights, feedback) = (&answer.inputs.weights, &answer.inputs.feedback);
        let one = |quantity, now, fold: Option<f64>| FoldPoint {
            quantity,
            now,
            folds: Vec::from_iter(fold),
        };
        let two = |quantity, now, pair: Option<[f64; 2]>| FoldPoint {
            quantity,
            now,
            folds: pair.map(Vec::from).unwrap_or_default(),
        };
        Self {
            status: answer.status,
            margin: answer.margin,
            points: [
                one("G", answer.pull, folds.pull),
                one("d", weights.promotion, folds.promotion_weight),
                two("A", answer.autonomous, folds.autonomous),
                two("o", feedback.per_effectiveness, folds.slope),
                two("p", feedback.baseline, folds.baseline),
            ],
        }
    }
}

fn by_quantity<S: Serializer>(points: &[FoldPoint; 5], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(points.len()))?;
    for point in points {
        map.serialize_entry(point.quantity, &point.folds)?;
    }
    map.end()
}

/// Both solutions of z² + 2(Ap + 2G)z + (Ap)² = 0 for z = o·A², the second by their product.
fn slope_folds(ap: f64, g: f64) -> Option<[f64; 2]> {
    let middle = -(ap + 2.0 * g);
    let width = 2.0 * finite((g * (g + ap)).sqrt())?;
    let far = if middle < 0.0 { middle - width } else { middle + width };
    Some([far, if far == 0.0 { 0.0 } else { ap * ap / far }])
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

fn pair(one: f64, other: f64) -> Option<[f64; 2]> {
    Some([finite(one.min(other))?, finite(one.max(other))?])
}
