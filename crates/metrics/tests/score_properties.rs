//! Properties of scores of probabilities and of decisions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use proptest::prelude::*;
use tunewise_metrics::{
    Bins, ClassOptions, MultiLabel, RankOptions, Reduction, RocAucOptions, Scores,
    average_precision_score, best_f_beta_threshold, expected_calibration_error, fit_temperature,
    label_ranking_average_precision_score, log_loss, mean_average_precision_at_k, ndcg_score,
    reliability_curve, risk_coverage_curve, roc_auc_score, threshold_at_recall,
};

/// Sums in another order, of at most 40 terms.
const ROUNDING: f64 = 1e-12;

/// Marks with both classes, scores on a grid so that they tie, and weights.
fn rows() -> impl Strategy<Value = Vec<(bool, f64, f64)>> {
    let row = (any::<bool>(), (0..=20_u8).prop_map(|s| f64::from(s) / 20.0), 0.1..3.0_f64);
    prop::collection::vec(row, 2..40)
        .prop_filter("both classes", |rows| rows.iter().any(|r| r.0) && rows.iter().any(|r| !r.0))
}

fn unzip(rows: &[(bool, f64, f64)]) -> (Vec<bool>, Vec<f64>, Vec<f64>) {
    let marks = rows.iter().map(|row| row.0).collect();
    (marks, rows.iter().map(|row| row.1).collect(), rows.iter().map(|row| row.2).collect())
}

fn area(y: &[bool], s: &[f64], sample_weight: Option<&[f64]>) -> f64 {
    roc_auc_score(y, s, &RocAucOptions { sample_weight, max_fpr: None }).unwrap().value
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= ROUNDING
}

proptest! {
    #[test]
    fn scores_are_shares(rows in rows()) {
        let (y, s, w) = unzip(&rows);
        let shares = [
            area(&y, &s, Some(&w)),
            average_precision_score(&y, &s, Some(&w)).unwrap().value,
            expected_calibration_error(&y, &s, Bins::EqualWidth(7), Some(&w)).unwrap(),
            expected_calibration_error(&y, &s, Bins::EqualMass(7), Some(&w)).unwrap(),
            risk_coverage_curve(&y, &s, Some(&w)).unwrap().area(),
        ];
        for share in shares {
            prop_assert!((0.0..=1.0 + ROUNDING).contains(&share), "{share}");
        }
    }

    #[test]
    fn the_order_of_rows_does_not_matter(
        (rows, shuffled) in rows().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle()))
    ) {
        let values = |rows: &[(bool, f64, f64)]| {
            let (y, s, w) = unzip(rows);
            [
                area(&y, &s, None),
                area(&y, &s, Some(&w)),
                average_precision_score(&y, &s, Some(&w)).unwrap().value,
                expected_calibration_error(&y, &s, Bins::EqualWidth(15), Some(&w)).unwrap(),
                expected_calibration_error(&y, &s, Bins::EqualMass(5), Some(&w)).unwrap(),
                risk_coverage_curve(&y, &s, Some(&w)).unwrap().area(),
            ]
        };
        for (a, b) in values(&rows).into_iter().zip(values(&shuffled)) {
            prop_assert!(close(a, b), "{a} {b}");
        }
    }

    #[test]
    fn area_knows_only_the_order(rows in rows()) {
        let (y, s, w) = unzip(&rows);
        let raised: Vec<f64> = s.iter().map(|s| (3.0 * s).exp() - 7.0).collect();
        prop_assert_eq!(area(&y, &s, None), area(&y, &raised, None));
        prop_assert_eq!(area(&y, &s, Some(&w)), area(&y, &raised, Some(&w)));
    }

    #[test]
    fn area_of_the_reverse_is_the_rest(rows in rows()) {
        let (y, s, w) = unzip(&rows);
        let reverse: Vec<f64> = s.iter().map(|s| -s).collect();
        prop_assert!(close(area(&y, &s, None) + area(&y, &reverse, None), 1.0));
        prop_assert!(close(area(&y, &s, Some(&w)) + area(&y, &reverse, Some(&w)), 1.0));
    }

    #[test]
    fn area_is_the_share_of_pairs(rows in rows()) {
        let (y, s, w) = unzip(&rows);
        let (mut right, mut all) = (0.0, 0.0);
        for i in (0..y.len()).filter(|&i| y[i]) {
            for j in (0..y.len()).filter(|&j| !y[j]) {
                let order = if s[i] > s[j] { 1.0 } else if s[i] == s[j] { 0.5 } else { 0.0 };
                right += w[i] * w[j] * order;
                all += w[i] * w[j];
            }
        }
        prop_assert!(close(area(&y, &s, Some(&w)), right / all));
        // Weights of one are no weights: the counted area is that of the curve.
        prop_assert!(close(area(&y, &s, None), area(&y, &s, Some(&vec![1.0; y.len()]))));
    }

    #[test]
    fn bins_hold_all_the_weight(rows in rows(), n in 1..20_usize) {
        let (y, s, w) = unzip(&rows);
        for bins in [Bins::EqualWidth(n), Bins::EqualMass(n)] {
            let curve = reliability_curve(&y, &s, bins, Some(&w)).unwrap();
            prop_assert!(curve.bins.len() <= n);
            prop_assert_eq!(curve.bins.iter().map(|bin| bin.count).sum::<usize>(), y.len());
            let weight: f64 = curve.bins.iter().map(|bin| bin.weight).sum();
            prop_assert!((weight - w.iter().sum::<f64>()).abs() <= 1e-9);
            let (ece, mce) = (curve.expected_calibration_error(), curve.maximum_calibration_error());
            prop_assert!(ece <= mce + ROUNDING);
        }
    }

    #[test]
    fn no_threshold_beats_the_chosen_one(rows in rows(), beta in 0.2..4.0_f64) {
        let (y, s, _) = unzip(&rows);
        let f = |threshold: f64| {
            let predicted = s.iter().filter(|&&s| s >= threshold).count() as f64;
            let hits = y.iter().zip(&s).filter(|&(&y, &s)| y && s >= threshold).count() as f64;
            let actual = y.iter().filter(|&&y| y).count() as f64;
            (1.0 + beta * beta) * hits / (beta * beta * actual + predicted)
        };
        let point = best_f_beta_threshold(&y, &s, beta, None).unwrap();
        prop_assert!(close(f(point.threshold), point.f_beta(beta)));
        for &threshold in &s {
            prop_assert!(f(threshold) <= point.f_beta(beta) + ROUNDING);
        }
        prop_assert!(threshold_at_recall(&y, &s, 0.5, None).unwrap().recall >= 0.5);
    }

    #[test]
    fn temperature_never_raises_the_loss(
        rows in prop::collection::vec((0..3_usize, prop::array::uniform3(-6.0..6.0_f64)), 2..30)
    ) {
        let y: Vec<usize> = rows.iter().map(|row| row.0).collect();
        let z: Vec<f64> = rows.iter().flat_map(|row| row.1).collect();
        let options = ClassOptions { labels: Some(&[0, 1, 2]), sample_weight: None };
        let logits = Scores::new(&z, 3).unwrap();
        if let Ok(scaling) = fit_temperature(&y, &logits, &options) {
            prop_assert!(scaling.nll_after <= scaling.nll_before);
            let scaled = scaling.probabilities(&logits);
            let proba = Scores::new(&scaled, 3).unwrap();
            let loss = log_loss(&y, &proba, Reduction::Mean, &options).unwrap().value;
            // Clipping can only lower a loss above 36 nats.
            prop_assert!(loss <= scaling.nll_after + 1e-9);
        }
    }

    #[test]
    fn rankings_are_shares(
        rows in prop::collection::vec((0..2_u8, 0..6_u8), 2..20), k in 1..25_usize
    ) {
        let marks: Vec<u8> = rows.iter().map(|row| row.0).collect();
        let s: Vec<f64> = rows.iter().map(|row| f64::from(row.1)).collect();
        let gains: Vec<f64> = marks.iter().map(|&mark| f64::from(mark)).collect();
        let (y, scores) = (MultiLabel::new(&marks, s.len()).unwrap(), Scores::new(&s, s.len()).unwrap());
        let options = RankOptions { k: Some(k), ..RankOptions::default() };
        let shares = [
            ndcg_score(&gains, &scores, &options).unwrap(),
            label_ranking_average_precision_score(y, &scores, None).unwrap(),
            mean_average_precision_at_k(y, &scores, k, None).unwrap(),
        ];
        for share in shares {
            prop_assert!((0.0..=1.0 + ROUNDING).contains(&share), "{share}");
        }
        // A perfect ranking scores 1 whatever k is, if anything is relevant.
        let perfect = Scores::new(&gains, gains.len()).unwrap();
        let best = mean_average_precision_at_k(y, &perfect, k, None).unwrap();
        let expected = f64::from(u8::from(marks.contains(&1)));
        prop_assert!(close(best, expected));
    }
}
