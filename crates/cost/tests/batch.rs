//! The fast kernel: within 3·u·κ of the references, the same bits for any split, typed faults.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use proptest::prelude::*;
use support::typical::typical;
use support::{cases, inputs, number, relative};
use tunewise_cost::scaling::{EffectLaw, ScalingLaw};
use tunewise_cost::{Columns, Error, Inputs, Model, Parameter, RootPolicy, TrainingEffect, solve};

/// Half an ulp of 1.
const U: f64 = f64::EPSILON / 2.0;

fn batch(rows: &[Inputs]) -> Vec<f64> {
    batch_of(&Model::default(), rows)
}

fn batch_of(model: &Model, rows: &[Inputs]) -> Vec<f64> {
    let columns: Vec<Vec<f64>> =
        Parameter::ALL.iter().map(|&by| rows.iter().map(|row| row.get(by)).collect()).collect();
    let mut all = Columns::new(&Inputs::default(), rows.len());
    for (parameter, column) in Parameter::ALL.into_iter().zip(&columns) {
        all = all.with(parameter, column).unwrap();
    }
    let mut out = vec![0.0; rows.len()];
    model.solve_batch(&all, &mut out).unwrap();
    out
}

#[test]
fn a_scaling_law_gives_the_accurate_paths_answers() {
    let law = EffectLaw { reference_loss: 4.0, law: ScalingLaw::default() };
    let model = Model { training_effect: TrainingEffect::ScalingLaw(law), ..Model::default() };
    let mut compared = 0;
    let rows: Vec<Inputs> =
        cases("equilibrium.json").iter().map(|case| inputs(case, "in")).collect();
    for (row, (got, ratio)) in
        rows.iter().zip(batch_of(&model, &rows).into_iter().zip(batch(&rows)))
    {
        let answer = model.solve(row).unwrap();
        let Some(expected) = answer.effectiveness().filter(|e| e.is_normal() && got.is_finite())
        else {
            continue;
        };
        let (Some(_), Some(_)) = (answer.gradient(), answer.elasticities()) else { continue };
        let bound = 3.0 * U * kappa(&answer);
        assert!(relative(got, expected) <= bound, "{row:?}: {got} {expected} {bound}");
        compared += usize::from(got != ratio); // the formula D/P would give another answer
    }
    assert!(compared > 100, "{compared}");
}

/// κ_E: the conditioning by A's terms, G (four roundings), o and p, and two roundings of the result.
fn kappa(answer: &tunewise_cost::Equilibrium) -> f64 {
    let root = answer.selected().unwrap();
    let weights = &answer.inputs.weights;
    let terms = (weights.training_effect * answer.training_effect).abs()
        + (weights.training_time * answer.training_time).abs()
        + (weights.annotation_cost * answer.annotation_cost).abs();
    let by = answer.elasticities().unwrap();
    let by_autonomous = terms * root.amplification() / root.effectiveness;
    let by_pull = answer.pull * root.pull_slope() / root.effectiveness;
    by_autonomous.abs()
        + 4.0 * by_pull.abs()
        + by.get(Parameter::FeedbackSlope).abs()
        + by.get(Parameter::FeedbackBaseline).abs()
        + 2.0
}

#[test]
fn within_three_kappa_u_of_every_reference() {
    let all = cases("equilibrium.json");
    let rows: Vec<Inputs> = all.iter().map(|case| inputs(case, "in")).collect();
    let mut compared = 0;
    for ((case, row), got) in all.iter().zip(&rows).zip(batch(&rows)) {
        let id = &case["id"];
        let answer = solve(row).unwrap();
        let expected = match case["econ"].as_str() {
            Some("plus") => number(&case["Ep"]),
            Some(_) if case["admissible"].as_bool().unwrap() => number(&case["E0"]),
            _ => f64::NAN,
        };
        if expected.is_nan() {
            assert!(got.is_nan(), "{id} {got}");
            continue;
        }
        let bound = if answer.gradient().is_none() || expected == 0.0 {
            0.0
        } else {
            3.0 * U * kappa(&answer)
        };
        // Never asked to be better than the accurate path's 2 ulp.
        assert!(relative(got, expected) <= bound.max(4.0 * U), "{id} {got} for {expected}");
        assert!(relative(got, expected) <= 1e-11, "{id} {got} for {expected}");
        compared += 1;
    }
    assert_eq!(compared, 267 + 8 + 7 + 6);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_row_does_not_depend_on_its_neighbours(rows in proptest::collection::vec(typical(), 1..1200)) {
        let all = batch(&rows);
        for (row, got) in rows.iter().zip(&all).step_by(97) {
            prop_assert_eq!(batch(std::slice::from_ref(row))[0].to_bits(), got.to_bits());
        }
    }

    #[test]
    fn the_kernel_agrees_with_the_accurate_path(rows in proptest::collection::vec(typical(), 200)) {
        for (row, got) in rows.iter().zip(batch(&rows)) {
            match solve(row).unwrap().effectiveness() {
                None => prop_assert!(got.is_nan()),
                Some(expected) => prop_assert!(relative(got, expected) <= 1e-11, "{got} {expected}"),
            }
        }
    }
}

#[test]
#[cfg(feature = "rayon")]
fn all_cores_give_the_same_bits() {
    let data: Vec<f64> = (0..100_003).map(|row| 1e3 + f64::from(row)).collect();
    let weights: Vec<f64> = (0..100_003).map(|row| 0.002 - 1e-7 * f64::from(row)).collect();
    let base = inputs(&cases("equilibrium.json")[0], "in");
    let columns = Columns::new(&base, data.len())
        .with(Parameter::DataVolume, &data)
        .unwrap()
        .with(Parameter::WeightD, &weights)
        .unwrap();
    let (mut one, mut many) = (vec![0.0; data.len()], vec![0.0; data.len()]);
    Model::default().solve_batch(&columns, &mut one).unwrap();
    Model::default().solve_batch_parallel(&columns, &mut many).unwrap();
    let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&one), bits(&many));
    assert!(one.iter().any(|value| value.is_nan()) && one.iter().any(|value| !value.is_nan()));
}

#[test]
fn other_policies_are_the_accurate_answer() {
    let base = inputs(&cases("equilibrium.json")[0], "in");
    let model = Model { policy: RootPolicy::Minus, ..Model::default() };
    let mut out = [0.0; 2];
    model.solve_batch(&Columns::new(&base, 2), &mut out).unwrap();
    assert_eq!(Some(out[1]), model.solve(&base).unwrap().effectiveness());
}

#[test]
fn a_bad_row_is_named() {
    let params = [1.0, 2.0, -1.0, f64::NAN];
    let columns = Columns::new(&Inputs::default(), 4).with(Parameter::ParamCount, &params).unwrap();
    let mut out = [0.0; 4];
    let error = Model::default().solve_batch(&columns, &mut out).unwrap_err();
    assert_eq!(error.to_string(), "row 2: param_count is -1, expected a number above 0");
    for (field, value) in [
        (Parameter::DataVolume, -1.0),
        (Parameter::WeightA, f64::INFINITY),
        (Parameter::WeightE, f64::NAN),
    ] {
        let base = inputs(&cases("equilibrium.json")[0], "in");
        let columns = Columns::new(&base.with(field, value), 4);
        let error = Model::default().solve_batch(&columns, &mut out).unwrap_err();
        assert!(matches!(error, Error::Row { row: 0, .. }), "{field} {error}");
    }
    let error = Model::default().solve_batch(&columns, &mut out[..3]).unwrap_err();
    assert_eq!(error.to_string(), "out has 3 rows, expected 4");
    let wrong = Columns::new(&Inputs::default(), 3).with(Parameter::WeightB, &params).unwrap_err();
    assert_eq!(wrong.to_string(), "weights.training_time has 4 rows, expected 3");
    let spread = ndarray::Array1::from_vec(params.to_vec());
    let view = spread.slice(ndarray::s![..;2]);
    let wrong = Columns::new(&Inputs::default(), 2).with_view(Parameter::WeightB, view);
    assert!(matches!(wrong, Err(Error::Stride { field: "weights.training_time" })));
}
