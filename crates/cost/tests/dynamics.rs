//! Best responses against mpmath at 30 digits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use serde_json::Value;
use support::{cases, number, relative};
use tunewise_cost::{Dynamics, Inputs, Parameter, Regime, solve};

/// A few roundings a step; near the pole, where the orbits of the rotating cases pass, a step
/// magnifies them by up to |g′| of about 10⁴.
const ORBIT: f64 = 1e-10;

/// A scenario with these A, G, o and p.
fn scenario(case: &Value) -> Inputs {
    let of = |key: &str| number(&case[key]);
    Inputs::default()
        .with(Parameter::WeightA, of("A"))
        .with(Parameter::WeightD, of("G"))
        .with(Parameter::PromotionFixed, 1.0)
        .with(Parameter::FeedbackSlope, of("o"))
        .with(Parameter::FeedbackBaseline, of("p"))
}

#[test]
fn trajectories_of_the_references() {
    for case in cases("trajectories.json") {
        let id = case["id"].as_str().unwrap();
        let dynamics = Dynamics::of(&solve(&scenario(&case)).unwrap());
        let sequence: Vec<f64> = case["seq"].as_array().unwrap().iter().map(number).collect();
        let (start, theta) = (number(&case["E0"]), number(&case["theta"]));
        let run = dynamics.simulate(start, theta, 16).unwrap();
        assert_eq!(run.pole_at, case["pole_at"].as_u64().map(|step| step as usize), "{id}");
        for (step, (got, want)) in run.values.iter().zip(&sequence).enumerate() {
            assert!(relative(*got, *want) < ORBIT, "{id} step {step}: {got} {want}");
            if theta == 1.0 {
                let closed = dynamics.after(start, step as u32).unwrap();
                assert!(relative(closed, *want) < ORBIT, "{id} step {step}: {closed} {want}");
            }
        }
        match case["disc_sign"].as_i64() {
            Some(-1) => {
                let Regime::Rotating { cos_phi } = dynamics.regime() else { panic!("{id}") };
                assert!(relative(cos_phi, number(&case["rotation_cos_phi"])) < 1e-14, "{id}");
            }
            _ if case.get("lambda").is_some() => {
                let Regime::Settling { limit, multiplier, .. } = dynamics.regime() else {
                    panic!("{id}")
                };
                assert!(relative(limit, number(&case["E_star"])) < 1e-15, "{id}");
                assert!(relative(multiplier, number(&case["lambda"])) < 1e-15, "{id}");
                for (key, tolerance) in [("iters_rel_1e-6", 1e-6), ("iters_rel_1e-12", 1e-12)] {
                    let Some(want) = case.get(key).and_then(Value::as_u64) else { continue };
                    assert_eq!(
                        dynamics.steps_to(tolerance, start, 1000),
                        Some(want as usize),
                        "{id}"
                    );
                }
            }
            _ => {}
        }
    }
}

#[test]
fn a_fold_is_approached_from_one_side_slowly() {
    // A = 1, p = 1, o = 1, G = -1: S = 2, a fold at E = 0.
    let base = Inputs::from_array([
        1.0, 1.0, 1.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0,
    ]);
    let dynamics = Dynamics::of(&solve(&base).unwrap());
    assert_eq!(dynamics.regime(), Regime::Parabolic { limit: 0.0 });
    // E_t = E_0/(1 + t E_0): the error is 1/t.
    let at = |steps| dynamics.after(1.0, steps).unwrap();
    assert!((at(99) - 0.01).abs() < 1e-15 && (at(9_999) - 1e-4).abs() < 1e-15);
    let run = dynamics.simulate(1.0, 1.0, 99).unwrap();
    assert!((run.values[99] - 0.01).abs() < 1e-14);
}

#[test]
fn the_threshold_separates_and_damping_rescues() {
    let base = Inputs::default()
        .with(Parameter::WeightA, 42.854888)
        .with(Parameter::WeightD, -9.641058)
        .with(Parameter::PromotionFixed, 1.0)
        .with(Parameter::FeedbackSlope, 0.037962)
        .with(Parameter::FeedbackBaseline, 1.540681);
    let dynamics = Dynamics::of(&solve(&base).unwrap());
    let Regime::Settling { limit, threshold: Some(threshold), .. } = dynamics.regime() else {
        panic!("two roots")
    };
    let above = dynamics.simulate(threshold + 0.1, 1.0, 60).unwrap();
    assert!(relative(above.values[60], limit) < 1e-12);
    let first = dynamics.best_response(threshold - 0.1).unwrap();
    assert!(first < threshold - 0.1, "below the threshold it falls away: {first}");
    assert!(
        dynamics.simulate(0.0, 0.0, 1).is_err() && dynamics.simulate(f64::NAN, 1.0, 1).is_err()
    );
}
