//! The closed-loop fit against minima polished with 40 digits, and lmfit's conventions.
#![cfg(feature = "calibrate")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use serde_json::Value;
use support::{cases, number, relative};
use tunewise_cost::calibrate::{ClosedLoop, FitError, Observation};
use tunewise_cost::{Inputs, Model, Parameter};

/// What rounding in χ² of 40 rows leaves of a flat minimum.
const TOLERANCE: f64 = 1e-8;

fn list(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn problem(case: &Value) -> (Vec<Observation>, Inputs, Vec<Parameter>) {
    let rows = list(&case["D"]).into_iter().zip(list(&case["P"])).zip(list(&case["y"]));
    let observe = |((data_volume, param_count), effectiveness)| Observation {
        data_volume,
        param_count,
        effectiveness,
    };
    let mut start = Inputs::default();
    for (name, value) in case["fixed"].as_object().unwrap() {
        start.set(name.parse().unwrap(), number(value));
    }
    let names = case["params"].as_array().unwrap().iter();
    let free: Vec<Parameter> = names.map(|name| name.as_str().unwrap().parse().unwrap()).collect();
    for (parameter, value) in free.iter().zip(list(&case["start"])) {
        start.set(*parameter, value);
    }
    (rows.map(observe).collect(), start, free)
}

#[test]
fn values_errors_and_correlations_to_eight_digits() {
    for case in cases("nls.json") {
        let (observations, start, free) = problem(&case);
        let fit =
            ClosedLoop { observations: &observations, start, free: &free, model: Model::default() }
                .fit()
                .unwrap();
        let id = &case["id"];
        for (got, expected) in fit.values.iter().zip(list(&case["theta"])) {
            assert!(relative(*got, expected) < TOLERANCE, "{id}: {got} {expected}");
        }
        for (got, expected) in fit.standard_errors.iter().zip(list(&case["stderr"])) {
            assert!(relative(*got, expected) < TOLERANCE, "{id} SE: {got} {expected}");
        }
        assert!(relative(fit.chi_square, number(&case["chisqr"])) < 1e-12, "{id}");
        assert!(relative(fit.reduced_chi_square(), number(&case["redchi"])) < 1e-12, "{id}");
        for (row, expected) in fit.correlations().iter().zip(case["correl"].as_array().unwrap()) {
            for (got, expected) in row.iter().zip(list(expected)) {
                assert!((got - expected).abs() < 1e-7, "{id} correlation");
            }
        }
    }
}

#[test]
fn a_profile_reaches_the_confidence_and_agrees_with_the_error_where_the_model_is_nearly_linear() {
    let case = &cases("nls.json")[2];
    let (observations, start, free) = problem(case);
    let closed =
        ClosedLoop { observations: &observations, start, free: &free, model: Model::default() };
    let fit = closed.fit().unwrap();
    let interval = closed.profile_interval(&fit, Parameter::WeightA, 0.95).unwrap();
    // t of 35 degrees of freedom, 97.5 %.
    let half = 2.030107928250343 * fit.standard_errors[0];
    assert!(relative(interval.high - fit.values[0], half) < 0.05);
    // At an end the refitted chi-square is chi-square * (1 + t^2/35).
    let others: Vec<Parameter> = free[1..].to_vec();
    let at_end = fit.inputs.with(Parameter::WeightA, interval.high);
    let refit = ClosedLoop { start: at_end, free: &others, ..closed }.fit().unwrap().chi_square;
    let expected = fit.chi_square * (1.0 + 2.030107928250343_f64.powi(2) / 35.0);
    assert!(relative(refit, expected) < 1e-6, "{refit} {expected}");
}

#[test]
fn what_effectiveness_cannot_tell_apart_is_refused() {
    let case = &cases("nls.json")[0];
    let (observations, start, _) = problem(case);
    let refused = |free: &[Parameter]| {
        let closed =
            ClosedLoop { observations: &observations, start, free, model: Model::default() };
        closed.fit().unwrap_err().to_string()
    };
    use Parameter::{FeedbackBaseline, FeedbackSlope, ParamCount, WeightD, WeightE};
    assert!(refused(&[WeightD, FeedbackSlope, FeedbackBaseline]).starts_with("d, o, p cannot all"));
    assert!(refused(&[WeightE]).contains("the formula does not use it"));
    assert!(refused(&[ParamCount]).contains("measured in each row"));
    // One plan observed six times determines one number.
    let same = vec![observations[0]; 6];
    let free = [Parameter::WeightA, Parameter::WeightB];
    let closed = ClosedLoop { observations: &same, start, free: &free, model: Model::default() };
    assert!(matches!(closed.fit(), Err(FitError::NotIdentified { .. })));
    let few = ClosedLoop { observations: &same[..2], start, free: &free, model: Model::default() };
    assert!(matches!(few.fit(), Err(FitError::TooFewRows { rows: 2, .. })));
}
