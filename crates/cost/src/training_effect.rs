//! The training effect x: the article's D/P, or another function of data and parameters.

use serde::{Deserialize, Serialize};

use crate::Inputs;
use crate::scaling::EffectLaw;

/// Which function of data volume and parameter count the training effect is.
///
/// Everything else in the model needs only x, ∂x/∂D and ∂x/∂P: see [`EffectValue`].
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TrainingEffect {
    /// The article's formula x = D/P, which falls as the model grows.
    #[default]
    Ratio,
    /// x = L_ref − L(P, D) of a scaling law, which grows in both.
    ScalingLaw(EffectLaw),
}

/// A training effect with its slopes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EffectValue {
    /// x.
    pub value: f64,
    /// ∂x/∂D.
    pub by_data: f64,
    /// ∂x/∂P.
    pub by_params: f64,
}

impl TrainingEffect {
    /// x and its slopes at the scenario's data volume and parameter count.
    ///
    /// # Formula
    /// Ratio: x = D/P, ∂x/∂D = 1/P, ∂x/∂P = −D/P². Scaling law: x = L_ref − E₀ − A₀/P^α − B₀/D^β.
    ///
    /// ```
    /// use tunewise_cost::{Inputs, TrainingEffect};
    ///
    /// let inputs = Inputs { data_volume: 3.0, param_count: 2.0, ..Inputs::default() };
    /// assert_eq!(TrainingEffect::Ratio.at(&inputs).value, 1.5);
    /// ```
    #[must_use]
    pub fn at(&self, inputs: &Inputs) -> EffectValue {
        match self {
            Self::Ratio => {
                let ratio = inputs.data_volume / inputs.param_count;
                EffectValue {
                    value: ratio,
                    by_data: 1.0 / inputs.param_count,
                    by_params: -ratio / inputs.param_count,
                }
            }
            Self::ScalingLaw(effect) => effect.at(inputs),
        }
    }

    /// x as numerator over denominator, each an `f64`: the ratio's own two numbers, so that the
    /// accurate path divides once in extended precision.
    pub(crate) fn fraction(&self, inputs: &Inputs) -> (f64, f64) {
        match self {
            Self::Ratio => (inputs.data_volume, inputs.param_count),
            Self::ScalingLaw(effect) => (effect.at(inputs).value, 1.0),
        }
    }
}
