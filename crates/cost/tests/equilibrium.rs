//! The accurate path against 364 cases in rational arithmetic and mpmath at 50 digits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use serde_json::Value;
use support::{cases, inputs, number, relative, ulps};
use tunewise_cost::{Branch, Equilibrium, Model, Parameter, Root, RootPolicy, solve};

/// Half an ulp of 1.
const U: f64 = f64::EPSILON / 2.0;

fn solved() -> Vec<(Value, Equilibrium)> {
    let all = cases("equilibrium.json");
    assert_eq!(all.len(), 364);
    all.into_iter().map(|case| (case.clone(), solve(&inputs(&case, "in")).unwrap())).collect()
}

fn name<T: serde::Serialize>(value: T) -> Value {
    serde_json::to_value(value).unwrap()
}

#[test]
fn status_selection_and_stability_are_exact() {
    for (case, answer) in solved() {
        let id = &case["id"];
        assert_eq!(answer.status.name(), case["status"].as_str().unwrap(), "{id}");
        assert_eq!(name(answer.status), case["status"], "{id}");
        assert_eq!(answer.is_admissible(), case["admissible"].as_bool().unwrap(), "{id}");
        let upper = answer.upper.as_ref();
        if case["econ"].is_string() {
            assert_eq!(name(upper.map(|root| root.branch)), case["econ"], "{id}");
            assert_eq!(name(upper.map(|root| root.stability)), case["stability"], "{id}");
        }
        let stable = answer.roots().find(|root| root.stability.is_stable());
        let expected = match case["stable_root"].as_str() {
            None if answer.status.name() == "two_roots" => None,
            None => upper.map(|root| root.branch).filter(|&branch| branch == Branch::Unique),
            Some("plus") => Some(Branch::Plus),
            Some(_) => Some(Branch::Minus),
        };
        assert_eq!(stable.map(|root| root.branch), expected, "{id}");
        let by_policy = Model { policy: RootPolicy::Stable, ..Model::default() };
        let selected = by_policy.solve(&answer.inputs).unwrap().selected().map(|root| root.branch);
        assert_eq!(selected, expected, "{id}");
    }
}

#[test]
fn effectiveness_within_two_ulp_feedback_and_multiplier_within_one() {
    let mut seen = 0;
    for (case, answer) in solved() {
        let mut check = |root: &Root, keys: [&str; 3]| {
            let [e, f, lambda] = keys.map(|key| case.get(key).map(number));
            let id = &case["id"];
            assert!(ulps(root.effectiveness, e.unwrap()) <= 2, "{id} E {}", root.effectiveness);
            assert!(ulps(root.feedback, f.unwrap()) <= 1, "{id} F {}", root.feedback);
            if let Some(lambda) = lambda {
                assert!(ulps(root.multiplier, lambda) <= 1, "{id} multiplier {}", root.multiplier);
            }
            seen += 1;
        };
        for root in answer.roots() {
            match root.branch {
                Branch::Plus => check(root, ["Ep", "Fp", "lam_p"]),
                Branch::Minus => check(root, ["Em", "Fm", "lam_m"]),
                Branch::Unique | Branch::Fold => check(root, ["E0", "F0", "none"]),
            }
        }
    }
    assert_eq!(seen, 2 * 286 + 24);
}

#[test]
fn parts_discriminant_and_kappa_within_an_ulp() {
    for (case, answer) in solved() {
        let near = |got: f64, key: &str| {
            assert!(ulps(got, number(&case[key])) <= 1, "{} {key} {got}", case["id"]);
        };
        near(answer.training_effect, "x");
        near(answer.training_time, "T");
        near(answer.annotation_cost, "C");
        near(answer.promotion_cost, "M");
        near(answer.discriminant, "disc");
        assert_eq!(answer.kappa.is_none(), case["kappa"].is_null(), "{}", case["id"]);
        if let Some(kappa) = answer.kappa {
            near(kappa, "kappa");
        }
    }
}

/// Eight roundings. Near a fold Δ is computed without rounding, so nothing is added for it.
const PARTIAL_TOLERANCE: f64 = 8.0 * U;

#[test]
fn partials_of_both_roots() {
    let mut seen = 0;
    for (case, answer) in solved() {
        for root in answer.roots() {
            let expected = &case["grad"][name(root.branch).as_str().unwrap()];
            let Some(gradient) = answer.gradient_at(root) else {
                assert!(expected.is_null());
                continue;
            };
            if !expected["range_ok"].as_bool().unwrap() {
                continue;
            }
            for (parameter, got) in gradient.iter() {
                let want = number(&expected["d"][parameter.index()]);
                let scale = match parameter {
                    Parameter::DataVolume => number(&expected["absD"]),
                    Parameter::ParamCount => number(&expected["absP"]),
                    _ => want.abs(),
                };
                let error = (got - want).abs();
                let id = &case["id"];
                assert!(error <= PARTIAL_TOLERANCE * scale, "{id} {parameter} {got} for {want}");
                seen += 1;
            }
            assert!(relative(root.amplification(), number(&expected["dA"])) <= PARTIAL_TOLERANCE);
            assert!(relative(root.pull_slope(), number(&expected["dG"])) <= PARTIAL_TOLERANCE);
        }
    }
    assert!(seen > 9000, "{seen} partials");
}

#[test]
fn condition_is_the_sum_of_elasticities() {
    // The references carry six digits.
    for (case, answer) in solved() {
        if case["cond"].is_null() {
            continue;
        }
        let got = answer.condition().or_else(|| {
            let any = Model { policy: RootPolicy::Plus, ..Model::default() };
            any.solve(&answer.inputs).unwrap().condition()
        });
        let relative = relative(got.unwrap(), number(&case["cond"]));
        assert!(relative < 1e-5, "{} {got:?} {}", case["id"], case["cond"]);
    }
}
