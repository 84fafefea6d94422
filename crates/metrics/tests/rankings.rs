//! Rankings against scikit-learn 1.9.1, and against NumPy where it lacks the score: `fixtures/` (see the
//! README there).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod cases;

use approx::assert_relative_eq;
use cases::{TOLERANCE, columns, integers, numbers, of_kind};
use tunewise_metrics::{
    Error, MultiLabel, RankOptions, Scores, Ties, coverage_error, dcg_score, hit_rate_at_k,
    label_ranking_average_precision_score, label_ranking_loss, mean_average_precision_at_k,
    mean_reciprocal_rank, ndcg_score, precision_at_k, recall_at_k,
};

const SCORES: &str = include_str!("fixtures/scores.jsonl");
const METRICS: &str = include_str!("fixtures/metrics.jsonl");

#[test]
fn gains_are_those_of_scikit_learn() {
    let mut checked = 0;
    for case in of_kind(SCORES, "ranking") {
        let (y, s, sample_weight) = (numbers(&case.y_true), case.scores(), case.weights());
        let scores = Scores::new(&s, columns(&case.y_score)).unwrap();
        for (name, k) in [("None", None), ("1", Some(1)), ("3", Some(3)), ("50", Some(50))] {
            let options = RankOptions { k, ties: Ties::Average, sample_weight };
            assert!(case.check(&format!("ndcg_{name}"), || {
                vec![ndcg_score(&y, &scores, &options).unwrap()]
            }));
            for (base, suffix) in [(2.0, ""), (std::f64::consts::E, "_e")] {
                checked += usize::from(case.check(&format!("dcg_{name}{suffix}"), || {
                    vec![dcg_score(&y, &scores, base, &options).unwrap()]
                }));
            }
        }
        checked += usize::from(case.check("ndcg_ignore_ties", || {
            let options = RankOptions { k: None, ties: Ties::Ignore, sample_weight };
            vec![ndcg_score(&y, &scores, &options).unwrap()]
        }));
    }
    assert!(checked > 100, "{checked}");
}

#[test]
fn label_rankings_are_those_of_scikit_learn() {
    for case in of_kind(SCORES, "multilabel") {
        let (marks, s, w) = (integers::<u8>(&case.y_true), case.scores(), case.weights());
        let num_labels = columns(&case.y_score);
        let y = MultiLabel::new(&marks, num_labels).unwrap();
        let scores = Scores::new(&s, num_labels).unwrap();
        assert!(case.check("lrap", || {
            vec![label_ranking_average_precision_score(y, &scores, w).unwrap()]
        }));
        assert!(case.check("coverage_error", || vec![coverage_error(y, &scores, w).unwrap()]));
        assert!(case.check("ranking_loss", || vec![label_ranking_loss(y, &scores, w).unwrap()]));
    }
}

#[test]
fn the_other_fixture_agrees() {
    for case in of_kind(METRICS, "ranking") {
        let (y, s, num_labels) = (numbers(&case.y_true), case.scores(), columns(&case.y_score));
        let scores = Scores::new(&s, num_labels).unwrap();
        let all = RankOptions::default();
        let first = RankOptions { k: Some(3), ..all };
        assert!(case.check("ndcg", || vec![ndcg_score(&y, &scores, &all).unwrap()]));
        assert!(case.check("ndcg_at_3", || vec![ndcg_score(&y, &scores, &first).unwrap()]));
        assert!(case.check("dcg", || vec![dcg_score(&y, &scores, 2.0, &all).unwrap()]));
        let marks: Vec<u8> = y.iter().map(|&relevance| u8::from(relevance > 0.0)).collect();
        let y = MultiLabel::new(&marks, num_labels).unwrap();
        assert!(case.check("lrap", || {
            vec![label_ranking_average_precision_score(y, &scores, None).unwrap()]
        }));
        assert!(case.check("coverage_error", || vec![coverage_error(y, &scores, None).unwrap()]));
        assert!(case.check("label_ranking_loss", || {
            vec![label_ranking_loss(y, &scores, None).unwrap()]
        }));
    }
}

#[test]
fn retrieval_scores_are_their_definitions() {
    for case in of_kind(SCORES, "retrieval") {
        let (marks, s, w) = (integers::<u8>(&case.y_true), case.scores(), case.weights());
        let items = columns(&case.y_score);
        let y = MultiLabel::new(&marks, items).unwrap();
        let scores = Scores::new(&s, items).unwrap();
        assert!(case.check("mrr", || vec![mean_reciprocal_rank(y, &scores, w).unwrap()]));
        for k in [1, 2, 5] {
            assert!(case.check(&format!("map_{k}"), || {
                vec![mean_average_precision_at_k(y, &scores, k, w).unwrap()]
            }));
            assert!(
                case.check(&format!("hit_{k}"), || {
                    vec![hit_rate_at_k(y, &scores, k, w).unwrap()]
                })
            );
            assert!(case.check(&format!("precision_{k}"), || {
                vec![precision_at_k(y, &scores, k, w).unwrap()]
            }));
            assert!(case.check(&format!("recall_{k}"), || {
                vec![recall_at_k(y, &scores, k, w).unwrap()]
            }));
        }
    }
}

/// `test_dcg_ties`: rows 0..5 with all scores equal, and with the first two and the last three equal.
#[test]
fn tied_gains_are_the_mean_of_all_orders() {
    let y = [0.0, 1.0, 2.0, 3.0, 4.0];
    let discounts: Vec<f64> = (2..7).map(|rank| 1.0 / f64::from(rank).log2()).collect();
    let gain = |s: &[f64], ties| {
        let options = RankOptions { ties, ..RankOptions::default() };
        dcg_score(&y, &Scores::new(s, 5).unwrap(), 2.0, &options).unwrap()
    };
    // Each of the five ranks has mean gain (0 + 1 + 2 + 3 + 4) / 5.
    let level = 2.0 * discounts.iter().sum::<f64>();
    assert_relative_eq!(gain(&[0.0; 5], Ties::Average), level, epsilon = TOLERANCE);
    // The last column first: gains 4, 3, 2, 1, 0.
    let last_first: f64 = discounts.iter().zip([4.0, 3.0, 2.0, 1.0, 0.0]).map(|(d, g)| d * g).sum();
    assert_relative_eq!(gain(&[0.0; 5], Ties::Ignore), last_first, epsilon = TOLERANCE);
    // Ranks 1 to 3 have mean gain (2 + 3 + 4) / 3, ranks 4 and 5 (0 + 1) / 2.
    let halves =
        3.0 * discounts[..3].iter().sum::<f64>() + 0.5 * discounts[3..].iter().sum::<f64>();
    let s = [0.0, 0.0, 1.0, 1.0, 1.0];
    assert_relative_eq!(gain(&s, Ties::Average), halves, epsilon = TOLERANCE);
    assert_relative_eq!(gain(&s, Ties::Ignore), last_first, epsilon = TOLERANCE);
}

/// `test_ndcg_ignore_ties_with_k`, `test_ndcg_negative_ndarray_error`, `test_ndcg_error_single_document`.
#[test]
fn edges_of_gains() {
    let options = RankOptions { k: Some(3), ties: Ties::Ignore, sample_weight: None };
    let s = Scores::new(&[3.0, 1.0, 2.0], 3).unwrap();
    assert_eq!(ndcg_score(&[3.0, 1.0, 2.0], &s, &options), Ok(1.0));
    assert_eq!(ndcg_score(&[0.0; 3], &s, &RankOptions::default()), Ok(0.0));
    let error = ndcg_score(&[3.0, 1.0, -2.0], &s, &options).unwrap_err();
    assert_eq!(error.to_string(), "the relevance in row 0, column 2 is -2, expected 0 or more");
    let error = ndcg_score(&[1.0], &Scores::new(&[1.0], 1).unwrap(), &options).unwrap_err();
    assert_eq!(error.to_string(), "y_score has 1 column, expected at least 2 items a row");
    let error = ndcg_score(&[1.0; 4], &s, &options).unwrap_err();
    assert_eq!(error.to_string(), "y_true has 4 values, expected 1 rows of 3 as y_score");
    let error = dcg_score(&[1.0, f64::NAN, 0.0], &s, 2.0, &options).unwrap_err();
    assert_eq!(error.to_string(), "y_true is NaN in row 0, column 1, expected a finite number");
    assert!(dcg_score(&[1.0; 3], &s, 1.0, &options).is_err());
    let none = RankOptions { k: Some(0), ..options };
    let error = dcg_score(&[1.0; 3], &s, 2.0, &none).unwrap_err();
    assert_eq!(error.to_string(), "`k` is 0, expected at least 1");
    assert_eq!(dcg_score(&[], &Scores::new(&[], 3).unwrap(), 2.0, &options), Err(Error::Empty));
}

#[test]
fn rankings_need_one_shape() {
    let y = MultiLabel::new(&[1, 0, 0, 1], 2).unwrap();
    let error = mean_reciprocal_rank(y, &Scores::new(&[0.1; 6], 3).unwrap(), None).unwrap_err();
    assert_eq!(error.to_string(), "y_score has 3 columns, expected the 2 columns of y_true");
    let error = coverage_error(y, &Scores::new(&[0.1; 6], 2).unwrap(), None).unwrap_err();
    assert_eq!(error.to_string(), "y_score has 3 rows, expected 2 as in y_true");
    let scores = Scores::new(&[0.1; 4], 2).unwrap();
    assert_eq!(label_ranking_loss(y, &scores, Some(&[0.0, 0.0])), Err(Error::ZeroWeight));
    assert!(hit_rate_at_k(y, &scores, 0, None).is_err());
}
