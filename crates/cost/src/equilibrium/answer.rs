//! The answer to a scenario.

use serde::Serialize;

use super::model::{Contributions, RootPolicy};
use super::root::{Branch, Root, Stability};
use crate::{Inputs, TrainingEffect};

/// What kind of answer the scenario has. None of them is an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Δ > 0: two equilibria.
    TwoRoots,
    /// Δ = 0: they meet; partials are infinite.
    Fold,
    /// Δ < 0: no equilibrium; best responses never settle.
    NoReal,
    /// o = 0, p ≠ 0: F = p and E = A + G/p.
    OZero,
    /// G = 0: E = A and F = S.
    GZero,
    /// o = p = 0, G ≠ 0: feedback is 0 and promotion is divided by it.
    Singular,
    /// G = 0 and S = 0: nothing divided by nothing.
    Degenerate,
}

impl Status {
    /// The word in files: `two_roots`, `fold`, `no_real`, `o_zero`, `g_zero`, `singular`,
    /// `degenerate`.
    ///
    /// ```
    /// assert_eq!(tunewise_cost::Status::NoReal.name(), "no_real");
    /// ```
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TwoRoots => "two_roots",
            Self::Fold => "fold",
            Self::NoReal => "no_real",
            Self::OZero => "o_zero",
            Self::GZero => "g_zero",
            Self::Singular => "singular",
            Self::Degenerate => "degenerate",
        }
    }
}

/// A solved scenario.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Equilibrium {
    /// The scenario.
    pub inputs: Inputs,
    /// The training effect's function.
    pub training_effect_kind: TrainingEffect,
    /// Which root was asked for.
    pub policy: RootPolicy,
    /// What kind of answer there is.
    pub status: Status,
    /// x, samples a parameter for the article's D/P.
    pub training_effect: f64,
    /// C = k1·D + k2, currency.
    pub annotation_cost: f64,
    /// T = l·P + m, hours.
    pub training_time: f64,
    /// M = n1·x + n2, currency.
    pub promotion_cost: f64,
    /// A = a·x + b·T + c·C, what effectiveness is without promotion.
    pub autonomous: f64,
    /// G = d·M, promotion before it is divided by feedback.
    pub pull: f64,
    /// S = o·A + p, the sum of both feedback roots.
    pub feedback_sum: f64,
    /// Δ = S² + 4·o·G.
    pub discriminant: f64,
    /// κ = o·G/S², real roots from −1/4 on; none where S = 0.
    pub kappa: Option<f64>,
    /// Δ/(S² + 4·|o·G|) in [−1, 1]: how far from collapse, negative past it.
    pub margin: f64,
    /// The root with the larger feedback, or the only one, or the fold.
    pub upper: Option<Root>,
    /// The root with the smaller feedback.
    pub lower: Option<Root>,
}

impl Equilibrium {
    /// All roots, the larger feedback first.
    ///
    /// # Formula
    /// F± = (S ± √Δ)/2, each with E = A + G/F.
    ///
    /// ```
    /// use tunewise_cost::{Inputs, Parameter, solve};
    ///
    /// // A = 0, G = 4, o = 1, p = 3: F² - 3F - 4 = 0, so F is 4 or -1.
    /// let answer = solve(
    ///     &Inputs::default()
    ///         .with(Parameter::WeightD, 1.0)
    ///         .with(Parameter::PromotionFixed, 4.0)
    ///         .with(Parameter::FeedbackSlope, 1.0)
    ///         .with(Parameter::FeedbackBaseline, 3.0),
    /// )?;
    /// let feedbacks: Vec<f64> = answer.roots().map(|root| root.feedback).collect();
    /// assert_eq!(feedbacks, [4.0, -1.0]);
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    pub fn roots(&self) -> impl Iterator<Item = &Root> {
        self.upper.iter().chain(self.lower.iter())
    }

    /// The root that the policy selects, if there is one.
    ///
    /// `Economic` selects the larger feedback if it is above 0. The other policies select by their
    /// own rule whatever the sign; look at [`Root::is_admissible`]. A fold has no stable root.
    ///
    /// ```
    /// use tunewise_cost::{Inputs, Parameter, Branch, solve};
    ///
    /// // A = 0, G = 4, o = 1, p = 3: F² - 3F - 4 = 0, so F is 4 or -1.
    /// let answer = solve(
    ///     &Inputs::default()
    ///         .with(Parameter::WeightD, 1.0)
    ///         .with(Parameter::PromotionFixed, 4.0)
    ///         .with(Parameter::FeedbackSlope, 1.0)
    ///         .with(Parameter::FeedbackBaseline, 3.0),
    /// )?;
    /// assert_eq!(answer.selected().map(|root| root.branch), Some(Branch::Plus));
    /// assert_eq!(answer.selected(), answer.upper.as_ref());
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    #[must_use]
    pub fn selected(&self) -> Option<&Root> {
        let upper = self.upper.as_ref();
        match self.policy {
            RootPolicy::Economic => upper.filter(|root| root.is_admissible()),
            RootPolicy::Stable => self.roots().find(|root| root.stability.is_stable()),
            RootPolicy::Plus => upper,
            RootPolicy::Minus => {
                self.lower.as_ref().or(upper.filter(|root| root.branch != Branch::Plus))
            }
        }
    }

    /// E at the selected root; none if there is none or it leaves the range of `f64`.
    ///
    /// # Formula
    /// E = A + G/F.
    ///
    /// ```
    /// use tunewise_cost::{Inputs, Parameter, solve};
    ///
    /// // A = 0, G = 4, o = 1, p = 3: F² - 3F - 4 = 0, so F is 4 or -1.
    /// let answer = solve(
    ///     &Inputs::default()
    ///         .with(Parameter::WeightD, 1.0)
    ///         .with(Parameter::PromotionFixed, 4.0)
    ///         .with(Parameter::FeedbackSlope, 1.0)
    ///         .with(Parameter::FeedbackBaseline, 3.0),
    /// )?;
    /// assert_eq!(answer.effectiveness(), Some(1.0)); // A + G/F = 0 + 4/4
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    #[must_use]
    pub fn effectiveness(&self) -> Option<f64> {
        self.selected().map(|root| root.effectiveness).filter(|value| value.is_finite())
    }

    /// F at the selected root.
    ///
    /// # Formula
    /// F = o·E + p, a root of F² − S·F − o·G = 0.
    ///
    /// ```
    /// use tunewise_cost::{Inputs, Parameter, solve};
    ///
    /// // A = 0, G = 4, o = 1, p = 3: F² - 3F - 4 = 0, so F is 4 or -1.
    /// let answer = solve(
    ///     &Inputs::default()
    ///         .with(Parameter::WeightD, 1.0)
    ///         .with(Parameter::PromotionFixed, 4.0)
    ///         .with(Parameter::FeedbackSlope, 1.0)
    ///         .with(Parameter::FeedbackBaseline, 3.0),
    /// )?;
    /// assert_eq!(answer.feedback(), Some(4.0)); // o·E + p = 1 + 3
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    #[must_use]
    pub fn feedback(&self) -> Option<f64> {
        self.selected().map(|root| root.feedback)
    }

    /// λ at the selected root.
    ///
    /// # Formula
    /// λ = g′(E) = −o·G/F² = F_other/F.
    ///
    /// ```
    /// use tunewise_cost::{Inputs, Parameter, solve};
    ///
    /// // A = 0, G = 4, o = 1, p = 3: F² - 3F - 4 = 0, so F is 4 or -1.
    /// let answer = solve(
    ///     &Inputs::default()
    ///         .with(Parameter::WeightD, 1.0)
    ///         .with(Parameter::PromotionFixed, 4.0)
    ///         .with(Parameter::FeedbackSlope, 1.0)
    ///         .with(Parameter::FeedbackBaseline, 3.0),
    /// )?;
    /// assert_eq!(answer.multiplier(), Some(-0.25)); // F_other/F = -1/4
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    #[must_use]
    pub fn multiplier(&self) -> Option<f64> {
        self.selected().map(|root| root.multiplier)
    }

    /// What λ means at the selected root.
    ///
    /// # Formula
    /// Stable where |λ| < 1, oscillating where λ < 0, superstable where λ = 0.
    ///
    /// ```
    /// use tunewise_cost::{Inputs, Parameter, Stability, solve};
    ///
    /// // A = 0, G = 4, o = 1, p = 3: F² - 3F - 4 = 0, so F is 4 or -1.
    /// let answer = solve(
    ///     &Inputs::default()
    ///         .with(Parameter::WeightD, 1.0)
    ///         .with(Parameter::PromotionFixed, 4.0)
    ///         .with(Parameter::FeedbackSlope, 1.0)
    ///         .with(Parameter::FeedbackBaseline, 3.0),
    /// )?;
    /// assert_eq!(answer.stability(), Some(Stability::StableOscillating)); // -1 < λ < 0
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    #[must_use]
    pub fn stability(&self) -> Option<Stability> {
        self.selected().map(|root| root.stability)
    }

    /// Whether a root is selected and its feedback is above 0.
    ///
    /// ```
    /// use tunewise_cost::{Inputs, Parameter, solve};
    ///
    /// // A = 0, G = 4, o = 1, p = 3: F² - 3F - 4 = 0, so F is 4 or -1.
    /// let answer = solve(
    ///     &Inputs::default()
    ///         .with(Parameter::WeightD, 1.0)
    ///         .with(Parameter::PromotionFixed, 4.0)
    ///         .with(Parameter::FeedbackSlope, 1.0)
    ///         .with(Parameter::FeedbackBaseline, 3.0),
    /// )?;
    /// assert!(answer.is_admissible()); // F = 4
    /// assert!(!answer.lower.is_some_and(|root| root.is_admissible())); // F = -1
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    #[must_use]
    pub fn is_admissible(&self) -> bool {
        self.selected().is_some_and(Root::is_admissible)
    }

    /// The four terms of E at the selected root.
    ///
    /// # Formula
    /// a·x, b·T, c·C and d·M/F; their sum is E.
    ///
    /// ```
    /// use tunewise_cost::{Inputs, Parameter, solve};
    ///
    /// // A = 0, G = 4, o = 1, p = 3: F² - 3F - 4 = 0, so F is 4 or -1.
    /// let answer = solve(
    ///     &Inputs::default()
    ///         .with(Parameter::WeightD, 1.0)
    ///         .with(Parameter::PromotionFixed, 4.0)
    ///         .with(Parameter::FeedbackSlope, 1.0)
    ///         .with(Parameter::FeedbackBaseline, 3.0),
    /// )?;
    /// let terms = answer.contributions().unwrap();
    /// assert_eq!(terms.promotion, 1.0); // G/F = 4/4
    /// assert_eq!((terms.training_effect, terms.training_time, terms.annotation_cost), (0.0, 0.0, 0.0));
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    #[must_use]
    pub fn contributions(&self) -> Option<Contributions> {
        let weights = &self.inputs.weights;
        self.selected().map(|root| Contributions {
            training_effect: weights.training_effect * self.training_effect,
            training_time: weights.training_time * self.training_time,
            annotation_cost: weights.annotation_cost * self.annotation_cost,
            promotion: self.pull / root.feedback,
        })
    }
}
