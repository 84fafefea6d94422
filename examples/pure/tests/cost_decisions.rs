//! `cost optimize` and `cost pareto` as processes, on the shipped scenarios.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use serde_json::Value;
use support::{BERT, YOLO, cost, file, hostile, json, message, picture, text};

/// A scenario with d = 0, where the best D is by hand: all money to labels at 0.1 each.
const PLAIN: &str = r#"{"D":4000,"P":1e8,"a":1e5,"b":0,"c":0,"d":0,"k1":0.1,"k2":50,"l":1e-8,"m":0.5,"n1":0,"n2":0,"o":0,"p":1}"#;

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn near(value: &Value, expected: f64) {
    let got = number(value);
    assert!((got - expected).abs() <= 1e-9 * expected.abs(), "{got} against {expected}");
}

#[test]
fn all_money_goes_where_it_must() {
    let folder = tempfile::tempdir().unwrap();
    let plain = file(folder.path(), "plain.json", PLAIN);
    let args = ["optimize", &plain, "--budget", "2054.5", "--rate", "3", "--vary", "D=1000,1e6"];
    let answer = json(&[&args[..], &["--format", "json"]].concat());
    let plan = &answer["plans"][0];
    // 2054.5 - 50 of k2 - 3*(1e-8*1e8 + 0.5) of training are 2000: 20,000 labels, E = 1e5*2e4/1e8.
    assert_eq!(plan["status"], "optimal");
    near(&plan["data_volume"], 20_000.0);
    near(&plan["effectiveness"], 20.0);
    near(&plan["cost"], 2054.5);
    // One more unit of currency is ten labels: 1e5*10/1e8.
    near(&plan["shadow_price"], 0.01);
    assert_eq!(plan["binding"], serde_json::json!(["budget"]));
    let table = text(&args);
    assert!(table.contains("binds: budget\n") && table.contains("shadow price: 0.01 "), "{table}");
}

#[test]
fn a_deadline_binds_and_has_a_price() {
    let folder = tempfile::tempdir().unwrap();
    // Effectiveness grows with hours alone: b = 1. T = 1e-8*P + 0.5.
    let hours = PLAIN.replace("\"a\":1e5,\"b\":0", "\"a\":0,\"b\":1");
    let hours = file(folder.path(), "hours.json", &hours);
    let args = ["optimize", &hours, "--budget", "1e6", "--deadline", "2.5", "--vary", "P=1e7,1e9"];
    let answer = json(&[&args[..], &["--format", "json"]].concat());
    let plan = &answer["plans"][0];
    near(&plan["param_count"], 2e8);
    near(&plan["training_time"], 2.5);
    near(&plan["deadline_price"], 1.0);
    assert_eq!(plan["binding"], serde_json::json!(["deadline"]));
    assert!(text(&args).contains("an hour more before the deadline: 1 effectiveness"));
}

#[test]
fn what_does_not_fit_is_an_answer_with_what_would() {
    let folder = tempfile::tempdir().unwrap();
    let plain = file(folder.path(), "plain.json", PLAIN);
    let args = ["optimize", &plain, "--budget", "100", "--vary", "D=1000,1e6"];
    assert!(text(&args).contains("the cheapest plan within the bounds costs 150, 50 more"));
    let answer = json(&[&args[..], &["--format", "json"]].concat());
    assert_eq!(answer["plans"][0]["status"], "infeasible");
    near(&answer["plans"][0]["smallest_budget"], 150.0);
    assert_eq!(answer["plans"][0]["effectiveness"], Value::Null);
    let late = [&args[..], &["--deadline", "1"]].concat();
    assert!(text(&late).contains("the fastest plan within the bounds takes 1.5 hours"));
    // YOLO with the signs of a burden has no equilibrium where it stands.
    let burden = std::fs::read_to_string(YOLO).unwrap();
    let burden = burden.replace("promotion = { value = 5e-5", "promotion = { value = -5e-5");
    let burden = file(folder.path(), "burden.toml", &burden);
    let args = ["optimize", &burden, "--budget", "1e7", "--vary", "D=69999,70000"];
    assert!(text(&args).contains("no plan within bounds and budget has an admissible equilibrium"));
}

#[test]
fn several_budgets_and_their_picture() {
    let folder = tempfile::tempdir().unwrap();
    let (scenario, svg) = (hostile(folder.path()), folder.path().join("budgets.svg"));
    let svg = svg.to_str().unwrap();
    let args = ["optimize", &scenario, "--rate", "3", "--vary", "D=1e4,2e5", "--vary", "n2=0,5e4"];
    let many = [&args[..], &["--budget", "5000,20000,40000", "--svg", svg]].concat();
    let rows = text(&[&many[..], &["--format", "csv"]].concat());
    let rows: Vec<Vec<&str>> = rows.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.len(), 4);
    assert_eq!(rows[0][..4], ["budget", "deadline", "rate", "status"]);
    assert_eq!(rows[1][3], "infeasible");
    // The budget is spent to the cent and the plan is better than the scenario as it stands, 47.85.
    assert_eq!((rows[3][3], rows[3][12]), ("optimal", "40000.0"));
    assert!(rows[3][7].parse::<f64>().unwrap() > 47.85);
    assert!(picture(svg).contains("&lt;script&gt;"));
    assert!(text(&many).contains("5000: infeasible"));
    let one = [&args[..], &["--budget", "20000", "--svg", svg]].concat();
    assert!(message(&one).contains("--svg needs several budgets"));
}

#[test]
fn a_grid_has_its_front_and_volume() {
    let folder = tempfile::tempdir().unwrap();
    let plain = file(folder.path(), "plain.json", PLAIN);
    let args = ["pareto", &plain, "--vary", "D=1000,2000,4000", "--vary", "P=1e8,2e8"];
    let answer = json(&[&args[..], &["--reference", "500,0", "--format", "json"]].concat());
    // Costs 150, 250, 450 without a price of time; E = 1, 2, 4 with the small model, half with the
    // large one, whose plans cost the same: three on the front.
    assert_eq!(answer["plans"], 6);
    let front = answer["front"].as_array().unwrap();
    assert_eq!(front.len(), 3);
    for (plan, [cost, effectiveness]) in
        front.iter().zip([[150.0, 1.0], [250.0, 2.0], [450.0, 4.0]])
    {
        near(&plan["cost"], cost);
        near(&plan["effectiveness"], effectiveness);
        assert_eq!(number(&plan["at"]["P"]), 1e8);
    }
    near(&answer["hypervolume"], 350.0 + 250.0 + 2.0 * 50.0);
    let worst = json(&[&args[..], &["--format", "json"]].concat());
    assert_eq!(worst["reference"], serde_json::json!([450.0, 0.5]));
    let table = text(&args);
    assert!(table.contains("3 of 6 plans are beaten by no other"), "{table}");
    assert!(table.contains("hypervolume 350 from cost 450, effectiveness 0.5"), "{table}");
    let rows = text(&[&args[..], &["--format", "csv", "--objectives", "time"]].concat());
    assert!(rows.starts_with("D,P,cost,time,effectiveness\n"));
    assert_eq!(rows.lines().count(), 2, "equal values once: {rows}");
}

#[test]
fn designs_and_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = hostile(folder.path());
    let svg = folder.path().join("front.svg");
    let svg = svg.to_str().unwrap();
    let vary = ["--vary", "D=1e4,2e5", "--vary", "n2=0,5e4", "--svg", svg, "--format", "json"];
    for more in [
        &["--design", "sobol", "--points", "200"][..],
        &["--design", "search", "--objectives", "cost,time,effectiveness"],
        &["--objectives", "effectiveness,cost"],
    ] {
        let answer = json(&[&["pareto", &scenario], &vary[..], more].concat());
        assert!(number(&answer["hypervolume"]) >= 0.0);
        assert!(picture(svg).contains("&lt;script&gt;"));
    }
    let search = ["pareto", BERT, "--design", "search", "--vary", "D=1e4,2e5", "--format", "csv"];
    assert_eq!(text(&search), text(&search), "the same seed, the same front");
    // Bars of the variance methods.
    for method in ["sobol", "morris", "tornado"] {
        let args = ["sensitivity", &scenario, "--method", method, "--samples", "64", "--svg", svg];
        assert!(cost(&args).status.success());
        assert!(picture(svg).contains("&lt;script&gt;"), "{method}");
    }
}

#[test]
fn bad_requests_are_named() {
    let optimize =
        |more: &[&str]| message(&[&["optimize", BERT, "--budget", "1e5"], more].concat());
    assert!(optimize(&["--vary", "k1=0,1"]).contains("--vary takes D, P and n2"));
    assert!(optimize(&["--vary", "D=0,1e5"]).contains("bounds of data_volume is 0"));
    assert!(
        optimize(&["--vary", "D=1,1e5", "--rate=-1"])
            .contains("rate is -1, expected a finite price")
    );
    assert!(optimize(&["--vary", "D"]).contains("`D` is no axis"));
    assert!(optimize(&[]).contains("--vary"));
    assert!(
        message(&["optimize", BERT, "--budget", "nan", "--vary", "D=1,2"])
            .contains("budget is NaN")
    );
    let pareto = |more: &[&str]| message(&[&["pareto", BERT], more].concat());
    assert!(
        pareto(&["--vary", "D=1,2", "--objectives", "profit"]).contains("`profit` is no objective")
    );
    assert!(
        pareto(&["--vary", "D=1,2", "--reference", "5"]).contains("the reference has 1 values")
    );
    assert!(pareto(&["--vary", "D=-1,2"]).contains("data_volume is -1"));
    assert!(pareto(&["--vary", "P=0,2", "--design", "sobol"]).contains("param_count is 0"));
    assert!(
        pareto(&["--vary", "a=0,2", "--design", "search"]).contains("--vary takes D, P and n2")
    );
    assert!(pareto(&["--vary", "D=1..2:2000000"]).contains("is no axis"));
    assert!(pareto(&[]).contains("--vary"));
}
