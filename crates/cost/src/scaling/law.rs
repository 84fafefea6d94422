//! L(P, D) = E₀ + A₀/P^α + B₀/D^β.

use serde::{Deserialize, Serialize};

use super::FLOPS_PER_PARAM_TOKEN;
use crate::{EffectValue, Inputs};

/// A law of the Chinchilla form: loss in nats a token, of P parameters trained on D tokens.
///
/// # Formula
/// L(P, D) = E₀ + A₀·P^−α + B₀·D^−β.
///
/// # Reference
/// Hoffmann et al. (2022), "Training compute-optimal large language models", approach 3; Besiroglu et
/// al. (2024), "Chinchilla scaling: a replication attempt", whose refit is the default.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScalingLaw {
    /// E₀, the loss that no model goes below.
    pub irreducible: f64,
    /// A₀, of the parameters' term.
    pub param_scale: f64,
    /// B₀, of the tokens' term.
    pub data_scale: f64,
    /// α.
    pub param_exponent: f64,
    /// β.
    pub data_exponent: f64,
}

/// The split of a compute budget with the smallest loss.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Optimum {
    /// P*.
    pub params: f64,
    /// D*.
    pub tokens: f64,
    /// L(P*, D*).
    pub loss: f64,
}

impl Default for ScalingLaw {
    fn default() -> Self {
        Self::EPOCH_2024
    }
}

impl ScalingLaw {
    /// The refit of Besiroglu et al. (2024): 18.4 tokens a parameter at 5.76e23 FLOP.
    pub const EPOCH_2024: Self = Self {
        irreducible: 1.8172,
        param_scale: 482.01,
        data_scale: 2085.43,
        param_exponent: 0.3478,
        data_exponent: 0.3658,
    };

    /// The constants as Hoffmann et al. (2022) print them, rounded. Their optimum contradicts the
    /// paper's own approaches 1 and 2 (92.6 tokens a parameter at 5.76e23 FLOP): see
    /// [`warning`](Self::warning).
    pub const HOFFMANN_2022_ROUNDED: Self = Self {
        irreducible: 1.69,
        param_scale: 406.4,
        data_scale: 410.7,
        param_exponent: 0.34,
        data_exponent: 0.28,
    };

    /// What to know before the constants are used; only the rounded set of 2022 has a warning.
    ///
    /// ```
    /// use tunewise_cost::scaling::ScalingLaw;
    ///
    /// assert!(ScalingLaw::HOFFMANN_2022_ROUNDED.warning().is_some());
    /// assert!(ScalingLaw::default().warning().is_none());
    /// ```
    #[must_use]
    pub fn warning(&self) -> Option<&'static str> {
        (*self == Self::HOFFMANN_2022_ROUNDED).then_some(
            "the rounded constants of Hoffmann et al. (2022) ask for about 90 tokens a parameter, \
             against about 20 by the same paper's other approaches; prefer the refit of 2024",
        )
    }

    /// L, ∂L/∂P and ∂L/∂D.
    ///
    /// # Formula
    /// L = E₀ + A₀/P^α + B₀/D^β, ∂L/∂P = −α·A₀/P^(α + 1), ∂L/∂D = −β·B₀/D^(β + 1).
    ///
    /// # Reference
    /// Hoffmann et al. (2022), equation 2.
    ///
    /// ```
    /// let [loss, by_params, by_tokens] = tunewise_cost::scaling::ScalingLaw::default().loss(1e9, 2e10);
    /// assert!(loss > 1.8172 && by_params < 0.0 && by_tokens < 0.0);
    /// ```
    #[must_use]
    pub fn loss(&self, params: f64, tokens: f64) -> [f64; 3] {
        let by_params = self.param_scale * params.powf(-self.param_exponent);
        let by_tokens = self.data_scale * tokens.powf(-self.data_exponent);
        [
            self.irreducible + by_params + by_tokens,
            -self.param_exponent * by_params / params,
            -self.data_exponent * by_tokens / tokens,
        ]
    }

    /// The parameters and tokens with the smallest loss at C = 6·P·D floating-point operations.
    ///
    /// # Formula
    /// P* = Γ·(C/6)^(β/(α+β)), D* = Γ⁻¹·(C/6)^(α/(α+β)), Γ = (αA₀/(βB₀))^(1/(α+β)): Hoffmann et al.
    /// (2022), equation 4.
    ///
    /// ```
    /// let best = tunewise_cost::scaling::ScalingLaw::default().optimum(6e20);
    /// assert!((6.0 * best.params * best.tokens / 6e20 - 1.0).abs() < 1e-12);
    /// ```
    #[must_use]
    pub fn optimum(&self, flops: f64) -> Optimum {
        let (alpha, beta) = (self.param_exponent, self.data_exponent);
        let sum = alpha + beta;
        let gamma = (alpha * self.param_scale / (beta * self.data_scale)).powf(1.0 / sum);
        let product = flops / FLOPS_PER_PARAM_TOKEN;
        let params = gamma * product.powf(beta / sum);
        let tokens = product.powf(alpha / sum) / gamma;
        let [loss, ..] = self.loss(params, tokens);
        Optimum { params, tokens, loss }
    }
}

/// The training effect of a scaling law: x = L_ref − L(P, D), in nats a token.
///
/// It grows in data and in parameters, as the article's text says of the training effect and its
/// formula D/P does not.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EffectLaw {
    /// L_ref, the loss that is worth nothing.
    pub reference_loss: f64,
    /// The law; the refit of 2024 if left out.
    #[serde(default)]
    pub law: ScalingLaw,
}

impl EffectLaw {
    /// x and its slopes.
    pub(crate) fn at(&self, inputs: &Inputs) -> EffectValue {
        let [loss, by_params, by_tokens] = self.law.loss(inputs.param_count, inputs.data_volume);
        EffectValue {
            value: self.reference_loss - loss,
            by_data: -by_tokens,
            by_params: -by_params,
        }
    }
}
