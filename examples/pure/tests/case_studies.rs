//! The shipped scenarios of the article's two cases against the tables of their specification.
//!
//! Expected values: the specification's case studies, which print what exact arithmetic gives for the
//! scenario files' numbers to the decimals seen here; the same cases at 50 digits are the category
//! `case_study` of `tunewise-cost`'s `equilibrium.json`. Elasticities and marginals are by the implicit
//! function theorem.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use support::{BERT, YOLO};
use tunewise_cost::{Equilibrium, Folds, Parameter, Scenario, SignConvention, Status, grid};

fn scenario(path: &str) -> Scenario {
    Scenario::from_toml(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn signed(scenario: &Scenario, convention: SignConvention) -> Equilibrium {
    let mut other = scenario.clone();
    other.inputs.weights = convention.apply(&scenario.inputs.weights);
    other.solve().unwrap()
}

/// Equal to as many decimals as the expected one is printed with.
fn printed(got: f64, expected: &str) {
    let decimals = expected.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    assert_eq!(format!("{got:.decimals$}"), expected);
}

fn column(answer: &Equilibrium, expected: [&str; 8]) {
    let terms = answer.contributions().unwrap();
    let got = [
        terms.training_effect,
        terms.training_time,
        terms.annotation_cost,
        terms.promotion,
        answer.effectiveness().unwrap(),
        answer.feedback().unwrap(),
        answer.multiplier().unwrap(),
        answer.condition().unwrap(),
    ];
    for (got, expected) in got.into_iter().zip(expected) {
        printed(got, expected);
    }
}

fn elasticities(answer: &Equilibrium, expected: &[(&str, &str)]) {
    let by = answer.elasticities().unwrap();
    for (letter, expected) in expected {
        printed(by.get(letter.parse::<Parameter>().unwrap()), expected);
    }
}

/// +1000 of promotion, +1000 samples, +1 hour, +1 million parameters.
fn marginals(answer: &Equilibrium, expected: [&str; 4]) {
    let by = answer.gradient().unwrap();
    let steps = [("n2", 1e3), ("D", 1e3), ("m", 1.0), ("P", 1e6)];
    for ((letter, step), expected) in steps.into_iter().zip(expected) {
        printed(by.get(letter.parse::<Parameter>().unwrap()) * step, expected);
    }
}

fn sweep(scenario: &Scenario, axis: &str, expected: &[&str]) {
    let points = grid(&scenario.model, &scenario.inputs, &[axis.parse().unwrap()]).unwrap();
    assert_eq!(points.len(), expected.len());
    for (point, expected) in points.iter().zip(expected) {
        printed(point.answer.effectiveness().unwrap(), expected);
    }
}

fn fold(answer: &Equilibrium, expected: f64, decimals: i32) {
    let fold = Folds::of(answer).promotion_weight.unwrap();
    assert!((fold / expected - 1.0).abs() < 0.5 * 10_f64.powi(-decimals), "{fold}");
}

#[test]
fn bert_sentiment() {
    let bert = scenario(BERT);
    let given = bert.solve().unwrap();
    column(&given, ["45.45", "-1.35", "-8.80", "12.54", "47.847", "1.957", "-0.128", "3.60"]);
    fold(&given, -0.00148, 2);
    let literal = signed(&bert, SignConvention::Literal);
    column(&literal, ["45.45", "1.35", "8.80", "10.56", "66.169", "2.323", "-0.091", "2.73"]);
    fold(&literal, -0.00227, 2);
    let burden = signed(&bert, SignConvention::FullNet);
    column(&burden, ["45.45", "-1.35", "-8.80", "-18.32", "16.982", "1.340", "0.274", "16.2"]);
    let named = [
        ("P", "-0.905"),
        ("a", "0.842"),
        ("D", "0.778"),
        ("d", "0.232"),
        ("n2", "0.189"),
        ("c", "-0.163"),
        ("p", "-0.119"),
        ("o", "-0.114"),
        ("k1", "-0.107"),
    ];
    elasticities(&given, &named);
    marginals(&given, ["0.453", "0.744", "-0.443", "-0.394"]);
    let data = "D=2000,5000,10000,25000,50000,100000";
    sweep(&bert, data, &["13.20", "15.28", "18.78", "29.49", "47.85", "85.68"]);
}

#[test]
fn yolo_driving() {
    let yolo = scenario(YOLO);
    let given = yolo.solve().unwrap();
    assert_eq!(given.promotion_cost.round(), 770_270.0);
    column(&given, ["54.05", "-5.05", "-18.40", "12.25", "42.859", "3.143", "-0.195", "4.72"]);
    fold(&given, -4.156e-5, 3);
    let literal = signed(&yolo, SignConvention::Literal);
    column(&literal, ["54.05", "5.05", "18.40", "7.35", "84.849", "5.242", "-0.070", "2.74"]);
    fold(&literal, -1.54e-4, 2);
    // Past the fold: promotion as a burden leaves no equilibrium.
    let burden = signed(&yolo, SignConvention::FullNet);
    assert_eq!(burden.status, Status::NoReal);
    assert_eq!(burden.effectiveness(), None);
    printed(burden.discriminant, "-1.30");
    fold(&burden, -4.156e-5, 3);
    let named = [
        ("P", "-1.20"),
        ("a", "1.06"),
        ("D", "0.839"),
        ("c", "-0.359"),
        ("k1", "-0.301"),
        ("d", "0.239"),
        ("o", "-0.163"),
        ("n2", "0.155"),
    ];
    elasticities(&given, &named);
    marginals(&given, ["0.0133", "0.514", "-0.084", "-1.98"]);
    let sizes = "P=3.157e6,11.167e6,25.903e6,43.692e6,68.230e6";
    sweep(&yolo, sizes, &["428.6", "112.1", "42.85", "22.26", "11.53"]);
}
