//! How far one input may move before the equilibrium is lost.

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
