//! `plan` as a process: killed and interrupted it goes on to the same pilots, and what it refuses.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use rustix::process::Signal;
use serde_json::Value;

use crate::bench::{checkpoint, signal, stderr, wait};

const PLAN: &str = env!("CARGO_BIN_EXE_plan");

struct Folder(tempfile::TempDir);

impl Folder {
    /// 200 rows of two labels, one of which is markup; 160 of them train.
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let row = |i: usize| {
            let (text, label) =
                if i.is_multiple_of(2) { ("good", "<script>") } else { ("bad", "neg") };
            format!("{text} price {}{i},{label}\n", "the service was ".repeat(i % 4))
        };
        let rows: String = (0..200).map(row).collect();
        fs::write(dir.path().join("<b>train.csv"), format!("text,label\n{rows}")).unwrap();
        let prices = "currency='USD'\n[labels]\nper_label=0.1\n[machine]\nper_hour=3\n";
        fs::write(dir.path().join("prices.toml"), prices).unwrap();
        Self(dir)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Ten pilots: three sizes, two seeds, and the longer ones on two sizes.
    fn command(&self, out: &Path, more: &[&str]) -> Command {
        let mut command = Command::new(PLAN);
        command
            .arg("--model")
            .arg(format!("{}@1", checkpoint().display()))
            .args(["--train-file".as_ref(), self.path("<b>train.csv").as_os_str()])
            .args(["--prices".as_ref(), self.path("prices.toml").as_os_str()])
            .args(["--output-dir".as_ref(), out.as_os_str()])
            .args(["--max-share", "0.8", "--slices", "3", "--seeds", "2", "--least-steps", "30"])
            .args(["--num-train-epochs", "2", "--learning-rate", "3e-3", "--max-seq-length", "32"])
            .args(["--device", "cpu", "--threads", "1"])
            .args(more)
            .env("OMP_WAIT_POLICY", "passive");
        command
    }

    fn run(&self, out: &Path, more: &[&str]) -> Output {
        self.command(out, more).output().unwrap()
    }
}

/// What the pilots came to, times apart.
fn pilots(out: &Path) -> Vec<(u64, f64, u64)> {
    let text = fs::read_to_string(out.join("pilots.jsonl")).unwrap_or_default();
    let pilot = |line: &str| {
        let value: Value = serde_json::from_str(line).unwrap();
        let number = |key: &str| value[key].as_u64().unwrap();
        (number("pilot"), value["quality"].as_f64().unwrap(), number("trained_tokens"))
    };
    text.lines().skip(1).map(pilot).collect()
}

#[test]
fn killed_and_interrupted_it_comes_to_the_same_pilots() {
    let folder = Folder::new();
    let (whole, broken) = (folder.path("whole"), folder.path("broken"));
    let target = ["--target", "accuracy=0.9"];
    let done = folder.run(&whole, &target);
    assert!(done.status.success(), "{}", stderr(&done));
    assert_eq!(pilots(&whole).len(), 10);
    let page = fs::read_to_string(whole.join("report.html")).unwrap();
    assert!(page.contains("&lt;b&gt;train.csv") && !page.contains("<script"));
    let scenario = fs::read_to_string(whole.join("scenario.toml")).unwrap();
    assert!(scenario.contains("data_volume"));
    assert!(!whole.join("runs").exists());

    for (number, how) in [(1, Signal::KILL), (7, Signal::INT)] {
        let more = ["--target", "accuracy=0.9", "--resume"];
        let mut command = folder.command(&broken, &more);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        assert!(wait(&mut child, || pilots(&broken).len() >= number));
        signal(&child, how);
        let code = child.wait().unwrap().code();
        assert_eq!(code, if how == Signal::INT { Some(130) } else { None });
        assert!(pilots(&broken).len() < 10);
    }
    let done = folder.run(&broken, &["--target", "accuracy=0.9", "--resume"]);
    assert!(done.status.success(), "{}", stderr(&done));
    assert_eq!(pilots(&whole), pilots(&broken));

    // Another question to the same pilots trains nothing; another recipe is refused, and so is a folder
    // that nobody asked to go on from.
    let before = fs::read(whole.join("pilots.jsonl")).unwrap();
    let budget = folder.run(&whole, &["--budget", "5", "--metric", "accuracy", "--resume"]);
    assert!(budget.status.success(), "{}", stderr(&budget));
    assert!(String::from_utf8_lossy(&budget.stdout).starts_with("With USD 5.00: "));
    assert_eq!(fs::read(whole.join("pilots.jsonl")).unwrap(), before);
    let fault = |more: &[&str]| {
        let output = folder.run(&whole, more);
        assert_eq!(output.status.code(), Some(2));
        stderr(&output)
    };
    let other = fault(&["--target", "accuracy=0.9", "--resume", "--learning-rate", "1e-3"]);
    assert!(other.contains("`learning_rate` was 0.003 then and is 0.001 now"), "{other}");
    assert!(fault(&target).contains("holds pilots already"));
}

#[test]
fn what_cannot_be_planned_is_refused_in_words() {
    let folder = Folder::new();
    let out = folder.path("out");
    let fault = |more: &[&str]| {
        let output = folder.run(&out, more);
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(!out.exists());
        stderr(&output)
    };
    let words = fault(&["--target", "accuracy"]);
    assert!(words.contains("expected METRIC=VALUE such as macro_f1=0.85"), "{words}");
    assert!(fault(&["--target", "loss=0.1"]).contains("`metric` is loss, expected macro_f1"));
    assert!(
        fault(&["--budget", "5", "--slices", "2"]).contains("`slices` is 2, expected at least 3")
    );
    assert!(
        fault(&["--budget", "5", "--longer", "1"])
            .contains("`longer` is 1, expected a number above 1")
    );
    let few = fault(&["--budget", "5", "--max-share", "0.1", "--full-rows", "160"]);
    assert!(few.contains("16 rows for pilots") && few.contains("expected at least 128"), "{few}");
    fs::write(folder.path("prices.toml"), "currency='USD'\n[labels]\nper_label='x'\n").unwrap();
    let prices = fault(&["--budget", "5"]);
    assert!(prices.contains("prices.toml") && prices.contains("line 3"), "{prices}");
}
