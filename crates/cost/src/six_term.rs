//! An extension that is asked for: the weights e and f get the terms e·M and f·F.
//!
//! The article lists six elements and six weights and then gives M and F one weight together, so e and
//! f are left over. Here M and F get their own: E = A + e·M + d·M/F + f·F. It is not the article's
//! formula; with e = f = 0 it is.

use crate::equilibrium::Reduced;
use crate::numerics::{Dekker, Scaled};
use crate::{Inputs, Parameter, Result, TrainingEffect};

type Number = Scaled<Dekker>;

/// The equilibria of the six-term form.
#[derive(Debug, Clone, PartialEq)]
pub struct SixTerm {
    /// h = 1 − o·f.
    pub h: f64,
    /// A₁ = A + e·M.
    pub autonomous: f64,
    /// Δ₆ = S₁² + 4h·o·G with S₁ = o·A₁ + p; below 0 there is no equilibrium.
    pub discriminant: f64,
    /// The roots with F ≠ 0, the larger feedback first: up to two, none to two of them stable.
    pub roots: Vec<SixTermRoot>,
}

/// One equilibrium of the six-term form.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SixTermRoot {
    /// E.
    pub effectiveness: f64,
    /// F.
    pub feedback: f64,
    /// g′ = o·f − o·G/F².
    pub multiplier: f64,
    /// ∂E/∂A = F/ρ with ρ = 2hF − S₁.
    pub by_autonomous: f64,
    /// ∂E/∂G = 1/ρ.
    pub by_pull: f64,
    /// ∂E/∂e = M·F/ρ.
    pub by_e: f64,
    /// ∂E/∂f = F²/ρ.
    pub by_f: f64,
    /// ∂E/∂o = E·∂E/∂p.
    pub by_slope: f64,
    /// ∂E/∂p = (f·F − G/F)/ρ.
    pub by_baseline: f64,
}

impl SixTermRoot {
    /// Whether repeated best responses settle here.
    ///
    /// # Formula
    /// |g′(E)| < 1 with g′ = o·f − o·G/F².
    ///
    /// ```
    /// use tunewise_cost::{Inputs, Parameter, six_term};
    ///
    /// // F is 4 or -1 with g' = -4/F².
    /// let inputs = Inputs::default()
    ///     .with(Parameter::WeightD, 1.0)
    ///     .with(Parameter::PromotionFixed, 4.0)
    ///     .with(Parameter::FeedbackSlope, 1.0)
    ///     .with(Parameter::FeedbackBaseline, 3.0);
    /// let stable: Vec<bool> = six_term(&inputs)?.roots.iter().map(|root| root.is_stable()).collect();
    /// assert_eq!(stable, [true, false]);
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    #[must_use]
    pub fn is_stable(&self) -> bool {
        self.multiplier.abs() < 1.0
    }

    /// Whether the feedback is above 0.
    ///
    /// # Formula
    /// F > 0.
    ///
    /// ```
    /// use tunewise_cost::{Inputs, Parameter, six_term};
    ///
    /// // With o = 0, p = 1 and f = 3, F = 1 and E = f·F.
    /// let answer = six_term(&Inputs::default().with(Parameter::WeightF, 3.0))?;
    /// assert!(answer.roots[0].is_admissible());
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    #[must_use]
    pub fn is_admissible(&self) -> bool {
        self.feedback > 0.0
    }
}

/// The equilibria of E = A + e·M + d·M/F + f·F.
///
/// # Formula
/// h·F² − S₁·F − o·G = 0 with h = 1 − o·f, S₁ = o·(A + e·M) + p; linear where h = 0.
///
/// # Errors
/// As [`Inputs::validate`].
///
/// ```
/// use tunewise_cost::{Inputs, Parameter, six_term};
///
/// # fn main() -> tunewise_cost::Result<()> {
/// let inputs = Inputs::default().with(Parameter::WeightF, 3.0); // F is 1
/// assert_eq!(six_term(&inputs)?.roots[0].effectiveness, 3.0);
/// # Ok(())
/// # }
/// ```
pub fn six_term(inputs: &Inputs) -> Result<SixTerm> {
    inputs.validate()?;
    let reduced = Reduced::new(inputs, TrainingEffect::Ratio);
    let number = |parameter: Parameter| Number::from_f64(inputs.get(parameter));
    let form = Form {
        f: number(Parameter::WeightF),
        autonomous: reduced.autonomous + number(Parameter::WeightE) * reduced.promotion,
        reduced,
    };
    let (h, sum) = (form.h(), form.sum());
    let product = form.reduced.slope * form.reduced.pull;
    let discriminant = sum * sum + (h * product).shifted(2);
    let mut roots: Vec<SixTermRoot> = feedbacks([h, sum, product], discriminant)
        .into_iter()
        .map(|root| form.root(root))
        .collect();
    roots.sort_by(|one, other| other.feedback.total_cmp(&one.feedback));
    Ok(SixTerm {
        h: h.to_f64(),
        autonomous: form.autonomous.to_f64(),
        discriminant: discriminant.to_f64(),
        roots,
    })
}

/// The roots F of hF² − S₁F − oG = 0 that are not 0, each by the form that does not cancel.
fn feedbacks([h, sum, product]: [Number; 3], discriminant: Number) -> Vec<Number> {
    if discriminant.is_negative() {
        return Vec::new();
    }
    let width = discriminant.sqrt();
    let dominant = (if sum.is_negative() { sum - width } else { sum + width }).shifted(-1);
    let mut roots = Vec::new();
    if !h.is_zero() && !dominant.is_zero() {
        roots.push(dominant / h);
    }
    if !product.is_zero() && !dominant.is_zero() && !discriminant.is_zero() {
        roots.push(-product / dominant);
    }
    roots
}

struct Form {
    reduced: Reduced<Dekker>,
    autonomous: Number,
    f: Number,
}

impl Form {
    fn h(&self) -> Number {
        Number::from_f64(1.0) - self.reduced.slope * self.f
    }

    fn sum(&self) -> Number {
        self.reduced.slope * self.autonomous + self.reduced.baseline
    }

    fn root(&self, feedback: Number) -> SixTermRoot {
        let Reduced { pull, slope, promotion, .. } = self.reduced;
        let share = pull / feedback;
        let effectiveness = self.autonomous + share + self.f * feedback;
        let distance = (self.h() * feedback).shifted(1) - self.sum();
        let by_autonomous = feedback / distance;
        let by_baseline = (self.f * feedback - share) / distance;
        SixTermRoot {
            effectiveness: effectiveness.to_f64(),
            feedback: feedback.to_f64(),
            multiplier: (slope * self.f - slope * share / feedback).to_f64(),
            by_autonomous: by_autonomous.to_f64(),
            by_pull: (Number::from_f64(1.0) / distance).to_f64(),
            by_e: (promotion * by_autonomous).to_f64(),
            by_f: (feedback * by_autonomous).to_f64(),
            by_slope: (effectiveness * by_baseline).to_f64(),
            by_baseline: by_baseline.to_f64(),
        }
    }
}
