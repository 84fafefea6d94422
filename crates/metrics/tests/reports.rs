//! Reports, accuracy and confusion matrices against scikit-learn 1.9.1: text to the byte, numbers to
//! 1e-12. `fixtures/metrics.jsonl` is the output of scikit-learn on random cases (see the README
//! beside it).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::fmt::Debug;

use serde::Deserialize;
use serde_json::Value;
use tunewise_metrics::{
    ClassificationReport, ConfusionMatrix, Label, MultiLabel, ReportOptions, ZeroDivision,
    accuracy_score, classification_report, multilabel_report,
};

/// NumPy sums in another order.
const TOLERANCE: f64 = 1e-12;

#[derive(Deserialize)]
struct Case {
    id: Value,
    kind: String,
    y_true: Value,
    y_pred: Value,
    labels: Option<Value>,
    target_names: Option<Vec<String>>,
    sample_weight: Option<Vec<f64>>,
    digits: usize,
    zero_division: Value,
    report_text: Option<String>,
    report_dict: Option<Value>,
    scores: Value,
}

impl Case {
    fn options<'a, L>(&'a self, labels: Option<&'a [L]>) -> ReportOptions<'a, L> {
        ReportOptions {
            labels,
            target_names: self.target_names.as_deref(),
            sample_weight: self.sample_weight.as_deref(),
            digits: self.digits,
            zero_division: match &self.zero_division {
                Value::String(name) if name == "nan" => ZeroDivision::Nan,
                Value::String(_) => ZeroDivision::Warn,
                number if number.as_f64() == Some(1.0) => ZeroDivision::One,
                _ => ZeroDivision::Zero,
            },
        }
    }

    fn check(&self, report: tunewise_metrics::Result<ClassificationReport>) {
        let (Some(text), Some(dict)) = (&self.report_text, &self.report_dict) else {
            assert!(report.is_err(), "case {}: scikit-learn refuses, we give {report:?}", self.id);
            return;
        };
        let report = report.unwrap_or_else(|error| panic!("case {}: {error}", self.id));
        assert_eq!(&report.to_string(), text, "case {}", self.id);
        same(&serde_json::to_value(&report).unwrap(), dict, &format!("case {}", self.id));
    }

    fn check_single<L: Label + Debug + for<'de> Deserialize<'de>>(&self) {
        let read = |value: &Value| serde_json::from_value::<Vec<L>>(value.clone()).unwrap();
        let (y_true, y_pred) = (read(&self.y_true), read(&self.y_pred));
        let labels = self.labels.as_ref().map(read);
        self.check(classification_report(&y_true, &y_pred, &self.options(labels.as_deref())));
        if let Some(expected) = self.scores["accuracy"].as_f64() {
            let accuracy = accuracy_score(&y_true, &y_pred, self.sample_weight.as_deref()).unwrap();
            approx::assert_abs_diff_eq!(accuracy, expected, epsilon = TOLERANCE);
        }
        if let (expected, None) = (&self.scores["confusion_matrix"], &self.sample_weight) {
            let matrix = ConfusionMatrix::new(&y_true, &y_pred).unwrap();
            assert_eq!(
                &serde_json::json!(matrix.rows().collect::<Vec<_>>()),
                expected,
                "case {}",
                self.id
            );
        }
    }

    fn check_multi(&self) {
        let read = |value: &Value| serde_json::from_value::<Vec<Vec<u8>>>(value.clone()).unwrap();
        let (y_true, y_pred) = (read(&self.y_true), read(&self.y_pred));
        let num_labels = y_true[0].len();
        let (y_true, y_pred) = (y_true.concat(), y_pred.concat());
        self.check(multilabel_report(
            MultiLabel::new(&y_true, num_labels).unwrap(),
            MultiLabel::new(&y_pred, num_labels).unwrap(),
            &self.options(None),
        ));
    }
}

/// Equal, numbers within the tolerance; an integer is the float of that value.
fn same(got: &Value, expected: &Value, place: &str) {
    match (got, expected) {
        (Value::Object(got), Value::Object(expected)) => {
            let keys = |map: &serde_json::Map<String, Value>| {
                let mut keys: Vec<String> = map.keys().cloned().collect();
                keys.sort();
                keys
            };
            assert_eq!(keys(got), keys(expected), "{place}");
            for (key, value) in expected {
                same(&got[key], value, &format!("{place}, {key}"));
            }
        }
        (Value::Number(got), Value::Number(expected)) => {
            let (got, expected) = (got.as_f64().unwrap(), expected.as_f64().unwrap());
            assert!(
                (got - expected).abs() <= TOLERANCE * expected.abs().max(1.0),
                "{place}: {got} {expected}"
            );
        }
        _ => assert_eq!(got, expected, "{place}"),
    }
}

#[test]
fn every_case_is_as_scikit_learn_has_it() {
    let cases = include_str!("fixtures/metrics.jsonl");
    let is_report = |line: &&str| line.contains("\"report_text\"");
    for line in cases.lines().filter(is_report) {
        let case: Case = serde_json::from_str(line).unwrap();
        match case.kind.as_str() {
            "multilabel" => case.check_multi(),
            "string" => case.check_single::<String>(),
            _ => case.check_single::<i64>(),
        }
    }
    assert_eq!(cases.lines().filter(is_report).count(), 200);
}
