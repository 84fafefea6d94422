//! The reduced form: sixteen inputs become A, G, o, p, and these the quadratic's coefficients.

use crate::numerics::{Scaled, TwoProduct};
use crate::{Inputs, TrainingEffect};

/// The intermediate quantities in extended precision.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reduced<M> {
    pub(crate) effect: Scaled<M>,
    pub(crate) time: Scaled<M>,
    pub(crate) annotation: Scaled<M>,
    pub(crate) promotion: Scaled<M>,
    /// A = a·x + b·T + c·C.
    pub(crate) autonomous: Scaled<M>,
    /// |a·x| + |b·T| + |c·C|, the scale of A's rounding.
    pub(crate) autonomous_scale: Scaled<M>,
    /// G = d·M.
    pub(crate) pull: Scaled<M>,
    pub(crate) slope: Scaled<M>,
    pub(crate) baseline: Scaled<M>,
}

impl<M: TwoProduct> Reduced<M> {
    #[inline(always)]
    pub(crate) fn new(inputs: &Inputs, effect: TrainingEffect) -> Self {
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
