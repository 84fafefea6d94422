//! What every least squares fit must satisfy, on random data.
#![cfg(feature = "calibrate")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use proptest::prelude::*;
use tunewise_cost::calibrate::{Column, LinearFit, Regression, RobustKind, TwoStage};

/// Of columns of order 1 and condition below 1e4, so that only rounding is left.
const ROUNDING: f64 = 1e-9;

#[derive(Debug, Clone)]
struct Data {
    y: Vec<f64>,
    x: Vec<Vec<f64>>,
    weights: Vec<f64>,
    intercept: bool,
}

impl Data {
    fn fit(&self, weights: Option<&[f64]>) -> LinearFit {
        self.try_fit(weights).unwrap()
    }

    fn try_fit(&self, weights: Option<&[f64]>) -> Option<LinearFit> {
        let names = ["u", "v", "w"];
        let predictors: Vec<Column<'_>> =
            names.iter().zip(&self.x).map(|(name, values)| Column { name, values }).collect();
        Regression {
            response: Column { name: "y", values: &self.y },
            predictors: &predictors,
            weights: weights.map(|values| Column { name: "weight", values }),
            intercept: self.intercept,
        }
        .fit()
        .ok()
    }

    /// The constant's column too, where there is one.
    fn columns(&self) -> Vec<Vec<f64>> {
        let ones = self.intercept.then(|| vec![1.0; self.y.len()]);
        ones.into_iter().chain(self.x.iter().cloned()).collect()
    }
}

/// Random columns of which none is nearly a combination of the others.
fn data() -> impl Strategy<Value = Data> {
    let column = |rows: usize| proptest::collection::vec(-1.0..1.0_f64, rows);
    (6_usize..25, 1_usize..=3, any::<bool>())
        .prop_flat_map(move |(rows, columns, intercept)| {
            let weights = proptest::collection::vec(0.1..10.0_f64, rows);
            (
                column(rows),
                proptest::collection::vec(column(rows), columns),
                weights,
                Just(intercept),
            )
        })
        .prop_map(|(y, x, weights, intercept)| Data { y, x, weights, intercept })
        .prop_filter("nearly collinear", |data| {
            data.try_fit(None).is_some_and(|fit| fit.condition_number() < 1e4)
        })
}

fn close(got: &[f64], expected: &[f64]) -> Result<(), TestCaseError> {
    prop_assert_eq!(got.len(), expected.len());
    let size = expected.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
    for (got, expected) in got.iter().zip(expected) {
        let allowed = ROUNDING * size.max(expected.abs());
        prop_assert!((got - expected).abs() <= allowed, "{} against {}", got, expected);
    }
    Ok(())
}

fn scaled(values: &[f64], factor: f64) -> Vec<f64> {
    values.iter().map(|value| value * factor).collect()
}

const KINDS: [RobustKind; 4] = [RobustKind::Hc0, RobustKind::Hc1, RobustKind::Hc2, RobustKind::Hc3];

proptest! {
    #[test]
    fn residuals_are_orthogonal_to_every_column(data in data()) {
        for weights in [None, Some(&data.weights[..])] {
            let fit = data.fit(weights);
            for column in data.columns() {
                let rows = column.iter().zip(fit.residuals()).enumerate();
                let product: f64 = rows
                    .map(|(row, (x, e))| x * e * weights.map_or(1.0, |weights| weights[row]))
                    .sum();
                prop_assert!(product.abs() < ROUNDING * data.y.len() as f64, "{}", product);
            }
        }
    }

    #[test]
    fn the_hat_matrix_is_a_projection(data in data()) {
        let fit = data.fit(None);
        let leverage = fit.leverage();
        prop_assert!(leverage.iter().all(|h| (-ROUNDING..=1.0 + ROUNDING).contains(h)));
        close(&[leverage.iter().sum()], &[fit.terms().len() as f64])?;
        // Fitting the fitted values changes nothing and leaves no residual.
        let again = Data { y: fit.fitted().to_vec(), ..data.clone() }.fit(None);
        close(again.coefficients(), fit.coefficients())?;
        prop_assert!(again.residual_sum_of_squares() < ROUNDING);
    }

    #[test]
    fn sums_of_squares_add_up(data in data()) {
        let fit = data.fit(None);
        let mean = if data.intercept { data.y.iter().sum::<f64>() / data.y.len() as f64 } else { 0.0 };
        let total: f64 = data.y.iter().map(|y| (y - mean).powi(2)).sum();
        // The difference from 1 itself would be rounded away where R² is small.
        close(&[1.0 - fit.r_squared()], &[fit.residual_sum_of_squares() / total])?;
        prop_assert!((0.0..=1.0).contains(&fit.r_squared()));
    }

    #[test]
    fn other_units_change_coefficients_and_nothing_else(data in data(), power in -20_i32..20) {
        let (fit, factor) = (data.fit(None), 10_f64.powi(power));
        let taller = Data { y: scaled(&data.y, factor), ..data.clone() }.fit(None);
        close(taller.coefficients(), &scaled(fit.coefficients(), factor))?;
        close(&taller.standard_errors(), &scaled(&fit.standard_errors(), factor))?;
        let mut wider = data.clone();
        wider.x[0] = scaled(&wider.x[0], factor);
        let wider = wider.fit(None);
        let first = usize::from(data.intercept);
        close(&[wider.coefficients()[first] * factor], &[fit.coefficients()[first]])?;
        for other in [&taller, &wider] {
            close(&other.t_values(), &fit.t_values())?;
            close(&[other.r_squared(), other.f().unwrap()], &[fit.r_squared(), fit.f().unwrap()])?;
            close(&other.leverage(), &fit.leverage())?;
        }
    }

    #[test]
    fn an_added_combination_adds_its_coefficients(data in data(), shift in -5.0..5.0_f64) {
        let (fit, first) = (data.fit(None), usize::from(data.intercept));
        let pairs = data.y.iter().zip(&data.x[0]);
        let moved = Data { y: pairs.map(|(y, x)| y + shift * x).collect(), ..data.clone() }.fit(None);
        let mut expected = fit.coefficients().to_vec();
        expected[first] += shift;
        close(moved.coefficients(), &expected)?;
        close(&moved.standard_errors(), &fit.standard_errors())?;
    }

    #[test]
    fn equal_weights_are_none(data in data(), weight in 0.01..100.0_f64) {
        let (plain, weighted) = (data.fit(None), data.fit(Some(&vec![weight; data.y.len()])));
        close(weighted.coefficients(), plain.coefficients())?;
        close(&weighted.standard_errors(), &plain.standard_errors())?;
        close(&weighted.t_values(), &plain.t_values())?;
        close(&[weighted.r_squared(), weighted.aic()], &[plain.r_squared(), plain.aic()])?;
    }

    #[test]
    fn a_weight_of_two_is_a_row_twice(data in data()) {
        let mut weights = vec![1.0; data.y.len()];
        weights[0] = 2.0;
        let twice = |values: &Vec<f64>| [&values[..1], &values[..]].concat();
        let doubled = Data { y: twice(&data.y), x: data.x.iter().map(twice).collect(), ..data.clone() };
        close(data.fit(Some(&weights)).coefficients(), doubled.fit(None).coefficients())?;
    }

    #[test]
    fn robust_forms_are_ordered_and_scale(data in data()) {
        let fit = data.fit(None);
        let [hc0, hc1, hc2, hc3] = KINDS.map(|kind| fit.robust(kind).standard_errors);
        // HC1 is HC0 by √(n/(n − k)); 1 <= 1/(1 − h) <= 1/(1 − h)².
        let factor = (fit.n() as f64 / fit.df_residual() as f64).sqrt();
        close(&hc1, &scaled(&hc0, factor))?;
        for ((low, middle), high) in hc0.iter().zip(&hc2).zip(&hc3) {
            prop_assert!(*low <= middle * (1.0 + ROUNDING) && *middle <= high * (1.0 + ROUNDING));
        }
        // With one slope, Wald's F is its t squared.
        if fit.df_model() == 1 {
            for kind in KINDS {
                let t = fit.coefficients().last().unwrap() / fit.robust(kind).standard_errors.last().unwrap();
                close(&[fit.robust_f(kind).unwrap()], &[t * t])?;
            }
        }
    }

    #[test]
    fn instruments_that_are_the_regressors_give_least_squares(data in data()) {
        let names = ["u", "v", "w"];
        let columns: Vec<Column<'_>> =
            names.iter().zip(&data.x).map(|(name, values)| Column { name, values }).collect();
        let response = Column { name: "y", values: &data.y };
        let stages =
            TwoStage { response, regressors: &columns, instruments: &columns, intercept: data.intercept };
        let (fit, plain) = (stages.fit().unwrap(), data.fit(None));
        close(&fit.coefficients, plain.coefficients())?;
        close(&fit.standard_errors, &plain.standard_errors())?;
    }
}

/// Of squared residuals that are all alike, HC0 is the plain covariance with n for n − k, and with
/// leverages that are all alike too HC1 is the plain covariance.
#[test]
fn a_balanced_design_has_one_covariance() {
    // Two groups of four; residuals +1 and −1 in each: h = 1/4 everywhere, k = 2 of n = 8.
    let x = [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0];
    let y = [1.0, -1.0, 1.0, -1.0, 6.0, 4.0, 6.0, 4.0];
    let fit = tunewise_cost::calibrate::annotation(&x, &y).unwrap();
    let plain = fit.standard_errors();
    let close = |got: Vec<f64>, factor: f64| {
        for (got, plain) in got.iter().zip(&plain) {
            assert!((got / (plain * factor) - 1.0).abs() < 1e-12);
        }
    };
    let error = |kind| fit.robust(kind).standard_errors;
    close(error(RobustKind::Hc0), (6.0_f64 / 8.0).sqrt());
    close(error(RobustKind::Hc1), 1.0);
    close(error(RobustKind::Hc2), 1.0);
    close(error(RobustKind::Hc3), (8.0_f64 / 6.0).sqrt());
}
