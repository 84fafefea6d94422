//! Reports, accuracy and confusion matrices against scikit-learn 1.9.1: text to the byte, numbers to
//! 1e-12. `fixtures/metrics.jsonl` is the output of scikit-learn on random cases, `named_cases.jsonl`
//! on the edge cases of its own tests (see the README beside them).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::fmt::Debug;

use serde::Deserialize;
use serde_json::{Value, json};
use tunewise_metrics::{
    Average, Chance, ClassificationReport, ConfusionMatrix, KappaOptions, KappaWeights, Label,
    MultiLabel, Normalize, OneVsRestOptions, ReportAccumulator, ReportOptions, ScoreOptions,
    Targets, ZeroDivision, accuracy_score, average_precision_recall_fscore,
    balanced_accuracy_score, classification_report, cohen_kappa_score, hamming_loss, jaccard_score,
    matthews_corrcoef, multilabel_confusion_matrix, multilabel_report,
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
    warnings: Option<Vec<String>>,
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
            ..ReportOptions::default()
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
        if let Some(warnings) = &self.warnings {
            let got: Vec<String> = report.warnings.iter().map(ToString::to_string).collect();
            assert_eq!(&got, warnings, "case {}", self.id);
        }
    }

    fn check_single<L: Label + Debug + for<'de> Deserialize<'de>>(&self) {
        let read = |value: &Value| serde_json::from_value::<Vec<L>>(value.clone()).unwrap();
        let (y_true, y_pred) = (read(&self.y_true), read(&self.y_pred));
        let labels = self.labels.as_ref().map(read);
        self.check(classification_report(&y_true, &y_pred, &self.options(labels.as_deref())));
        let weights = self.sample_weight.as_deref();
        self.check_averages(&y_true, &y_pred, labels.as_deref());
        let cells = match weights {
            None => {
                json!(ConfusionMatrix::new(&y_true, &y_pred).unwrap().rows().collect::<Vec<_>>())
            }
            Some(weights) => {
                let matrix = ConfusionMatrix::weighted(None, &y_true, &y_pred, weights).unwrap();
                json!(matrix.rows().collect::<Vec<_>>())
            }
        };
        self.expect("confusion_matrix", cells);
        self.expect("mcc", json!(matthews_corrcoef(&y_true, &y_pred, weights).unwrap()));
        let options = KappaOptions { sample_weight: weights, ..KappaOptions::default() };
        self.expect(
            "cohen_kappa",
            json!(cohen_kappa_score(&y_true, &y_pred, &options).unwrap().value),
        );
        let balanced = balanced_accuracy_score(&y_true, &y_pred, weights, Chance::Unadjusted);
        self.expect("balanced_accuracy", json!(balanced.unwrap().value));
        if self.warnings.is_some() {
            self.check_named(&y_true, &y_pred, labels.as_deref());
        }
        if weights.is_none() {
            self.check_parts(&y_true, &y_pred, labels.as_deref());
        }
    }

    /// What the named cases have beside the random ones' scores.
    fn check_named<L: Label + Debug>(&self, y_true: &[L], y_pred: &[L], labels: Option<&[L]>) {
        let matrix = match labels {
            None => ConfusionMatrix::new(y_true, y_pred),
            Some(labels) => ConfusionMatrix::with_labels(labels, y_true, y_pred),
        };
        let matrix = matrix.unwrap();
        for (key, normalize) in
            [("true", Normalize::True), ("pred", Normalize::Pred), ("all", Normalize::All)]
        {
            let shares = matrix.normalized(normalize);
            let shares = json!(shares.rows().collect::<Vec<_>>());
            self.expect(&format!("confusion_matrix_{key}"), shares);
        }
        for (key, weights) in
            [("linear", KappaWeights::Linear), ("quadratic", KappaWeights::Quadratic)]
        {
            let options = KappaOptions { weights, ..KappaOptions::default() };
            let kappa = cohen_kappa_score(y_true, y_pred, &options).unwrap();
            self.expect(&format!("cohen_kappa_{key}"), json!(kappa.value));
        }
        let adjusted = balanced_accuracy_score(y_true, y_pred, None, Chance::Adjusted).unwrap();
        self.expect("balanced_accuracy_adjusted", json!(adjusted.value));
        for (key, average) in
            [("micro", Average::Micro), ("macro", Average::Macro), ("weighted", Average::Weighted)]
        {
            let zero_division = ZeroDivision::Zero;
            let options = ScoreOptions { labels, zero_division, ..ScoreOptions::default() };
            let jaccard = jaccard_score(y_true, y_pred, average, &options).unwrap();
            self.expect(&format!("jaccard_{key}"), json!(jaccard.value));
        }
    }

    /// Two parts counted apart and merged, the first in two batches, give the whole's report.
    fn check_parts<L: Label + Debug>(&self, y_true: &[L], y_pred: &[L], labels: Option<&[L]>) {
        let (third, half) = (y_true.len() / 3, y_true.len() / 2);
        let mut first = ReportAccumulator::new();
        first.push(&y_true[..third], &y_pred[..third]).unwrap();
        first.push(&y_true[third..half], &y_pred[third..half]).unwrap();
        let mut second = ReportAccumulator::new();
        second.push(&y_true[half..], &y_pred[half..]).unwrap();
        first.merge(&second);
        self.check(first.report(&self.options(labels)));
    }

    fn check_averages<T: Targets + ?Sized>(
        &self,
        y_true: &T,
        y_pred: &T,
        labels: Option<&[T::Label]>,
    ) {
        let weights = self.sample_weight.as_deref();
        for (name, average) in [
            ("micro", Average::Micro),
            ("macro", Average::Macro),
            ("weighted", Average::Weighted),
            ("samples", Average::Samples),
        ] {
            for (suffix, beta) in [("0.5", 0.5), ("1.0", 1.0), ("2.0", 2.0)] {
                let key = format!("{name}_beta{suffix}");
                if self.scores.get(&key).is_none() {
                    continue;
                }
                let zero_division = self.options::<T::Label>(None).zero_division;
                let options = ScoreOptions { labels, sample_weight: weights, zero_division, beta };
                let scores =
                    average_precision_recall_fscore(y_true, y_pred, average.clone(), &options);
                let scores = scores.unwrap().value;
                self.expect(&key, json!([scores.precision, scores.recall, scores.f_beta]));
            }
        }
        self.expect("accuracy", json!(accuracy_score(y_true, y_pred, weights).unwrap()));
        self.expect("hamming_loss", json!(hamming_loss(y_true, y_pred, weights).unwrap()));
    }

    fn expect(&self, key: &str, got: Value) {
        same(&got, &self.scores[key], &format!("case {}, {key}", self.id));
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
        let y_true = MultiLabel::new(&y_true, num_labels).unwrap();
        let y_pred = MultiLabel::new(&y_pred, num_labels).unwrap();
        self.check_averages(&y_true, &y_pred, None);
        let weights = self.sample_weight.as_deref();
        let options = OneVsRestOptions { sample_weight: weights, ..OneVsRestOptions::default() };
        let matrices = multilabel_confusion_matrix(&y_true, &y_pred, &options).unwrap();
        let cells = matrices.iter().map(|matrix| {
            json!([
                [matrix.true_negatives, matrix.false_positives],
                [matrix.false_negatives, matrix.true_positives]
            ])
        });
        self.expect("multilabel_confusion_matrix", cells.collect());
        let zero_division = ZeroDivision::Zero;
        let options = ScoreOptions { sample_weight: weights, zero_division, ..Default::default() };
        let jaccard = jaccard_score(&y_true, &y_pred, Average::Samples, &options).unwrap();
        self.expect("jaccard_samples", json!(jaccard.value));
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
        (Value::Array(got), Value::Array(expected)) => {
            assert_eq!(got.len(), expected.len(), "{place}");
            for (row, (got, expected)) in got.iter().zip(expected).enumerate() {
                same(got, expected, &format!("{place}, {row}"));
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

/// Checks every case of a file; their number.
fn check_all(cases: &str) -> usize {
    let is_report = |line: &&str| {
        !line.contains("\"kind\": \"probability\"") && !line.contains("\"kind\": \"ranking\"")
    };
    let check = |line: &str| {
        let case: Case = serde_json::from_str(line).unwrap();
        match case.kind.as_str() {
            "multilabel" => case.check_multi(),
            "string" => case.check_single::<String>(),
            _ => case.check_single::<i64>(),
        }
    };
    cases.lines().filter(is_report).map(check).count()
}

#[test]
fn every_case_is_as_scikit_learn_has_it() {
    assert_eq!(check_all(include_str!("fixtures/metrics.jsonl")), 200);
}

#[test]
fn the_edge_cases_of_scikit_learns_own_tests_are_as_it_has_them() {
    assert_eq!(check_all(include_str!("fixtures/named_cases.jsonl")), 40);
}
