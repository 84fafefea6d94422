//! `search` as a process: its table, what it refuses, and that killed at any moment and run again it
//! comes to the same table.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

const SEARCH: &str = env!("CARGO_BIN_EXE_search");

/// Nine trials of at most three epochs; a rate of 1e30 diverges at the first step.
const CONFIG: &str = r#"
num_train_epochs = 3
per_device_train_batch_size = 8
max_seq_length = 32
logging_steps = 1
threads = 1
device = "cpu"

[search]
trials = 9
seed = 3

[search.space]
learning_rate = { choice = [1e-3, 3e-3, 1e30] }
weight_decay = { uniform = [0.0, 0.1] }
lr_scheduler_type = { choice = ["linear", "cosine"] }
"#;

struct Bench(tempfile::TempDir);

impl Bench {
    fn new(config: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let row = |i: usize| {
            let (text, label) = if i.is_multiple_of(2) { ("good", "pos") } else { ("bad", "neg") };
            format!("{text} price {}{i},{label}\n", "the service was ".repeat(i % 4))
        };
        let rows = |from: usize| -> String { (from..from + 24).map(row).collect() };
        for (name, from) in [("train.csv", 0), ("valid.csv", 24)] {
            fs::write(dir.path().join(name), format!("text,label\n{}", rows(from))).unwrap();
        }
        fs::write(dir.path().join("search.toml"), config).unwrap();
        Self(dir)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, out: &Path, more: &[&str]) -> Command {
        let examples = Path::new(env!("CARGO_MANIFEST_DIR"));
        // A tiny random BERT (2 layers of width 32, 64 positions) with dropout.
        let model = examples.parent().unwrap().join("crates/bert/tests/fixtures/single_label");
        let mut command = Command::new(SEARCH);
        command
            .args(["--config".as_ref(), self.path("search.toml").as_os_str()])
            .args(["--model-name-or-path".as_ref(), model.as_os_str()])
            .args(["--train-file".as_ref(), self.path("train.csv").as_os_str()])
            .args(["--validation-file".as_ref(), self.path("valid.csv").as_os_str()])
            .args(["--output-dir".as_ref(), out.as_os_str()])
            .args(more);
        command
    }

    fn run(&self, out: &Path, more: &[&str]) -> Output {
        self.command(out, more).output().unwrap()
    }

    fn finish(&self, out: &Path, more: &[&str]) -> Output {
        let output = self.run(out, more);
        assert!(output.status.success(), "{}", text(&output.stderr));
        output
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The rows of `trials.csv` without the column of the clock.
fn table(out: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_path(out.join("trials.csv")).unwrap();
    let clock = reader.headers().unwrap().iter().position(|name| name == "seconds").unwrap();
    let row = |row: csv::StringRecord| {
        let cells = row.iter().enumerate().filter(|(column, _)| *column != clock);
        cells.map(|(_, cell)| cell.to_owned()).collect()
    };
    reader.records().map(|record| row(record.unwrap())).collect()
}

fn state(out: &Path) -> Value {
    serde_json::from_slice(&fs::read(out.join("search.json")).unwrap()).unwrap()
}

fn best_weights(out: &Path) -> Vec<u8> {
    let best = state(out)["ranking"][0].as_u64().unwrap();
    fs::read(out.join(format!("trial-{best}/model.safetensors"))).unwrap()
}

#[test]
fn the_table_is_sorted_failures_are_told_and_only_the_best_keeps_its_weights() {
    let bench = Bench::new(CONFIG);
    let out = bench.path("out");
    let output = bench.finish(&out, &[]);
    let rows = table(&out);
    let column = |name: usize| rows.iter().map(move |row| row[name].as_str());
    assert_eq!(rows.len(), 9);
    let failed = column(2).filter(|status| *status == "failed").count();
    assert!((1..9).contains(&failed), "{rows:?}");
    assert!(column(2).skip(9 - failed).all(|status| status == "failed"));
    assert!(text(&output.stderr).contains("failed: the "), "{}", text(&output.stderr));
    let values: Vec<f64> = column(6).take(9 - failed).map(|value| value.parse().unwrap()).collect();
    assert!(values.is_sorted_by(|a, b| a >= b), "{values:?}");
    assert_eq!((rows[0][2].as_str(), rows[0][4].as_str()), ("finished", "3"));
    // Printed, in the same order.
    let printed: Vec<String> = text(&output.stdout).lines().skip(1).map(str::to_owned).collect();
    let numbers = printed.iter().map(|line| line.split_whitespace().next().unwrap());
    assert!(numbers.eq(column(1)));
    let with_weights: Vec<String> = (0..9)
        .filter(|trial| out.join(format!("trial-{trial}/model.safetensors")).exists())
        .map(|trial| trial.to_string())
        .collect();
    assert_eq!(with_weights, [rows[0][1].clone()]);
    assert!(fs::read_to_string(out.join("search.svg")).unwrap().contains("</svg>"));
    // Run again, it has nothing to do; with more trials it goes on.
    bench.finish(&out, &["--resume"]);
    assert_eq!(table(&out), rows);
    bench.finish(&out, &["--resume", "--trials", "11"]);
    assert_eq!(table(&out).len(), 11);
}

#[test]
fn killed_at_any_moment_a_search_comes_to_the_same_table() {
    const SHARES: u32 = 20;
    let bench = Bench::new(CONFIG);
    let (whole, out) = (bench.path("whole"), bench.path("out"));
    let begin = Instant::now();
    bench.finish(&whole, &[]);
    let share = begin.elapsed() / SHARES;
    let mut kills = 0;
    for round in 0_u32.. {
        let mut child = bench.command(&out, &["--resume"]);
        let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Enough for libtorch to load and for some work, at uneven moments; longer each time, so that
        // a machine that is busy now gets to the end as well.
        thread::sleep(share * 3 + share * (round * 7 % 5) + share * round / 4);
        if child.try_wait().unwrap().is_some_and(|status| status.success()) {
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
    }
    assert!(kills >= 3, "{kills} kills");
    assert_eq!(table(&whole), table(&out));
    assert!(best_weights(&whole) == best_weights(&out));
}

#[test]
fn a_stopped_search_exits_130_and_goes_on() {
    let bench = Bench::new(CONFIG);
    let (whole, out) = (bench.path("whole"), bench.path("out"));
    bench.finish(&whole, &[]);
    let mut command = bench.command(&out, &[]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let begin = Instant::now();
    while !out.join("trials.csv").exists() {
        assert!(begin.elapsed() < Duration::from_secs(120), "hung");
        thread::sleep(Duration::from_millis(1));
    }
    let sent = Command::new("kill").args(["-s", "INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let status = child.wait().unwrap();
    assert!(matches!(status.code(), Some(130 | 0)), "{status}"); // 0: it was done by then
    bench.finish(&out, &["--resume"]);
    assert_eq!(table(&whole), table(&out));
}

#[test]
fn what_is_wrong_is_named_and_nothing_is_written() {
    let refused = |config: &str, more: &[&str], expected: &str| {
        let bench = Bench::new(config);
        let out = bench.path("out");
        let output = bench.run(&out, more);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(expected), "expected {expected:?} in {said}");
        assert!(!out.exists());
    };
    refused(&CONFIG.replace("trials = 9", "tries = 9"), &[], "unknown field `tries`");
    refused(&CONFIG.replace("seed = 3", "seed = 3\n[typo]"), &[], "unknown field `typo`");
    refused(
        &CONFIG.replace("logging_steps", "log_steps"),
        &[],
        "search.toml: TOML parse error at line 5",
    );
    refused(&CONFIG.replace("learning_rate", "lr"), &[], "unknown field `lr`");
    refused("num_train_epochs = 3", &[], "missing field `search`");
    refused(CONFIG, &["--trials", "0"], "`trials`");
    refused(CONFIG, &["--max-minutes", "1"], "`max_minutes`");
}

#[test]
fn another_search_is_not_gone_on_with() {
    let bench = Bench::new(&CONFIG.replace("trials = 9", "trials = 1"));
    let out = bench.path("out");
    bench.finish(&out, &[]);
    let refused = |more: &[&str], expected: &str| {
        let output = bench.run(&out, more);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(expected), "expected {expected:?} in {said}");
    };
    refused(&[], "not empty");
    refused(&["--resume", "--warmup-steps", "0.1"], "`warmup_steps` is 0.1");
    let other = CONFIG.replace("seed = 3", "seed = 4").replace("trials = 9", "trials = 1");
    fs::write(bench.path("search.toml"), other).unwrap();
    refused(&["--resume"], "`seed` is 4");
    fs::write(out.join("notes.txt"), "mine").unwrap();
    bench.finish(&out, &["--overwrite-output-dir"]);
    assert_eq!(fs::read_to_string(out.join("notes.txt")).unwrap(), "mine");
    assert_eq!(state(&out)["search"]["seed"], 4);
}
