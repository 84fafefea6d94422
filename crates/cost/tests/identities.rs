//! What must hold of every scenario: the gauges, the equations themselves, the reaction to each input.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use Parameter::{
    AnnotationFixed, AnnotationPerSample, DataVolume, FeedbackBaseline, FeedbackSlope, ParamCount,
    PromotionFixed, PromotionPerEffect, TimeFixed, TimePerParameter, WeightA, WeightB, WeightC,
    WeightD,
};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use support::relative;
use support::typical::well_conditioned;
use tunewise_cost::{Dynamics, Equilibrium, Feedback, Parameter, solve};

/// A product of an input and a scale is rounded once, at most 8 inputs are scaled, and each moves E by its
/// elasticity, whose sum is below 30.
const ROUNDED_INPUTS: f64 = 30.0 * f64::EPSILON;

/// Central differences with Richardson's step have an error of h⁴ times E's fifth derivative, and
/// rounding of E over h: 1e-16 · 30 / 1e-4.
const DIFFERENCE: f64 = 1e-8;

/// A change of units: each input of the list times the scale to the power beside it.
struct Units<'a> {
    scale: f64,
    powers: &'a [(Parameter, i32)],
}

impl Units<'_> {
    /// The change multiplies E and F by these powers of the scale, and leaves all else: to the bit where
    /// the scale is a power of two.
    fn multiply(
        &self,
        answer: &Equilibrium,
        [by_effectiveness, by_feedback]: [i32; 2],
    ) -> Result<(), TestCaseError> {
        let moved = self.powers.iter().fold(answer.inputs, |inputs, &(parameter, power)| {
            inputs.with(parameter, inputs.get(parameter) * self.scale.powi(power))
        });
        let moved = solve(&moved).unwrap();
        prop_assert_eq!(moved.status, answer.status);
        let tolerance = if self.scale.log2().fract() == 0.0 { 0.0 } else { ROUNDED_INPUTS };
        let [root, after] = [answer.selected().unwrap(), moved.selected().unwrap()];
        let e = root.effectiveness * self.scale.powi(by_effectiveness);
        prop_assert!(relative(after.effectiveness, e) <= tolerance, "{} {e}", after.effectiveness);
        let f = root.feedback * self.scale.powi(by_feedback);
        // F = o·E + p may cancel.
        let Feedback { per_effectiveness, baseline } = answer.inputs.feedback;
        let terms = (per_effectiveness * root.effectiveness).abs() + baseline.abs();
        let tolerance = tolerance * terms / root.feedback.abs();
        prop_assert!(relative(after.feedback, f) <= tolerance, "{} {f}", after.feedback);
        prop_assert_eq!(after.stability, root.stability);
        Ok(())
    }
}

/// A power of two or any scale from 1/20 to 20.
fn scale() -> impl Strategy<Value = f64> {
    prop_oneof![(-40_i32..40).prop_map(|power| 2_f64.powi(power)), 0.05..20.0]
}

proptest! {
    #[test]
    fn the_unit_of_feedback_changes_nothing(answer in well_conditioned(), by in scale()) {
        let units = [(WeightD, 1), (FeedbackSlope, 1), (FeedbackBaseline, 1)];
        Units { scale: by, powers: &units }.multiply(&answer, [0, 1])?;
    }

    #[test]
    fn the_unit_of_effectiveness_scales_it(answer in well_conditioned(), by in scale()) {
        let units = [(WeightA, 1), (WeightB, 1), (WeightC, 1), (WeightD, 1), (FeedbackSlope, -1)];
        Units { scale: by, powers: &units }.multiply(&answer, [1, 0])?;
    }

    #[test]
    fn the_unit_of_size_changes_nothing(answer in well_conditioned(), by in scale()) {
        let units =
            [(DataVolume, 1), (ParamCount, 1), (AnnotationPerSample, -1), (TimePerParameter, -1)];
        Units { scale: by, powers: &units }.multiply(&answer, [0, 0])?;
    }

    #[test]
    fn the_currency_changes_nothing(answer in well_conditioned(), by in scale()) {
        let prices =
            [AnnotationPerSample, AnnotationFixed, PromotionPerEffect, PromotionFixed].map(|it| (it, 1));
        let units = [&prices[..], &[(WeightC, -1), (WeightD, -1)]].concat();
        Units { scale: by, powers: &units }.multiply(&answer, [0, 0])?;
    }

    #[test]
    fn the_unit_of_time_changes_nothing(answer in well_conditioned(), by in scale()) {
        let units = [(TimePerParameter, 1), (TimeFixed, 1), (WeightB, -1)];
        Units { scale: by, powers: &units }.multiply(&answer, [0, 0])?;
    }

    #[test]
    fn fixed_time_and_fixed_annotation_cost_are_one_number(
        answer in well_conditioned(), share in -1.0..1.0f64,
    ) {
        // From E alone only b·m + c·k2 can be told: what one gives up the other takes.
        let base = &answer.inputs;
        let part = share * base.weights.training_time * base.training_time.fixed;
        let moved = base
            .with(TimeFixed, base.training_time.fixed - part / base.weights.training_time)
            .with(AnnotationFixed, base.annotation.fixed + part / base.weights.annotation_cost);
        let e = solve(&moved).unwrap().effectiveness().unwrap();
        prop_assert!(relative(e, answer.effectiveness().unwrap()) <= ROUNDED_INPUTS);
    }

    #[test]
    fn both_roots_solve_both_equations(answer in well_conditioned()) {
        let feedback = &answer.inputs.feedback;
        for root in answer.roots() {
            let pulled = answer.pull / root.feedback;
            let largest = [root.effectiveness, answer.autonomous, pulled].map(f64::abs);
            let ulp = f64::EPSILON * largest.into_iter().fold(0.0, f64::max);
            prop_assert!((answer.autonomous + pulled - root.effectiveness).abs() <= 2.0 * ulp);
            let (o_e, p) = (feedback.per_effectiveness * root.effectiveness, feedback.baseline);
            let ulp = f64::EPSILON * o_e.abs().max(p.abs()).max(root.feedback.abs());
            prop_assert!((o_e + p - root.feedback).abs() <= 2.0 * ulp);
        }
    }

    #[test]
    fn roots_have_vietas_sums_and_products(answer in well_conditioned()) {
        let [upper, lower] = [answer.upper.unwrap(), answer.lower.unwrap()];
        let size = upper.feedback.abs() + lower.feedback.abs();
        let sum = upper.feedback + lower.feedback;
        prop_assert!((sum - answer.feedback_sum).abs() <= 2.0 * f64::EPSILON * size);
        let product = -answer.inputs.feedback.per_effectiveness * answer.pull;
        prop_assert!(relative(upper.feedback * lower.feedback, product) <= 4.0 * f64::EPSILON);
        prop_assert!(relative(upper.multiplier * lower.multiplier, 1.0) <= 2.0 * f64::EPSILON);
    }

    #[test]
    fn a_best_response_shrinks_the_cross_ratio_by_the_multiplier(
        answer in well_conditioned(), start in -2.0..2.0f64,
    ) {
        let [root, other] = [answer.selected().unwrap(), answer.lower.as_ref().unwrap()];
        let width = (root.effectiveness - other.effectiveness).abs();
        let start = root.effectiveness + start * width;
        let ratio = |e: f64| (e - root.effectiveness) / (e - other.effectiveness);
        let step = Dynamics::of(&answer).best_response(start);
        let Some(after) = step.filter(|after| (after - other.effectiveness).abs() > 1e-3 * width) else {
            return Ok(());
        };
        if (start - other.effectiveness).abs() < 1e-3 * width {
            return Ok(());
        }
        let expected = root.multiplier * ratio(start);
        // Differences of numbers that agree in up to three digits, each with the condition's rounding.
        let noise = 1e-9 * (1.0 + expected.abs());
        prop_assert!((ratio(after) - expected).abs() <= noise, "{} {expected}", ratio(after));
    }

    #[test]
    fn best_responses_converge_at_the_rate_of_the_multiplier(answer in well_conditioned()) {
        let root = *answer.selected().unwrap();
        if root.multiplier.abs() > 0.9 {
            return Ok(());
        }
        let dynamics = Dynamics::of(&answer);
        let distance = 1e-5 * root.effectiveness.abs();
        let after = |from: f64| dynamics.best_response(root.effectiveness + from).unwrap();
        let rate = (after(distance) - after(-distance)) / (2.0 * distance);
        // Third order: the square of the distance over that to the pole, below 30 times 1e-5.
        prop_assert!((rate - root.multiplier).abs() <= 1e-6, "{rate} {}", root.multiplier);
        let run = dynamics.simulate(root.effectiveness + distance, 1.0, 400).unwrap();
        prop_assert!(relative(*run.values.last().unwrap(), root.effectiveness) <= ROUNDED_INPUTS);
    }

    #[test]
    fn partials_are_the_finite_differences(answer in well_conditioned()) {
        let gradient = answer.gradient().unwrap();
        let size = answer.effectiveness().unwrap().abs();
        for (parameter, slope) in gradient.iter() {
            let value = answer.inputs.get(parameter);
            if value == 0.0 {
                prop_assert_eq!(slope, 0.0);
                continue;
            }
            let at = |step: f64| {
                solve(&answer.inputs.with(parameter, value * (1.0 + step))).unwrap().effectiveness()
            };
            // Relative steps, so the difference is the elasticity times E.
            let central = |step: f64| Some((at(step)? - at(-step)?) / (2.0 * step));
            let step = 1e-4 / answer.condition().unwrap();
            let (Some(coarse), Some(fine)) = (central(step), central(step / 2.0)) else { continue };
            let difference = (4.0 * fine - coarse) / 3.0;
            let allowed = DIFFERENCE * (size + (slope * value).abs());
            prop_assert!((difference - slope * value).abs() <= allowed, "{parameter} {difference}");
        }
    }

    #[test]
    fn more_promotion_helps_exactly_where_its_weight_is_positive(answer in well_conditioned()) {
        let fixed = answer.inputs.promotion.fixed;
        let more = answer.inputs.with(PromotionFixed, fixed + 1e-3 * fixed.abs());
        let Some(after) = solve(&more).unwrap().effectiveness() else { return Ok(()) };
        let gain = after - answer.effectiveness().unwrap();
        prop_assert!(answer.gradient().unwrap().get(PromotionFixed) * answer.inputs.weights.promotion > 0.0);
        let visible = gain.abs() > ROUNDED_INPUTS * answer.effectiveness().unwrap().abs();
        prop_assert!(!visible || gain * answer.inputs.weights.promotion > 0.0);
    }

    #[test]
    fn without_feedback_of_effectiveness_it_is_the_plain_sum(answer in well_conditioned()) {
        let base = &answer.inputs;
        if base.feedback.baseline < 0.0 {
            return Ok(());
        }
        let still = solve(&base.with(FeedbackSlope, 0.0)).unwrap();
        let plain = answer.autonomous + answer.pull / base.feedback.baseline;
        let terms = answer.autonomous.abs() + (plain - answer.autonomous).abs();
        prop_assert!((still.effectiveness().unwrap() - plain).abs() <= 2.0 * f64::EPSILON * terms);
        let slope = still.gradient().unwrap().get(FeedbackSlope);
        for power in [-40, -50, -60] {
            let o = base.feedback.per_effectiveness * 2_f64.powi(power);
            let near = solve(&base.with(FeedbackSlope, o)).unwrap().effectiveness().unwrap();
            let room = 1.01 * (slope * o).abs() + 4.0 * f64::EPSILON * near.abs();
            prop_assert!((near - still.effectiveness().unwrap()).abs() <= room, "{near} {still:?}");
        }
    }
}
