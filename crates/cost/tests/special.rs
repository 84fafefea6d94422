//! Special functions against 25 digits of mpmath (fixtures/tables.json) and against their own inverses.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use proptest::prelude::*;
use serde::Deserialize;
use tunewise_cost::special::*;

/// The functions are good to a few 1e-15; the fixtures' arguments are read to half an ulp.
const RELATIVE: f64 = 5e-14;

#[derive(Deserialize)]
struct Tables {
    normal_ppf: Vec<NormalRow>,
    t_ppf: Vec<TRow>,
    t_two_sided_p: Vec<TwoSidedRow>,
    f_sf: Vec<FRow>,
}

#[derive(Deserialize)]
struct NormalRow {
    p: f64,
    z: String,
}

#[derive(Deserialize)]
struct TRow {
    df: f64,
    p: f64,
    t: String,
}

#[derive(Deserialize)]
struct TwoSidedRow {
    df: f64,
    t: f64,
    sf2: String,
}

#[derive(Deserialize)]
struct FRow {
    d1: f64,
    d2: f64,
    f: f64,
    sf: String,
}

fn tables() -> Tables {
    serde_json::from_str(include_str!("fixtures/tables.json")).unwrap()
}

#[track_caller]
fn assert_close(actual: f64, expected: &str, what: &str) {
    let expected: f64 = expected.parse().unwrap();
    let error = if expected == 0.0 { actual.abs() } else { (actual / expected - 1.0).abs() };
    assert!(error <= RELATIVE, "{what}: {actual} for {expected}, off by {error:e}");
}

#[test]
fn normal_quantiles_match_the_table() {
    for row in tables().normal_ppf {
        assert_close(normal_quantile(row.p), &row.z, &format!("p = {}", row.p));
    }
}

#[test]
fn t_quantiles_match_the_table() {
    for row in tables().t_ppf {
        assert_close(t_quantile(row.p, row.df), &row.t, &format!("p {} df {}", row.p, row.df));
    }
}

#[test]
fn two_sided_p_values_match_the_table() {
    for row in tables().t_two_sided_p {
        assert_close(t_two_sided_p(row.t, row.df), &row.sf2, &format!("t {} df {}", row.t, row.df));
    }
}

#[test]
fn f_tails_match_the_table() {
    for row in tables().f_sf {
        let what = format!("f {} df {} {}", row.f, row.d1, row.d2);
        assert_close(f_sf(row.f, row.d1, row.d2), &row.sf, &what);
    }
}

#[derive(Deserialize)]
struct Extremes {
    gamma: Vec<GammaRow>,
    beta: Vec<BetaRow>,
    t: Vec<TRow>,
}

#[derive(Deserialize)]
struct GammaRow {
    shape: f64,
    x: f64,
    cdf: String,
    sf: String,
}

#[derive(Deserialize)]
struct BetaRow {
    alpha: f64,
    beta: f64,
    x: f64,
    cdf: String,
    sf: String,
}

fn extremes() -> Extremes {
    serde_json::from_str(include_str!("fixtures/special.json")).unwrap()
}

/// Large shapes amplify the rounding of the argument: 2e5 degrees put `x` within 1e-5 of 1.
const FAR_RELATIVE: f64 = 3e-12;

#[track_caller]
fn assert_far(actual: f64, expected: &str, what: &str) {
    let expected: f64 = expected.parse().unwrap();
    let error = (actual / expected - 1.0).abs();
    assert!(error <= FAR_RELATIVE, "{what}: {actual} for {expected}, off by {error:e}");
}

#[test]
fn both_gamma_tails_keep_their_digits() {
    for row in extremes().gamma {
        let what = format!("shape {} x {}", row.shape, row.x);
        assert_far(gamma_cdf(row.shape, row.x), &row.cdf, &what);
        assert_far(gamma_sf(row.shape, row.x), &row.sf, &what);
    }
}

#[test]
fn both_beta_tails_keep_their_digits() {
    for row in extremes().beta {
        let what = format!("alpha {} beta {} x {}", row.alpha, row.beta, row.x);
        assert_far(beta_cdf(row.x, row.alpha, row.beta), &row.cdf, &what);
        assert_far(beta_sf(row.x, row.alpha, row.beta), &row.sf, &what);
    }
}

#[test]
fn t_quantiles_far_out_and_with_many_degrees() {
    for row in extremes().t {
        assert_far(t_quantile(row.p, row.df), &row.t, &format!("df {} p {}", row.df, row.p));
    }
}

#[test]
fn outside_the_domain_there_is_no_number() {
    for value in [
        normal_quantile(-0.1),
        normal_quantile(f64::NAN),
        t_quantile(0.5, 0.0),
        t_quantile(1.5, 3.0),
        gamma_cdf(-1.0, 2.0),
        gamma_cdf(2.0, -1.0),
        gamma_quantile(0.5, f64::NAN),
        beta_cdf(1.5, 1.0, 1.0),
        beta_quantile(0.5, -1.0, 1.0),
        f_sf(-1.0, 2.0, 2.0),
        t_two_sided_p(1.0, -2.0),
    ] {
        assert!(value.is_nan(), "{value}");
    }
    assert_eq!(normal_quantile(0.0), f64::NEG_INFINITY);
    assert_eq!(t_quantile(1.0, 4.0), f64::INFINITY);
    assert_eq!(t_two_sided_p(f64::INFINITY, 4.0), 0.0);
    assert_eq!(f_sf(f64::INFINITY, 4.0, 2.0), 0.0);
    assert_eq!((gamma_quantile(0.0, 2.0), gamma_quantile(1.0, 2.0)), (0.0, f64::INFINITY));
    assert_eq!((beta_quantile(0.0, 2.0, 3.0), beta_quantile(1.0, 2.0, 3.0)), (0.0, 1.0));
}

proptest! {
    #[test]
    fn quantile_and_cdf_are_inverse(p in 1e-12_f64..1.0, shape in 0.05_f64..500.0, other in 0.05_f64..500.0) {
        // A probability near 1 has only its distance to 1 in absolute terms: 1e-13 covers the slope.
        let near = |back: f64| (back - p).abs() <= 1e-11 * p + 1e-14;
        prop_assert!(near(normal_cdf(normal_quantile(p))));
        prop_assert!(near(t_cdf(t_quantile(p, shape), shape)));
        prop_assert!(near(gamma_cdf(shape, gamma_quantile(p, shape))));
        let x = beta_quantile(p, shape, other);
        if x > 1e-300 && x < 1.0 - 1e-4 {
            prop_assert!(near(beta_cdf(x, shape, other)), "{x} {}", beta_cdf(x, shape, other));
        }
    }

    #[test]
    fn tails_sum_to_one(shape in 0.05_f64..2000.0, other in 0.05_f64..2000.0, x in 0.0_f64..1.0) {
        prop_assert!((beta_cdf(x, shape, other) + beta_sf(x, shape, other) - 1.0).abs() < 1e-15);
        let at = 2.0 * shape * x;
        prop_assert!((gamma_cdf(shape, at) + gamma_sf(shape, at) - 1.0).abs() < 1e-15);
    }
}
