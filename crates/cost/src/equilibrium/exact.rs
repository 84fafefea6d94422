//! S and Δ without rounding, where extended precision cannot tell their sign.
//!
//! With x = N/Q every term times Q is an integer polynomial of the inputs.

use crate::numerics::{Dyadic, Scaled, TwoProduct};
use crate::{Inputs, TrainingEffect};

/// S·Q and Δ·Q², exactly.
pub(super) struct Exact {
    sum: Dyadic,
    discriminant: Dyadic,
    denominator: f64,
}

impl Exact {
    #[cold]
    pub(super) fn new(inputs: &Inputs, effect: TrainingEffect) -> Self {
        let exact = Dyadic::from_f64;
        let (numerator, denominator) = effect.fraction(inputs);
        let (n, q) = (exact(numerator), exact(denominator));
        let line = |slope: f64, at: &Dyadic, intercept: f64, unit: &Dyadic| {
            &exact(slope) * at + &exact(intercept) * unit
        };
        let one = exact(1.0);
        let (params, data) = (exact(inputs.param_count), exact(inputs.data_volume));
        let time =
            line(inputs.training_time.per_parameter, &params, inputs.training_time.fixed, &one);
        let labels = line(inputs.annotation.per_sample, &data, inputs.annotation.fixed, &one);
        let promotion = line(inputs.promotion.per_training_effect, &n, inputs.promotion.fixed, &q);
        let weights = &inputs.weights;
        let costs =
            &exact(weights.training_time) * &time + &exact(weights.annotation_cost) * &labels;
        let autonomous = &exact(weights.training_effect) * &n + &costs * &q;
        let slope = exact(inputs.feedback.per_effectiveness);
        let sum = &slope * &autonomous + &exact(inputs.feedback.baseline) * &q;
        let pull = &(&exact(weights.promotion) * &promotion) * &q;
        let discriminant = &sum * &sum + (&slope * &pull).shifted(2);
        Self { sum, discriminant, denominator }
    }

    /// S, its sign exact.
    pub(super) fn sum<M: TwoProduct>(&self) -> Scaled<M> {
        self.sum.to_scaled() / Scaled::from_f64(self.denominator)
    }

    /// Δ, its sign exact.
    pub(super) fn discriminant<M: TwoProduct>(&self) -> Scaled<M> {
        let denominator = Scaled::from_f64(self.denominator);
        self.discriminant.to_scaled() / (denominator * denominator)
    }
}
