//! Sign conventions of the weights, and what is worth saying about a scenario.

use std::fmt;

use serde::Serialize;

use crate::{Inputs, Parameter, Weights};

/// Which way each term counts. The article writes a plus before cost and time and calls the weights
/// "importance"; a diagnosis, never an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SignConvention {
    /// Every weight at least 0, the article's letter: effectiveness rises with cost and time.
    Literal,
    /// a, d ≥ 0 and b, c ≤ 0: time and labels are a burden, promotion helps. What the examples use.
    NetBenefit,
    /// a ≥ 0 and b, c, d ≤ 0: promotion is a burden too; an equilibrium may not exist.
    FullNet,
}

impl SignConvention {
    /// All.
    pub const ALL: [Self; 3] = [Self::Literal, Self::NetBenefit, Self::FullNet];

    /// The name in reports.
    ///
    /// ```
    /// assert_eq!(tunewise_cost::SignConvention::NetBenefit.name(), "net_benefit");
    /// ```
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Literal => "literal",
            Self::NetBenefit => "net_benefit",
            Self::FullNet => "full_net",
        }
    }

    /// The weights with their sizes kept and their signs set.
    ///
    /// ```
    /// use tunewise_cost::{SignConvention, Weights};
    ///
    /// let weights = Weights { annotation_cost: 2.0, promotion: 3.0, ..Weights::default() };
    /// let net = SignConvention::NetBenefit.apply(&weights);
    /// assert_eq!((net.annotation_cost, net.promotion), (-2.0, 3.0));
    /// ```
    #[must_use]
    pub fn apply(self, weights: &Weights) -> Weights {
        let cost = if self == Self::Literal { 1.0 } else { -1.0 };
        let promotion = if self == Self::FullNet { -1.0 } else { 1.0 };
        Weights {
            training_effect: weights.training_effect.abs(),
            training_time: cost * weights.training_time.abs(),
            annotation_cost: cost * weights.annotation_cost.abs(),
            promotion: promotion * weights.promotion.abs(),
            ..*weights
        }
    }

    /// The convention that the weights follow, if they follow one.
    ///
    /// ```
    /// use tunewise_cost::{SignConvention, Weights};
    ///
    /// let weights = Weights { annotation_cost: -2.0, ..Weights::default() };
    /// assert_eq!(SignConvention::of(&weights), Some(SignConvention::NetBenefit));
    /// ```
    #[must_use]
    pub fn of(weights: &Weights) -> Option<Self> {
        Self::ALL.into_iter().find(|convention| convention.apply(weights) == *weights)
    }
}

/// Something about a scenario that a reader should know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Diagnostic {
    /// e or f is not 0, and the article's formula gives it no term.
    UnusedWeight(Parameter),
    /// The weights follow a convention.
    Signs(SignConvention),
    /// They follow none.
    MixedSigns,
    /// With these signs the article's D/P makes every smaller model better.
    SmallestModelWins,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnusedWeight(parameter) => write!(
                out,
                "weight {} is not 0, but the article's formula gives it no term: it changes nothing",
                parameter.letter()
            ),
            Self::Signs(SignConvention::Literal) => out.write_str(
                "literal signs: every weight is at least 0, so effectiveness rises with cost and time",
            ),
            Self::Signs(SignConvention::NetBenefit) => {
                out.write_str("net-benefit signs: time and labels count against effectiveness")
            }
            Self::Signs(SignConvention::FullNet) => out.write_str(
                "full-net signs: promotion counts against effectiveness too, so an equilibrium may not exist",
            ),
            Self::MixedSigns => out.write_str("the weights' signs follow no convention"),
            Self::SmallestModelWins => out.write_str(
                "the article's D/P falls as the model grows: with these signs the smallest model always wins",
            ),
        }
    }
}

/// What a reader should know about a scenario, apart from its answer.
///
/// # Reference
/// ∂E/∂P < 0 at every admissible stable root where a > 0, b ≤ 0, c ≤ 0 and d·n1 ≥ 0.
///
/// ```
/// use tunewise_cost::{Diagnostic, Inputs, Parameter, diagnose};
///
/// let notes = diagnose(&Inputs::default().with(Parameter::WeightE, 1.0));
/// assert_eq!(notes[0], Diagnostic::UnusedWeight(Parameter::WeightE));
/// ```
#[must_use]
pub fn diagnose(inputs: &Inputs) -> Vec<Diagnostic> {
    let unused = [Parameter::WeightE, Parameter::WeightF];
    let used = unused.into_iter().filter(|&weight| inputs.get(weight) != 0.0);
    let mut notes: Vec<_> = used.map(Diagnostic::UnusedWeight).collect();
    notes.push(
        SignConvention::of(&inputs.weights).map_or(Diagnostic::MixedSigns, Diagnostic::Signs),
    );
    let Weights { training_effect, training_time, annotation_cost, promotion, .. } = inputs.weights;
    let promoted = promotion * inputs.promotion.per_training_effect;
    if training_effect > 0.0 && training_time <= 0.0 && annotation_cost <= 0.0 && promoted >= 0.0 {
        notes.push(Diagnostic::SmallestModelWins);
    }
    notes
}
