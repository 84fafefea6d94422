//! Distributions against 25-digit tables (fixtures/tables.json, mpmath), moments against quadrature.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use approx::assert_relative_eq;
use proptest::prelude::*;
use serde_json::Value;
use support::uncertain::distribution;
use tunewise_cost::uncertainty::{Distribution, Family, Law, Stream, ThreePoint};

/// Quantiles: a few roundings, amplified where a law subtracts its bounds.
const QUANTILE: f64 = 2e-14;

#[test]
fn quantiles_match_the_table() {
    let tables: Value = serde_json::from_str(include_str!("fixtures/tables.json")).unwrap();
    let rows = tables["dist_ppf"].as_array().unwrap();
    assert_eq!(rows.len(), 9);
    for row in rows {
        let name = row["dist"].as_str().unwrap();
        let law = distribution(name, &row["par"]).law().unwrap();
        for pair in row["ppf"].as_array().unwrap() {
            let (p, expected) = (pair[0].as_f64().unwrap(), pair[1].as_str().unwrap());
            let expected: f64 = expected.parse().unwrap();
            let error = (law.quantile(p) / expected - 1.0).abs();
            assert!(error <= QUANTILE, "{name} at {p}: off by {error:e}");
            assert!((law.cdf(expected) - p).abs() <= 1e-14, "{name} cdf at {expected}");
        }
    }
}

#[test]
fn moments_of_the_truncated_normal() {
    // mpmath 1.3 quadrature at 40 digits. Far out in a tail the closed form keeps ten digits of the sd.
    let infinity = f64::INFINITY;
    for (mean, sd, low, high, expected_mean, expected_sd, tolerance) in [
        (0.3, 1.2, -0.259, 1.256, 0.473_524_124_592_406_7, 0.425_379_027_642_557_97, 1e-13),
        (0.0, 1.0, 8.0, infinity, 8.121_368_112_236_113, 0.119_686_605_112_439, 1e-10),
        (5.0, 2.0, -infinity, 1.0, 0.253_568_934_354_318_27, 0.676_103_839_403_626_7, 1e-13),
        (1.0, 3.0, 1.1, 1.3, 1.199_925_936_923_658_4, 0.057_730_721_817_053_24, 1e-13),
        (0.0, 1.0, -1.0, 5.0, 0.287_598_301_850_477_2, 0.793_522_723_346_261, 1e-13),
    ] {
        let law = Distribution::TruncatedNormal { mean, sd, low, high }.law().unwrap();
        assert_relative_eq!(law.mean(), expected_mean, max_relative = tolerance);
        assert_relative_eq!(law.sd(), expected_sd, max_relative = tolerance);
    }
}

#[test]
fn other_moments() {
    // SciPy 1.17: lognorm(s=.869, scale=exp(.391)), loguniform(.73, 77.648), triang, beta(1.344, 3.96).
    let of = |distribution: Distribution| {
        let law = distribution.law().unwrap();
        (law.mean(), law.sd())
    };
    let check = |(mean, sd): (f64, f64), expected: (f64, f64)| {
        assert_relative_eq!(mean, expected.0, max_relative = 1e-13);
        assert_relative_eq!(sd, expected.1, max_relative = 1e-13);
    };
    check(of(Distribution::LogNormal { mu: 0.391, sigma: 0.869, shift: 1.0 }), LOGNORMAL);
    check(of(Distribution::LogUniform { low: 0.73, high: 77.648 }), LOGUNIFORM);
    check(of(Distribution::Triangular { low: 1.106, mode: 3.537, high: 7.256 }), TRIANGULAR);
    check(of(Distribution::Beta { alpha: 1.344, beta: 3.96, low: -1.0, high: 3.0 }), BETA);
    check(of(Distribution::Uniform { low: 2.0, high: 5.0 }), (3.5, 3.0 / 12_f64.sqrt()));
    // By hand: values 1, 2, 4 with weights 1, 2, 1.
    let values = vec![4.0, 1.0, 2.0];
    let discrete = Distribution::Discrete { values, weights: vec![1.0, 1.0, 2.0] };
    check(of(discrete), (2.25, 1.1875_f64.sqrt()));
}

#[test]
fn discrete_laws_step_where_the_weights_say() {
    let values = vec![4.0, 1.0, 2.0, 9.0];
    let law = Distribution::Discrete { values, weights: vec![1.0, 1.0, 2.0, 0.0] }.law().unwrap();
    let quantiles = [0.0, 0.25, 0.26, 0.75, 0.76, 1.0].map(|p| law.quantile(p));
    assert_eq!(quantiles, [1.0, 1.0, 2.0, 2.0, 4.0, 4.0]);
    assert_eq!([0.0, 1.0, 3.0, 4.0].map(|x| law.cdf(x)), [0.0, 0.25, 0.75, 1.0]);
    let law = Distribution::Empirical { values: vec![3.0, 1.0, 2.0, 2.0] }.law().unwrap();
    assert_eq!([0.25, 0.5, 0.75, 0.8].map(|p| law.quantile(p)), [1.0, 2.0, 2.0, 3.0]);
}

#[test]
fn bad_parameters_are_named() {
    let message = |distribution: Distribution| distribution.law().unwrap_err().to_string();
    let high = f64::NAN;
    for (distribution, expected) in [
        (
            Distribution::Uniform { low: 1.0, high: 1.0 },
            "uniform distribution: high is 1, expected a number above low",
        ),
        (
            Distribution::Uniform { low: 1.0, high },
            "uniform distribution: high is NaN, expected a finite number",
        ),
        (
            Distribution::LogUniform { low: 0.0, high: 1.0 },
            "loguniform distribution: low is 0, expected a number above 0",
        ),
        (
            Distribution::LogNormal { mu: 0.0, sigma: 0.0, shift: 0.0 },
            "lognormal distribution: sigma is 0, expected a number above 0",
        ),
        (
            Distribution::Triangular { low: 0.0, mode: 3.0, high: 2.0 },
            "triangular distribution: mode is 3, expected between low and high",
        ),
        (
            Distribution::Pert { low: 0.0, mode: 1.0, high: 2.0, lambda: 0.0 },
            "pert distribution: lambda is 0, expected a number above 0",
        ),
        (
            Distribution::Gamma { shape: f64::INFINITY, scale: 1.0 },
            "gamma distribution: shape is inf, expected a number above 0",
        ),
        (
            Distribution::TruncatedNormal { mean: 0.0, sd: 1.0, low: 50.0, high: 60.0 },
            "truncated_normal distribution: mean is 0, expected a mean that leaves probability between low and high",
        ),
        (
            Distribution::Discrete { values: vec![1.0], weights: vec![-1.0] },
            "discrete distribution: weights is -1, expected no number below 0",
        ),
        (
            Distribution::Discrete { values: vec![1.0], weights: vec![] },
            "discrete distribution of 0 values, expected as many weights as values",
        ),
        (
            Distribution::Empirical { values: vec![] },
            "empirical of 0 values, expected at least one value with a weight above 0",
        ),
    ] {
        assert_eq!(message(distribution), expected);
    }
}

#[test]
fn scenario_files_name_the_family() {
    let text = r#"{"dist":"truncated_normal","mean":1.0,"sd":2.0,"low":0.0}"#;
    let distribution: Distribution = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&distribution).unwrap(), text);
    let fit: Distribution =
        toml::from_str("dist = 'three_point'\nfamily = 'pert'\np10 = 1\np50 = 2\np90 = 4").unwrap();
    assert_relative_eq!(fit.law().unwrap().quantile(0.5), 2.0, max_relative = 1e-12);
    for bad in [
        r#"{"dist":"normal","mean":1.0,"sd":2.0,"extra":0.0}"#,
        r#"{"dist":"normal","mean":1.0}"#,
        r#"{"dist":"gauss","mean":1.0,"sd":1.0}"#,
        r#"{"dist":"three_point","family":"pert","p10":1.0,"p50":2.0,"p90":4.0,"p99":5.0}"#,
    ] {
        assert!(serde_json::from_str::<Distribution>(bad).is_err(), "{bad}");
    }
}

fn fitted(family: Family, p10: f64, p50: f64, p90: f64) -> Law {
    ThreePoint { family, p10, p50, p90 }.fit().unwrap().law().unwrap()
}

#[test]
fn three_points_are_met() {
    for (family, p10, p50, p90) in [
        (Family::Normal, 1.0, 2.0, 3.0),
        (Family::Uniform, 1.0, 2.0, 3.0),
        (Family::LogUniform, 1.0, 10.0, 100.0),
        (Family::LogNormal, 1.0, 10.0, 100.0),
        (Family::LogNormal, -3.0, -2.0, 1.0),
        (Family::Triangular, 10.0, 12.0, 15.0),
        (Family::Triangular, 10.0, 13.0, 15.0),
        (Family::Pert, 10.0, 12.0, 16.0),
        (Family::Pert, 10.0, 12.0, 13.0),
    ] {
        let law = fitted(family, p10, p50, p90);
        for (p, value) in [(0.1, p10), (0.5, p50), (0.9, p90)] {
            assert!((law.quantile(p) - value).abs() < 1e-11 * (p90 - p10), "{family:?} at {p}");
        }
    }
    // Quantiles of gamma(3, scale 2) by SciPy 1.17.
    let law = fitted(Family::Gamma, GAMMA[0], GAMMA[1], GAMMA[2]);
    assert_relative_eq!(law.mean(), 6.0, max_relative = 1e-11);
}

#[test]
fn impossible_three_points_say_why() {
    let message = |family, p10, p50, p90| {
        let points = ThreePoint { family, p10, p50, p90 };
        points.fit().unwrap_err().to_string()
    };
    assert!(
        message(Family::Triangular, 0.0, 1.0, 5.0)
            .ends_with("is 0.6180 to 1.6180 times the lower, here 4.0000")
    );
    assert!(
        message(Family::Pert, 0.0, 1.0, 5.0)
            .ends_with("0.4533 to 2.2062 times the lower, here 4.0000")
    );
    assert!(message(Family::LogNormal, 0.0, 3.0, 5.0).contains("upper side is the longer one"));
    assert!(message(Family::Gamma, -1.0, 3.0, 5.0).ends_with("it has positive values only"));
    assert!(message(Family::Gamma, 1.0, 1.1, 5.0).contains("its median would be 2.4"));
    assert!(message(Family::LogUniform, 1.0, 2.0, 5.0).contains("its median would be 2.236"));
    assert!(message(Family::Normal, 2.0, 1.0, 5.0).ends_with("they must be finite and increase"));
}

fn any_law() -> impl Strategy<Value = Law> {
    let family = prop_oneof![
        (-5.0..5.0, 0.1..5.0)
            .prop_map(|(low, width)| Distribution::Uniform { low, high: low + width }),
        (0.1..5.0, 0.1..50.0)
            .prop_map(|(low, width)| Distribution::LogUniform { low, high: low + width }),
        (-5.0..5.0, 0.1..5.0).prop_map(|(mean, sd)| Distribution::Normal { mean, sd }),
        (-3.0..3.0, 0.05..4.0).prop_map(|(low, width)| Distribution::TruncatedNormal {
            mean: 0.0,
            sd: 1.0,
            low,
            high: low + width
        }),
        (-2.0..2.0, 0.1..1.5).prop_map(|(mu, sigma)| Distribution::LogNormal {
            mu,
            sigma,
            shift: 0.5
        }),
        (-5.0..5.0, 0.0..1.0, 0.1..9.0).prop_map(|(low, share, width)| {
            Distribution::Triangular { low, mode: low + share * width, high: low + width }
        }),
        (0.0..1.0, 0.5..9.0).prop_map(|(mode, lambda)| Distribution::Pert {
            low: 0.0,
            mode,
            high: 1.0,
            lambda
        }),
        (0.3..9.0, 0.3..9.0).prop_map(|(alpha, beta)| Distribution::Beta {
            alpha,
            beta,
            low: 0.0,
            high: 1.0
        }),
        (0.3..90.0, 0.1..5.0).prop_map(|(shape, scale)| Distribution::Gamma { shape, scale }),
    ];
    family.prop_map(|distribution| distribution.law().unwrap())
}

proptest! {
    #[test]
    fn cdf_undoes_the_quantile(law in any_law(), p in 1e-6_f64..0.999_999) {
        let back = law.cdf(law.quantile(p));
        // A value read to half an ulp moves the probability by the density times that.
        prop_assert!((back - p).abs() <= 2e-12, "{law:?}: {p} came back as {back}");
    }

    #[test]
    fn quantiles_never_fall(law in any_law(), p in 0.0_f64..1.0, q in 0.0_f64..1.0) {
        let (low, high) = (p.min(q), p.max(q));
        prop_assume!(high - low > 1e-9);
        prop_assert!(law.quantile(low) <= law.quantile(high));
    }

    #[test]
    fn slices_give_the_same_bits(law in any_law(), seed in any::<u64>()) {
        let mut uniforms = [0.0; 300];
        Stream::new(seed, 0).fill_uniform(&mut uniforms);
        let one_by_one = uniforms.map(|p| law.quantile(p).to_bits());
        law.quantiles_in_place(&mut uniforms);
        prop_assert_eq!(uniforms.map(f64::to_bits), one_by_one);
    }

    #[test]
    fn the_mean_is_the_mean_of_the_quantiles(law in any_law()) {
        let n = 1000;
        let middle = |index: usize| (index as f64 + 0.5) / n as f64;
        let mean: f64 = (0..n).map(|index| law.quantile(middle(index))).sum::<f64>() / n as f64;
        // The midpoint rule misses part of an unbounded tail.
        prop_assert!((mean - law.mean()).abs() <= 6e-3 * law.sd(), "{law:?}: {mean}");
    }
}

const LOGNORMAL: (f64, f64) = (3.1567026405016216, 2.290529992995241);
const LOGUNIFORM: (f64, f64) = (16.481616719354534, 19.34565553118007);
const TRIANGULAR: (f64, f64) = (3.966333333333334, 1.2645071723358823);
const BETA: (f64, f64) = (0.013574660633484115, 0.6929399509878702);
const GAMMA: [f64; 3] = [2.2041306564986427, 5.348120627447118, 10.644640675668422];
