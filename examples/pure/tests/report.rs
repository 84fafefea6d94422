//! `report` as a process: scikit-learn's bytes, one clear message for anything else.
//! `fixtures/report.jsonl` holds what scikit-learn 1.9.1 prints (made by the script beside it).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde::Deserialize;
use serde_json::Value;
use tempfile::TempDir;

const REPORT: &str = env!("CARGO_BIN_EXE_report");
/// Sums in another order.
const TOLERANCE: f64 = 1e-12;

#[derive(Deserialize)]
struct Case {
    name: String,
    file: String,
    contents: String,
    args: Vec<String>,
    text: String,
    dict: Value,
}

fn cases() -> Vec<Case> {
    let lines = include_str!("fixtures/report.jsonl").lines();
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn write(dir: &TempDir, name: &str, contents: &[u8]) -> PathBuf {
    let path = dir.path().join(name);
    fs::write(&path, contents).unwrap();
    path
}

fn report(input: &str, args: &[&str]) -> Output {
    Command::new(REPORT).args(["--input", input]).args(args).output().unwrap()
}

fn report_from_stdin(contents: &[u8], args: &[&str]) -> Output {
    let mut child = Command::new(REPORT)
        .args(["--input", "-"])
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let _ = stdin.write_all(contents); // a fault ends the reading early
    drop(stdin);
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn the_text_is_scikit_learns_to_the_byte() {
    let dir = tempfile::tempdir().unwrap();
    let cases = cases();
    assert!(cases.len() >= 50);
    for case in &cases {
        let path = write(&dir, &case.file, case.contents.as_bytes());
        let args: Vec<&str> = case.args.iter().map(String::as_str).collect();
        let output = report(path.to_str().unwrap(), &args);
        assert_eq!(text(&output.stdout), case.text, "{}: {}", case.name, text(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "{}", case.name);
    }
}

#[test]
fn the_json_is_scikit_learns_dictionary() {
    let dir = tempfile::tempdir().unwrap();
    for case in cases() {
        let path = write(&dir, &case.file, case.contents.as_bytes());
        let mut args: Vec<&str> = case.args.iter().map(String::as_str).collect();
        args.push("--json");
        let output = report(path.to_str().unwrap(), &args);
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        same(&json, &case.dict, &case.name);
    }
}

/// Equal, keys in the same order, numbers to the tolerance.
fn same(got: &Value, expected: &Value, place: &str) {
    match (got, expected) {
        (Value::Object(got), Value::Object(expected)) => {
            assert_eq!(
                got.keys().collect::<Vec<_>>(),
                expected.keys().collect::<Vec<_>>(),
                "{place}"
            );
            for (key, value) in expected {
                same(&got[key], value, &format!("{place}, {key}"));
            }
        }
        (Value::Number(got), Value::Number(expected)) => {
            let (got, expected) = (got.as_f64().unwrap(), expected.as_f64().unwrap());
            assert!((got - expected).abs() <= TOLERANCE * expected.abs().max(1.0), "{place}");
        }
        _ => assert_eq!(got, expected, "{place}"),
    }
}

#[test]
fn standard_input_is_told_by_its_first_character() {
    for case in cases().into_iter().filter(|case| !case.file.ends_with(".tsv")) {
        let args: Vec<&str> = case.args.iter().map(String::as_str).collect();
        let output = report_from_stdin(case.contents.as_bytes(), &args);
        assert_eq!(text(&output.stdout), case.text, "{}: {}", case.name, text(&output.stderr));
    }
}

/// The one line on standard error of a run that must print nothing and exit with 2.
fn refusal(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stdout));
    assert_eq!(text(&output.stdout), "");
    let message = text(&output.stderr).trim_end();
    message.strip_prefix("error: ").unwrap_or_else(|| panic!("{message}")).to_owned()
}

#[test]
fn malformed_csv_is_refused_by_file_line_and_column() {
    for (contents, expected) in [
        (&b""[..], ": no rows"),
        (b"\xef\xbb\xbf", ": no rows"),
        (b"y_true,y_pred\n", ": no rows"),
        (b"y_true,y_pred\r\n\r\n\r\n", ": no rows"),
        (
            b"y_true,guess\na,b\n",
            ": no column for the predicted labels: expected `y_pred`, found y_true, guess",
        ),
        (
            b"truth,y_pred\na,b\n",
            ": no column for the true labels: expected `y_true`, found truth, y_pred",
        ),
        (
            b"y_true,y_pred,y_pred\na,b,c\n",
            ":1: column `y_pred`: several columns of that name, expected one",
        ),
        (b"y_true,y_pred\na,b\nc\n", ":3: expected 2 fields, got 1; nothing for column `y_pred`"),
        (b"y_true,y_pred\na,b\nc,d,e\n", ":3: expected 2 fields, got 3"),
        (b"y_true,y_pred\na,b\n\"c,d\ne,f\n", ":3: the quotes that open here are never closed"),
        (b"y_true,y_pred\na,\n", ":2: column `y_pred`: an empty cell, expected a label"),
        (
            b"y_true,y_pred\r\n\"a\r\nb\",c\r\n,d\r\n",
            ":4: column `y_true`: an empty cell, expected a label",
        ),
        (b"y_true,y_pred\na,\xff\n", ":2: column `y_pred`: byte 0xff at offset 0 is not UTF-8"),
        (b"y_true,\xc3\na,b\n", ":1: header: byte 0xc3 at offset 0 is not UTF-8"),
        (b"\x00\x01\x02", ": no column for the true labels"),
        (
            b"y_true,y_pred\n1,1\n2,cat\n",
            ":3: column `y_pred`: `cat` is a string, expected an integer, as `1` in column `y_true` on line 2 is",
        ),
        (
            b"y_true,y_pred\n1,1\n1.5,2\n",
            ":3: column `y_true`: `1.5` is a string, expected an integer, as `1` in column `y_pred` on line 2 is",
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let path = write(&dir, "p.csv", contents);
        let message = refusal(&report(path.to_str().unwrap(), &[]));
        let expected = format!("{}{expected}", path.display());
        assert!(message.starts_with(&expected), "{message}\n{expected}");
    }
}

#[test]
fn malformed_weights_are_refused_by_file_line_and_column() {
    for (cell, got) in
        [("nan", "`nan`"), ("inf", "`inf`"), ("", "``"), ("two", "`two`"), ("1,5", "")]
    {
        let contents = format!("y_true,y_pred,w\na,b,1\na,b,{cell}\n");
        let dir = tempfile::tempdir().unwrap();
        let path = write(&dir, "p.csv", contents.as_bytes());
        let message = refusal(&report(path.to_str().unwrap(), &["--sample-weight", "w"]));
        let expected = match cell {
            "1,5" => format!("{}:3: expected 3 fields, got 4", path.display()),
            _ => format!("{}:3: column `w`: {got}, expected a finite number", path.display()),
        };
        assert_eq!(message, expected);
    }
    let no_column = report_from_stdin(b"y_true,y_pred\na,b\n", &["--sample-weight", "w"]);
    assert!(refusal(&no_column).starts_with("standard input: no column for the weights"));
    let zero = report_from_stdin(b"y_true,y_pred,w\na,b,0\n", &["--sample-weight", "w"]);
    assert!(refusal(&zero).contains("weights"), "{}", refusal(&zero));
    let json =
        report_from_stdin(b"{\"y_true\":1,\"y_pred\":1,\"w\":\"1\"}\n", &["--sample-weight", "w"]);
    assert_eq!(refusal(&json), "standard input:1: column `w`: \"1\", expected a finite number");
}

#[test]
fn malformed_json_lines_are_refused_by_file_line_and_column() {
    let row = "{\"y_true\":\"a\",\"y_pred\":\"b\"}\n";
    let deep = format!("{{\"y_true\":{}1{}}}", "[".repeat(40), "]".repeat(40));
    for (contents, expected) in [
        (format!("{row}{{\"y_true\":\"a\",}}\n"), ":2:15: trailing comma"),
        (format!("{row}{{\"y_true\" 1}}\n"), ":2:11: expected `:`"),
        (format!("{row}{{\"y_true\":\"a\""), ":2:13: EOF while parsing an object"),
        (format!("{row}[1,2]\n"), ":2:1: invalid type: sequence"),
        (format!("{row}{row}{{\"y_true\":\"a\"}}\n"), ":3: no `y_pred`; the object has y_true"),
        ("{\"a\":1}\n".to_owned(), ":1: no `y_true`; the object has a"),
        (
            format!("{row}{{\"y_true\":1,\"y_pred\":\"b\"}}\n"),
            ":2: column `y_true`: `1` is an integer, expected a string, as `a` in column `y_true` on line 1 is",
        ),
        (
            "{\"y_true\":1,\"y_pred\":1.5}\n".to_owned(),
            ":1: column `y_pred`: 1.5, expected a string, a whole number or a boolean",
        ),
        (
            "{\"y_true\":1,\"y_pred\":null}\n".to_owned(),
            ":1: column `y_pred`: null, expected a string, a whole number or a boolean",
        ),
        (
            format!("{row}{{\"y_true\":[1],\"y_pred\":[0]}}\n"),
            ":2: column `y_true`: [1], expected a single label, as the rows before it have",
        ),
        (
            "{\"y_true\":[1,0],\"y_pred\":[0,2]}\n".to_owned(),
            ":1: column `y_pred`: [0,2], expected a list of 2 marks of 0 or 1, as the first is",
        ),
        (
            "{\"y_true\":[1,0],\"y_pred\":[0,1]}\n\n{\"y_true\":[1,0],\"y_pred\":[0]}\n".to_owned(),
            ":3: column `y_pred`: [0], expected a list of 2 marks of 0 or 1, as the first is",
        ),
        (
            "{\"y_true\":[1,0],\"y_pred\":[0,1]}\n{\"y_true\":1,\"y_pred\":[0,1]}\n".to_owned(),
            ":2: column `y_true`: 1, expected a list of 2 marks of 0 or 1, as the first is",
        ),
        ("{\"y_true\":[],\"y_pred\":[]}\n".to_owned(), ":1: column `y_true`: []"),
        (deep, ":1: the nesting of JSON exceeds the limit of 32"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let path = write(&dir, "p.jsonl", contents.as_bytes());
        let message = refusal(&report(path.to_str().unwrap(), &[]));
        let expected = format!("{}{expected}", path.display());
        assert!(message.starts_with(&expected), "{message}\n{expected}");
    }
}

#[test]
fn flags_that_do_not_fit_the_file_are_refused() {
    let names = b"y_true,y_pred\na,b\nb,b\n";
    let integers = b"y_true,y_pred\n1,2\n2,2\n";
    let lists = b"{\"y_true\":[1,0],\"y_pred\":[0,1]}\n";
    for (contents, args, expected) in [
        (&integers[..], &["--labels", "1,x"][..], "`labels` is `x`, expected an integer"),
        (
            names,
            &["--target-names", "x"],
            "number of classes, 2, does not match size of target_names, 1",
        ),
        (lists, &["--labels", "a"], "`labels` has `a`, expected places in the lists: 0 to 1"),
        (lists, &["--labels", "2"], "label 2 is not one of the 2 columns"),
    ] {
        let message = refusal(&report_from_stdin(contents, args));
        assert!(message.starts_with(expected), "{message}");
    }
    for args in [
        &["--digits", "-1"][..],
        &["--digits", "100000"],
        &["--zero-division", "0.5"],
        &["--no-such-flag"],
    ] {
        let output = report_from_stdin(names, args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert_eq!(text(&output.stdout), "");
    }
    let output = Command::new(REPORT).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--input"));
}

#[test]
fn files_that_are_none_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("no.csv");
    let message = refusal(&report(missing.to_str().unwrap(), &[]));
    assert!(message.starts_with(&format!("{}: No such file", missing.display())), "{message}");
    let message = refusal(&report(dir.path().to_str().unwrap(), &[]));
    assert!(message.contains("is a directory"), "{message}");
    let parquet = write(&dir, "p.parquet", b"PAR1");
    assert!(refusal(&report(parquet.to_str().unwrap(), &[])).contains("no reader"));
}

#[test]
fn an_endless_row_is_refused_before_it_fills_memory() {
    let mut contents = b"y_true,y_pred\na,b\nc,".to_vec();
    contents.resize(40 << 20, b'x');
    let message = refusal(&report_from_stdin(&contents, &[]));
    assert_eq!(message, "standard input:3: the row in bytes exceeds the limit of 16777216");
}

#[test]
fn a_long_file_has_the_report_of_its_counts() {
    // 200,000 rows: 150,000 of `a` right, 50,000 of `b` of which 30,000 are right.
    let mut contents = String::from("y_true,y_pred\n");
    for (line, rows) in [("a,a\n", 150_000), ("b,b\n", 30_000), ("b,a\n", 20_000)] {
        contents.push_str(&line.repeat(rows));
    }
    let output = report_from_stdin(contents.as_bytes(), &["--digits", "4"]);
    let expected = "              precision    recall  f1-score   support\n\n           \
                    a     0.8824    1.0000    0.9375    150000\n           \
                    b     1.0000    0.6000    0.7500     50000\n\n    \
                    accuracy                         0.9000    200000\n   \
                    macro avg     0.9412    0.8000    0.8438    200000\n\
                    weighted avg     0.9118    0.9000    0.8906    200000\n";
    assert_eq!(text(&output.stdout), expected);
}

#[test]
fn warnings_go_to_standard_error_once_each() {
    let contents = b"y_true,y_pred\na,a\nb,a\nc,d\n";
    let output = report_from_stdin(contents, &[]);
    let warnings: Vec<&str> = text(&output.stderr).lines().collect();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(
        warnings[0].starts_with("warning: Precision is ill-defined and being set to 0.0 in labels")
    );
    assert!(warnings[1].starts_with("warning: Recall is ill-defined"));
    let output = report_from_stdin(contents, &["--zero-division", "0"]);
    assert_eq!(text(&output.stderr), "");
    let output = report_from_stdin(contents, &["--labels", "a,b", "--target-names", "x,y,z"]);
    let expected = "warning: labels size, 2, does not match size of target_names, 3\n";
    assert!(text(&output.stderr).starts_with(expected), "{}", text(&output.stderr));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn help_names_every_flag() {
    let output = Command::new(REPORT).arg("--help").output().unwrap();
    let help = text(&output.stdout);
    for flag in [
        "input",
        "true-column",
        "pred-column",
        "labels",
        "target-names",
        "digits",
        "zero-division",
        "sample-weight",
        "json",
    ] {
        assert!(help.contains(&format!("--{flag}")), "{flag}\n{help}");
    }
}
