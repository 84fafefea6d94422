//! Probability scores against scikit-learn 1.9.1: `fixtures/scores.jsonl` and `fixtures/metrics.jsonl`
//! (see the README beside them).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod cases;

use cases::{columns, integers, of_kind};
use tunewise_metrics::{
    BrierScale, ClassOptions, CurvePoints, Error, MultiClass, MultiLabel, Reduction, RocAucOptions,
    ScoreAverage, Scores, TopK, Warning, auc, average_precision_classes,
    average_precision_multilabel, average_precision_score, brier_score_loss, det_curve, log_loss,
    positives, precision_recall_curve, roc_auc_multiclass, roc_auc_multilabel, roc_auc_per_class,
    roc_auc_score, roc_curve, top_k_accuracy_score,
};

const SCORES: &str = include_str!("fixtures/scores.jsonl");
const METRICS: &str = include_str!("fixtures/metrics.jsonl");

/// scikit-learn sums single-precision losses in single precision.
const SINGLE: f64 = 2e-6;

const SCALES: [(&str, BrierScale); 3] =
    [("auto", BrierScale::Auto), ("True", BrierScale::Half), ("False", BrierScale::Full)];
const AVERAGES: [(&str, ScoreAverage); 4] = [
    ("macro", ScoreAverage::Macro),
    ("weighted", ScoreAverage::Weighted),
    ("micro", ScoreAverage::Micro),
    ("samples", ScoreAverage::Samples),
];

fn single(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&value| value as f32).collect()
}

#[test]
fn binary_scores_are_those_of_scikit_learn() {
    let mut checked = 0;
    for case in of_kind(SCORES, "binary") {
        let (y, s, sample_weight) = (case.marks(), case.scores(), case.weights());
        let area = |max_fpr| {
            vec![roc_auc_score(&y, &s, &RocAucOptions { sample_weight, max_fpr }).unwrap().value]
        };
        checked += usize::from(case.check("roc_auc", || area(None)));
        for limit in [0.1, 0.35, 0.8] {
            checked += usize::from(case.check(&format!("roc_auc_{limit}"), || area(Some(limit))));
        }
        for (name, points) in [("False", CurvePoints::All), ("True", CurvePoints::Corners)] {
            checked += usize::from(case.check(&format!("roc_curve_{name}"), || {
                let curve = roc_curve(&y, &s, sample_weight, points).unwrap().value;
                [curve.false_positive_rate, curve.true_positive_rate, curve.thresholds].concat()
            }));
            checked += usize::from(case.check(&format!("pr_curve_{name}"), || {
                let curve = precision_recall_curve(&y, &s, sample_weight, points).unwrap().value;
                [curve.precision, curve.recall, curve.thresholds].concat()
            }));
            checked += usize::from(case.check(&format!("det_curve_{name}"), || {
                let curve = det_curve(&y, &s, sample_weight, points).unwrap();
                [curve.false_positive_rate, curve.false_negative_rate, curve.thresholds].concat()
            }));
        }
        checked += usize::from(case.check("average_precision", || {
            vec![average_precision_score(&y, &s, sample_weight).unwrap().value]
        }));
        let options = ClassOptions { labels: Some(&[false, true]), sample_weight };
        let scores = Scores::new(&s, 1).unwrap();
        checked += usize::from(case.check("top_1", || {
            let top = TopK { k: 1, reduction: Reduction::Mean };
            vec![top_k_accuracy_score(&y, &scores, top, &options).unwrap().value]
        }));
        let loss =
            |scores: &Scores<'_>| log_loss(&y, scores, Reduction::Mean, &options).unwrap().value;
        checked += usize::from(case.check("log_loss", || vec![loss(&scores)]));
        checked += usize::from(case.check_within("log_loss_f32", SINGLE, || {
            vec![loss(&Scores::from_f32(&single(&s), 1).unwrap())]
        }));
        for (name, scale) in SCALES {
            checked += usize::from(case.check(&format!("brier_{name}"), || {
                vec![brier_score_loss(&y, &scores, scale, &options).unwrap().value]
            }));
        }
    }
    assert!(checked > 600, "{checked}");
}

#[test]
fn class_scores_are_those_of_scikit_learn() {
    let mut checked = 0;
    for case in of_kind(SCORES, "classes") {
        let (y, s) = (integers::<i64>(&case.y_true), case.scores());
        let num_classes = columns(&case.y_score);
        let scores = Scores::new(&s, num_classes).unwrap();
        let labels: Vec<i64> = (0..num_classes as i64).collect();
        let options = ClassOptions { labels: Some(&labels), sample_weight: case.weights() };
        let loss = |reduction| vec![log_loss(&y, &scores, reduction, &options).unwrap().value];
        checked += usize::from(case.check("log_loss", || loss(Reduction::Mean)));
        checked += usize::from(case.check("log_loss_sum", || loss(Reduction::Sum)));
        checked += usize::from(case.check_within("log_loss_f32", SINGLE, || {
            let scores = Scores::from_f32(&single(&s), num_classes).unwrap();
            vec![log_loss(&y, &scores, Reduction::Mean, &options).unwrap().value]
        }));
        let warnings = log_loss(&y, &scores, Reduction::Mean, &options).unwrap().warnings;
        let warned = matches!(warnings.as_slice(), [Warning::RowSum { .. }]);
        assert_eq!(warned, case.expected["row_sum_warning"], "case {}", case.id);
        for (name, scale) in SCALES {
            checked += usize::from(case.check(&format!("brier_{name}"), || {
                vec![brier_score_loss(&y, &scores, scale, &options).unwrap().value]
            }));
        }
        for k in [1, 2, num_classes] {
            let top = |reduction| {
                let top = TopK { k, reduction };
                vec![top_k_accuracy_score(&y, &scores, top, &options).unwrap().value]
            };
            checked += usize::from(case.check(&format!("top_{k}"), || top(Reduction::Mean)));
            checked += usize::from(case.check(&format!("top_{k}_sum"), || top(Reduction::Sum)));
        }
        for (name, average) in AVERAGES {
            checked += usize::from(case.check(&format!("ovr_{name}"), || {
                let how = MultiClass::OneVsRest(average);
                vec![roc_auc_multiclass(&y, &scores, how, &options).unwrap().value]
            }));
            checked += usize::from(case.check(&format!("ovo_{name}"), || {
                let options = ClassOptions { sample_weight: None, ..options };
                let how = MultiClass::OneVsOne(average);
                vec![roc_auc_multiclass(&y, &scores, how, &options).unwrap().value]
            }));
            if num_classes > 2 {
                checked += usize::from(case.check(&format!("ap_{name}"), || {
                    vec![average_precision_classes(&y, &scores, average, &options).unwrap().value]
                }));
            }
        }
        checked += usize::from(
            case.check("ovr_None", || roc_auc_per_class(&y, &scores, &options).unwrap().value),
        );
    }
    assert!(checked > 600, "{checked}");
}

#[test]
fn label_scores_are_those_of_scikit_learn() {
    for case in of_kind(SCORES, "multilabel") {
        let (marks, s, sample_weight) =
            (integers::<u8>(&case.y_true), case.scores(), case.weights());
        let num_labels = columns(&case.y_score);
        let y = MultiLabel::new(&marks, num_labels).unwrap();
        let scores = Scores::new(&s, num_labels).unwrap();
        for (name, average) in AVERAGES {
            assert!(case.check(&format!("roc_auc_{name}"), || {
                let options = RocAucOptions { sample_weight, max_fpr: None };
                vec![roc_auc_multilabel(y, &scores, average, &options).unwrap().value]
            }));
            assert!(case.check(&format!("ap_{name}"), || {
                let score = average_precision_multilabel(y, &scores, average, sample_weight);
                vec![score.unwrap().value]
            }));
        }
    }
}

#[test]
fn the_other_fixture_agrees() {
    for case in of_kind(METRICS, "probability") {
        let (y, s) = (integers::<i64>(&case.y_true), case.scores());
        let num_classes = columns(&case.y_score);
        let scores = Scores::new(&s, num_classes).unwrap();
        let labels: Vec<i64> = (0..num_classes as i64).collect();
        let options = ClassOptions { labels: Some(&labels), sample_weight: None };
        assert!(case.check("log_loss", || {
            vec![log_loss(&y, &scores, Reduction::Mean, &options).unwrap().value]
        }));
        if num_classes > 2 {
            assert!(case.check("top2_accuracy", || {
                let top = TopK { k: 2, reduction: Reduction::Mean };
                vec![top_k_accuracy_score(&y, &scores, top, &options).unwrap().value]
            }));
            for (name, how) in [
                ("roc_auc_ovr_macro", MultiClass::OneVsRest(ScoreAverage::Macro)),
                ("roc_auc_ovr_weighted", MultiClass::OneVsRest(ScoreAverage::Weighted)),
                ("roc_auc_ovo_macro", MultiClass::OneVsOne(ScoreAverage::Macro)),
            ] {
                assert!(case.check(name, || {
                    vec![roc_auc_multiclass(&y, &scores, how, &options).unwrap().value]
                }));
            }
            continue;
        }
        let marks = positives(&y, &1).unwrap();
        let s: Vec<f64> = scores.rows().map(|row| row[1]).collect();
        assert!(case.check("roc_auc", || {
            vec![roc_auc_score(&marks, &s, &RocAucOptions::default()).unwrap().value]
        }));
        assert!(case.check("average_precision", || {
            vec![average_precision_score(&marks, &s, None).unwrap().value]
        }));
        assert!(case.check("brier", || {
            vec![brier_score_loss(&y, &scores, BrierScale::Auto, &options).unwrap().value]
        }));
        assert!(case.check("roc_curve", || {
            let curve = roc_curve(&marks, &s, None, CurvePoints::All).unwrap().value;
            [curve.false_positive_rate, curve.true_positive_rate].concat()
        }));
        assert!(case.check("pr_curve", || {
            let curve = precision_recall_curve(&marks, &s, None, CurvePoints::All).unwrap().value;
            [curve.precision, curve.recall].concat()
        }));
    }
}

/// `test_log_loss_eps`: certain and right is a finite loss in every precision.
#[test]
fn log_loss_clips_by_precision() {
    let loss = |scores: Scores<'_>| {
        log_loss(&[0, 1], &scores, Reduction::Mean, &ClassOptions::default()).unwrap().value
    };
    let half = 2.0_f64.powi(-10);
    let of = |epsilon: f64| -(1.0 - epsilon).ln();
    assert_eq!(loss(Scores::new(&[0.0, 1.0], 1).unwrap()), of(f64::EPSILON));
    assert_eq!(loss(Scores::from_f32(&[0.0, 1.0], 1).unwrap()), of(f64::from(f32::EPSILON)));
    assert_eq!(
        loss(Scores::from_f32(&[0.0, 1.0], 1).unwrap().with_epsilon(half).unwrap()),
        of(half)
    );
    // Certain and wrong: 36.04 nats, not infinity.
    assert_eq!(loss(Scores::new(&[1.0, 0.0], 1).unwrap()), -f64::EPSILON.ln());
}

/// `test_top_k_accuracy_score_ties`, `test_top_k_accuracy_score_warning`: [y_true, k, expected].
#[test]
fn top_k_breaks_ties_for_the_last_column() {
    #[rustfmt::skip]
    let s = [5.0, 5.0, 7.0, 0.0,
             1.0, 5.0, 5.0, 5.0,
             0.0, 0.0, 3.0, 3.0,
             1.0, 1.0, 1.0, 1.0];
    let scores = Scores::new(&s, 4).unwrap();
    let options = ClassOptions { labels: Some(&[0, 1, 2, 3]), sample_weight: None };
    let score = |y: [i32; 4], k| {
        let top = TopK { k, reduction: Reduction::Mean };
        top_k_accuracy_score(&y, &scores, top, &options).unwrap()
    };
    assert_eq!(score([0, 1, 2, 3], 1).value, 0.25);
    assert_eq!(score([0, 1, 1, 3], 1).value, 0.25);
    assert_eq!(score([0, 1, 2, 3], 2).value, 0.5);
    assert_eq!(score([0, 1, 2, 3], 3).value, 1.0);
    assert_eq!(score([0, 1, 2, 3], 3).warnings, []);
    let every = Warning::EveryClass { k: 4, num_classes: 4 };
    assert_eq!(score([0, 1, 2, 3], 4).warnings, [every]);
}

#[test]
fn one_class_is_nan_and_a_warning() {
    let area = roc_auc_score(&[true; 3], &[0.1, 0.2, 0.3], &RocAucOptions::default()).unwrap();
    assert!(area.value.is_nan());
    assert_eq!(area.warnings, [Warning::OneClass]);
    let curve = roc_curve(&[false; 2], &[0.1, 0.2], None, CurvePoints::All).unwrap();
    assert!(curve.value.true_positive_rate.iter().all(|rate| rate.is_nan()));
    assert_eq!(curve.warnings, [Warning::NoPositives]);
    let curve = precision_recall_curve(&[false; 2], &[0.1, 0.2], None, CurvePoints::All).unwrap();
    assert_eq!(
        (curve.value.recall, curve.warnings),
        (vec![1.0, 1.0, 0.0], vec![Warning::NoPositives])
    );
    assert_eq!(det_curve(&[true; 2], &[0.1, 0.2], None, CurvePoints::All), Err(Error::OneClass));
}

#[test]
fn zeros_of_either_sign_tie() {
    let score = roc_auc_score(&[true, false], &[-0.0, 0.0], &RocAucOptions::default()).unwrap();
    assert_eq!(score.value, 0.5);
}

#[test]
fn faults_are_named() {
    let says = |error: Error, text: &str| assert_eq!(error.to_string(), text);
    let options = ClassOptions::default();
    let mean = Reduction::Mean;
    let two = Scores::new(&[0.5, 0.5, 0.4, 0.6], 2).unwrap();
    says(
        log_loss(&[0, 1, 1], &two, mean, &options).unwrap_err(),
        "y_score has 2 rows, expected 3 as in y_true",
    );
    says(
        log_loss(&[1, 1], &two, mean, &options).unwrap_err(),
        "y_true has 1 distinct labels and y_score 2 columns; give `labels` if y_true lacks some",
    );
    let labels = ClassOptions { labels: Some(&["a", "b"]), sample_weight: None };
    says(
        log_loss(&["a", "c"], &two, mean, &labels).unwrap_err(),
        "y_true has label `c` in row 1, which is not one of `labels`",
    );
    let high = Scores::new(&[0.5, 0.5, -0.1, 1.1], 2).unwrap();
    says(
        brier_score_loss(&[0, 1], &high, BrierScale::Auto, &options).unwrap_err(),
        "the probability in row 1, column 0 is -0.1, expected 0 to 1",
    );
    says(
        Scores::new(&[0.5, 0.5, 0.4], 2).unwrap_err(),
        "y_score has 3 values, expected rows of 2 columns",
    );
    let area = |s: &[f64], w| {
        roc_auc_score(&[true, false], s, &RocAucOptions { sample_weight: w, max_fpr: None })
    };
    says(
        area(&[0.1, f64::NAN], None).unwrap_err(),
        "y_score is NaN in row 1, column 0, expected a finite number",
    );
    says(area(&[0.1], None).unwrap_err(), "y_score has 1 rows, expected 2 as in y_true");
    says(
        area(&[0.1, 0.2], Some(&[1.0])).unwrap_err(),
        "sample_weight has 1 rows, expected 2 as in y_true",
    );
    assert_eq!(area(&[0.1, 0.2], Some(&[0.0, 0.0])), Err(Error::ZeroWeight));
    assert_eq!(roc_auc_score(&[], &[], &RocAucOptions::default()), Err(Error::Empty));
    let narrow = RocAucOptions { sample_weight: None, max_fpr: Some(0.0) };
    says(
        roc_auc_score(&[true, false], &[0.1, 0.2], &narrow).unwrap_err(),
        "`max_fpr` is 0, expected a rate above 0 and at most 1",
    );
    let sums = Scores::new(&[0.5, 0.2, 0.1, 0.2, 0.2, 0.6, 0.1, 0.1, 0.8], 3).unwrap();
    says(
        roc_auc_multiclass(&[0, 1, 2], &sums, MultiClass::OneVsRest(ScoreAverage::Macro), &options)
            .unwrap_err(),
        "the scores of row 0 sum to 0.7999999999999999, expected probabilities that sum to 1",
    );
    says(
        positives(&["a", "b"], &"c").unwrap_err(),
        "the positive label `c` is not one of the labels of y_true",
    );
    says(
        auc(&[0.0, 1.0, 0.5], &[0.0; 3]).unwrap_err(),
        "`x` is a rise and a fall, expected ascending or descending points",
    );
}
