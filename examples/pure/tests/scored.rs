//! `monitor-scored` and `recommend-scored` as processes: kills, bad input, hostile texts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// An hour of 20 texts each, a burst from hour 100 to 112; negative ones at fixed places.
fn texts() -> String {
    let line = |number: usize| {
        let (hour, place) = (number / 20, number % 20);
        let burst = (100..112).contains(&hour);
        let negative = if place < if burst { 12 } else { 2 } { 0.9 } else { 0.1 };
        format!(
            "{{\"id\": {number}, \"time\": {}, \"topic\": \"<script>fees\", \"negative\": {negative}, \"text\": \"<script>{number}\"}}\n",
            hour * 3600 + place * 180
        )
    };
    (0..20 * 150).map(line).collect()
}

fn monitor(input: &Path, folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_monitor-scored"));
    command.arg("--input").arg(input).arg("--output-dir").arg(folder);
    command.args(["--save-lines", "100"]).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

fn outputs(folder: &Path) -> [String; 3] {
    ["alerts.jsonl", "skipped.jsonl", "monitor.html"]
        .map(|name| std::fs::read_to_string(folder.join(name)).unwrap())
}

#[test]
fn a_monitor_that_is_killed_changes_no_alert() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("texts.jsonl");
    let texts = texts().replacen("\"topic\"", "\"tropic\"", 1);
    std::fs::write(&input, &texts).unwrap();
    let (whole, killed) = (folder.path().join("whole"), folder.path().join("killed"));
    assert!(monitor(&input, &whole).status().unwrap().success());
    for milliseconds in [2, 5, 9, 14, 20] {
        let mut child = monitor(&input, &killed).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(milliseconds));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(monitor(&input, &killed).status().unwrap().success());
    let expected = outputs(&whole);
    assert_eq!(outputs(&killed), expected);
    let [alerts, skipped, html] = expected;
    assert_eq!(alerts.lines().count(), 3, "{alerts}");
    assert!(alerts.lines().next().unwrap().starts_with("{\"kind\":\"opened\""));
    assert!(skipped.starts_with("{\"line\":1,\"why\":\"no `topic`\""), "{skipped}");
    assert!(html.contains("&lt;script&gt;fees") && !html.contains("<script"));
}

fn message(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(2));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn bad_settings_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name| folder.path().join(name);
    std::fs::write(at("texts.jsonl"), texts()).unwrap();
    let with = |config: &str| {
        std::fs::write(at("config.toml"), config).unwrap();
        let mut command = monitor(&at("texts.jsonl"), &at("out"));
        message(&command.arg("--config").arg(at("config.toml")).output().unwrap())
    };
    assert!(with("windows = 3").contains("unknown field `windows`"));
    assert!(with("window = 0").contains("`window` is 0, expected 1 to 10000"));
    let missing = message(&monitor(&at("nothing.jsonl"), &at("out")).output().unwrap());
    assert!(missing.contains("nothing.jsonl"));
}

#[test]
fn candidates_are_ranked_and_explained() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("scored.jsonl");
    let line = |item: usize, click: f64, price: f64, clicked: usize| {
        format!(
            "{{\"reader\": \"r\", \"item\": {item}, \"click\": {click}, \"signals\": {{\"price\": {price}}}, \"clicked\": {clicked}}}\n"
        )
    };
    let rows = [(1, 0.2, 9.0, 0), (2, 0.9, 90.0, 0), (3, 0.8, 5.0, 1), (4, 0.7, 6.0, 1)];
    let text: String = rows.iter().map(|it| line(it.0, it.1, it.2, it.3)).collect();
    std::fs::write(&input, &text).unwrap();
    let run = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_recommend-scored"));
        command.arg("--input").arg(&input).args(args).output().unwrap()
    };
    let first = |args: &[&str]| {
        let output = run(args);
        let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        value["items"][0]["item"].as_str().unwrap().to_owned()
    };
    assert_eq!(first(&["--weights", "click=1,price=0"]), "2");
    assert_eq!(first(&["--weights", "click=1,price=-0.01"]), "3");
    let fitted = ["--weights", "click=0,price=0", "--fit", input.to_str().unwrap()];
    assert_eq!(first(&fitted), "3");
    assert!(message(&run(&["--weights", "price=1"])).contains("`click` first"));
    assert!(
        message(&run(&["--weights", "click=1,age=1"])).contains("scored.jsonl:1: `signals.age`")
    );
}

#[test]
fn sessions_become_training_pairs() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name| folder.path().join(name);
    std::fs::write(at("items.jsonl"), "{\"item\": 1, \"title\": \"a \\\"b\\\", c\"}\n").unwrap();
    let pairs = |sessions: &str| {
        std::fs::write(at("sessions.jsonl"), sessions).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_recommend-pairs"));
        command.arg("--items").arg(at("items.jsonl")).arg("--sessions").arg(at("sessions.jsonl"));
        command.arg("--output").arg(at("pairs.csv")).output().unwrap()
    };
    let session = r#"{"reader": "r", "time": 0, "history": [1], "shown": [1], "clicked": []}"#;
    let nobody = session.replace("[1], \"shown\"", "[], \"shown\"");
    assert!(message(&pairs(&nobody)).contains("no session has both a known history and `clicked`"));
    assert!(!at("pairs.csv").exists());
    let output = pairs(&format!("{session}\n{nobody}"));
    assert!(String::from_utf8_lossy(&output.stderr).contains("1 rows, 0 of them clicked"));
    let expected = "text,text_pair,label\n\"a \"\"b\"\", c\",\"a \"\"b\"\", c\",0\n";
    assert_eq!(std::fs::read_to_string(at("pairs.csv")).unwrap(), expected);
}
