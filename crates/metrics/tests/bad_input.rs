//! Input that no label metric is defined for: what the error names. (Scores and probabilities:
//! `probabilities.rs`, `rankings.rs`.)
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use tunewise_metrics::{
    Average, Chance, ConfusionMatrix, MultiLabel, ReportAccumulator, ReportOptions, ScoreOptions,
    accuracy_score, balanced_accuracy_score, classification_report, f1_score, matthews_corrcoef,
};

fn report(y_true: &[i64], y_pred: &[i64], options: ReportOptions<'_, i64>) -> String {
    classification_report(y_true, y_pred, &options).unwrap_err().to_string()
}

fn f1(average: Average<i64>) -> String {
    f1_score(&[0, 1, 2], &[0, 2, 1], average, &ScoreOptions::default()).unwrap_err().to_string()
}

#[test]
fn lengths_that_differ_are_both_named() {
    let default = ReportOptions::default;
    assert_eq!(report(&[0, 1], &[0], default()), "y_pred has 1 rows, expected 2 as in y_true");
    let options = ReportOptions { sample_weight: Some(&[1.0; 3]), ..default() };
    assert_eq!(
        report(&[0, 1], &[0, 1], options),
        "sample_weight has 3 rows, expected 2 as in y_true"
    );
    for error in [
        accuracy_score(&[0, 1], &[0], None).unwrap_err(),
        matthews_corrcoef(&[0, 1], &[0], None).unwrap_err(),
        balanced_accuracy_score(&[0, 1], &[0], None, Chance::Unadjusted).unwrap_err(),
        ConfusionMatrix::new(&[0, 1], &[0]).unwrap_err(),
        ReportAccumulator::new().push(&[0, 1], &[0]).unwrap_err(),
    ] {
        assert_eq!(error.to_string(), "y_pred has 1 rows, expected 2 as in y_true");
    }
}

#[test]
fn nothing_and_no_labels_are_said() {
    let default = ReportOptions::default;
    assert_eq!(report(&[], &[], default()), "no rows: a metric needs at least one");
    let options = ReportOptions { labels: Some(&[]), ..default() };
    let message = "labels: expected at least one label, and one of y_true";
    assert_eq!(report(&[0], &[0], options), message);
    let matrix = ConfusionMatrix::with_labels(&[7], &[0], &[7]).unwrap_err();
    assert_eq!(matrix.to_string(), message);
}

#[test]
fn names_that_are_not_as_many_as_classes_are_counted() {
    let names = ["a".to_owned()];
    let options = ReportOptions { target_names: Some(&names), ..ReportOptions::default() };
    let message = report(&[0, 1], &[0, 1], options);
    assert!(message.starts_with("number of classes, 2, does not match size of target_names, 1"));
}

#[test]
fn weights_without_a_sum_or_a_value_are_refused() {
    let weighted =
        |weights: &[f64]| accuracy_score(&[0, 1], &[0, 1], Some(weights)).unwrap_err().to_string();
    assert_eq!(
        weighted(&[0.0, 0.0]),
        "the sample weights sum to zero, so there is no weighted mean"
    );
    let message = weighted(&[1.0, f64::NAN]);
    assert!(message.contains("NaN") && message.contains('1'), "{message}");
}

#[test]
fn averages_that_do_not_fit_the_problem_are_named() {
    assert!(f1(Average::Binary { pos_label: 1 }).contains("the average is binary"));
    assert!(f1(Average::Samples).contains("rows of several labels"));
    let options = ScoreOptions::default();
    let unknown = f1_score(&[0, 1], &[0, 1], Average::Binary { pos_label: 9 }, &options);
    let message = unknown.unwrap_err().to_string();
    assert!(message.contains("pos_label=9 is not a valid label"), "{message}");
}

#[test]
fn marks_that_are_no_rows_of_0_and_1_are_refused() {
    for (marks, what) in [(&[0u8, 1, 1][..], "3 marks"), (&[0, 2], "row 0, column 1 is 2")] {
        let message = MultiLabel::new(marks, 2).unwrap_err().to_string();
        assert!(message.contains(what) && message.contains("rows of 2 marks"), "{message}");
    }
    let (one, other) = (MultiLabel::new(&[0, 1], 2).unwrap(), MultiLabel::new(&[0, 1], 1).unwrap());
    assert!(accuracy_score(&one, &other, None).is_err());
}

#[test]
fn matrices_of_other_labels_do_not_merge() {
    let mut matrix = ConfusionMatrix::new(&["a"], &["b"]).unwrap();
    let other = ConfusionMatrix::new(&["a"], &["c"]).unwrap();
    let message = matrix.merge(&other).unwrap_err().to_string();
    assert_eq!(message, "label `c` is not one of the matrix's labels");
}

// Expected from scikit-learn 1.9.1 on the same labels (its test of overflow has fewer rows): the
// product of the four margins is beyond 64 bits.
#[test]
fn a_correlation_of_millions_of_rows_does_not_overflow() {
    let rows = 0..3_000_000i64;
    let y_true: Vec<i64> = rows.clone().map(|i| i64::from(i * 7919 % 3 == 0)).collect();
    let guess = |i: i64| i64::from(i * 104_729 % 5 < 2);
    let y_pred: Vec<i64> =
        rows.map(|i| if i % 4 == 0 { y_true[i as usize] } else { guess(i) }).collect();
    let mcc = matthews_corrcoef(&y_true, &y_pred, None).unwrap();
    approx::assert_abs_diff_eq!(mcc, MCC, epsilon = 1e-12);
}

const MCC: f64 = 0.242_393_082_781_859_78;
