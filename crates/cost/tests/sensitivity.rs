//! Sobol indices and Morris effects against SALib 1.6 on its own outputs (fixtures/sobol_indices.json,
//! fixtures/morris.json), and against analytic values.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use approx::assert_relative_eq;
use serde_json::Value;
use support::uncertain::lettered;
use support::{cases, number};
use tunewise_cost::sensitivity::{Bootstrap, SobolIndices, SobolPlan, Trajectories};
use tunewise_cost::uncertainty::{Distribution, MonteCarlo};

/// The estimators are sums of a few thousand products.
const INDEX: f64 = 1e-10;

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn plan(case: &Value) -> SobolPlan {
    let inputs = case["problem"]["num_vars"].as_u64().unwrap() as usize;
    let plan = SobolPlan::new(inputs, case["N"].as_u64().unwrap() as usize).unwrap();
    if case["second_order"].as_bool().unwrap() { plan.second_order() } else { plan }
}

#[test]
fn indices_of_stored_values_are_salibs() {
    for case in cases("sobol_indices.json") {
        let indices = plan(&case).analyze(&numbers(&case["Y"])).unwrap();
        let inputs = indices.first.len();
        for input in 0..inputs {
            let close = |actual: f64, expected: &Value| {
                assert_relative_eq!(
                    actual,
                    number(expected),
                    epsilon = INDEX,
                    max_relative = INDEX
                );
            };
            close(indices.first[input].value, &case["S1"][input]);
            close(indices.total[input].value, &case["ST"][input]);
        }
        let pairs = if case["S2"].is_null() { 0 } else { inputs * (inputs - 1) / 2 };
        assert_eq!(indices.second.len(), pairs);
        for pair in &indices.second {
            let expected = number(&case["S2"][pair.inputs.0][pair.inputs.1]);
            assert_relative_eq!(pair.index.value, expected, epsilon = INDEX);
        }
    }
}

/// SALib's input bounds as distributions of the cost model's inputs.
fn experiment(case: &Value, names: &Value, bounds: &Value) -> MonteCarlo {
    let mut experiment = MonteCarlo::new(&lettered(&case["fixed"]));
    for (name, bounds) in names.as_array().unwrap().iter().zip(bounds.as_array().unwrap()) {
        let (low, high) = (number(&bounds[0]), number(&bounds[1]));
        let parameter = name.as_str().unwrap().parse().unwrap();
        experiment = experiment.vary(parameter, &Distribution::Uniform { low, high }).unwrap();
    }
    experiment
}

#[test]
fn the_plan_has_salibs_rows_and_the_model_its_values() {
    for case in cases("sobol_indices.json") {
        let problem = &case["problem"];
        let bounds: Vec<Vec<f64>> =
            problem["bounds"].as_array().unwrap().iter().map(numbers).collect();
        let columns = plan(&case).coordinates().unwrap();
        let scaled = |input: usize, row: usize| {
            bounds[input][0] + columns[input][row] * (bounds[input][1] - bounds[input][0])
        };
        let expect_row = |row: usize, expected: &Value| {
            for (input, expected) in numbers(expected).into_iter().enumerate() {
                assert_relative_eq!(
                    scaled(input, row),
                    expected,
                    max_relative = 1e-14,
                    epsilon = 1e-14
                );
            }
        };
        for (row, expected) in case["X_first_block"].as_array().unwrap().iter().enumerate() {
            expect_row(row, expected);
        }
        expect_row(100, &case["X_row_100"]);
        if case["fixed"].is_null() {
            continue;
        }
        let values =
            experiment(&case, &problem["names"], &problem["bounds"]).evaluate(columns).unwrap();
        for (actual, expected) in values.into_iter().zip(numbers(&case["Y"])) {
            assert_relative_eq!(actual, expected, max_relative = 1e-12);
        }
    }
}

#[test]
fn converged_indices_of_the_model() {
    for case in cases("sobol_indices.json").iter().filter(|case| !case["fixed"].is_null()) {
        let problem = &case["problem"];
        let plan = SobolPlan::new(6, 1 << 13).unwrap().scrambled(5);
        let experiment = experiment(case, &problem["names"], &problem["bounds"]);
        let values = experiment.evaluate(plan.coordinates().unwrap()).unwrap();
        let indices = plan.analyze(&values).unwrap();
        let within = |actual: f64, expected: f64, half_width: f64| {
            assert!((actual - expected).abs() <= half_width, "{actual} for {expected}");
        };
        let widths = numbers(&case["converged_conf"]);
        for input in 0..6 {
            let (s1, st) =
                (&case["converged_S1_N16384"][input], &case["converged_ST_N16384"][input]);
            within(indices.first[input].value, number(s1), widths[0].min(0.01));
            within(indices.total[input].value, number(st), widths[1].min(0.01));
        }
    }
}

/// Values of the Ishigami function on a plan.
fn ishigami(plan: &SobolPlan) -> Vec<f64> {
    use std::f64::consts::PI;
    let angle = |u: f64| PI * (2.0 * u - 1.0);
    let columns = plan.coordinates().unwrap();
    let row = |row: usize| [0, 1, 2].map(|input: usize| angle(columns[input][row]));
    let value = |[x, y, z]: [f64; 3]| x.sin() + 7.0 * y.sin().powi(2) + 0.1 * z.powi(4) * x.sin();
    (0..plan.rows()).map(|index| value(row(index))).collect()
}

#[test]
fn analytic_indices_are_inside_the_intervals() {
    let case = &cases("sobol_indices.json")[0];
    let plan = SobolPlan::new(3, 1 << 11).unwrap().second_order().scrambled(8);
    let bootstrap = Bootstrap { resamples: 200, ..Bootstrap::default() };
    let indices = plan.analyze_with(&ishigami(&plan), bootstrap).unwrap();
    for input in 0..3 {
        for (index, key) in [(indices.first[input], "S1"), (indices.total[input], "ST")] {
            let half_width = index.half_width.unwrap();
            assert!(half_width > 0.0 && half_width < 0.1);
            assert!((index.value - number(&case["analytic"][key][input])).abs() <= half_width);
        }
    }
    // All of x3's effect is its interaction with x1.
    let pair = indices.second.iter().find(|pair| pair.inputs == (0, 2)).unwrap();
    assert!((pair.index.value - 0.243_683_664_062).abs() <= pair.index.half_width.unwrap());
}

#[test]
fn intervals_are_as_wide_as_salibs() {
    // SALib's own resampling of the same values, 50 resamples: a standard deviation within some 10 %.
    for case in cases("sobol_indices.json") {
        let bootstrap = Bootstrap { resamples: 500, ..Bootstrap::default() };
        let SobolIndices { first, .. } =
            plan(&case).analyze_with(&numbers(&case["Y"]), bootstrap).unwrap();
        for (index, expected) in first.iter().zip(numbers(&case["S1_conf_seed1_50"])) {
            assert_relative_eq!(index.half_width.unwrap(), expected, max_relative = 0.5);
        }
    }
}

fn stored_trajectories(case: &Value) -> Trajectories {
    let levels = |row: &Value| numbers(row).into_iter().map(|level| level as u32).collect();
    let points = case["levels_index"].as_array().unwrap().iter().map(levels).collect();
    Trajectories::new(case["num_levels"].as_u64().unwrap() as u32, points).unwrap()
}

#[test]
fn morris_effects_are_salibs() {
    for case in cases("morris.json") {
        let trajectories = stored_trajectories(&case);
        let effects = trajectories.effects(&numbers(&case["Y"])).unwrap();
        for (input, effect) in effects.iter().enumerate() {
            let close = |actual: f64, key: &str| {
                assert_relative_eq!(actual, number(&case[key][input]), max_relative = 1e-10);
            };
            close(effect.mu, "mu");
            close(effect.mu_star, "mu_star");
            close(effect.sigma, "sigma");
        }
        let experiment = experiment(&case, &case["names"], &case["bounds"]);
        let values = experiment.evaluate(trajectories.coordinates(0.0)).unwrap();
        for (actual, expected) in values.into_iter().zip(numbers(&case["Y"])) {
            assert_relative_eq!(actual, expected, max_relative = 1e-12);
        }
    }
}

#[test]
fn random_trajectories_are_trajectories() {
    for seed in 0..20 {
        let trajectories = Trajectories::random(5, 6, 4, seed).unwrap();
        let columns = trajectories.coordinates(0.0);
        let level = |column: &[f64], row: usize| (column[row] * 5.0).round() as u32;
        let points: Vec<Vec<u32>> =
            (0..24).map(|row| columns.iter().map(|column| level(column, row)).collect()).collect();
        assert_eq!(Trajectories::new(6, points).unwrap(), trajectories);
    }
}

#[test]
fn what_cannot_be_analysed_is_named() {
    let message = |result: tunewise_cost::Result<_>| -> String {
        result.map(|_: SobolIndices| ()).unwrap_err().to_string()
    };
    let plan = SobolPlan::new(2, 4).unwrap();
    assert!(message(plan.analyze(&[0.0; 3])).contains("values of the function"));
    assert!(message(plan.analyze(&[1.0; 16])).starts_with("standard deviation of the answer is 0"));
    let mut values = [1.0; 16];
    values[3] = f64::NAN;
    assert_eq!(
        message(plan.analyze(&values)),
        "Sobol indices: value 3 is NaN, expected a finite number"
    );
    values[3] = 2.0;
    let bootstrap = Bootstrap { level: 1.0, ..Bootstrap::default() };
    assert!(message(plan.analyze_with(&values, bootstrap)).starts_with("confidence level is 1"));
    assert!(SobolPlan::new(33, 4).is_err() && SobolPlan::new(2, 1).is_err());
    assert!(Trajectories::random(2, 3, 1, 0).is_err() && Trajectories::random(0, 4, 1, 0).is_err());
    let stuck = vec![vec![0, 0], vec![2, 0], vec![0, 0]];
    assert!(
        Trajectories::new(4, stuck).unwrap_err().to_string().starts_with("trajectory 0 is none")
    );
}
