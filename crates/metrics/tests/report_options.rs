//! What a report can be asked beside scikit-learn's own options, and what its labels can come in.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use tunewise_metrics::{Alignment, ReportOptions, classification_report};

#[test]
fn chinese_names_stand_in_line_on_a_terminal_when_asked() {
    let labels = ["负面情绪的很长的名称", "neutral"];
    let text = |alignment| {
        let options = ReportOptions { alignment, ..ReportOptions::default() };
        classification_report(&labels, &labels, &options).unwrap().to_string()
    };
    // A Chinese character of these takes two columns: ten more than its code points say.
    let columns =
        |line: &str| line.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum::<usize>();
    let widths = |text: &str| -> Vec<usize> {
        text.lines().filter(|line| !line.is_empty()).map(columns).collect()
    };
    let aligned = widths(&text(Alignment::Columns));
    assert!(aligned.iter().all(|width| *width == aligned[0]), "{aligned:?}");
    let points = widths(&text(Alignment::CodePoints));
    assert_eq!(points[2], points[1] + 10, "{points:?}");
}

#[test]
fn repeated_labels_count_twice_as_in_scikit_learn() {
    // Expected: `classification_report([0, 1, 1], [0, 1, 0], labels=[0, 1, 1], output_dict=True)`
    // of scikit-learn 1.9.1: accuracy 0.75, macro precision 5/6, support 5.
    let options = ReportOptions { labels: Some(&[0, 1, 1][..]), ..ReportOptions::default() };
    let report = classification_report(&[0, 1, 1], &[0, 1, 0], &options).unwrap();
    assert_eq!(report.classes.len(), 3);
    assert_eq!((report.accuracy, report.macro_avg.support), (Some(0.75), 5.0));
    approx::assert_abs_diff_eq!(report.macro_avg.precision, 2.5 / 3.0, epsilon = 1e-12);
}

#[cfg(feature = "ndarray")]
#[test]
fn columns_of_an_array_are_labels_too() {
    use ndarray::array;
    use tunewise_metrics::{Average, ScoreOptions, f1_score};

    let rows = array![[0i64, 0], [1, 1], [1, 0]];
    let (y_true, y_pred) = (rows.column(0), rows.column(1)); // strided
    let options = ScoreOptions::default();
    let got = f1_score(&y_true, &y_pred, Average::Macro, &options).unwrap();
    let expected = f1_score(&[0i64, 1, 1], &[0i64, 1, 0], Average::Macro, &options).unwrap();
    assert_eq!(got.value, expected.value);
}
