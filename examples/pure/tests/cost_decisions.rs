//! `cost solve`, `sweep`, `break-even`, `optimize` and `pareto` as processes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use serde_json::Value;
use support::{BERT, YOLO, cost, file, hostile, json, message, picture, text};

/// A scenario with d = 0, where the best D is by hand: all money to labels at 0.1 each.
const PLAIN: &str = r#"{"D":4000,"P":1e8,"a":1e5,"b":0,"c":0,"d":0,"k1":0.1,"k2":50,"l":1e-8,"m":0.5,"n1":0,"n2":0,"o":0,"p":1}"#;

/// A = 0, G = 4, o = 1, p = 3: F² - 3F - 4 = 0, so F is 4 or -1 and E is 1 or -4.
const WORKED: &str =
    r#"{"D":1,"P":1,"a":0,"b":0,"c":0,"d":1,"k1":0,"k2":0,"l":0,"m":0,"n1":0,"n2":4,"o":1,"p":3}"#;

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
    assert!(
        optimize(&["--vary", "k1=0,1"])
            .contains("a plan is free in data_volume, param_count and promotion.fixed")
    );
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
        pareto(&["--vary", "a=0,2", "--design", "search"])
            .contains("a plan is free in data_volume, param_count and promotion.fixed")
    );
    assert!(pareto(&["--vary", "D=1..2:2000000"]).contains("is no axis"));
    assert!(pareto(&[]).contains("--vary"));
}

#[test]
fn solve_answers_the_worked_quadratic() {
    let folder = tempfile::tempdir().unwrap();
    let worked = file(folder.path(), "worked.json", WORKED);
    let answer = json(&["solve", &worked, "--format", "json"]);
    assert_eq!(
        (&answer["status"], &answer["stability"]),
        (&"two_roots".into(), &"stable_oscillating".into())
    );
    for (key, expected) in
        [("effectiveness", 1.0), ("feedback", 4.0), ("multiplier", -0.25), ("discriminant", 25.0)]
    {
        near(&answer[key], expected);
    }
    near(&answer["partials"]["d"], 0.8);
    near(&answer["elasticities"]["p"], -0.6);
    near(&answer["roots"][1]["effectiveness"], -4.0);
    let lower = json(&["solve", &worked, "--policy", "minus", "--format", "json"]);
    near(&lower["feedback"], -1.0);
    assert_eq!(lower["admissible"], false);
    // Δ = 9 - 64: no equilibrium is an answer.
    let none = file(folder.path(), "none.json", &WORKED.replace("\"d\":1", "\"d\":-4"));
    let none = json(&["solve", &none, "--format", "json"]);
    assert_eq!((&none["status"], &none["effectiveness"]), (&"no_real".into(), &Value::Null));
    near(&none["discriminant"], -55.0);
    let tables = text(&["solve", BERT]);
    assert!(tables.contains("BERT sentiment") && tables.contains("47.8473"), "{tables}");
    let rows = text(&["solve", BERT, "--format", "csv"]);
    let columns: Vec<usize> = rows.lines().map(|row| row.split(',').count()).collect();
    assert_eq!(columns, [15 + 2 * 16; 2]);
    assert!(rows.starts_with("name,status,") && rows.contains("\nBERT sentiment,two_roots,"));
}

#[test]
fn solve_goes_on_past_a_bad_line() {
    let folder = tempfile::tempdir().unwrap();
    let bad = WORKED.replace("\"P\":1", "\"P\":0");
    let lines = file(folder.path(), "many.jsonl", &format!("{WORKED}\n\n{bad}\n{WORKED}\n"));
    let output = cost(&["solve", &lines]);
    assert_eq!(output.status.code(), Some(2));
    let rows: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(rows.len(), 3);
    near(&rows[2]["effectiveness"], 1.0);
    assert_eq!(rows[1]["line"], 3);
    assert_eq!(rows[1]["error"], "line 1: param_count is 0, expected a number above 0");
    let csv = cost(&["solve", &lines, "--format", "csv"]);
    assert_eq!(csv.status.code(), Some(2));
    assert_eq!(String::from_utf8(csv.stdout).unwrap().lines().count(), 3);
    assert!(String::from_utf8(csv.stderr).unwrap().contains("line 3: "));
}

#[test]
fn bad_scenarios_are_named_by_file_line_and_key() {
    let folder = tempfile::tempdir().unwrap();
    let toml =
        WORKED.trim_matches(['{', '}']).replace(',', "\n").replace(':', " = ").replace('"', "");
    let fault = |name: &str, text: &str| {
        let path = file(folder.path(), name, text);
        let found = message(&["solve", &path]);
        found.trim_end().strip_prefix(&format!("error: {path}: ")).unwrap_or(&found).to_owned()
    };
    let missing = "line 13: `feedback.baseline` is missing (the letter `p` would do)";
    assert_eq!(fault("bad.toml", &toml.replace("\np = 3", "")), missing);
    let twice = "line 16: `feedback.baseline` is given twice, by name or as `p`, first in line 14";
    assert_eq!(fault("bad.toml", &format!("{toml}\n[feedback]\nbaseline = 3\n")), twice);
    assert!(fault("bad.toml", &format!("{toml}\nq = 1\n")).contains("line 15"));
    assert!(fault("bad.json", "{\"D\": 1,\n\"P\": }").contains("line 2"));
    assert!(
        fault("bad.txt", &toml).contains("expected a name that ends in .toml, .json or .jsonl")
    );
    let lines = file(folder.path(), "many.jsonl", WORKED);
    assert!(message(&["sweep", &lines, "--vary", "D=1,2"]).contains("takes one scenario"));
    assert!(message(&["solve", BERT, "--policy", "best"]).contains("`best` is no root policy"));
    assert!(message(&["solve", "/nowhere.toml"]).contains("/nowhere.toml"));
}

#[test]
fn a_sweep_has_an_answer_for_each_value() {
    let folder = tempfile::tempdir().unwrap();
    let sizes = "P=3.157e6,11.167e6,25.903e6,43.692e6,68.230e6";
    let rows = json(&["sweep", YOLO, "--vary", sizes, "--format", "json"]);
    let found: Vec<String> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| format!("{:.1}", number(&row["answer"]["effectiveness"])))
        .collect();
    assert_eq!(found, ["428.6", "112.1", "42.9", "22.3", "11.5"]);
    near(&rows[1]["at"]["P"], 11.167e6);
    let worked = file(folder.path(), "worked.json", WORKED);
    // n2 = 0 leaves E = A = 0; d turns the sign of G: 4·d, E = F - 3.
    let svg = folder.path().join("sweep.svg");
    let svg = svg.to_str().unwrap();
    let grid = ["sweep", &worked, "--vary", "n2=0,4", "--vary", "d=-4,1", "--svg", svg];
    let rows = text(&[&grid[..], &["--format", "csv"]].concat());
    let cells: Vec<Vec<&str>> = rows.lines().map(|row| row.split(',').collect()).collect();
    assert_eq!(cells[0][..4], ["n2", "d", "name", "status"]);
    let at: Vec<[&str; 4]> =
        cells[1..].iter().map(|row| [row[0], row[1], row[3], row[8]]).collect();
    let expected = [
        ["0", "-4", "g_zero", "0"],
        ["0", "1", "g_zero", "0"],
        ["4", "-4", "no_real", ""],
        ["4", "1", "two_roots", "1"],
    ];
    assert_eq!(at, expected);
    let drawn = picture(svg);
    assert!(drawn.contains("n2=0") && drawn.contains("n2=4") && drawn.contains("effectiveness"));
    assert!(text(&grid).contains("no_real"));
    assert!(message(&["sweep", BERT, "--vary", "Q=1,2"]).contains("`Q` is no input"));
    assert!(message(&["sweep", BERT, "--vary", "D=5..1:log"]).contains("is no axis"));
    assert!(message(&["sweep", BERT, "--vary", "P=0,1e6"]).contains("param_count is 0"));
    assert_eq!(cost(&["sweep", BERT]).status.code(), Some(2));
}

#[test]
fn break_even_values_folds_and_crossings() {
    let folder = tempfile::tempdir().unwrap();
    let worked = file(folder.path(), "worked.json", WORKED);
    // E = 2 needs F = 5 and d·n2 = E·F = 10.
    let args = ["break-even", &worked, "--target", "2", "--by", "n2", "--by", "weights.promotion"];
    let answer = json(&[&args[..], &["--format", "json"]].concat());
    let found = &answer["solutions"];
    assert_eq!((&found[0]["input"], &found[1]["input"]), (&"n2".into(), &"d".into()));
    near(&found[0]["value"], 10.0);
    near(&found[1]["value"], 2.5);
    assert_eq!(found[0]["economic"], true);
    assert_eq!(text(&[&args[..], &["--format", "csv"]].concat()).lines().count(), 3);
    // The article's case: 52,889 reviews for an effectiveness of 50.
    let reviews = ["break-even", BERT, "--target", "50", "--by", "D"];
    let reviews = json(&[&reviews[..], &["--format", "json"]].concat());
    assert!((number(&reviews["solutions"][0]["value"]) - 52_889.0).abs() < 0.5);
    // Δ = 0 at G = -S²/(4o) = -9/4 and d = G/4; Δ/(S² + 4·o·G) = 25/25 now.
    let folds = json(&["break-even", &worked, "--format", "json"]);
    near(&folds["folds"]["G"][0], -2.25);
    near(&folds["folds"]["d"][0], -0.5625);
    near(&folds["margin"], 1.0);
    assert!(text(&["break-even", &worked]).contains("margin 1 "));
    // E = D against E = T = 5.
    let line = PLAIN.replace("\"P\":1e8,\"a\":1e5", "\"P\":1,\"a\":1");
    let level =
        line.replace("\"a\":1,\"b\":0", "\"a\":0,\"b\":1").replace("\"m\":0.5", "\"m\":4.99999999");
    let (line, level) =
        (file(folder.path(), "line.json", &line), file(folder.path(), "level.json", &level));
    let against = ["break-even", &line, "--against", &level, "--vary", "D=1..9:5"];
    let crossings = json(&[&against[..], &["--format", "json"]].concat());
    assert_eq!(crossings["crossings"].as_array().unwrap().len(), 1);
    near(&crossings["crossings"][0]["value"], 5.0);
    assert!(text(&against).contains("1 crossing(s)"));
    let one = ["break-even", &line, "--against", &level, "--vary", "D=1"];
    assert!(message(&one).contains("at least two values"));
    assert!(message(&["break-even", BERT, "--target", "nan"]).contains("NaN"));
    for args in [&["--by", "D"][..], &["--target", "5", "--against", BERT], &["--against", BERT]] {
        let args = [&["break-even", BERT], args].concat();
        assert_eq!(cost(&args).status.code(), Some(2), "{args:?}");
    }
}
