//! Scaling laws against mpmath at 30 digits, and the fit against SciPy's best of many starts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use serde_json::Value;
use support::{number, relative};
use tunewise_cost::scaling::{
    EffectLaw, Hardware, LossRun, ScalingError, ScalingLaw, fit_scaling_law, huber_objective,
};
use tunewise_cost::{Inputs, Model, Parameter, TrainingEffect};

/// Powers of large numbers: an ulp of the exponent's product, times its logarithm.
const TOLERANCE: f64 = 1e-13;

fn reference() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/scaling.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn law(sets: &Value, name: &Value) -> ScalingLaw {
    let set = &sets[name.as_str().unwrap()];
    ScalingLaw {
        irreducible: number(&set["E"]),
        param_scale: number(&set["A"]),
        data_scale: number(&set["B"]),
        param_exponent: number(&set["alpha"]),
        data_exponent: number(&set["beta"]),
    }
}

fn close(got: f64, expected: &Value) {
    assert!(relative(got, number(expected)) < TOLERANCE, "{got} {expected}");
}

#[test]
fn losses_slopes_and_optima() {
    let all = reference();
    for case in all["loss"].as_array().unwrap() {
        let law = law(&all["sets"], &case["set"]);
        let [loss, by_params, by_tokens] = law.loss(number(&case["N"]), number(&case["D"]));
        close(loss, &case["L"]);
        close(by_params, &case["dL_dN"]);
        close(by_tokens, &case["dL_dD"]);
    }
    for case in all["optimum"].as_array().unwrap() {
        let best = law(&all["sets"], &case["set"]).optimum(number(&case["C"]));
        close(best.params, &case["N_opt"]);
        close(best.tokens, &case["D_opt"]);
        close(best.tokens / best.params, &case["D_over_N"]);
        close(best.loss, &case["L"]);
    }
}

#[test]
fn named_sets_are_the_published_ones() {
    let all = reference();
    let named = |name: &str| law(&all["sets"], &Value::from(name));
    assert_eq!(named("besiroglu2024"), ScalingLaw::default());
    assert_eq!(named("hoffmann2022_rounded"), ScalingLaw::HOFFMANN_2022_ROUNDED);
    assert!(ScalingLaw::HOFFMANN_2022_ROUNDED.warning().is_some());
    let ratio = |law: ScalingLaw| law.optimum(5.76e23).tokens / law.optimum(5.76e23).params;
    assert!((ratio(ScalingLaw::HOFFMANN_2022_ROUNDED) - 92.6).abs() < 0.1);
}

#[test]
fn hours_of_hardware() {
    for case in reference()["train_time"].as_array().unwrap() {
        let hardware = Hardware {
            devices: number(&case["gpus"]),
            peak_flops: number(&case["peak_flops"]),
            utilization: number(&case["mfu"]),
        };
        let time =
            hardware.training_time(number(&case["D_tokens"]), number(&case["epochs"])).unwrap();
        close(time.per_parameter, &case["l_hours_per_param"]);
        close(time.per_parameter * number(&case["N"]) + time.fixed, &case["hours"]);
    }
    let half = Hardware { devices: 1.0, peak_flops: 1e15, utilization: 1.5 };
    let message = half.training_time(1e9, 1.0).unwrap_err().to_string();
    assert_eq!(message, "utilization is 1.5, expected a share of at most 1");
}

fn runs(fit: &Value) -> Vec<LossRun> {
    let column =
        |name: &str| -> Vec<f64> { fit[name].as_array().unwrap().iter().map(number).collect() };
    let rows = column("N").into_iter().zip(column("D")).zip(column("L"));
    rows.map(|((params, tokens), loss)| LossRun { params, tokens, loss }).collect()
}

#[test]
fn the_fit_reaches_the_best_known_objective() {
    let all = reference();
    let (fit, runs) = (&all["fit"], runs(&all["fit"]));
    for case in fit["obj_at"].as_array().unwrap() {
        let theta: Vec<f64> = case["theta"].as_array().unwrap().iter().map(number).collect();
        let law = ScalingLaw {
            param_scale: theta[0].exp(),
            data_scale: theta[1].exp(),
            irreducible: theta[2].exp(),
            param_exponent: theta[3],
            data_exponent: theta[4],
        };
        let value = huber_objective(&law, &runs).unwrap();
        assert!(relative(value, number(&case["value"])) < 1e-10, "{value}");
    }
    let found = fit_scaling_law(&runs).unwrap();
    let best = number(&fit["best_value"]);
    assert!(found.objective <= best * (1.0 + 1e-6), "{} {best}", found.objective);
    let again = huber_objective(&found.law, &runs).unwrap();
    assert!(relative(again, found.objective) < 1e-9);
}

#[test]
fn bad_runs_are_named() {
    let run = LossRun { params: 1e9, tokens: 1e10, loss: 2.0 };
    assert_eq!(fit_scaling_law(&[run; 5]), Err(ScalingError::TooFewRuns { got: 5 }));
    let mut bad = [run; 6];
    bad[3].loss = f64::NAN;
    let message = fit_scaling_law(&bad).unwrap_err().to_string();
    assert_eq!(message, "run 4: loss is NaN, expected a finite number above 0");
}

#[test]
fn a_scaling_law_as_training_effect_has_the_slopes_of_finite_differences() {
    let effect = EffectLaw { reference_loss: 10.0, law: ScalingLaw::default() };
    let model = Model { training_effect: TrainingEffect::ScalingLaw(effect), ..Model::default() };
    let mut inputs = Inputs { data_volume: 1e10, param_count: 1e9, ..Inputs::default() };
    inputs.weights.training_effect = 56.0;
    inputs.weights.promotion = 2e-4;
    inputs.promotion.per_training_effect = 1000.0;
    inputs.promotion.fixed = 20_000.0;
    inputs.feedback.per_effectiveness = 0.02;
    let gradient = model.solve(&inputs).unwrap().gradient().unwrap();
    for parameter in [Parameter::DataVolume, Parameter::ParamCount] {
        let at = |factor: f64| {
            let moved = inputs.with(parameter, inputs.get(parameter) * factor);
            model.solve(&moved).unwrap().effectiveness().unwrap()
        };
        let step = 1e-5;
        let slope = (at(1.0 + step) - at(1.0 - step)) / (2.0 * step * inputs.get(parameter));
        assert!(relative(gradient.get(parameter), slope) < 1e-7, "{parameter}");
        assert!(slope > 0.0, "both data and parameters help");
    }
}
