//! Monte Carlo against SciPy on the same Sobol points (fixtures/monte_carlo.json), and against theory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use approx::assert_relative_eq;
use serde_json::Value;
use support::number;
use support::uncertain::{distribution, lettered};
use tunewise_cost::uncertainty::{Design, Distribution, MonteCarlo, Uncertainty};
use tunewise_cost::{Inputs, Parameter};

/// Quantiles to 1e-14 and the solver to 1e-15 leave this for the reference's own rounding.
const STATISTIC: f64 = 1e-9;

fn fixture() -> Value {
    serde_json::from_str(include_str!("fixtures/monte_carlo.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn experiment(case: &Value) -> MonteCarlo {
    let experiment = MonteCarlo::new(&lettered(&case["fixed"])).design(Design::Sobol);
    case["uncertain"].as_array().unwrap().iter().fold(experiment, |it, row| {
        let parameter = row["param"].as_str().unwrap().parse().unwrap();
        it.vary(parameter, &distribution(row["dist"].as_str().unwrap(), row)).unwrap()
    })
}

#[test]
fn every_statistic_of_a_sobol_design_matches() {
    for case in fixture()["cases"].as_array().unwrap() {
        let points = case["N"].as_u64().unwrap() as usize;
        let experiment = experiment(case)
            .probabilities(&numbers(&case["q"]))
            .thresholds(&[number(&case["threshold"])]);
        let sample = experiment.sample(points).unwrap();
        let summary = sample.summary(&experiment).unwrap();
        let close = |actual: f64, expected: &Value| {
            assert_relative_eq!(actual, number(expected), max_relative = STATISTIC);
        };
        for (actual, expected) in
            sample.effectiveness.iter().zip(case["E_first5"].as_array().unwrap())
        {
            close(*actual, expected);
        }
        close(summary.mean.value, &case["mean"]);
        close(summary.sd.value, &case["sd"]);
        close(summary.skewness, &case["skew"]);
        close(summary.conditional_value_at_risk.value, &case["CVaR05_mean_of_E_le_q05_type1"]);
        close(summary.exceedances[0].probability.value, &case["prob_E_gt_threshold"]);
        assert_eq!(summary.no_equilibrium.value, 0.0);
        let expected = numbers(&case["quantiles_type7"]);
        assert_eq!(summary.quantiles.len(), expected.len());
        for (actual, expected) in summary.quantiles.iter().zip(expected) {
            assert_relative_eq!(actual.quantile.value, expected, max_relative = STATISTIC);
        }
        for (index, row) in experiment.correlations(&sample).unwrap().iter().enumerate() {
            close(row.pearson, &case["pearson"][index]);
            close(row.spearman, &case["spearman"][index]);
        }
    }
}

#[test]
fn x_against_y_matches() {
    for case in fixture()["cases"].as_array().unwrap() {
        let points = case["N"].as_u64().unwrap() as usize;
        let first = experiment(case);
        let mut fixed = case["fixed"].clone();
        for (letter, value) in case["scenario_Y"].as_object().unwrap() {
            fixed[letter] = value.clone();
        }
        let second = first.clone().inputs(&lettered(&fixed));
        let comparison =
            first.sample(points).unwrap().compare(&second.sample(points).unwrap()).unwrap();
        let close = |actual: f64, key: &str| {
            assert_relative_eq!(actual, number(&case[key]), max_relative = STATISTIC);
        };
        close(comparison.wins_paired, "prob_X_beats_Y_paired");
        close(comparison.wins_independent, "prob_X_beats_Y_independent_U");
        close(comparison.mean_difference, "mean_diff");
    }
}

/// The five uniform inputs of the variance-reduction study.
fn study() -> (MonteCarlo, Value) {
    let lhs: Value = serde_json::from_str(include_str!("fixtures/latin_hypercube.json")).unwrap();
    let study = lhs["variance_reduction"].clone();
    let mut experiment = MonteCarlo::new(&lettered(&study["fixed"]));
    let (low, high) = (numbers(&study["lo"]), numbers(&study["hi"]));
    for (index, name) in study["names"].as_array().unwrap().iter().enumerate() {
        let (low, high) = (low[index].min(high[index]), low[index].max(high[index]));
        let parameter = name.as_str().unwrap().parse().unwrap();
        experiment = experiment.vary(parameter, &Distribution::Uniform { low, high }).unwrap();
    }
    (experiment, study)
}

#[test]
fn designs_reduce_the_variance_as_they_should() {
    let (experiment, study) = study();
    let (points, replicates) = (study["n"].as_u64().unwrap() as usize, 2000);
    // The standard deviation of a standard deviation over 2000 replicates is 1.6 %; the reference's
    // scrambled points are SciPy's, ours are Owen's, which may only be better on average.
    for (design, key, tolerance) in [
        (Design::Prng, "sd_of_mean_mc", 0.1),
        (Design::Lhs, "sd_of_mean_lhs", 0.1),
        (Design::ScrambledSobol, "sd_of_mean_sobol_owenlms", 0.25),
    ] {
        let experiment = experiment.clone().design(design).replicates(replicates).seed(11);
        let summary = experiment.run(points * replicates).unwrap();
        let sd_of_mean = summary.mean.standard_error.unwrap() * (replicates as f64).sqrt();
        assert_relative_eq!(sd_of_mean, number(&study[key]), max_relative = tolerance);
        let miss = (summary.mean.value - number(&study["true_mean"])).abs();
        assert!(miss < 4.0 * summary.mean.standard_error.unwrap(), "{design:?} is biased: {miss}");
        assert_relative_eq!(summary.sd.value, number(&study["true_sd"]), max_relative = 0.01);
    }
}

#[test]
fn standard_errors_of_random_points_cover_the_truth() {
    let base = Inputs { data_volume: 10.0, param_count: 2.0, ..Inputs::default() };
    let experiment = MonteCarlo::new(&base)
        .vary(Parameter::WeightA, &Distribution::Normal { mean: 4.0, sd: 1.0 })
        .unwrap()
        .probabilities(&[0.9])
        .thresholds(&[20.0]);
    // E = 5 a is normal(20, 5); its 90 % quantile is 20 + 5 * 1.2815515655446004.
    let mut covered = [0; 4];
    for seed in 0..400 {
        let summary = experiment.clone().seed(seed).run(500).unwrap();
        let truths = [20.0, 5.0, 26.407_757_827_723, 0.5];
        let estimates = [
            summary.mean,
            summary.sd,
            summary.quantiles[0].quantile,
            summary.exceedances[0].probability,
        ];
        for ((count, truth), estimate) in covered.iter_mut().zip(truths).zip(estimates) {
            let error = estimate.standard_error.unwrap();
            *count += usize::from((estimate.value - truth).abs() <= 1.96 * error);
        }
    }
    // 95 % of 400 is 380, with a standard deviation of 4.4; the quantile's error is a rough one.
    assert!(covered.iter().all(|&count| (355..=400).contains(&count)), "{covered:?}");
}

#[test]
fn points_without_an_equilibrium_are_counted_apart() {
    // E^2 - (A) E + ... with o < 0 and a promotion too strong for some draws: o G < -S^2 / 4.
    let mut base = Inputs { data_volume: 1.0, param_count: 1.0, ..Inputs::default() };
    base.weights.training_effect = 1.0;
    base.promotion.fixed = 1.0;
    base.feedback.per_effectiveness = -0.5;
    base.feedback.baseline = 2.0;
    // S = 1.5, so there is no real root where d > S^2 / (4 * 0.5) = 1.125.
    let experiment = MonteCarlo::new(&base)
        .vary(Parameter::WeightD, &Distribution::Uniform { low: 0.0, high: 2.0 })
        .unwrap()
        .design(Design::Sobol)
        .thresholds(&[1.0]);
    let summary = experiment.run(1 << 12).unwrap();
    assert_relative_eq!(summary.no_equilibrium.value, 0.4375, max_relative = 1e-3);
    assert!(summary.maximum.is_finite() && summary.exceedances[0].probability.value <= 0.5625);
    let none = MonteCarlo::new(&base)
        .vary(Parameter::WeightD, &Distribution::Uniform { low: 1.5, high: 2.0 })
        .unwrap();
    assert_eq!(
        none.run(64).unwrap_err().to_string(),
        "effectiveness of 0 values, expected at least 1 point that has an equilibrium"
    );
}

#[cfg(feature = "rayon")]
#[test]
fn the_number_of_threads_changes_nothing() {
    let (experiment, _) = study();
    for design in [Design::Prng, Design::Lhs, Design::ScrambledSobol] {
        let experiment = experiment.clone().design(design).replicates(2).seed(3);
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| experiment.sample(20_000).unwrap().effectiveness)
        };
        assert_eq!(with(1), with(3), "{design:?}");
    }
}

#[test]
fn bad_experiments_are_named() {
    let uniform = Distribution::Uniform { low: -1.0, high: 1.0 };
    let message = |experiment: MonteCarlo, points| experiment.run(points).unwrap_err().to_string();
    let empty = MonteCarlo::new(&Inputs::default());
    assert_eq!(message(empty.clone(), 10), "uncertain inputs is 0, expected at least 1");
    let good = empty.clone().vary(Parameter::WeightA, &uniform).unwrap();
    assert!(
        message(good.clone().replicates(3), 10).ends_with("a positive multiple of the replicates")
    );
    assert!(message(good.clone().replicates(0), 10).starts_with("replicates is 0"));
    assert!(
        message(good.clone().design(Design::Sobol).replicates(2), 10)
            .ends_with("1 without randomisation")
    );
    assert!(message(good.clone().probabilities(&[2.0]), 10).starts_with("probability is 2"));
    assert!(message(good.tail_share(0.0), 10).starts_with("tail share is 0"));
    let negative = empty.vary(Parameter::DataVolume, &uniform).unwrap();
    assert!(message(negative, 100).contains("data_volume is -"));
}

#[test]
fn a_table_of_distributions_is_read_by_letter_or_name() {
    let table: Uncertainty = toml::from_str(
        "k1 = { dist = 'uniform', low = 1, high = 2 }\n\
         'promotion.fixed' = { dist = 'three_point', family = 'pert', p10 = 1, p50 = 2, p90 = 3 }",
    )
    .unwrap();
    let parameters: Vec<_> = table.keys().copied().collect();
    assert_eq!(parameters, [Parameter::AnnotationPerSample, Parameter::PromotionFixed]);
    let unknown = toml::from_str::<Uncertainty>("k9 = { dist = 'uniform', low = 1, high = 2 }");
    assert!(unknown.unwrap_err().to_string().contains("`k9` is no input"));
}
