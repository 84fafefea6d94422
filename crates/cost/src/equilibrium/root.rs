//! One root: effectiveness, feedback and how the market behaves near it.

use serde::Serialize;

use crate::numerics::Wide;

/// Which root of the quadratic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Branch {
    /// F₊, the larger feedback.
    Plus,
    /// F₋, the smaller feedback.
    Minus,
    /// The only one: o = 0 or G = 0.
    Unique,
    /// Both at once: Δ = 0.
    Fold,
}

/// What repeated best responses do near a root (multiplier λ).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stability {
    /// λ = 0: reached in one step.
    Superstable,
    /// 0 < λ < 1: approached from one side.
    StableMonotone,
    /// −1 < λ < 0: approached from alternating sides.
    StableOscillating,
    /// λ = −1: every orbit has period 2.
    NeutralFlip,
    /// λ > 1: left to one side, a tipping threshold.
    UnstableMonotone,
    /// λ < −1: left to alternating sides.
    UnstableOscillating,
    /// λ = 1: approached from one side, slowly, and left on the other.
    Fold,
}

impl Stability {
    /// The word in files: `superstable`, `stable_monotone`, `stable_oscillating`, `neutral_flip`,
    /// `unstable_monotone`, `unstable_oscillating`, `fold`.
    ///
    /// ```
    /// assert_eq!(tunewise_cost::Stability::NeutralFlip.name(), "neutral_flip");
    /// ```
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Superstable => "superstable",
            Self::StableMonotone => "stable_monotone",
            Self::StableOscillating => "stable_oscillating",
            Self::NeutralFlip => "neutral_flip",
            Self::UnstableMonotone => "unstable_monotone",
            Self::UnstableOscillating => "unstable_oscillating",
            Self::Fold => "fold",
        }
    }

    /// Whether nearby starts end at the root.
    ///
    /// # Formula
    /// |λ| < 1.
    ///
    /// ```
    /// assert!(tunewise_cost::Stability::StableMonotone.is_stable());
    /// ```
    #[must_use]
    pub fn is_stable(self) -> bool {
        matches!(self, Self::Superstable | Self::StableMonotone | Self::StableOscillating)
    }
}

/// One equilibrium.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Root {
    /// Which one.
    pub branch: Branch,
    /// E.
    pub effectiveness: f64,
    /// F.
    pub feedback: f64,
    /// λ = g′(E) = F_other/F, the factor by which one best response shrinks a deviation.
    pub multiplier: f64,
    /// What λ means.
    pub stability: Stability,
    /// The slopes that all partials are made of; none at a fold, where they are infinite.
    pub(crate) slopes: Option<Slopes>,
}

/// ∂E by A, G, o and p, in a range wider than that of `f64`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Slopes {
    pub(crate) autonomous: Wide,
    pub(crate) pull: Wide,
    pub(crate) slope: Wide,
    pub(crate) baseline: Wide,
}

impl Root {
    /// Whether the feedback is above 0, so that promotion divided by it means something.
    ///
    /// # Formula
    /// F > 0.
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
    /// assert_eq!(answer.upper.map(|root| root.is_admissible()), Some(true)); // F = 4
    /// assert_eq!(answer.lower.map(|root| root.is_admissible()), Some(false)); // F = -1
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    #[must_use]
    pub fn is_admissible(&self) -> bool {
        self.feedback > 0.0
    }

    /// ∂E/∂A = F/R = 1/(1 − λ), the feedback multiplier: below 1 the market damps, above 1 it
    /// amplifies. Infinite at a fold.
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
    /// assert_eq!(answer.upper.map(|root| root.amplification()), Some(0.8)); // 1/(1 + 0.25)
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    #[must_use]
    pub fn amplification(&self) -> f64 {
        self.slopes.map_or(f64::INFINITY, |slopes| slopes.autonomous.to_f64())
    }

    /// ∂E/∂G = 1/R. Infinite at a fold.
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
    /// assert_eq!(answer.upper.map(|root| root.pull_slope()), Some(0.2)); // 1/(4 - (-1))
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    #[must_use]
    pub fn pull_slope(&self) -> f64 {
        self.slopes.map_or(f64::INFINITY, |slopes| slopes.pull.to_f64())
    }
}
