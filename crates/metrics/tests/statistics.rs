//! Intervals, tests and agreement against SciPy 1.17, statsmodels 0.15, krippendorff 0.9 and published
//! examples; their properties and errors. `fixtures/gen_statistics_fixtures.py` made the values.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use approx::{assert_abs_diff_eq, assert_relative_eq};
use proptest::prelude::*;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tunewise_metrics::{
    Alternative, BootstrapOptions, ConfusionMatrix, Error, IntervalMethod, Measurement,
    PermutationOptions, ReportOptions, accuracy_score, bootstrap, bootstrap_counts,
    classification_report, fleiss_kappa, group_reports, krippendorff_alpha, mcnemar, mcnemar_test,
    paired_bootstrap, paired_permutation_test, sign_flip_test, take_rows,
};

/// Sums in another order.
const TOLERANCE: f64 = 1e-12;
/// Binomial tails through the incomplete beta function, against SciPy's.
const RELATIVE: f64 = 1e-9;

fn fixtures<T: DeserializeOwned>(part: &str) -> Vec<T> {
    let all: serde_json::Value =
        serde_json::from_str(include_str!("fixtures/statistics.json")).unwrap();
    serde_json::from_value(all[part].clone()).unwrap()
}

#[derive(Deserialize)]
struct McNemarCase {
    only_first: u64,
    only_second: u64,
    p_value: f64,
    mid_p_value: f64,
}

#[test]
fn mcnemar_is_statsmodels() {
    for case in fixtures::<McNemarCase>("mcnemar") {
        let test = mcnemar(case.only_first, case.only_second);
        assert_relative_eq!(test.p_value, case.p_value, max_relative = RELATIVE);
        assert_relative_eq!(test.mid_p_value, case.mid_p_value, max_relative = RELATIVE);
        let swapped = mcnemar(case.only_second, case.only_first);
        assert_eq!((swapped.p_value, swapped.mid_p_value), (test.p_value, test.mid_p_value));
    }
    assert_eq!(mcnemar(0, 0).p_value, 1.0);
    assert!(mcnemar(400_000_000, 400_100_000).p_value > 0.0, "large counts");
}

#[derive(Deserialize)]
struct PermutationCase {
    differences: Vec<f64>,
    alternative: String,
    statistic: f64,
    p_value: f64,
}

#[test]
fn sign_flips_are_scipys_where_every_one_is_tried() {
    for case in fixtures::<PermutationCase>("permutation") {
        let alternative = match case.alternative.as_str() {
            "less" => Alternative::Less,
            "greater" => Alternative::Greater,
            _ => Alternative::TwoSided,
        };
        let options = PermutationOptions { alternative, ..PermutationOptions::default() };
        let test = sign_flip_test(&case.differences, &options).unwrap();
        assert_abs_diff_eq!(test.statistic, case.statistic, epsilon = TOLERANCE);
        if test.exact {
            assert_abs_diff_eq!(test.p_value, case.p_value, epsilon = TOLERANCE);
        } else {
            // 9,999 draws at p = 0.05: one standard deviation, doubled by two sides, is 0.0031.
            assert_abs_diff_eq!(test.p_value, case.p_value, epsilon = 0.012);
        }
    }
}

#[derive(Deserialize)]
struct FleissCase {
    counts: Vec<Vec<u64>>,
    kappa: f64,
}

#[test]
fn fleiss_kappa_is_statsmodels_and_fleiss_own() {
    let cases = fixtures::<FleissCase>("fleiss");
    for case in &cases {
        let kappa = fleiss_kappa(&case.counts.concat(), case.counts[0].len()).unwrap();
        assert_abs_diff_eq!(kappa, case.kappa, epsilon = TOLERANCE);
    }
    // Fleiss (1971), page 381: 0.430.
    let kappa = fleiss_kappa(&cases[0].counts.concat(), 5).unwrap();
    assert_abs_diff_eq!(kappa, 0.430, epsilon = 5e-4);
    assert!(fleiss_kappa(&[3, 0, 3, 0], 2).unwrap().is_nan());
}

#[derive(Deserialize)]
struct KrippendorffCase {
    ratings: Vec<Vec<Option<f64>>>,
    alpha: std::collections::HashMap<String, f64>,
}

const LEVELS: [(&str, Measurement, f64); 4] = [
    // Krippendorff (2011), sections C and D.
    ("nominal", Measurement::Nominal, 0.743),
    ("ordinal", Measurement::Ordinal, 0.815),
    ("interval", Measurement::Interval, 0.849),
    ("ratio", Measurement::Ratio, 0.797),
];

#[test]
fn krippendorff_alpha_is_the_package_s_and_krippendorff_s_own() {
    let cases = fixtures::<KrippendorffCase>("krippendorff");
    for (number, case) in cases.iter().enumerate() {
        for (name, level, published) in LEVELS {
            let alpha =
                krippendorff_alpha(&case.ratings.concat(), case.ratings[0].len(), level).unwrap();
            assert_abs_diff_eq!(alpha, case.alpha[name], epsilon = TOLERANCE);
            if number == 0 {
                assert_abs_diff_eq!(alpha, published, epsilon = 5e-4);
            }
        }
    }
}

#[test]
fn agreement_names_what_is_wrong_with_its_input() {
    let message = |error: Error| error.to_string();
    assert_eq!(fleiss_kappa(&[], 2), Err(Error::Empty));
    for (counts, categories, expected) in [
        (&[1, 2, 3][..], 2, "`counts` is 3 counts for 2 categories, expected one count a category"),
        (&[1, 0], 2, "`counts` is 1 annotators, expected at least two annotators an item"),
        (&[2, 1, 2, 2], 2, "`counts` is 4 annotators of item 1, expected as many"),
    ] {
        let error = message(fleiss_kappa(counts, categories).unwrap_err());
        assert!(error.starts_with(expected), "{error}");
    }
    let nominal = Measurement::Nominal;
    assert_eq!(krippendorff_alpha(&[], 2, nominal), Err(Error::Empty));
    for (ratings, items, level, expected) in [
        (&[Some(1.0), None, None, Some(2.0)][..], 2, nominal, "at most one rating an item"),
        (&[Some(f64::NAN), Some(1.0)], 1, nominal, "`ratings` is NaN, expected finite"),
        (
            &[Some(-1.0), Some(1.0)],
            1,
            Measurement::Ratio,
            "`ratings` is -1, expected finite and not",
        ),
        (&[Some(1.0), Some(1.0), None], 2, nominal, "ratings has 3 rows, expected 4"),
    ] {
        let error = message(krippendorff_alpha(ratings, items, level).unwrap_err());
        assert!(error.contains(expected), "{error}");
    }
    assert!(krippendorff_alpha(&[Some(1.0), Some(1.0)], 1, nominal).unwrap().is_nan());
}

/// Rows of which about three quarters are right, with three labels.
fn predictions(rows: usize) -> (Vec<u8>, Vec<u8>) {
    let y_true: Vec<u8> = (0..rows).map(|row| (row * 7 % 3) as u8).collect();
    let wrong = |row: usize| row * row % 11 < 3;
    let y_pred = (0..rows).map(|row| (y_true[row] + u8::from(wrong(row))) % 3).collect();
    (y_true, y_pred)
}

fn macro_f1(y_true: &[u8], y_pred: &[u8], rows: &[usize]) -> f64 {
    let options = ReportOptions { labels: Some(&[0, 1, 2][..]), ..ReportOptions::default() };
    let report =
        classification_report(&take_rows(y_true, rows), &take_rows(y_pred, rows), &options);
    report.map_or(f64::NAN, |report| report.macro_avg.f1_score)
}

fn with_threads<T: Send>(threads: usize, run: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(run)
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let (y_true, y_pred) = predictions(200);
    let strata: Vec<usize> = y_true.iter().map(|&label| usize::from(label)).collect();
    let matrix = ConfusionMatrix::new(&y_true, &y_pred).unwrap();
    let counts: Vec<u64> = matrix.rows().flatten().copied().collect();
    let measure = || {
        let options = BootstrapOptions {
            n_resamples: 300,
            seed: 5,
            strata: Some(&strata),
            ..BootstrapOptions::default()
        };
        let rows = bootstrap(200, |rows| macro_f1(&y_true, &y_pred, rows), &options).unwrap();
        let accuracy = |counts: &[u64]| {
            (counts[0] + counts[4] + counts[8]) as f64 / counts.iter().sum::<u64>() as f64
        };
        let options = BootstrapOptions { strata: None, ..options };
        let cells = bootstrap_counts(&counts, accuracy, &options).unwrap();
        let differences: Vec<f64> = (0..40).map(|row| f64::from(row % 7) - 2.5).collect();
        let options = PermutationOptions { n_resamples: 300, ..PermutationOptions::default() };
        (rows, cells, sign_flip_test(&differences, &options).unwrap())
    };
    assert_eq!(with_threads(1, measure), with_threads(7, measure));
}

#[test]
fn another_seed_gives_other_replicates_around_the_same_interval() {
    let (y_true, y_pred) = predictions(400);
    let interval = |seed| {
        let options = BootstrapOptions { n_resamples: 2000, seed, ..BootstrapOptions::default() };
        bootstrap(400, |rows| macro_f1(&y_true, &y_pred, rows), &options).unwrap()
    };
    let (first, second) = (interval(1), interval(2));
    assert_ne!(first.replicates, second.replicates);
    assert_eq!(first.replicates.len(), 2000);
    // Ends of 2,000 replicates vary by about a sixteenth of the standard error.
    assert_abs_diff_eq!(first.low, second.low, epsilon = 0.4 * first.standard_error);
    assert_abs_diff_eq!(first.high, second.high, epsilon = 0.4 * first.standard_error);
}

#[test]
fn accuracy_has_the_binomial_interval_by_rows_and_by_counts() {
    // 930 of 1,000 right: the standard error is sqrt(0.93 * 0.07 / 1000) = 0.0080685.
    let right: Vec<f64> = (0..1000).map(|row| f64::from(u8::from(row >= 70))).collect();
    let share = |rows: &[usize]| rows.iter().map(|&row| right[row]).sum::<f64>() / 1000.0;
    let options = BootstrapOptions { n_resamples: 4000, ..BootstrapOptions::default() };
    let by_rows = bootstrap(1000, share, &options).unwrap();
    let by_counts = bootstrap_counts(&[930, 70], |c| c[0] as f64 / 1000.0, &options).unwrap();
    for interval in [by_rows, by_counts] {
        assert_eq!(interval.estimate, 0.93);
        assert_abs_diff_eq!(interval.standard_error, 0.0080685, epsilon = 4e-4);
        assert_abs_diff_eq!(interval.low, 0.93 - 1.96 * 0.0080685, epsilon = 2.5e-3);
        assert_abs_diff_eq!(interval.high, 0.93 + 1.96 * 0.0080685, epsilon = 2.5e-3);
    }
}

#[test]
fn strata_keep_their_sizes() {
    let strata = [0, 1, 1, 2, 2, 2];
    let options = BootstrapOptions {
        n_resamples: 50,
        strata: Some(&strata),
        method: IntervalMethod::Percentile,
        ..BootstrapOptions::default()
    };
    let kept = |rows: &[usize]| {
        let size = |stratum| rows.iter().filter(|&&row| strata[row] == stratum).count();
        f64::from(u8::from((size(0), size(1), size(2)) == (1, 2, 3)))
    };
    assert_eq!(bootstrap(6, kept, &options).unwrap().replicates, [1.0; 50]);
    let kept = |counts: &[u64]| f64::from(u8::from(counts[0] == 5 && counts[1] + counts[2] == 9));
    let options = BootstrapOptions { strata: Some(&[0, 1, 1]), ..options };
    assert_eq!(bootstrap_counts(&[5, 2, 7], kept, &options).unwrap().replicates, [1.0; 50]);
}

#[test]
fn resamples_without_a_value_are_counted_and_left_out() {
    let first_row_drawn = |rows: &[usize]| if rows.contains(&0) { 1.0 } else { f64::NAN };
    let options = BootstrapOptions { n_resamples: 1000, ..BootstrapOptions::default() };
    let interval = bootstrap(10, first_row_drawn, &options).unwrap();
    assert_eq!(interval.replicates.len() + interval.degenerate, 1000);
    // (9/10)^10 = 0.349 of the resamples lack the row; one standard deviation is 15.
    assert!((275..425).contains(&interval.degenerate), "{}", interval.degenerate);
    assert_eq!((interval.low, interval.high), (1.0, 1.0));
    let never = bootstrap(10, |_| f64::NAN, &options).unwrap_err();
    assert_eq!(never, Error::Degenerate { finite: 0, resamples: 1000 });
}

#[test]
fn resampling_names_what_is_wrong_with_its_options() {
    let options = BootstrapOptions::default();
    let measure = |rows, options: &BootstrapOptions<'_>| {
        bootstrap(rows, |rows| rows.len() as f64, options).unwrap_err()
    };
    assert_eq!(measure(0, &options), Error::Empty);
    assert_eq!(bootstrap_counts(&[0, 0], |_| 1.0, &options).unwrap_err(), Error::Empty);
    for level in [0.0, 1.0, 95.0, f64::NAN] {
        let options = BootstrapOptions { confidence_level: level, ..options };
        let error = measure(3, &options).to_string();
        assert_eq!(error, format!("`confidence_level` is {level}, expected between 0 and 1"));
    }
    let none = BootstrapOptions { n_resamples: 0, ..options };
    assert_eq!(measure(3, &none).to_string(), "`n_resamples` is 0, expected at least 1");
    let short = BootstrapOptions { strata: Some(&[0, 1]), ..options };
    assert_eq!(measure(3, &short), Error::Length { what: "strata", got: 2, expected: 3 });

    let options = PermutationOptions::default();
    assert_eq!(sign_flip_test(&[], &options), Err(Error::Empty));
    let error = sign_flip_test(&[1.0, f64::INFINITY], &options).unwrap_err().to_string();
    assert_eq!(error, "`differences` is inf in row 1, expected finite numbers");
    let none = PermutationOptions { n_resamples: 0, ..options };
    assert!(sign_flip_test(&[1.0], &none).is_err() && sign_flip_test(&[0.0], &none).is_err());
    let nan = paired_permutation_test(3, |_| f64::NAN, &options).unwrap_err();
    assert_eq!(nan, Error::Degenerate { finite: 0, resamples: 8 });
}

#[test]
fn a_better_model_is_told_from_an_equal_one() {
    let (y_true, poor) = predictions(330);
    let good: Vec<u8> =
        (0..330).map(|row| if row % 5 == 0 { poor[row] } else { y_true[row] }).collect();
    let options = BootstrapOptions { n_resamples: 999, ..BootstrapOptions::default() };
    let first = |rows: &[usize]| macro_f1(&y_true, &good, rows);
    let second = |rows: &[usize]| macro_f1(&y_true, &poor, rows);
    let better = paired_bootstrap(330, first, second, &options).unwrap();
    assert!(better.difference.low > 0.0 && better.p_value == 2.0 / 1000.0);
    let equal = paired_bootstrap(330, second, second, &options).unwrap();
    assert_eq!((equal.difference.estimate, equal.p_value), (0.0, 1.0));

    assert!(mcnemar_test(&y_true, &good, &poor).unwrap().p_value < 1e-9);
    let right = |y_pred: &[u8], row: usize| f64::from(u8::from(y_pred[row] == y_true[row]));
    let differences: Vec<f64> = (0..330).map(|row| right(&good, row) - right(&poor, row)).collect();
    let test = sign_flip_test(&differences, &PermutationOptions::default()).unwrap();
    let accuracy = |y_pred: &[u8]| accuracy_score(&y_true, y_pred, None).unwrap();
    assert_abs_diff_eq!(test.statistic, accuracy(&good) - accuracy(&poor), epsilon = TOLERANCE);
    assert_eq!(test.p_value, 2.0 / 10000.0);
}

#[test]
fn groups_are_reported_as_their_rows_alone() {
    let (y_true, y_pred) = predictions(90);
    let groups: Vec<&str> = (0..90).map(|row| ["zh", "en", "de"][row % 3 * 2 % 3]).collect();
    let weights: Vec<f64> = (0..90).map(|row| 1.0 + (row % 4) as f64).collect();
    let options = ReportOptions { sample_weight: Some(&weights), ..ReportOptions::default() };
    let reports = group_reports(&groups, &y_true, &y_pred, &options).unwrap();
    let names: Vec<&str> = reports.groups.iter().map(|group| group.group).collect();
    assert_eq!(names, ["de", "en", "zh"]);
    assert_eq!(reports.groups.iter().map(|group| group.rows).sum::<usize>(), 90);
    for group in &reports.groups {
        let rows: Vec<usize> = (0..90).filter(|&row| groups[row] == group.group).collect();
        let weights = take_rows(&weights, &rows);
        let options = ReportOptions { sample_weight: Some(&weights), ..options };
        let (y_true, y_pred) = (take_rows(&y_true, &rows), take_rows(&y_pred, &rows));
        let alone = classification_report(&y_true, &y_pred, &options).unwrap();
        assert_eq!(group.report, alone);
        assert_eq!(Some(group.accuracy), alone.accuracy);
    }
    let gap = reports.gap(|group| group.rows as f64).unwrap();
    assert_eq!((gap.difference(), gap.ratio()), (0.0, 1.0));
    assert!(reports.gap(|_| f64::NAN).is_none());
    let error = group_reports(&groups[1..], &y_true, &y_pred, &options).unwrap_err();
    assert_eq!(error, Error::Length { what: "groups", got: 89, expected: 90 });
}

fn ratings() -> impl Strategy<Value = (Vec<Option<f64>>, usize)> {
    (2usize..5, 2usize..8).prop_flat_map(|(annotators, items)| {
        let rating = prop::option::weighted(0.8, (0..5u8).prop_map(f64::from));
        (prop::collection::vec(rating, annotators * items), Just(items))
    })
}

/// The ratings with annotators and items in reverse, which is also every value in another place.
fn reversed(ratings: &[Option<f64>]) -> Vec<Option<f64>> {
    ratings.iter().rev().copied().collect()
}

proptest! {
    #[test]
    fn alpha_is_at_most_one_and_does_not_depend_on_the_order((ratings, items) in ratings()) {
        for (_, level, _) in LEVELS {
            let alpha = krippendorff_alpha(&ratings, items, level);
            let other = krippendorff_alpha(&reversed(&ratings), items, level);
            match (alpha, other) {
                (Ok(alpha), Ok(other)) => {
                    prop_assert!(alpha.is_nan() == other.is_nan());
                    prop_assert!(alpha.is_nan() || (alpha <= 1.0 && (alpha - other).abs() < 1e-9));
                }
                (alpha, other) => prop_assert!(alpha.is_err() && other.is_err()),
            }
        }
    }

    #[test]
    fn annotators_who_say_the_same_agree(values in prop::collection::vec(0..4u8, 2..9)) {
        let one: Vec<Option<f64>> = values.iter().map(|&value| Some(f64::from(value))).collect();
        let both = [one.clone(), one].concat();
        for (_, level, _) in LEVELS {
            let alpha = krippendorff_alpha(&both, values.len(), level).unwrap();
            prop_assert!(alpha.is_nan() || (alpha - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn an_interval_is_inside_the_replicates_and_wider_at_a_higher_level(
        right in prop::collection::vec(any::<bool>(), 2..40),
        seed in any::<u64>(),
    ) {
        let share = |rows: &[usize]| {
            rows.iter().filter(|&&row| right[row]).count() as f64 / rows.len() as f64
        };
        for method in [IntervalMethod::Percentile, IntervalMethod::Bca] {
            let interval = |confidence_level| {
                let options = BootstrapOptions {
                    confidence_level, n_resamples: 99, method, seed, strata: None,
                };
                bootstrap(right.len(), share, &options).unwrap()
            };
            let (narrow, wide) = (interval(0.5), interval(0.95));
            prop_assert!(0.0 <= wide.low && wide.high <= 1.0 && wide.low <= wide.high);
            prop_assert!(wide.low <= narrow.low && narrow.high <= wide.high);
            prop_assert_eq!(wide.replicates.len(), 99);
        }
    }

    #[test]
    fn p_values_are_shares_and_turn_with_the_sign(
        differences in prop::collection::vec(-3..4i8, 1..30),
    ) {
        let differences: Vec<f64> = differences.into_iter().map(f64::from).collect();
        let turned: Vec<f64> = differences.iter().map(|d| -d).collect();
        let p_value = |differences: &[f64], alternative| {
            let options = PermutationOptions { n_resamples: 255, alternative, seed: 1 };
            sign_flip_test(differences, &options).unwrap().p_value
        };
        for alternative in [Alternative::TwoSided, Alternative::Less, Alternative::Greater] {
            let p = p_value(&differences, alternative);
            prop_assert!(p > 0.0 && p <= 1.0);
        }
        let (less, greater) =
            (p_value(&differences, Alternative::Less), p_value(&turned, Alternative::Greater));
        prop_assert!((less - greater).abs() < 1e-12);
    }

    #[test]
    fn mcnemar_is_a_share_and_mid_p_is_smaller(first in 0..400u64, second in 0..400u64) {
        let test = mcnemar(first, second);
        prop_assert!(test.p_value > 0.0 && test.p_value <= 1.0);
        prop_assert!(test.mid_p_value > 0.0 && test.mid_p_value <= test.p_value);
    }
}
