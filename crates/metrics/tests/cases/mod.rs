//! The cases of `fixtures/scores.jsonl` and `fixtures/metrics.jsonl`, and their comparison.
#![allow(dead_code, reason = "each test binary uses a part")]

use serde::Deserialize;
use serde_json::{Map, Value};

/// NumPy sums in another order.
pub(crate) const TOLERANCE: f64 = 1e-12;

#[derive(Deserialize)]
pub(crate) struct Case {
    pub(crate) id: Value,
    pub(crate) kind: String,
    pub(crate) y_true: Value,
    #[serde(alias = "y_prob", alias = "scores_in")]
    pub(crate) y_score: Value,
    pub(crate) sample_weight: Option<Vec<f64>>,
    #[serde(alias = "scores")]
    pub(crate) expected: Map<String, Value>,
    pub(crate) bins: Option<usize>,
}

/// Cases of a kind; at least one.
pub(crate) fn of_kind(fixture: &str, kind: &str) -> Vec<Case> {
    let lines = fixture.lines().filter(|line| line.contains(&format!("\"{kind}\"")));
    let parse = |line: &str| {
        let line = line.replacen("\"relevance\":", "\"y_true\":", 1);
        serde_json::from_str::<Case>(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    };
    let cases: Vec<Case> = lines.map(parse).filter(|case| case.kind == kind).collect();
    assert!(!cases.is_empty(), "no case of {kind}");
    cases
}

/// Numbers of a vector or of a matrix, row after row; `null` is NaN, `"inf"` infinity.
pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(values) => values.iter().flat_map(numbers).collect(),
        Value::Null => vec![f64::NAN],
        Value::String(_) => vec![f64::INFINITY],
        number => vec![number.as_f64().unwrap()],
    }
}

pub(crate) fn integers<T: TryFrom<i64>>(value: &Value) -> Vec<T> {
    numbers(value).iter().map(|&x| T::try_from(x as i64).ok().unwrap()).collect()
}

pub(crate) fn columns(value: &Value) -> usize {
    value[0].as_array().unwrap().len()
}

impl Case {
    pub(crate) fn marks(&self) -> Vec<bool> {
        numbers(&self.y_true).iter().map(|&mark| mark != 0.0).collect()
    }

    pub(crate) fn scores(&self) -> Vec<f64> {
        numbers(&self.y_score)
    }

    pub(crate) fn weights(&self) -> Option<&[f64]> {
        self.sample_weight.as_deref()
    }

    /// Compares, where the case has the score; says whether it has.
    pub(crate) fn check(&self, name: &str, got: impl FnOnce() -> Vec<f64>) -> bool {
        self.check_within(name, TOLERANCE, got)
    }

    pub(crate) fn check_within(
        &self,
        name: &str,
        tolerance: f64,
        got: impl FnOnce() -> Vec<f64>,
    ) -> bool {
        let Some(want) = self.expected.get(name) else { return false };
        let (want, got) = (numbers(want), got());
        assert_eq!(got.len(), want.len(), "case {}, {name}: {got:?}, expected {want:?}", self.id);
        for (got, want) in got.iter().zip(&want) {
            let close = got.is_nan() && want.is_nan()
                || got == want
                || (got - want).abs() <= tolerance * want.abs().max(1.0);
            assert!(close, "case {}, {name}: {got}, expected {want}", self.id);
        }
        true
    }
}
