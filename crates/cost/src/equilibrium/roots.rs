//! Status and roots of the reduced form, in extended precision.

use multiversion::multiversion;
use multiversion::target::target_cfg_f;

use super::answer::Status;
use super::exact::Exact;
use super::reduced::Reduced;
use super::root::{Branch, Root, Slopes, Stability};
use crate::numerics::{Dekker, Fused, Scaled, TwoProduct};
use crate::{Inputs, TrainingEffect};

/// What the solver finds, rounded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Solution {
    pub(super) status: Status,
    pub(super) effect: f64,
    pub(super) time: f64,
    pub(super) annotation: f64,
    pub(super) promotion: f64,
    pub(super) autonomous: f64,
    pub(super) pull: f64,
    pub(super) sum: f64,
    pub(super) discriminant: f64,
    pub(super) kappa: Option<f64>,
    pub(super) margin: f64,
    /// The larger feedback (or the only root) first.
    pub(super) roots: [Option<Root>; 2],
}

/// Solves with the processor's fused multiply-add where it has one; the answer is the same to an ulp.
#[multiversion(targets("x86_64+avx+avx2+fma", "aarch64+neon"))]
pub(super) fn solve_inputs(inputs: &Inputs, effect: TrainingEffect) -> Solution {
    if cfg!(target_arch = "aarch64") || target_cfg_f!(target_feature = "fma") {
        solution::<Fused>(inputs, effect)
    } else {
        solution::<Dekker>(inputs, effect)
    }
}

#[inline(always)]
pub(super) fn solution<M: TwoProduct>(inputs: &Inputs, effect: TrainingEffect) -> Solution {
    let reduced = Reduced::<M>::new(inputs, effect);
    let quadratic = Quadratic::new(&reduced, inputs, effect);
    let status = quadratic.status(&reduced);
    let four_pull = (reduced.slope * reduced.pull).shifted(2);
    let scale = quadratic.sum * quadratic.sum + four_pull.abs();
    let kappa = (reduced.slope * reduced.pull) / (quadratic.sum * quadratic.sum);
    Solution {
        status,
        effect: reduced.effect.to_f64(),
        time: reduced.time.to_f64(),
        annotation: reduced.annotation.to_f64(),
        promotion: reduced.promotion.to_f64(),
        autonomous: reduced.autonomous.to_f64(),
        pull: reduced.pull.to_f64(),
        sum: quadratic.sum.to_f64(),
        discriminant: quadratic.discriminant.to_f64(),
        kappa: (!quadratic.sum.is_zero()).then(|| kappa.to_f64()),
        margin: if scale.is_zero() { 0.0 } else { (quadratic.discriminant / scale).to_f64() },
        roots: quadratic.roots(&reduced, status),
    }
}

/// o·E² + B·E − K = 0 in E, F² − S·F − o·G = 0 in F, Δ = S² + 4·o·G.
struct Quadratic<M> {
    sum: Scaled<M>,
    difference: Scaled<M>,
    constant: Scaled<M>,
    discriminant: Scaled<M>,
}

/// Relative to its terms, a sum smaller than two to this is computed without rounding: extended
/// precision is good to 2⁻⁹⁸ of the terms, which leaves 54 bits.
const DOUBT: i32 = -44;

impl<M: TwoProduct> Quadratic<M> {
    #[inline(always)]
    fn new(reduced: &Reduced<M>, inputs: &Inputs, effect: TrainingEffect) -> Self {
        let Reduced { autonomous, pull, slope, baseline, .. } = *reduced;
        let mut sum = slope * autonomous + baseline;
        let doubt = ((slope * reduced.autonomous_scale).abs() + baseline.abs()).shifted(DOUBT);
        let promoted = (slope * pull).shifted(2);
        let square = sum * sum;
        let mut discriminant = square + promoted;
        let square_doubt = (sum.abs() * doubt).shifted(1) + doubt * doubt;
        let discriminant_doubt = square_doubt + (square + promoted.abs()).shifted(DOUBT);
        if sum.within(doubt) || discriminant.within(discriminant_doubt) {
            let exact = Exact::new(inputs, effect);
            sum = exact.sum();
            discriminant = exact.discriminant();
        }
        Self {
            sum,
            difference: baseline - slope * autonomous,
            constant: autonomous * baseline + pull,
            discriminant,
        }
    }

    #[inline(always)]
    fn status(&self, reduced: &Reduced<M>) -> Status {
        match (reduced.slope.is_zero(), reduced.pull.is_zero()) {
            (true, no_pull) if reduced.baseline.is_zero() => {
                if no_pull {
                    Status::Degenerate
                } else {
                    Status::Singular
                }
            }
            (true, _) => Status::OZero,
            (false, true) if self.sum.is_zero() => Status::Degenerate,
            (false, true) => Status::GZero,
            _ if self.discriminant.is_negative() => Status::NoReal,
            _ if self.discriminant.is_zero() => Status::Fold,
            _ => Status::TwoRoots,
        }
    }

    #[inline(always)]
    fn roots(&self, reduced: &Reduced<M>, status: Status) -> [Option<Root>; 2] {
        match status {
            Status::Singular | Status::Degenerate | Status::NoReal => [None, None],
            Status::Fold => [Some(self.fold(reduced)), None],
            Status::OZero | Status::GZero => [Some(self.unique(reduced)), None],
            Status::TwoRoots => self.pair(reduced).map(Some),
        }
    }

    /// E = (A − p/o)/2 = −B/(2o), F = S/2.
    fn fold(&self, reduced: &Reduced<M>) -> Root {
        Root {
            branch: Branch::Fold,
            effectiveness: (-self.difference.shifted(-1) / reduced.slope).to_f64(),
            feedback: self.sum.shifted(-1).to_f64(),
            multiplier: 1.0,
            stability: Stability::Fold,
            slopes: None,
        }
    }

    /// o = 0: F = p and E = A + G/p. G = 0: F = S and E = A.
    fn unique(&self, reduced: &Reduced<M>) -> Root {
        let feedback = self.sum;
        let effectiveness = reduced.autonomous + reduced.pull / feedback;
        Root {
            branch: Branch::Unique,
            effectiveness: effectiveness.to_f64(),
            feedback: feedback.to_f64(),
            multiplier: 0.0,
            stability: Stability::Superstable,
            slopes: Some(slopes(reduced.pull, [effectiveness, feedback, feedback])),
        }
    }

    /// The roots with the larger and the smaller feedback, each by the form that does not cancel.
    #[inline(always)]
    fn pair(&self, reduced: &Reduced<M>) -> [Root; 2] {
        let width = self.discriminant.sqrt();
        let rising = !self.sum.is_negative();
        let dominant = (if rising { self.sum + width } else { self.sum - width }).shifted(-1);
        let other = -(reduced.slope * reduced.pull) / dominant;
        let half = if self.difference.is_positive() {
            -(self.difference + width).shifted(-1)
        } else {
            (width - self.difference).shifted(-1)
        };
        let (by_slope, by_constant) = (half / reduced.slope, -self.constant / half);
        let (plus, minus) = if self.difference.is_positive() {
            (by_constant, by_slope)
        } else {
            (by_slope, by_constant)
        };
        let (upper, lower) = if rising { (dominant, other) } else { (other, dominant) };
        [
            self.root(reduced, Branch::Plus, [plus, upper, lower, width]),
            self.root(reduced, Branch::Minus, [minus, lower, upper, -width]),
        ]
    }

    /// From E, F, the other F and R = F − F_other.
    #[inline(always)]
    fn root(&self, reduced: &Reduced<M>, branch: Branch, values: [Scaled<M>; 4]) -> Root {
        let [effectiveness, feedback, other, distance] = values;
        Root {
            branch,
            effectiveness: effectiveness.to_f64(),
            feedback: feedback.to_f64(),
            multiplier: (other / feedback).to_f64(),
            stability: self.stability(branch, reduced.slope * reduced.pull),
            slopes: Some(slopes(reduced.pull, [effectiveness, feedback, distance])),
        }
    }

    /// |λ| < 1 exactly where F is the larger in size, which the sign of S says; λ has the sign of
    /// −o·G.
    #[inline(always)]
    fn stability(&self, branch: Branch, product: Scaled<M>) -> Stability {
        if self.sum.is_zero() {
            return Stability::NeutralFlip;
        }
        let stable = self.sum.is_positive() == (branch == Branch::Plus);
        match (stable, product.is_negative()) {
            (true, true) => Stability::StableMonotone,
            (true, false) => Stability::StableOscillating,
            (false, true) => Stability::UnstableMonotone,
            (false, false) => Stability::UnstableOscillating,
        }
    }
}

/// E_A = F/R, E_G = 1/R, E_p = −(G/F)/R, E_o = E·E_p, from E, F and R.
#[inline(always)]
fn slopes<M: TwoProduct>(
    pull: Scaled<M>,
    [effectiveness, feedback, distance]: [Scaled<M>; 3],
) -> Slopes {
    let by_pull = Scaled::from_f64(1.0) / distance;
    let baseline = -(pull / feedback) * by_pull;
    Slopes {
        autonomous: (feedback * by_pull).to_wide(),
        pull: by_pull.to_wide(),
        slope: (baseline * effectiveness).to_wide(),
        baseline: baseline.to_wide(),
    }
}
