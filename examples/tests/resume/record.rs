//! `run.json`: what a run cost, all its processes together.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use rustix::process::Signal;
use serde_json::Value;

use crate::bench::{Bench, log, newest, signal, wait};

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn a_record_has_seconds_by_phase_memory_tokens_and_price() {
    let bench = Bench::new(&["--max-steps", "8", "--save-steps", "4", "--price-per-hour", "1.5"]);
    // Words of the vocabulary: with [CLS] and [SEP] three tokens a row.
    let rows = "good,pos\nbad,neg\n".repeat(10);
    fs::write(bench.dir().join("train.csv"), format!("text,label\n{rows}")).unwrap();
    let out = bench.out("run");
    bench.finish(&out, &[]);
    let record = json(&out.join("run.json"));
    let of = |key: &str| number(&record[key]);

    assert_eq!((of("train_rows"), of("train_tokens")), (16.0, 48.0));
    assert_eq!((of("steps"), of("trained_rows"), of("trained_tokens")), (8.0, 32.0, 96.0));
    assert_eq!(of("skipped_steps"), 0.0);
    assert_eq!(record["stop_reason"], "completed");
    let phases = ["tokenizing_seconds", "step_seconds", "evaluation_seconds", "saving_seconds"];
    assert!(phases.iter().all(|phase| of(phase) > 0.0), "{record}");
    assert_eq!(of("training_seconds"), of("tokenizing_seconds") + of("step_seconds"));
    assert!(of("total_seconds") > phases.iter().map(|phase| of(phase)).sum::<f64>(), "{record}");
    assert_eq!(of("samples_per_second"), 32.0 / of("training_seconds"));
    assert_eq!(of("price_per_hour"), 1.5);
    assert!((of("price") - 1.5 * of("total_seconds") / 3600.0).abs() <= 1e-12, "{record}");
    if cfg!(target_os = "linux") {
        assert!((20.0..1e5).contains(&of("peak_rss_mb")), "{record}");
    }
}

#[test]
fn skipped_steps_are_counted() {
    let bench = Bench::new(&["--max-steps", "8", "--non-finite", "skip", "--max-grad-norm", "0"]);
    let out = bench.out("run");
    let said = bench.finish(&out, &["--learning-rate", "1e30", "--precision", "fp32"]);
    let finite = |line: &Value| line["loss"].is_number() && line["grad_norm"].is_number();
    let skipped = log(&out).iter().filter(|line| !finite(line)).count();
    assert!(skipped > 0);
    assert_eq!(json(&out.join("run.json"))["skipped_steps"], skipped);
    assert!(said.contains(&format!("{skipped} steps left out")), "{said}");
}

#[test]
fn a_resumed_runs_record_is_of_all_its_processes() {
    let bench = Bench::new(&["--max-steps", "400", "--save-steps", "20", "--price-per-hour", "36"]);
    let out = bench.out("run");
    let mut child = bench.command(&out, &[]).stderr(Stdio::null()).spawn().unwrap();
    assert!(wait(&mut child, || newest(&out) >= 360));
    signal(&child, Signal::KILL);
    child.wait().unwrap();
    let spent =
        &json(&out.join(format!("checkpoint-{}", newest(&out))).join("state.json"))["spent"];

    let begin = Instant::now();
    bench.finish(&out, &["--resume"]);
    let last_process = begin.elapsed().as_secs_f64();
    let record = json(&out.join("run.json"));
    let of = |key: &str| number(&record[key]);
    let pairs = [
        ("total_seconds", "total"),
        ("tokenizing_seconds", "tokenizing"),
        ("step_seconds", "steps"),
        ("evaluation_seconds", "evaluation"),
        ("saving_seconds", "saving"),
    ];
    for (key, before) in pairs {
        let added = of(key) - number(&spent[before]);
        assert!(added > 0.0 && added <= last_process, "{key}: {added} more in {last_process}");
    }
    // 360 steps and 18 saves take longer than 40 and 2.
    assert!(of("total_seconds") > last_process, "{record}");
    assert_eq!(of("training_seconds"), of("tokenizing_seconds") + of("step_seconds"));
    assert!((of("price") - of("total_seconds") / 100.0).abs() <= 1e-12, "{record}");
    assert!(of("peak_rss_mb") >= number(&spent["peak_rss_mb"]));
    assert_eq!((of("steps"), of("trained_rows")), (400.0, 1600.0));
}
