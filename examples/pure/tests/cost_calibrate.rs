//! `cost calibrate` as a process: tables against statsmodels, run records and invoices, bad files by
//! message.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use serde_json::Value;
use support::{cost, file, json, message, picture, text};

/// Training of YOLOv5 n, s, m, l, x on one V100, from its README: 1, 2, 4, 6 and 8 days.
const YOLOV5: &str = "model,hours,params,z,w\nn,24,1.9e6,3,1\ns,48,7.2e6,1,2\nm,96,21.2e6,4,3\nl,144,46.5e6,1,4\nx,192,86.7e6,6,5\n";
const RUNS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../crates/cost/tests/fixtures/runs");

/// What both implementations of least squares leave of these columns, whose condition is 1e8.
const STATSMODELS: f64 = 1e-9;
/// What statsmodels leaves of robust errors on these columns, which it does not scale.
const STATSMODELS_ROBUST: f64 = 1e-7;

fn close(got: &Value, expected: f64) {
    let got = got.as_f64().unwrap();
    assert!((got - expected).abs() <= STATSMODELS * expected.abs(), "{got} against {expected}");
}

fn calibrate(more: &[&str]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let data = file(folder.path(), "runs.csv", YOLOV5);
    json(&[&["calibrate", &data, "--y", "hours", "--format", "json"], more].concat())
}

// Expected from statsmodels 0.15:
//   r = sm.OLS(y, sm.add_constant(x)).fit(); r.params, r.bse, r.tvalues, r.pvalues, r.conf_int(), ...
#[test]
fn ordinary_least_squares_are_statsmodels() {
    let answer = calibrate(&["--x", "params"]);
    close(&answer["coefficients"]["intercept"], 38.017038271201706);
    close(&answer["coefficients"]["params"], 1.9199682485871025e-06);
    close(&answer["standard_errors"]["intercept"], 12.197777098157747);
    close(&answer["standard_errors"]["params"], 2.7027499001983893e-07);
    close(&answer["t"]["params"], 7.103758466316737);
    close(&answer["p_values"]["intercept"], 0.05260562418902584);
    close(&answer["p_values"]["params"], 0.00573931918471247);
    close(&answer["confidence_intervals"]["intercept"][0], -0.8017323875046429);
    close(&answer["confidence_intervals"]["params"][1], 2.7801038919863297e-06);
    close(&answer["r_squared"], 0.9438868295264343);
    close(&answer["adjusted_r_squared"], 0.9251824393685791);
    close(&answer["f"], 50.46338434776675);
    close(&answer["aic"], 44.97295301926923);
    close(&answer["bic"], 44.191828844137426);
    close(&answer["residual_standard_error"], 18.798359034083997);
    assert_eq!((&answer["n"], &answer["df"]), (&Value::from(5), &Value::from(3)));
}

// Expected from statsmodels 0.15: r.get_robustcov_results("HC3"), and with z beside x "HC0" to "HC3".
#[test]
fn robust_errors_are_statsmodels() {
    let answer = calibrate(&["--x", "params", "--robust", "hc3"]);
    close(&answer["standard_errors"]["intercept"], 17.32830348697876);
    close(&answer["t"]["params"], 2.609897301650247);
    close(&answer["p_values"]["params"], 0.07969203378869964);
    close(&answer["confidence_intervals"]["params"][0], -4.211950819066138e-07);
    close(&answer["f"], 6.811563925161242);
    // With z beside x, F of mpmath at 50 digits (statsmodels keeps eight of them); on 2 and 2 degrees of
    // freedom P(larger) is 1/(1 + F). p of z from statsmodels.
    let expected = [
        ("hc0", 95.230_343_042_044_93, 0.3830254948007546),
        ("hc1", 38.09213721681797, 0.5557785110332318),
        ("hc2", 17.544631536425286, 0.5594468122948254),
        ("hc3", 3.440_986_212_532_598, 0.759772226999414),
    ];
    for (kind, f, p_of_z) in expected {
        let answer = calibrate(&["--x", "params,z", "--robust", kind]);
        close(&answer["f"], f);
        close(&answer["f_p_value"], 1.0 / (1.0 + f));
        let p = answer["p_values"]["z"].as_f64().unwrap();
        assert!((p - p_of_z).abs() < STATSMODELS_ROBUST, "{p} against {p_of_z}");
    }
}

// Expected from statsmodels 0.15: sm.WLS(y, X, weights=w).fit() and sm.OLS(y, x).fit().
#[test]
fn weights_and_no_intercept_are_statsmodels() {
    let weighted = calibrate(&["--x", "params", "--weights", "w"]);
    close(&weighted["coefficients"]["intercept"], 48.53207238943702);
    close(&weighted["standard_errors"]["params"], 2.3847832808736284e-07);
    close(&weighted["r_squared"], 0.9465749782935357);
    close(&weighted["aic"], 44.618079573631285);
    close(&weighted["residual_standard_error"], 29.283710632616224);
    let through_zero = calibrate(&["--x", "params", "--no-intercept", "--confidence", "0.95"]);
    assert_eq!(through_zero["coefficients"].as_object().unwrap().len(), 1);
    close(&through_zero["coefficients"]["params"], 2.5303146200472698e-06);
    close(&through_zero["confidence_intervals"]["params"][0], 1.608254610376127e-06);
    close(&through_zero["r_squared"], 0.9355367794575599);
    close(&through_zero["adjusted_r_squared"], 0.9194209743219498);
    close(&through_zero["f"], 58.050886790034845);
    close(&through_zero["bic"], 49.80282250393226);
}

#[test]
fn tables_rows_and_the_picture() {
    let folder = tempfile::tempdir().unwrap();
    let data = file(folder.path(), "runs.csv", &YOLOV5.replace("params", "<script>"));
    let svg = folder.path().join("fit.svg");
    let relation = ["calibrate", &data, "--y", "hours", "--x", "<script>"];
    let table = text(&[&relation[..], &["--svg", svg.to_str().unwrap()]].concat());
    for words in ["38.017", "95 % low", "R2", "0.943887", "line 6 decides much of the fit"] {
        assert!(table.contains(words), "{words} not in\n{table}");
    }
    let svg = picture(svg.to_str().unwrap());
    assert!(svg.contains("95 % of a new row") && svg.contains("&lt;script&gt;"));
    assert_eq!(svg.matches("<circle").count(), 5 + 1, "a point a row, one in the legend");
    let rows = text(&[&relation[..], &["--format", "csv"]].concat());
    assert!(rows.starts_with("relation,term,coefficient,standard_error,t,p_value,low,high\n"));
    assert_eq!(rows.lines().count(), 3);
}

#[test]
fn run_records_and_invoices_give_the_constants() {
    let folder = tempfile::tempdir().unwrap();
    // k1 = 0.116 and k2 = 3000, without an error.
    let invoices = "samples,amount\n1000,3116\n2000,3232\n5000,3580\n";
    let invoices = file(folder.path(), "invoices.csv", invoices);
    let runs = ["64", "128", "256"].map(|width| format!("{RUNS}/width-{width}.json"));
    let [one, two, three] = &runs;
    let args = ["calibrate", "--records", one, two, three, "--invoices", &invoices];
    let answer = json(&[&args[..], &["--format", "json"]].concat());
    assert!((answer["annotation"]["per_sample"].as_f64().unwrap() - 0.116).abs() < 1e-12);
    assert!((answer["annotation"]["fixed"].as_f64().unwrap() - 3000.0).abs() < 1e-8);
    let time = &answer["training_time"];
    assert_eq!(time["fit"]["n"], 3);
    assert_eq!(time["per_parameter"], time["fit"]["coefficients"]["param_count"]);
    assert!(time["per_parameter"].as_f64().unwrap() > 0.0);
    let table = text(&args);
    for words in ["T = l*P + m", "k1 annotation.per_sample", "m  training_time.fixed"] {
        assert!(table.contains(words), "{words} not in\n{table}");
    }
    let log = "params,seconds,tokens\n1e8,5400,1e6\n2e8,5400,5e5\n1e8,9000,2e6\n3e8,12600,1e6\n";
    let log = file(folder.path(), "log.csv", log);
    assert!(
        text(&["calibrate", "--records", &log]).contains("trained on 500000 to 2000000 tokens")
    );
    let at = ["calibrate", "--records", &log, "--tokens", "1e6"];
    let answer = json(&[&at[..], &["--format", "json"]].concat());
    assert!((answer["training_time"]["per_parameter"].as_f64().unwrap() - 1e-8).abs() < 1e-18);
    assert!((answer["training_time"]["fixed"].as_f64().unwrap() - 0.5).abs() < 1e-9);
    assert!(!text(&at).contains("trained on"));
}

#[test]
fn bad_files_are_named_by_line_column_and_value() {
    let folder = tempfile::tempdir().unwrap();
    let fault = |data: &str, more: &[&str]| {
        let path = file(folder.path(), "data.csv", data);
        let found = message(&[&["calibrate", &path, "--y", "y", "--x"], more].concat());
        found.trim_end().strip_prefix(&format!("error: {path}: ")).unwrap_or(&found).to_owned()
    };
    assert_eq!(
        fault("x,y\n1,2\n2,foo\n", &["x"]),
        "line 3, column `y`: `foo`, expected a finite number"
    );
    assert_eq!(fault("x,y\n1,2\n,3\n", &["x"]), "line 3, column `x`: ``, expected a finite number");
    assert_eq!(
        fault("x,y\n1,2\n2,inf\n", &["x"]),
        "line 3, column `y`: `inf`, expected a finite number"
    );
    assert_eq!(fault("x,y\n1,2\n2\n", &["x"]), "line 3: 1 fields, expected 2 as the header has");
    assert_eq!(
        fault("x,y\n1,\"2\n2,3\n", &["x"]),
        "line 2: the quote is not closed, expected another before the end of the field"
    );
    assert_eq!(fault("x,y\n1,2\n", &["z"]), "line 1: no column `z`, found x, y");
    assert_eq!(fault("x,x,y\n1,1,2\n", &["x"]), "line 1: column `x` is there twice");
    assert_eq!(
        fault("x,y\n1,2\n2,3\n", &["x"]),
        "2 rows for 2 coefficients, expected at least 3 rows"
    );
    assert_eq!(
        fault("x,y,w\n1,2,1\n2,4,0\n3,5,1\n", &["x", "--weights", "w"]),
        "line 3, column `w`: `0`, expected a finite weight above 0"
    );
    let collinear = "x,v,y\n1,2,3\n2,4,1\n3,6,2\n4,8,9\n";
    assert_eq!(
        fault(collinear, &["x,v"]),
        "column `v` is a linear combination of those before it: its coefficient is not determined"
    );
    assert!(fault(collinear.replace('2', "1").as_str(), &["x,x"]).contains("`x` is there twice"));
    assert_eq!(fault("", &["x"]), "no rows: expected a header and rows below it");
    assert_eq!(fault("x,y\n", &["x"]), "no rows: expected a header and rows below it");
    assert!(fault(collinear, &["x", "--confidence", "95"]).contains("confidence is 95"));
    assert!(fault(collinear, &["x", "--robust", "hc4"]).contains("invalid value 'hc4'"));
}

#[test]
fn bad_records_and_usage_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let record = file(folder.path(), "run.json", "{\"parameters\": 5,\n\"training_seconds\": -1}");
    assert!(
        message(&["calibrate", "--records", &record])
            .contains("run.json: `training_seconds` is -1, expected a finite number above 0")
    );
    let broken = file(folder.path(), "broken.json", "{\"parameters\": 5,\n");
    assert!(message(&["calibrate", "--records", &broken]).contains("line 2 column 0"));
    let log = file(folder.path(), "log.csv", "params,seconds\n1e6,5\n2e6,0\n");
    assert!(message(&["calibrate", "--records", &log]).contains("line 3, column `seconds`: `0`"));
    let log = file(folder.path(), "log.csv", "params,seconds\n1e6,5\n2e6,9\n3e6,10\n");
    assert!(
        message(&["calibrate", "--records", &log, "--tokens", "5"])
            .contains("run 1 does not say its tokens")
    );
    let other = file(folder.path(), "log.txt", "");
    assert!(message(&["calibrate", "--records", &other]).contains("ends in .json or .csv"));
    assert!(
        message(&["calibrate", "/nowhere.csv", "--y", "y", "--x", "x"]).contains("/nowhere.csv")
    );
    for args in [&["calibrate"][..], &["calibrate", &log], &["calibrate", &log, "--y", "seconds"]] {
        assert_eq!(cost(args).status.code(), Some(2), "{args:?}");
    }
}
