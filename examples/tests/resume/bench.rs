//! Runs of `finetune` as processes, and what is looked at in their folders.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

pub(crate) const FINETUNE: &str = env!("CARGO_BIN_EXE_finetune");
/// A process that does nothing for so long has hung.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// A tiny random BERT (2 layers of width 32, 64 positions) with dropout.
pub(crate) fn checkpoint() -> PathBuf {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR"));
    examples.parent().unwrap().join("crates/bert/tests/fixtures/single_label")
}

/// A training file and the output folders beside it.
pub(crate) struct Bench {
    dir: tempfile::TempDir,
    more: Vec<&'static str>,
}

impl Bench {
    /// 20 rows, 16 of them trained on, 4 optimizer steps an epoch.
    pub(crate) fn new(more: &[&'static str]) -> Self {
        Self::with_rows(20, more)
    }

    pub(crate) fn with_rows(rows: usize, more: &[&'static str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let row = |i: usize| {
            let (text, label) = if i.is_multiple_of(2) { ("good", "pos") } else { ("bad", "neg") };
            format!("{text} price {}{i},{label}\n", "the service was ".repeat(i % 4))
        };
        let rows: String = (0..rows).map(row).collect();
        fs::write(dir.path().join("train.csv"), format!("text,label\n{rows}")).unwrap();
        Self { dir, more: more.to_vec() }
    }

    pub(crate) fn out(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn command(&self, out: &Path, more: &[&str]) -> Command {
        let mut command = Command::new(FINETUNE);
        command
            .args(["--model-name-or-path".as_ref(), checkpoint().as_os_str()])
            .args(["--train-file".as_ref(), self.out("train.csv").as_os_str()])
            .args(["--output-dir".as_ref(), out.as_os_str()])
            .args(["--max-seq-length", "32", "--device", "cpu", "--threads", "1"])
            .args(["--validation-split", "0.2", "--per-device-train-batch-size", "4"])
            .args(["--learning-rate", "1e-3", "--logging-steps", "1"])
            .args(&self.more)
            .args(more)
            // Threads that spin while they wait hold up everything else on a busy machine.
            .env("OMP_WAIT_POLICY", "passive")
            .stdout(Stdio::null());
        command
    }

    pub(crate) fn run(&self, out: &Path, more: &[&str]) -> Output {
        self.command(out, more).output().unwrap()
    }

    /// A run that ends well.
    pub(crate) fn finish(&self, out: &Path, more: &[&str]) -> String {
        let output = self.run(out, more);
        assert!(output.status.success(), "{}", stderr(&output));
        stderr(&output)
    }
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// `log.jsonl` without the two columns that are of the clock.
pub(crate) fn log(out: &Path) -> Vec<Value> {
    let text = fs::read_to_string(out.join("log.jsonl")).unwrap();
    let line = |line: &str| {
        let mut value: Value = serde_json::from_str(line).unwrap();
        let columns = value.as_object_mut().unwrap();
        assert!(columns.remove("samples_per_second").is_some());
        assert!(columns.remove("tokens_per_second").is_some());
        value
    };
    text.lines().map(line).collect()
}

/// The losses in `log.jsonl`.
pub(crate) fn losses(out: &Path) -> Vec<f64> {
    log(out).iter().filter_map(|line| line.get("loss")?.as_f64()).collect()
}

/// Whether each number is within `bound` of the other, relatively.
pub(crate) fn close(a: &[f64], b: &[f64], bound: f64) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= bound * a.abs())
}

/// Whole lines of `log.jsonl`: with `--logging-steps 1` the steps logged.
pub(crate) fn logged(out: &Path) -> u64 {
    let text = fs::read(out.join("log.jsonl")).unwrap_or_default();
    text.iter().filter(|&&byte| byte == b'\n').count() as u64
}

/// Both runs left the same weights, log, metrics and predictions.
pub(crate) fn assert_same(a: &Path, b: &Path) {
    for name in ["model.safetensors", "metrics.json", "predictions.csv", "loss_curve.svg"] {
        let read = |dir: &Path| fs::read(dir.join(name)).unwrap();
        assert!(read(a) == read(b), "{name} differs");
    }
    assert_eq!(log(a), log(b));
}

pub(crate) fn newest(out: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(out) else { return 0 };
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter_map(|name| name.strip_prefix("checkpoint-")?.parse().ok()).max().unwrap_or(0)
}

pub(crate) fn saves_now(out: &Path) -> bool {
    let Ok(entries) = fs::read_dir(out) else { return false };
    entries.flatten().any(|entry| {
        entry.file_name().to_string_lossy().starts_with(".partial-") && entry.path().is_dir()
    })
}

/// Waits until the run is over or `now` holds; whether the latter.
pub(crate) fn wait(child: &mut Child, mut now: impl FnMut() -> bool) -> bool {
    let begin = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if now() {
            return true;
        }
        assert!(begin.elapsed() < PATIENCE, "hung");
        thread::sleep(Duration::from_micros(200));
    }
    false
}

pub(crate) fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

pub(crate) fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Says on the terminal, which a passing test's own output does not reach.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Says what was not tested.
pub(crate) fn skipped(what: &str) {
    say(&format!("SKIPPED: {what}"));
}

/// A run of 12 steps with checkpoints at 4, 8 and 12.
pub(crate) fn saved(bench: &Bench) -> PathBuf {
    let out = bench.out("run");
    bench.finish(&out, &["--max-steps", "12", "--save-steps", "4"]);
    out
}

pub(crate) fn refused(output: &Output, expected: &str) {
    assert_eq!(output.status.code(), Some(2), "{}", stderr(output));
    assert!(stderr(output).contains(expected), "expected {expected:?} in {}", stderr(output));
}
