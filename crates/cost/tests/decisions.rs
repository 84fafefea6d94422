//! Break-even, folds, crossover, tornado and the six-term form against mpmath at 25 to 50 digits, and
//! what bad input is told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use serde_json::Value;
use support::{cases, inputs, number, relative, ulps};
use tunewise_cost::{
    Axis, BreakEven, Diagnostic, Error, Folds, Inputs, Model, Parameter, Range, SignConvention,
    Status, diagnose, grid, six_term, solve, tornado,
};

/// Extended precision, rounded once.
const CLOSED_FORM: f64 = 2.0 * f64::EPSILON;

fn break_even(base: &Inputs, parameter: Parameter, target: f64) -> Vec<BreakEven> {
    Model::default().break_even(base, parameter, target).unwrap()
}

#[test]
fn break_even_in_every_input_of_the_references() {
    for case in cases("breakeven.json") {
        let (base, target) = (inputs(&case, "in"), number(&case["E_target"]));
        let near = |got: f64, want: &Value, what: &str| {
            assert!(
                relative(got, number(want)) <= CLOSED_FORM,
                "{} {what} {got} {want}",
                case["id"]
            );
        };
        let lists = [
            (Parameter::DataVolume, vec![case["D"].clone()]),
            (Parameter::ParamCount, case["P"].as_array().unwrap().clone()),
        ];
        for (parameter, mut expected) in lists {
            expected
                .sort_by(|one, other| number(&one["value"]).total_cmp(&number(&other["value"])));
            let found = break_even(&base, parameter, target);
            assert_eq!(found.len(), expected.len(), "{} {parameter}", case["id"]);
            for (got, want) in found.iter().zip(&expected) {
                near(got.value, &want["value"], parameter.name());
                near(got.feedback, &case["F_target"], "F");
                assert_eq!(got.economic, want["economic"].as_bool().unwrap(), "{}", case["id"]);
                assert_eq!(got.feasible, want["feasible"].as_bool().unwrap(), "{}", case["id"]);
            }
        }
        let single = [
            ("n2", Parameter::PromotionFixed),
            ("a", Parameter::WeightA),
            ("d", Parameter::WeightD),
            ("k1", Parameter::AnnotationPerSample),
        ];
        for (key, parameter) in single {
            if let Some(want) = case.get(key).filter(|want| !want.is_null()) {
                near(break_even(&base, parameter, target)[0].value, want, key);
            }
        }
    }
}

#[test]
fn break_even_in_any_input_brings_the_target_back() {
    let base = inputs(&cases("equilibrium.json")[0], "in");
    for parameter in Parameter::ALL {
        let found = break_even(&base, parameter, 50.0);
        let unused = matches!(parameter, Parameter::WeightE | Parameter::WeightF);
        assert_eq!(found.is_empty(), unused, "{parameter}");
        for solution in found.iter().filter(|solution| solution.economic && solution.feasible) {
            let reached = solve(&base.with(parameter, solution.value)).unwrap().effectiveness();
            // E's own conditioning by that input, below 100 here, times a rounding.
            assert!(relative(reached.unwrap(), 50.0) < 1e-14, "{parameter} {reached:?}");
        }
    }
}

#[test]
fn folds_of_the_references() {
    // Plain f64 from A, G and S, each within an ulp; o's folds lose what Ap + G and G cancel.
    let tolerance = 1e-12;
    for case in cases("breakeven.json") {
        let folds = Folds::of(&solve(&inputs(&case, "in")).unwrap());
        let near = |got: Option<f64>, want: &Value| {
            assert!(
                relative(got.unwrap(), number(want)) <= tolerance,
                "{} {got:?} {want}",
                case["id"]
            );
        };
        near(folds.pull, &case["G_fold"]);
        near(folds.promotion_weight, &case["d_fold"]);
        match case.get("o_folds").and_then(Value::as_array) {
            Some(want) => {
                let got = folds.slope.unwrap();
                near(Some(got[0]), &want[0]);
                near(Some(got[1]), &want[1]);
            }
            None => assert_eq!(folds.slope, None),
        }
    }
}

#[test]
fn at_its_folds_a_scenario_has_no_margin() {
    let mut base = inputs(&cases("equilibrium.json")[0], "in");
    base.weights.promotion = -0.001;
    let folds = Folds::of(&solve(&base).unwrap());
    let at = |parameter, value: f64| solve(&base.with(parameter, value)).unwrap().margin.abs();
    assert!(at(Parameter::WeightD, folds.promotion_weight.unwrap()) < 1e-14);
    for baseline in folds.baseline.unwrap() {
        assert!(at(Parameter::FeedbackBaseline, baseline) < 1e-14);
    }
    assert_eq!(folds.slope, None, "no slope folds it: G and G + Ap differ in sign");
    let autonomous = solve(&base).unwrap().autonomous;
    for wanted in folds.autonomous.unwrap() {
        let per_x = solve(&base).unwrap().training_effect;
        let weight = base.weights.training_effect + (wanted - autonomous) / per_x;
        assert!(at(Parameter::WeightA, weight) < 1e-14);
    }
    let other = inputs(&cases("breakeven.json")[0], "in");
    for slope in Folds::of(&solve(&other).unwrap()).slope.unwrap() {
        let folded = solve(&other.with(Parameter::FeedbackSlope, slope)).unwrap();
        assert!(folded.margin.abs() < 1e-14, "{}", folded.margin);
    }
}

#[test]
fn crossover_of_the_references() {
    for case in cases("crossover.json") {
        let ends = [number(&case["D_lo"]), number(&case["D_hi"])];
        let axis = Axis::logarithmic(Parameter::DataVolume, ends, 101);
        let (x, y) = (inputs(&case, "X"), inputs(&case, "Y"));
        let found = Model::default().crossover(&x, &y, &axis).unwrap();
        let expected = case["D_cross"].as_array().unwrap();
        assert_eq!(found.len(), expected.len(), "{}", case["id"]);
        for (index, got) in found.iter().enumerate() {
            // An ulp of E over the slope of the difference.
            assert!(
                relative(got.value, number(&expected[index])) < 1e-12,
                "{} {got:?}",
                case["id"]
            );
            let effectiveness = number(&case["E_cross"][index]);
            assert!(relative(got.effectiveness, effectiveness) < 1e-12, "{} {got:?}", case["id"]);
        }
    }
}

#[test]
fn tornado_of_the_references() {
    for case in cases("tornado.json") {
        let id = case["id"].as_str().unwrap();
        let base = if id.contains("bert") { 0 } else { 3 };
        let base = inputs(&cases("equilibrium.json")[base], "in");
        let rows = case["rows"].as_array().unwrap();
        let find = |letter: &str| letter.parse::<Parameter>().unwrap();
        let ranges: Vec<Range> = rows
            .iter()
            .map(|row| Range {
                parameter: find(row["param"].as_str().unwrap()),
                low: number(&row["lo"]),
                high: number(&row["hi"]),
            })
            .collect();
        let bars = tornado(&Model::default(), &base, &ranges).unwrap();
        assert!(ulps(solve(&base).unwrap().effectiveness().unwrap(), number(&case["E_base"])) <= 2);
        for bar in &bars {
            let row =
                rows.iter().find(|row| find(row["param"].as_str().unwrap()) == bar.range.parameter);
            let row = row.unwrap();
            assert!(ulps(bar.low.unwrap(), number(&row["E_lo"])) <= 2, "{id}");
            assert!(ulps(bar.high.unwrap(), number(&row["E_hi"])) <= 2, "{id}");
            // A difference of numbers near 50, each within 2 ulp.
            assert!((bar.swing().unwrap() - number(&row["swing"])).abs() < 1e-13, "{id}");
        }
        let mut order: Vec<&Value> = rows.iter().collect();
        order.sort_by(|one, other| number(&other["swing"]).total_cmp(&number(&one["swing"])));
        let got: Vec<&str> = bars.iter().map(|bar| bar.range.parameter.letter()).collect();
        let want: Vec<&str> = order.iter().map(|row| row["param"].as_str().unwrap()).collect();
        assert_eq!(got, want, "{id}");
    }
}

#[test]
fn six_terms_of_the_references() {
    for case in cases("six_term.json") {
        let answer = six_term(&inputs(&case, "in")).unwrap();
        let id = &case["id"];
        let near = |got: f64, want: &Value| {
            assert!(relative(got, number(want)) <= 8.0 * f64::EPSILON, "{id} {got} {want}");
        };
        near(answer.h, &case["h"]);
        near(answer.autonomous, &case["A1"]);
        near(answer.discriminant, &case["disc"]);
        let expected = case.get("roots").and_then(Value::as_array).cloned().unwrap_or_default();
        assert_eq!(answer.roots.len(), expected.len(), "{id}");
        let base = solve(&inputs(&case, "in")).unwrap();
        for (root, want) in answer.roots.iter().zip(&expected) {
            near(root.feedback, &want["F"]);
            near(root.effectiveness, &want["E"]);
            near(root.multiplier, &want["gprime"]);
            assert_eq!(root.is_stable(), want["stable"].as_bool().unwrap(), "{id}");
            near(root.by_e, &want["dE_de"]);
            near(root.by_f, &want["dE_df"]);
            near(root.by_autonomous * base.training_effect, &want["dE_da"]);
            near(root.by_pull * base.promotion_cost, &want["dE_dd"]);
            near(root.by_slope, &want["dE_do"]);
            near(root.by_baseline, &want["dE_dp"]);
        }
    }
}

#[test]
fn six_terms_without_e_and_f_are_the_article_s_model() {
    for case in cases("equilibrium.json").iter().step_by(7) {
        let mut base = inputs(case, "in");
        (base.weights.e, base.weights.f) = (0.0, 0.0);
        let (six, four) = (six_term(&base).unwrap(), solve(&base).unwrap());
        if four.status == Status::TwoRoots {
            for (root, plain) in six.roots.iter().zip(four.roots()) {
                assert!(ulps(root.feedback, plain.feedback) <= 1, "{}", case["id"]);
            }
        }
    }
}

#[test]
fn invalid_inputs_are_named_with_value_and_rule() {
    for case in cases("invalid.json") {
        let (id, expect) = (&case["id"], case["expect"].as_str().unwrap());
        let answer = solve(&inputs(&case, "in"));
        let (field, rule) = match expect.trim_start_matches("err:") {
            "P_must_be_positive" => ("param_count", "a number above 0"),
            "D_must_be_nonnegative" => ("data_volume", "a number of at least 0"),
            "singular_feedback" => {
                assert_eq!(answer.unwrap().status, Status::Singular);
                continue;
            }
            "degenerate_feedback" => {
                assert_eq!(answer.unwrap().status, Status::Degenerate);
                continue;
            }
            "no_real_equilibrium" => {
                let answer = answer.unwrap();
                assert_eq!(answer.status, Status::NoReal);
                assert!(answer.margin < 0.0 && Folds::of(&answer).promotion_weight.is_some());
                continue;
            }
            other => {
                let letter = other.strip_prefix("non_finite:").unwrap();
                (letter.parse::<Parameter>().unwrap().name(), "a finite number")
            }
        };
        let Error::Field { field: got, value, rule: got_rule } = answer.unwrap_err() else {
            panic!("{id}");
        };
        assert_eq!((got, got_rule), (field, rule), "{id}");
        let bad = inputs(&case, "in").to_array();
        assert!(bad.iter().any(|given| given.to_bits() == value.to_bits()), "{id}");
    }
}

#[test]
fn other_bad_arguments_are_named() {
    let text = |error: Error| error.to_string();
    let base = Inputs::default();
    let model = Model::default();
    let error = model.break_even(&base, Parameter::WeightA, f64::NAN).unwrap_err();
    assert_eq!(text(error), "effectiveness is NaN, expected a finite number");
    assert_eq!(
        text("q".parse::<Parameter>().unwrap_err()).split(':').next(),
        Some("`q` is no input")
    );
    for bad in [
        "D",
        "D=",
        "D=1..",
        "D=1..x",
        "D=0..1:5:log",
        "D=1..2:0",
        "D=1..2:5:cubic",
        "D=1..2:5:log:x",
    ] {
        assert!(matches!(bad.parse::<Axis>(), Err(Error::Axis { .. })), "{bad}");
    }
    let wide = Axis::linear(Parameter::WeightA, [0.0, 1.0], 1_001);
    let other = Axis::linear(Parameter::WeightB, [0.0, 1.0], 1_000);
    let error = grid(&model, &base, &[wide, other]).unwrap_err();
    assert_eq!(text(error), "the grid has more than 1000000 points");
    let error = grid(&model, &base, &["P=1,-1".parse().unwrap()]).unwrap_err();
    assert_eq!(text(error), "param_count is -1, expected a number above 0");
    assert_eq!(
        text("best".parse::<tunewise_cost::RootPolicy>().unwrap_err()),
        "`best` is no root policy: expected economic, stable, plus or minus"
    );
}

#[test]
fn diagnostics_tell_signs_and_unused_weights() {
    let base = inputs(&cases("equilibrium.json")[0], "in");
    let net = Diagnostic::Signs(SignConvention::NetBenefit);
    assert_eq!(diagnose(&base), [net, Diagnostic::SmallestModelWins]);
    let mut mixed = base.with(Parameter::WeightF, 1.0);
    mixed.weights.training_time = 0.5;
    assert_eq!(
        diagnose(&mixed),
        [Diagnostic::UnusedWeight(Parameter::WeightF), Diagnostic::MixedSigns]
    );
}
