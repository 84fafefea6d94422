//! Reading the reference values, and distances between floats.
#![allow(clippy::unwrap_used, reason = "tests")]
#![allow(dead_code, reason = "each test file uses some of it")]

pub(crate) mod typical;
pub(crate) mod uncertain;

use std::path::Path;

use serde_json::Value;
use tunewise_cost::Inputs;

/// The cases of `tests/fixtures/NAME.json`.
pub(crate) fn cases(name: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The number of a JSON number or of a decimal in a string, correctly rounded.
pub(crate) fn number(value: &Value) -> f64 {
    match value {
        Value::String(text) => text.parse().unwrap(),
        other => other.as_f64().unwrap(),
    }
}

/// The sixteen inputs of `case[key]`.
pub(crate) fn inputs(case: &Value, key: &str) -> Inputs {
    let values: Vec<f64> = case[key].as_array().unwrap().iter().map(number).collect();
    Inputs::from_array(values.try_into().unwrap())
}

/// How many floats lie between two.
pub(crate) fn ulps(left: f64, right: f64) -> u64 {
    let place = |value: f64| {
        let bits = value.to_bits() as i64;
        if bits < 0 { i64::MIN - bits } else { bits }
    };
    place(left).abs_diff(place(right))
}

/// |got − expected| relative to the expected.
pub(crate) fn relative(got: f64, expected: f64) -> f64 {
    if got == expected { 0.0 } else { ((got - expected) / expected).abs() }
}
