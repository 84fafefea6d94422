//! Calibration, thresholds and abstention against NumPy and SciPy: `fixtures/scores.jsonl` (see the
//! README beside it).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod cases;

use cases::{columns, integers, of_kind};
use tunewise_metrics::{
    Bins, ClassOptions, Error, Scores, best_f_beta_threshold, expected_calibration_error,
    fit_temperature, reliability_curve, risk_coverage_curve, threshold_at_precision,
    threshold_at_recall, top_label,
};

const SCORES: &str = include_str!("fixtures/scores.jsonl");

/// The likelihood is flat at its minimum: its slope there has 15 digits of the logits, not of T.
const TEMPERATURE: f64 = 1e-10;

#[test]
fn calibration_errors_are_their_definitions() {
    for case in of_kind(SCORES, "calibration") {
        let (y, p, w) = (case.marks(), case.scores(), case.weights());
        let bins = case.bins.unwrap();
        for (name, bins) in [("width", Bins::EqualWidth(bins)), ("mass", Bins::EqualMass(bins))] {
            let curve = reliability_curve(&y, &p, bins, w).unwrap();
            let errors = [
                ("ece", curve.expected_calibration_error()),
                ("mce", curve.maximum_calibration_error()),
                ("ace", curve.average_calibration_error()),
            ];
            for (error, value) in errors {
                assert!(case.check(&format!("{error}_{name}"), || vec![value]));
            }
            let alone = expected_calibration_error(&y, &p, bins, w).unwrap();
            assert_eq!(alone, curve.expected_calibration_error());
        }
    }
}

#[test]
fn risk_at_each_coverage_is_its_definition() {
    for case in of_kind(SCORES, "calibration") {
        let (y, p, w) = (case.marks(), case.scores(), case.weights());
        let curve = risk_coverage_curve(&y, &p, w).unwrap();
        assert!(case.check("aurc", || vec![curve.area()]));
        for accuracy in [0.5, 0.8] {
            assert!(case.check(&format!("coverage_{accuracy}"), || {
                let point = curve.coverage_at_accuracy(accuracy);
                point.into_iter().map(|point| point.coverage).collect()
            }));
        }
    }
}

#[test]
fn thresholds_are_the_best_of_the_curve() {
    let mut checked = 0;
    for case in of_kind(SCORES, "calibration") {
        let (y, p, w) = (case.marks(), case.scores(), case.weights());
        for beta in [0.5, 1.0, 2.0] {
            checked += usize::from(case.check(&format!("f_{beta}"), || {
                vec![best_f_beta_threshold(&y, &p, beta, w).unwrap().f_beta(beta)]
            }));
        }
        for share in [0.3, 0.9] {
            checked += usize::from(case.check(&format!("recall_at_precision_{share}"), || {
                vec![threshold_at_precision(&y, &p, share, w).unwrap().recall]
            }));
            checked += usize::from(case.check(&format!("precision_at_recall_{share}"), || {
                vec![threshold_at_recall(&y, &p, share, w).unwrap().precision]
            }));
        }
    }
    assert!(checked > 300, "{checked}");
}

#[test]
fn temperatures_are_those_of_a_root_finder() {
    for case in of_kind(SCORES, "temperature") {
        let (y, z, num_classes) =
            (integers::<usize>(&case.y_true), case.scores(), columns(&case.y_score));
        let labels: Vec<usize> = (0..num_classes).collect();
        let options = ClassOptions { labels: Some(&labels), sample_weight: case.weights() };
        let logits = Scores::new(&z, num_classes).unwrap();
        let scaling = fit_temperature(&y, &logits, &options).unwrap();
        assert!(case.check_within("temperature", TEMPERATURE, || vec![scaling.temperature]));
        assert!(case.check("nll_before", || vec![scaling.nll_before]));
        assert!(case.check("nll_after", || vec![scaling.nll_after]));
    }
}

#[test]
fn a_temperature_needs_a_minimum() {
    let options = ClassOptions { labels: Some(&[0, 1]), sample_weight: None };
    let fit = |y: &[i32], z: &[f64]| fit_temperature(y, &Scores::new(z, 2).unwrap(), &options);
    let text = |result: tunewise_metrics::Result<_>| result.unwrap_err().to_string();
    let right = [2.0, 0.0, 0.0, 2.0];
    assert_eq!(text(fit(&[0, 1], &right)), "no temperature is the best: every row is right");
    assert_eq!(
        text(fit(&[1, 0], &right)),
        "no temperature is the best: the true classes' logits are no higher"
    );
    assert_eq!(fit(&[0, 1], &[3.0; 4]).unwrap().temperature, 1.0);
    let one = fit_temperature(&[0, 1], &Scores::new(&[1.0, 2.0], 1).unwrap(), &options);
    assert_eq!(text(one), "logits has 1 column, expected a column for each class");
}

/// Three rows of 0.25, 0.5 and 0.75 in two bins: (0, 0.5] has two.
#[test]
fn a_bin_holds_its_upper_edge() {
    let curve =
        reliability_curve(&[false, true, true], &[0.25, 0.5, 0.75], Bins::EqualWidth(2), None)
            .unwrap();
    assert_eq!(curve.bins.iter().map(|bin| bin.count).collect::<Vec<_>>(), [2, 1]);
    assert_eq!((curve.bins[0].mean_confidence, curve.bins[0].accuracy), (0.375, 0.5));
    assert_eq!(curve.maximum_calibration_error(), 0.25);
}

#[test]
fn faults_are_named() {
    let text = |error: Error| error.to_string();
    let bins = Bins::default();
    assert_eq!(
        text(reliability_curve(&[true, false], &[0.5, 1.5], bins, None).unwrap_err()),
        "the probability in row 1, column 0 is 1.5, expected 0 to 1"
    );
    assert_eq!(
        text(reliability_curve(&[true], &[f64::NAN], bins, None).unwrap_err()),
        "the probability in row 0, column 0 is NaN, expected 0 to 1"
    );
    assert_eq!(
        text(reliability_curve(&[true, false], &[0.5], bins, None).unwrap_err()),
        "y_prob has 1 rows, expected 2 as in y_true"
    );
    assert_eq!(
        text(risk_coverage_curve(&[true, true], &[0.5, 0.6], Some(&[1.0, -1.0])).unwrap_err()),
        "`sample_weight` is -1 in row 1, expected 0 or more"
    );
    assert!(reliability_curve(&[true], &[0.5], Bins::EqualMass(0), None).is_err());
    let (y, s) = ([true, false], [0.4, 0.6]);
    assert_eq!(
        text(threshold_at_precision(&y, &s, 0.9, None).unwrap_err()),
        "no threshold has a precision of 0.9: the highest is 0.5"
    );
    assert_eq!(
        text(threshold_at_recall(&y, &s, 1.1, None).unwrap_err()),
        "`recall` is 1.1, expected a share between 0 and 1"
    );
    assert_eq!(best_f_beta_threshold(&[false; 2], &s, 1.0, None), Err(Error::OneClass));
    assert!(best_f_beta_threshold(&y, &s, 0.0, None).is_err());
    let high = Scores::new(&[0.5, 1.5], 2).unwrap();
    assert!(top_label(&[0], &high, &ClassOptions::default()).is_err());
}
