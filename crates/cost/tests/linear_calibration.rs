//! Linear fits against exact rational least squares, statsmodels 0.15 and NIST's certified values.
#![cfg(feature = "calibrate")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use serde_json::Value;
use support::{cases, number, relative};
use tunewise_cost::calibrate::{
    Column, FitError, LinearFit, Regression, RobustKind, TimeLaw, TwoStage, compare_time_laws,
};

/// Against exact arithmetic: rounding, at any condition of the columns.
const EXACT: f64 = 1e-12;
/// Against statsmodels, whose pseudo-inverse loses digits by the condition of the columns.
const STATSMODELS: f64 = 1e-8;
/// What statsmodels is itself away from exact arithmetic by on the nearly collinear columns, in what
/// divides by 1 − h and by 1 − R².
const STATSMODELS_COLLINEAR: f64 = 1e-6;

struct Owned {
    names: Vec<String>,
    columns: Vec<Vec<f64>>,
}

/// The columns of a matrix by rows, without the constant.
fn columns(case: &Value, names: &[String], matrix: &str) -> Owned {
    let rows: Vec<Vec<f64>> = case[matrix]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row.as_array().unwrap().iter().map(number).collect())
        .collect();
    let keep: Vec<usize> = (0..names.len()).filter(|&j| names[j] != "1").collect();
    Owned {
        names: keep.iter().map(|&j| names[j].clone()).collect(),
        columns: keep.iter().map(|&j| rows.iter().map(|row| row[j]).collect()).collect(),
    }
}

impl Owned {
    fn view(&self) -> Vec<Column<'_>> {
        let pairs = self.names.iter().zip(&self.columns);
        pairs.map(|(name, values)| Column { name, values }).collect()
    }
}

fn list(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn fit(case: &Value) -> LinearFit {
    let names: Vec<String> =
        case["columns"].as_array().unwrap().iter().map(|v| v.as_str().unwrap().into()).collect();
    let x = columns(case, &names, "X");
    let y = list(&case["y"]);
    let weights = case["weights"].as_array().map(|_| list(&case["weights"]));
    Regression {
        response: Column { name: "y", values: &y },
        predictors: &x.view(),
        weights: weights.as_deref().map(|values| Column { name: "weight", values }),
        intercept: case["intercept"].as_bool().unwrap(),
    }
    .fit()
    .unwrap()
}

fn problems() -> Vec<(Value, LinearFit)> {
    let all = cases("ols.json");
    assert_eq!(all.len(), 16);
    all.into_iter().map(|case| (case.clone(), fit(&case))).collect()
}

/// Each |got − expected| within the tolerance of the expected or of the scale.
fn close(what: &str, got: &[f64], expected: &[f64], [tolerance, scale]: [f64; 2]) {
    assert_eq!(got.len(), expected.len(), "{what}");
    for (got, expected) in got.iter().zip(expected) {
        let allowed = tolerance * expected.abs().max(scale);
        assert!((got - expected).abs() <= allowed, "{what}: {got} against {expected}");
    }
}

#[test]
fn coefficients_errors_and_covariance_are_those_of_rational_arithmetic() {
    for (case, fit) in problems() {
        let (id, exact) = (case["id"].as_str().unwrap(), &case["exact"]);
        close(id, fit.coefficients(), &list(&exact["beta"]), [EXACT, 0.0]);
        close(id, &fit.standard_errors(), &list(&exact["se"]), [EXACT, 0.0]);
        close(id, &[fit.residual_sum_of_squares()], &[number(&exact["rss"])], [EXACT, 0.0]);
        close(id, &[fit.residual_variance()], &[number(&exact["sigma2"])], [EXACT, 0.0]);
        close(id, &[fit.r_squared()], &[number(&exact["r2"])], [EXACT, 0.0]);
        // A covariance is small beside the product of its errors where it nearly cancels.
        let (errors, covariance) = (fit.standard_errors(), fit.covariance());
        let rows = covariance.iter().zip(exact["cov"].as_array().unwrap()).zip(&errors);
        for ((row, expected), error) in rows {
            for ((got, expected), other) in row.iter().zip(list(expected)).zip(&errors) {
                close(id, &[*got], &[expected], [EXACT, error * other]);
            }
        }
    }
}

/// How far from the expected a statistic may be: of itself, what divides by nearly nothing, and the
/// share of the largest influence that counts as none.
struct Tolerance {
    plain: f64,
    divided: f64,
    none: f64,
}

#[test]
fn every_statistic_is_statsmodels() {
    for (case, fit) in problems() {
        if !case["statsmodels_reliable"].as_bool().unwrap() {
            continue;
        }
        let collinear = case["id"] == "near_collinear";
        let divided = if collinear { STATSMODELS_COLLINEAR } else { 1e-7 };
        let tolerance = Tolerance { plain: STATSMODELS, divided, none: 1e-6 };
        statistics(&case, &fit, &case["statsmodels"], &tolerance);
    }
}

/// Longley, the nearly collinear columns and the offset that statsmodels cannot take, at 80 digits.
#[test]
fn every_statistic_is_exact_where_statsmodels_is_not() {
    let exact = cases("ols_statistics.json");
    assert_eq!(exact.len(), 3);
    for (case, fit) in problems() {
        if let Some(expected) = exact.iter().find(|one| one["id"] == case["id"]) {
            let tolerance = Tolerance { plain: EXACT, divided: EXACT, none: 0.0 };
            statistics(&case, &fit, &expected["exact"], &tolerance);
        }
    }
}

fn statistics(case: &Value, fit: &LinearFit, expected: &Value, tolerance: &Tolerance) {
    let id = case["id"].as_str().unwrap();
    let one = |key: &str, got: f64| {
        close(&format!("{id} {key}"), &[got], &[number(&expected[key])], [tolerance.plain, 0.0]);
    };
    one("rsquared", fit.r_squared());
    one("rsquared_adj", fit.adjusted_r_squared());
    one("fvalue", fit.f().unwrap());
    one("f_pvalue", fit.f_p_value().unwrap());
    one("llf", fit.log_likelihood());
    one("aic", fit.aic());
    one("bic", fit.bic());
    one("mse_resid", fit.residual_variance());
    one("condition_number", fit.condition_number());
    one("durbin_watson", fit.durbin_watson());
    assert_eq!(fit.df_residual() as f64, number(&expected["df_resid"]), "{id}");
    assert_eq!(fit.df_model() as f64, number(&expected["df_model"]), "{id}");
    let many = |key: &str, got: &[f64], tolerance: f64, scale: f64| {
        close(&format!("{id} {key}"), got, &list(&expected[key]), [tolerance, scale]);
    };
    many("tvalues", &fit.t_values(), tolerance.plain, 0.0);
    many("pvalues", &fit.p_values(), tolerance.plain, 0.0);
    let size = list(&case["y"]).iter().fold(0.0_f64, |most, y| most.max(y.abs()));
    many("resid", fit.residuals(), tolerance.plain, size);
    many("fitted", fit.fitted(), tolerance.plain, 0.0);
    let kinds = [
        ("HC0", RobustKind::Hc0, tolerance.plain),
        ("HC1", RobustKind::Hc1, tolerance.plain),
        ("HC2", RobustKind::Hc2, tolerance.divided),
        ("HC3", RobustKind::Hc3, tolerance.divided),
    ];
    for (key, kind, tolerance) in kinds {
        many(key, &fit.robust(kind).standard_errors, tolerance, 0.0);
    }
    for (key, confidence) in [("ci95", 0.95), ("ci90", 0.90)] {
        let got = fit.confidence_intervals(confidence).unwrap();
        let expected = expected[key].as_array().unwrap();
        for (got, expected) in got.iter().zip(expected) {
            let ends = list(expected);
            let width = ends[1] - ends[0];
            close(&format!("{id} {key}"), &[got.low, got.high], &ends, [tolerance.plain, width]);
        }
    }
    influence(id, fit, expected, tolerance);
}

fn influence(id: &str, fit: &LinearFit, expected: &Value, tolerance: &Tolerance) {
    let many = |key: &str, got: &[f64]| {
        if expected.get(key).is_some() {
            let expected = list(&expected[key]);
            close(&format!("{id} {key}"), got, &expected, [tolerance.divided, tolerance.none]);
        }
    };
    many("hat", &fit.leverage());
    many("cooks", &fit.cooks_distance());
    match fit.studentized_residuals() {
        Some(got) => many("rstudent", &got),
        None => assert_eq!(id, "n3"),
    }
    if let Some(vif) = expected.get("vif") {
        let expected = list(vif);
        // statsmodels lists the constant too.
        let got = fit.variance_inflation().unwrap();
        let skip = expected.len() - got.len();
        close(&format!("{id} vif"), &got, &expected[skip..], [tolerance.divided, 0.0]);
    }
    if let Some(test) = expected.get("breusch_pagan") {
        let got = fit.breusch_pagan().unwrap().unwrap();
        let pairs =
            [("lm", got.lm), ("lm_p", got.lm_p_value), ("f", got.f), ("f_p", got.f_p_value)];
        for (key, got) in pairs {
            let expected = number(&test[key]);
            close(&format!("{id} bp {key}"), &[got], &[expected], [tolerance.divided, 0.0]);
        }
    }
}

#[test]
fn nist_certified_values() {
    // https://www.itl.nist.gov/div898/strd/: Norris, NoInt1 and Longley.
    let certified: [(&str, &[f64], f64); 3] = [
        ("nist_norris", &[-0.262323073774029, 1.00211681802045], 0.884796396144373),
        ("nist_noint1", &[2.07438016528926], 3.56753034006338),
        (
            "nist_longley",
            &[
                -3482258.63459582,
                15.0618722713733,
                -0.358191792925910e-1,
                -2.02022980381683,
                -1.03322686717359,
                -0.511041056535807e-1,
                1829.15146461355,
            ],
            304.854073561965,
        ),
    ];
    for (case, fit) in problems() {
        let id = case["id"].as_str().unwrap();
        if let Some((_, beta, deviation)) = certified.iter().find(|one| one.0 == id) {
            close(id, fit.coefficients(), beta, [1e-12, 0.0]);
            close(id, &[fit.residual_standard_error()], &[*deviation], [1e-12, 0.0]);
        }
    }
}

#[test]
fn intervals_of_a_prediction_by_the_textbook() {
    // Simple regression: h0 = 1/n + (x0 - mean)^2/Sxx, computed by hand from the data.
    let (x, y) = ([1.0, 2.0, 3.0, 4.0, 6.0], [2.0, 2.9, 4.2, 5.1, 6.6]);
    let fit = tunewise_cost::calibrate::annotation(&x, &y).unwrap();
    let mean = x.iter().sum::<f64>() / 5.0;
    let sxx: f64 = x.iter().map(|x| (x - mean).powi(2)).sum();
    let h = 0.2 + (5.0 - mean).powi(2) / sxx;
    let at = fit.predict(&[5.0], 0.95).unwrap();
    let sigma = fit.residual_standard_error();
    // 97.5 % quantile of t with 3 degrees of freedom.
    let t = 3.182446305284263;
    close("se", &[at.standard_error], &[sigma * h.sqrt()], [1e-12, 0.0]);
    close("ci", &[at.confidence.high - at.mean], &[t * sigma * h.sqrt()], [1e-12, 0.0]);
    close("pi", &[at.prediction.high - at.mean], &[t * sigma * (1.0 + h).sqrt()], [1e-12, 0.0]);
    assert!(matches!(
        fit.predict(&[], 0.95),
        Err(FitError::PredictionShape { got: 0, expected: 1 })
    ));
    assert!(matches!(fit.predict(&[1.0], 1.0), Err(FitError::Confidence { .. })));
}

#[test]
fn intervals_of_predictions_are_statsmodels() {
    let mut seen = 0;
    for (case, fit) in problems() {
        let expected = &case["predict"];
        let constant = fit.terms().len() - fit.df_model();
        for (row, point) in expected["X"].as_array().into_iter().flatten().enumerate() {
            let at = fit.predict(&list(point)[constant..], 0.95).unwrap();
            let pairs = [
                ("mean", at.mean),
                ("mean_se", at.standard_error),
                ("mean_ci_lower", at.confidence.low),
                ("mean_ci_upper", at.confidence.high),
                ("obs_ci_lower", at.prediction.low),
                ("obs_ci_upper", at.prediction.high),
            ];
            for (key, got) in pairs {
                close(key, &[got], &[number(&expected[key][row])], [1e-10, at.mean.abs()]);
            }
            seen += 1;
        }
    }
    assert_eq!(seen, 14);
}

#[test]
fn published_yolov5_runs_prefer_a_power_law() {
    let case =
        cases("ols.json").into_iter().find(|case| case["id"] == "yolov5_published_T_vs_P").unwrap();
    let params: Vec<f64> =
        case["X"].as_array().unwrap().iter().map(|row| number(&row[1])).collect();
    let laws = compare_time_laws(&params, &list(&case["y"])).unwrap();
    assert!(relative(laws.linear.coefficients()[1], 1.920e-6) < 1e-3);
    assert!((laws.linear.r_squared() - 0.944).abs() < 1e-3);
    assert_eq!(laws.preferred(), TimeLaw::Power);
    assert!(laws.power.exponent < 1.0, "visibly concave");
}

#[test]
fn two_stages_are_statsmodels_iv2sls() {
    for case in cases("two_stage.json") {
        let id = case["id"].as_str().unwrap();
        let feedback = id == "feedback_equation";
        let count = |matrix: &str| case[matrix][0].as_array().unwrap().len();
        let named = |prefix: &str, count: usize| -> Vec<String> {
            (0..count)
                .map(|j| if feedback && j == 0 { "1".into() } else { format!("{prefix}{j}") })
                .collect()
        };
        // The effectiveness equation's instruments are x, T, C, M, M*x, M^2: the first three are
        // regressors too.
        let mut z_names = named("z", count("Z"));
        let x_names = named("x", count("X"));
        if !feedback {
            z_names[..3].clone_from_slice(&x_names[..3]);
        }
        let (x, z) = (columns(&case, &x_names, "X"), columns(&case, &z_names, "Z"));
        let y = list(&case["y"]);
        let stages = TwoStage {
            response: Column { name: "y", values: &y },
            regressors: &x.view(),
            instruments: &z.view(),
            intercept: feedback,
        };
        let fit = stages.fit().unwrap();
        close(id, &fit.coefficients, &list(&case["iv_params"]), [1e-9, 0.0]);
        close(id, &fit.standard_errors, &list(&case["iv_bse"]), [1e-9, 0.0]);
        let plain = Regression {
            response: stages.response,
            predictors: stages.regressors,
            weights: None,
            intercept: feedback,
        };
        close(id, plain.fit().unwrap().coefficients(), &list(&case["ols_params"]), [1e-9, 0.0]);
        assert_eq!(fit.first_stages.len(), 1, "{id}");
        assert!(fit.first_stages[0].f > 10.0, "{id}: {:?}", fit.first_stages);
        first_stage_by_two_regressions(&stages, fit.first_stages[0].f);
        let sargan = fit.sargan.unwrap();
        assert_eq!(sargan.df, z_names.len() - x_names.len());
        assert!(sargan.p_value > 0.01, "{id}: the generator's instruments are valid");
        sargan_by_regression(&stages, &fit.residuals, sargan.statistic);
    }
}

/// n·R² of the residuals on the instruments. With a constant in Z the residuals have mean 0, so the
/// centred R² is the uncentred one.
fn sargan_by_regression(stages: &TwoStage<'_>, residuals: &[f64], expected: f64) {
    let auxiliary = Regression {
        response: Column { name: "residuals", values: residuals },
        predictors: stages.instruments,
        weights: None,
        intercept: stages.intercept,
    };
    let statistic = residuals.len() as f64 * auxiliary.fit().unwrap().r_squared();
    close("sargan", &[expected], &[statistic], [1e-6, 0.0]);
}

fn first_stage_by_two_regressions(stages: &TwoStage<'_>, expected: f64) {
    let endogenous = *stages.regressors.last().unwrap();
    let on = |predictors: &[Column<'_>]| {
        let response = Column { name: "endogenous", ..endogenous };
        Regression { response, predictors, weights: None, intercept: stages.intercept }
            .fit()
            .unwrap()
    };
    let full = on(stages.instruments);
    let exogenous = &stages.regressors[..stages.regressors.len() - 1];
    let restricted = if exogenous.is_empty() {
        let mean = endogenous.values.iter().sum::<f64>() / endogenous.values.len() as f64;
        endogenous.values.iter().map(|x| (x - mean).powi(2)).sum()
    } else {
        on(exogenous).residual_sum_of_squares()
    };
    let extra = (stages.instruments.len() - exogenous.len()) as f64;
    let f = (restricted - full.residual_sum_of_squares()) / extra / full.residual_variance();
    close("first stage", &[expected], &[f], [1e-8, 0.0]);
}

#[test]
fn bad_data_is_named() {
    let fit = |y: &[f64], columns: &[(&str, &[f64])], weights: Option<&[f64]>| {
        let predictors: Vec<Column<'_>> =
            columns.iter().map(|(name, values)| Column { name, values }).collect();
        Regression {
            response: Column { name: "y", values: y },
            predictors: &predictors,
            weights: weights.map(|values| Column { name: "w", values }),
            intercept: true,
        }
        .fit()
        .map_err(|error| error.to_string())
        .unwrap_err()
    };
    let (y, x): (&[f64], &[f64]) = (&[1.0, 2.0, 4.0, 3.0], &[1.0, 2.0, 3.0, 5.0]);
    assert_eq!(
        fit(&y[..2], &[("x", &x[..2])], None),
        "2 rows for 2 coefficients, expected at least 3 rows"
    );
    assert_eq!(
        fit(y, &[("x", &[1.0, f64::NAN, 3.0, 5.0])], None),
        "column `x`, row 2: NaN, expected a finite number"
    );
    assert_eq!(
        fit(y, &[("x", &x[..3])], None),
        "column `x` has 3 rows, expected 4 as the response has"
    );
    assert_eq!(
        fit(y, &[("x", x)], Some(&[1.0, 1.0, 0.0, 1.0])),
        "column `w`, row 3: 0, expected a finite weight above 0"
    );
    assert!(fit(y, &[("x", x)], Some(&[1.0, -1.0, 1.0, 1.0])).contains("row 2: -1"));
    let doubled: Vec<f64> = x.iter().map(|x| 2.0 * x + 1.0).collect();
    assert!(
        fit(y, &[("x", x), ("twice", &doubled)], None).starts_with("column `twice` is a linear")
    );
    assert!(fit(y, &[("x", &[0.1; 4])], None).contains("`x` is a linear combination"));
    assert!(fit(y, &[("x", x), ("x", &doubled)], None).contains("`x` is there twice"));
}
