//! What holds of label metrics whatever the labels.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use proptest::prelude::*;
use tunewise_metrics::{
    Average, ClassificationReport, ConfusionMatrix, ReportAccumulator, ReportOptions, ScoreOptions,
    accuracy_score, classification_report, cohen_kappa_score, f1_score, hamming_loss,
    jaccard_score, matthews_corrcoef,
};

/// Sums in another order round differently.
const ROUNDING: f64 = 1e-12;

type Rows = Vec<(i64, i64)>;

/// True and predicted labels, a few of each.
fn rows() -> impl Strategy<Value = Rows> {
    prop::collection::vec((-2i64..4, -2i64..4), 1..60)
}

fn columns(rows: &Rows) -> (Vec<i64>, Vec<i64>) {
    rows.iter().copied().unzip()
}

fn report(rows: &Rows) -> ClassificationReport {
    let (y_true, y_pred) = columns(rows);
    classification_report(&y_true, &y_pred, &ReportOptions::default()).unwrap()
}

proptest! {
    #[test]
    fn batches_merged_are_the_whole(rows in rows(), cut in 0usize..60) {
        let (first, second) = rows.split_at(cut.min(rows.len()));
        let part = |rows: &[(i64, i64)]| {
            let (y_true, y_pred) = columns(&rows.to_vec());
            let mut part = ReportAccumulator::new();
            for (y_true, y_pred) in y_true.chunks(7).zip(y_pred.chunks(7)) {
                part.push(y_true, y_pred).unwrap();
            }
            part
        };
        let mut whole = part(first);
        whole.merge(&part(second));
        prop_assert_eq!(whole.rows(), rows.len() as u64);
        prop_assert_eq!(whole.report(&ReportOptions::default()).unwrap(), report(&rows));
    }

    #[test]
    fn matrices_of_parts_add_up(rows in rows(), more in rows()) {
        let matrix = |rows: &Rows| {
            let (y_true, y_pred) = columns(rows);
            ConfusionMatrix::new(&y_true, &y_pred).unwrap()
        };
        let whole: Rows = rows.iter().chain(&more).copied().collect();
        prop_assert_eq!(matrix(&rows).union(&matrix(&more)), matrix(&whole));
    }

    #[test]
    fn the_order_of_rows_does_not_matter(rows in rows().prop_flat_map(|rows| {
        (Just(rows.clone()), Just(rows).prop_shuffle())
    })) {
        prop_assert_eq!(report(&rows.0), report(&rows.1));
    }

    #[test]
    fn every_score_is_within_its_bounds(rows in rows()) {
        let (y_true, y_pred) = columns(&rows);
        let options = ScoreOptions::default();
        let share = |x: f64| (0.0..=1.0).contains(&x);
        let report = report(&rows);
        for class in &report.classes {
            prop_assert!(share(class.score.precision) && share(class.score.recall));
            prop_assert!(share(class.score.f1_score));
        }
        for average in [Average::Micro, Average::Macro, Average::Weighted] {
            let f1 = f1_score(&y_true, &y_pred, average.clone(), &options).unwrap().value;
            let jaccard = jaccard_score(&y_true, &y_pred, average, &options).unwrap().value;
            // F1 = 2 J / (1 + J) class by class, so that J is never above F1.
            prop_assert!(share(f1) && share(jaccard) && jaccard <= f1 + ROUNDING);
        }
        let accuracy = accuracy_score(&y_true, &y_pred, None).unwrap();
        let hamming = hamming_loss(&y_true, &y_pred, None).unwrap();
        prop_assert!(share(accuracy) && (accuracy + hamming - 1.0).abs() < ROUNDING);
        let mcc = matthews_corrcoef(&y_true, &y_pred, None).unwrap();
        prop_assert!((-1.0 - ROUNDING..=1.0 + ROUNDING).contains(&mcc));
    }

    #[test]
    fn swapped_inputs_swap_precision_and_recall(rows in rows()) {
        let swapped: Rows = rows.iter().map(|&(a, b)| (b, a)).collect();
        let (report, swapped) = (report(&rows), report(&swapped));
        prop_assert_eq!(report.accuracy, swapped.accuracy);
        for (class, other) in report.classes.iter().zip(&swapped.classes) {
            prop_assert_eq!(&class.name, &other.name);
            prop_assert_eq!(class.score.precision, other.score.recall);
            prop_assert_eq!(class.score.recall, other.score.precision);
            prop_assert_eq!(class.score.f1_score, other.score.f1_score);
        }
    }

    #[test]
    fn the_macro_mean_of_one_class_is_its_score(rows in rows(), label in -2i64..4) {
        let (mut y_true, y_pred) = columns(&rows);
        y_true[0] = label; // a subset of labels must hold one that occurs
        let labels = [label];
        let options = ReportOptions { labels: Some(&labels), ..ReportOptions::default() };
        let report = classification_report(&y_true, &y_pred, &options).unwrap();
        prop_assert_eq!(report.classes.len(), 1);
        prop_assert_eq!(report.macro_avg, report.classes[0].score);
    }

    #[test]
    fn agreement_does_not_depend_on_who_is_called_true(rows in rows()) {
        let (y_true, y_pred) = columns(&rows);
        let mcc = |a: &[i64], b: &[i64]| matthews_corrcoef(a, b, None).unwrap();
        prop_assert!((mcc(&y_true, &y_pred) - mcc(&y_pred, &y_true)).abs() < ROUNDING);
        let kappa = |a: &[i64], b: &[i64]| cohen_kappa_score(a, b, &Default::default()).unwrap().value;
        let (one, other) = (kappa(&y_true, &y_pred), kappa(&y_pred, &y_true));
        prop_assert!((one.is_nan() && other.is_nan()) || (one - other).abs() < ROUNDING);
    }
}
