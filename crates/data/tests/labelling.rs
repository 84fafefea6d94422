//! Labels cheaper: against crowd-kit 1.4.2, cleanlab 2.9.0 and NumPy (`fixtures/labelling.py`).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use proptest::prelude::*;
use serde::Deserialize;
use tunewise_data::labelling::{
    ConfidentJoint, DawidSkeneOptions, Probabilities, Prune, PseudoLabelOptions, Uncertainty,
    Votes, dawid_skene, most_uncertain, pseudo_labels,
};

/// Both sides iterate until nothing moves; what is left is rounding.
const CONVERGED: f64 = 1e-9;

#[derive(Deserialize)]
struct Fixtures {
    crowds: Vec<Crowd>,
    confident: Vec<Confident>,
}

#[derive(Deserialize)]
struct Crowd {
    votes: Vec<(usize, usize, usize)>,
    classes: usize,
    shares: Vec<f64>,
    crowd_kit: Reference,
    smoothed: Reference,
}

#[derive(Deserialize)]
struct Reference {
    posteriors: Vec<f64>,
    priors: Vec<f64>,
    confusions: Option<Vec<Vec<f64>>>,
    next_log_likelihood: Option<f64>,
}

#[derive(Deserialize)]
struct Confident {
    labels: Vec<usize>,
    classes: usize,
    probabilities: Vec<f64>,
    thresholds: Vec<f64>,
    joint: Vec<u64>,
    calibrated: Vec<u64>,
    other_argmax: Vec<usize>,
    noise_rate: Vec<usize>,
    class: Vec<usize>,
    both: Vec<usize>,
    confident: Vec<usize>,
}

fn fixtures() -> Fixtures {
    serde_json::from_str(include_str!("fixtures/labelling.json")).unwrap()
}

/// Votes with labels whose order is that of the numbers.
fn votes(crowd: &[(usize, usize, usize)]) -> Votes {
    let name = |&(item, annotator, label): &(usize, usize, usize)| {
        (item.to_string(), format!("a{annotator}"), label.to_string())
    };
    Votes::new(crowd.iter().map(name)).unwrap()
}

fn assert_close(got: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(got.len(), expected.len());
    for (place, (got, expected)) in got.iter().zip(expected).enumerate() {
        assert!((got - expected).abs() <= tolerance, "{place}: {got} against {expected}");
    }
}

#[test]
fn majorities_are_crowd_kits() {
    for crowd in fixtures().crowds {
        let votes = votes(&crowd.votes);
        for (majority, shares) in votes.majority().iter().zip(crowd.shares.chunks(crowd.classes)) {
            let most = shares.iter().copied().fold(0.0, f64::max);
            let share = majority.votes as f64 / majority.total as f64;
            assert_close(&[share, shares[majority.label]], &[most, most], 1e-12);
            let winners = shares.iter().filter(|&&share| (share - most).abs() < 1e-12).count();
            assert_eq!(majority.tied, winners > 1);
        }
    }
}

#[test]
fn maximum_likelihood_is_crowd_kits() {
    for crowd in fixtures().crowds {
        let options = DawidSkeneOptions { smoothing: 0.0, max_iterations: 5000, tolerance: 1e-14 };
        let answer = dawid_skene(&votes(&crowd.votes), &options).unwrap();
        assert!(answer.converged);
        // crowd-kit keeps its zeros at 1e-10, so that its likelihood is not quite the same.
        assert_close(&answer.posteriors, &crowd.crowd_kit.posteriors, 1e-6);
        assert_close(&answer.priors, &crowd.crowd_kit.priors, 1e-6);
    }
}

#[test]
fn smoothed_estimates_are_numpys() {
    for crowd in fixtures().crowds {
        let options = DawidSkeneOptions { smoothing: 0.5, max_iterations: 5000, tolerance: 1e-15 };
        let votes = votes(&crowd.votes);
        let answer = dawid_skene(&votes, &options).unwrap();
        assert_close(&answer.posteriors, &crowd.smoothed.posteriors, CONVERGED);
        assert_close(&answer.priors, &crowd.smoothed.priors, CONVERGED);
        let likelihood = crowd.smoothed.next_log_likelihood.unwrap();
        assert_close(&[answer.log_likelihood / likelihood], &[1.0], CONVERGED);
        let expected = crowd.smoothed.confusions.unwrap();
        for (name, confusion) in votes.annotators().iter().zip(&answer.confusions) {
            let annotator: usize = name[1..].parse().unwrap();
            assert_close(confusion, &expected[annotator], CONVERGED);
        }
    }
}

#[test]
fn estimates_beat_the_majority_where_skills_differ() {
    // Annotators of the fixtures get better with their number: so must their quality.
    let crowd = fixtures().crowds.swap_remove(0);
    let votes = votes(&crowd.votes);
    let answer = dawid_skene(&votes, &DawidSkeneOptions::default()).unwrap();
    let quality = |number: usize| {
        let place = votes.annotators().iter().position(|name| *name == format!("a{number}"));
        answer.quality[place.unwrap()]
    };
    assert!(quality(6).accuracy > quality(0).accuracy + 0.2);
    assert!(quality(6).informativeness > 2.0 * quality(0).informativeness);
    let given = |number: usize| crowd.votes.iter().filter(|vote| vote.1 == number).count();
    assert_eq!(quality(3).votes, given(3));
}

#[test]
fn label_errors_are_cleanlabs() {
    for case in fixtures().confident {
        assert!(case.other_argmax.is_empty(), "rows where cleanlab departs from the paper");
        let p = Probabilities::new(&case.probabilities, case.classes).unwrap();
        let joint = ConfidentJoint::new(&case.labels, &p).unwrap();
        assert_close(&joint.thresholds, &case.thresholds, 1e-12);
        assert_eq!(joint.counts, case.joint);
        for (estimated, whole) in joint.estimated.iter().zip(&case.calibrated) {
            assert!((estimated - *whole as f64).abs() < 1.0);
        }
        for (prune, expected) in [
            (Prune::NoiseRate, &case.noise_rate),
            (Prune::Class, &case.class),
            (Prune::Both, &case.both),
            (Prune::Confident, &case.confident),
        ] {
            let errors = joint.errors(&case.labels, &p, prune).unwrap();
            assert!(errors.windows(2).all(|pair| pair[0].margin >= pair[1].margin));
            let mut rows: Vec<usize> = errors.iter().map(|error| error.row).collect();
            rows.sort_unstable();
            assert_eq!(rows, *expected, "{prune:?}");
        }
    }
}

#[test]
fn what_cannot_be_used_is_named() {
    let one = votes(&[(0, 0, 0), (0, 1, 0)]);
    let message = |votes, options| dawid_skene(votes, &options).unwrap_err().to_string();
    let default = DawidSkeneOptions::default();
    assert_eq!(
        message(&one, default),
        "`votes` is for the label `0` alone, expected two labels or more"
    );
    let two = votes(&[(0, 0, 0), (0, 1, 1)]);
    let fault = message(&two, DawidSkeneOptions { smoothing: f64::NAN, ..default });
    assert_eq!(fault, "`smoothing` is NaN, expected a number of 0 or more");
    let fault = message(&two, DawidSkeneOptions { max_iterations: 0, ..default });
    assert_eq!(fault, "`max_iterations` is 0, expected 1 or more");
    let p = Probabilities::new(&[0.5, 0.5], 2).unwrap();
    let fault = |labels: &[usize]| ConfidentJoint::new(labels, &p).unwrap_err().to_string();
    assert_eq!(fault(&[0, 1]), "labels: got 2, expected one for each of the 1 rows");
    assert_eq!(fault(&[2]), "`labels` is 2, expected a column of the probabilities");
}

fn rows(classes: usize) -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(prop::collection::vec(0.01..1.0f64, classes), 1..40).prop_map(|rows| {
        let normal = |row: Vec<f64>| {
            let sum: f64 = row.iter().sum();
            row.into_iter().map(move |p| p / sum).collect::<Vec<_>>()
        };
        rows.into_iter().flat_map(normal).collect()
    })
}

proptest! {
    #[test]
    fn posteriors_are_probabilities_of_any_votes(
        crowd in prop::collection::vec((0..8usize, 0..5usize, 0..3usize), 1..60),
        smoothing in 0.0..1.0f64,
    ) {
        let mut crowd = crowd;
        crowd.extend([(0, 0, 0), (0, 0, 1)]);
        let options = DawidSkeneOptions { smoothing, ..DawidSkeneOptions::default() };
        let votes = votes(&crowd);
        let answer = dawid_skene(&votes, &options).unwrap();
        for row in answer.posteriors.chunks(votes.labels().len()) {
            prop_assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{row:?}");
        }
        let bounded = |value: f64| (0.0..=1.0 + 1e-9).contains(&value);
        prop_assert!(answer.quality.iter().all(|q| bounded(q.accuracy) && bounded(q.informativeness)));
    }

    #[test]
    fn pseudo_labels_keep_threshold_cap_and_order(values in rows(3), cap in 1..5usize, threshold in 0.0..1.0f64) {
        let p = Probabilities::new(&values, 3).unwrap();
        let options = PseudoLabelOptions { threshold, max_per_class: Some(cap) };
        let labels = pseudo_labels(&p, &options).unwrap();
        prop_assert!(labels.windows(2).all(|pair| pair[0].row < pair[1].row));
        prop_assert!(labels.iter().all(|label| label.probability >= threshold));
        let of = |class| labels.iter().filter(move |label| label.label == class);
        prop_assert!((0..3).all(|class| of(class).count() <= cap));
        // What the cap leaves out is never surer than what it keeps.
        let all = pseudo_labels(&p, &PseudoLabelOptions { threshold, max_per_class: None }).unwrap();
        for left in all.iter().filter(|label| !labels.contains(label)) {
            prop_assert!(of(left.label).all(|kept| kept.probability >= left.probability));
        }
    }

    #[test]
    fn every_measure_orders_two_classes_alike(values in rows(2)) {
        let p = Probabilities::new(&values, 2).unwrap();
        let of = |measure| most_uncertain(&p, measure, p.len());
        let gap = |row: usize| (values[2 * row] - 0.5).abs();
        for measure in [Uncertainty::Entropy, Uncertainty::Margin, Uncertainty::LeastConfidence] {
            prop_assert!(of(measure).windows(2).all(|pair| gap(pair[0]) <= gap(pair[1]) + 1e-9));
        }
    }

    #[test]
    fn errors_are_never_the_most_probable_label(values in rows(3), seed in 0..1000usize) {
        let p = Probabilities::new(&values, 3).unwrap();
        let labels: Vec<usize> = (0..p.len()).map(|row| (row * 7 + seed) % 3).collect();
        let joint = ConfidentJoint::new(&labels, &p).unwrap();
        prop_assert!((joint.estimated.iter().sum::<f64>() - p.len() as f64).abs() < 1e-6);
        for error in joint.errors(&labels, &p, Prune::NoiseRate).unwrap() {
            prop_assert!(error.suggestion != labels[error.row] && error.margin > 0.0);
        }
    }
}
