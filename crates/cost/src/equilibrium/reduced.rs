//! The reduced form: sixteen inputs become A, G, o, p, and these the quadratic's coefficients.

use crate::numerics::{Scaled, TwoProduct};
use crate::{Inputs, TrainingEffect};

/// The intermediate quantities in extended precision.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reduced<M> {
    pub(super) effect: Scaled<M>,
    pub(super) time: Scaled<M>,
    pub(super) annotation: Scaled<M>,
    pub(super) promotion: Scaled<M>,
    /// A = a·x + b·T + c·C.
    pub(super) autonomous: Scaled<M>,
    /// |a·x| + |b·T| + |c·C|, the scale of A's rounding.
    pub(super) autonomous_scale: Scaled<M>,
    /// G = d·M.
    pub(super) pull: Scaled<M>,
    pub(super) slope: Scaled<M>,
    pub(super) baseline: Scaled<M>,
}

impl<M: TwoProduct> Reduced<M> {
    #[inline(always)]
    pub(super) fn new(inputs: &Inputs, effect: TrainingEffect) -> Self {
        let number = Scaled::<M>::from_f64;
        let (numerator, denominator) = effect.fraction(inputs);
        let (numerator, denominator) = (number(numerator), number(denominator));
        let (weights, promotion) = (&inputs.weights, &inputs.promotion);
        let effect = numerator / denominator;
        let time = number(inputs.training_time.per_parameter) * number(inputs.param_count)
            + number(inputs.training_time.fixed);
        let annotation = number(inputs.annotation.per_sample) * number(inputs.data_volume)
            + number(inputs.annotation.fixed);
        // Over one denominator both products are exact, and so M = 0 is found exactly.
        let promotion = (number(promotion.per_training_effect) * numerator
            + number(promotion.fixed) * denominator)
            / denominator;
        let terms = [
            number(weights.training_effect) * effect,
            number(weights.training_time) * time,
            number(weights.annotation_cost) * annotation,
        ];
        let [by_effect, by_time, by_annotation] = terms;
        Self {
            effect,
            time,
            annotation,
            promotion,
            autonomous: by_effect + by_time + by_annotation,
            autonomous_scale: by_effect.abs() + by_time.abs() + by_annotation.abs(),
            pull: number(weights.promotion) * promotion,
            slope: number(inputs.feedback.per_effectiveness),
            baseline: number(inputs.feedback.baseline),
        }
    }
}
