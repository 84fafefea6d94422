//! Training processes that are killed, interrupted, or find their checkpoints damaged go on to the
//! very bytes of a run that was left alone.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;

const FINETUNE: &str = env!("CARGO_BIN_EXE_finetune");
/// A process that does nothing for so long has hung.
const PATIENCE: Duration = Duration::from_secs(120);

/// A tiny random BERT (2 layers of width 32, 64 positions) with dropout.
fn checkpoint() -> PathBuf {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR"));
    examples.parent().unwrap().join("crates/bert/tests/fixtures/single_label")
}

/// A training file and the output folders beside it.
struct Bench {
    dir: tempfile::TempDir,
    more: Vec<&'static str>,
}

impl Bench {
    /// 20 rows, 16 of them trained on, 4 optimizer steps an epoch.
    fn new(more: &[&'static str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let row = |i: usize| {
            let (text, label) = if i.is_multiple_of(2) { ("good", "pos") } else { ("bad", "neg") };
            format!("{text} price {}{i},{label}\n", "the service was ".repeat(i % 4))
        };
        let rows: String = (0..20).map(row).collect();
        fs::write(dir.path().join("train.csv"), format!("text,label\n{rows}")).unwrap();
        Self { dir, more: more.to_vec() }
    }

    fn out(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn command(&self, out: &Path, more: &[&str]) -> Command {
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
            .stdout(Stdio::null());
        command
    }

    fn run(&self, out: &Path, more: &[&str]) -> Output {
        self.command(out, more).output().unwrap()
    }

    /// A run that ends well.
    fn finish(&self, out: &Path, more: &[&str]) -> String {
        let output = self.run(out, more);
        assert!(output.status.success(), "{}", stderr(&output));
        stderr(&output)
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// `log.jsonl` without the two columns that are of the clock.
fn log(out: &Path) -> Vec<Value> {
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

/// Both runs left the same weights, log, metrics and predictions.
fn assert_same(a: &Path, b: &Path) {
    for name in ["model.safetensors", "metrics.json", "predictions.csv", "loss_curve.svg"] {
        let read = |dir: &Path| fs::read(dir.join(name)).unwrap();
        assert!(read(a) == read(b), "{name} differs");
    }
    assert_eq!(log(a), log(b));
}

fn newest(out: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(out) else { return 0 };
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter_map(|name| name.strip_prefix("checkpoint-")?.parse().ok()).max().unwrap_or(0)
}

fn saves_now(out: &Path) -> bool {
    let Ok(entries) = fs::read_dir(out) else { return false };
    entries.flatten().any(|entry| {
        entry.file_name().to_string_lossy().starts_with(".partial-") && entry.path().is_dir()
    })
}

/// Waits until the run is over or `now` holds; whether the latter.
fn wait(child: &mut Child, mut now: impl FnMut() -> bool) -> bool {
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

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// Keeps a core busy as long as it lives.
struct Load(&'static AtomicBool, Option<thread::JoinHandle<()>>);

impl Load {
    fn start() -> Self {
        static BUSY: AtomicBool = AtomicBool::new(true);
        let spin = || {
            while BUSY.load(Ordering::Relaxed) {
                std::hint::spin_loop();
            }
        };
        Self(&BUSY, Some(thread::spawn(spin)))
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
        self.1.take().map(thread::JoinHandle::join);
    }
}

/// When a process is killed.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// So many milliseconds after its start, wherever it is.
    After(u64),
    /// So many microseconds after the newest checkpoint is that many steps on.
    Steps(u64, u64),
    /// So many microseconds into a save.
    InSave(u64),
}

/// Moments without a pattern; the numbers are those of a linear congruential generator.
fn moments(kills: usize) -> Vec<Moment> {
    let mut state = 0x2545_f491u32;
    let mut below = |bound: u64| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        u64::from(state >> 8) % bound
    };
    let mut moment = |number: usize| match number % 4 {
        0 => Moment::After(below(400)),
        1 => Moment::Steps(1 + below(4), below(10_000)),
        _ => Moment::InSave(below(6_000)),
    };
    (0..kills).map(&mut moment).collect()
}

/// Kills the run at that moment; whether it was inside a save.
fn kill(child: &mut Child, out: &Path, moment: Moment) -> bool {
    let begin = Instant::now();
    let from = newest(out);
    let (reached, pause) = match moment {
        Moment::After(milliseconds) => {
            let after = Duration::from_millis(milliseconds);
            (wait(child, || begin.elapsed() >= after), 0)
        }
        Moment::Steps(steps, pause) => (wait(child, || newest(out) >= from + steps), pause),
        Moment::InSave(pause) => (wait(child, || newest(out) > from && saves_now(out)), pause),
    };
    assert!(reached, "the run ended before {moment:?}");
    thread::sleep(Duration::from_micros(pause));
    signal(child, "KILL");
    child.wait().unwrap();
    saves_now(out)
}

#[test]
fn a_run_killed_again_and_again_ends_in_the_same_bytes() {
    let kills = std::env::var("TUNEWISE_KILLS").map_or(24, |kills| kills.parse().unwrap());
    let steps = (kills * 8).to_string();
    let steps: &'static str = steps.leak();
    let bench = Bench::new(&[
        "--max-steps",
        steps,
        "--save-steps",
        "1",
        "--save-total-limit",
        "3",
        "--eval-steps",
        "6",
    ]);
    let (whole, broken) = (bench.out("whole"), bench.out("broken"));
    bench.finish(&whole, &["--save-steps", "no"]);

    let _load = Load::start();
    let resume = ["--resume", "--overwrite-output-dir"];
    let mut in_save = 0;
    for moment in moments(kills) {
        let mut child = bench.command(&broken, &resume).stderr(Stdio::null()).spawn().unwrap();
        in_save += usize::from(kill(&mut child, &broken, moment));
    }
    assert!(in_save > 0, "no kill fell into a save");
    let said = bench.finish(&broken, &resume);
    assert!(said.contains("going on from"), "{said}");
    assert!(!saves_now(&broken), "what kills left unfinished is cleared");
    assert_same(&whole, &broken);
    eprintln!("{kills} kills, {in_save} of them inside a save");
}

#[test]
fn an_interrupt_finishes_the_step_saves_and_exits_130() {
    let bench = Bench::new(&["--max-steps", "300", "--eval-steps", "7"]);
    let (whole, broken) = (bench.out("whole"), bench.out("broken"));
    bench.finish(&whole, &[]);

    let mut child = bench.command(&broken, &[]).stderr(Stdio::null()).spawn().unwrap();
    let logged = || fs::metadata(broken.join("log.jsonl")).is_ok_and(|log| log.len() > 1000);
    assert!(wait(&mut child, logged));
    signal(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let stopped_at = newest(&broken);
    assert!(stopped_at > 0 && stopped_at < 300, "{stopped_at}");
    assert_eq!(log(&broken).last().unwrap()["step"], stopped_at);

    let mut child = bench.command(&broken, &["--resume"]).stderr(Stdio::null()).spawn().unwrap();
    assert!(wait(&mut child, || log_is_past(&broken, stopped_at)));
    signal(&child, "INT");
    signal(&child, "INT"); // at once, unless the first has ended the run already
    assert_eq!(child.wait().unwrap().code(), Some(130));
    bench.finish(&broken, &["--resume"]);
    assert_same(&whole, &broken);
}

fn log_is_past(out: &Path, step: u64) -> bool {
    let text = fs::read_to_string(out.join("log.jsonl")).unwrap_or_default();
    text.lines().count() as u64 > step
}

/// A run of 12 steps with checkpoints at 4, 8 and 12.
fn saved(bench: &Bench) -> PathBuf {
    let out = bench.out("run");
    bench.finish(&out, &["--max-steps", "12", "--save-steps", "4"]);
    out
}

fn refused(output: &Output, expected: &str) {
    assert_eq!(output.status.code(), Some(2), "{}", stderr(output));
    assert!(stderr(output).contains(expected), "expected {expected:?} in {}", stderr(output));
}

#[test]
fn a_damaged_checkpoint_is_named_and_the_one_before_is_used() {
    let bench = Bench::new(&["--max-steps", "12", "--save-steps", "4"]);
    let (whole, out) = (bench.out("whole"), bench.out("run"));
    bench.finish(&whole, &[]);
    bench.finish(&out, &[]);
    let path = out.join("checkpoint-12/model.safetensors");
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let path = out.join("checkpoint-8/optimizer.safetensors");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();

    let said = bench.finish(&out, &["--resume"]);
    assert!(said.contains("checkpoint-12/model.safetensors: damaged: its contents"), "{said}");
    assert!(said.contains("checkpoint-8/optimizer.safetensors: damaged:"), "{said}");
    assert!(said.contains("checkpoint-4 after step 4"), "{said}");
    assert_same(&whole, &out);

    for step in [4, 8, 12] {
        fs::write(out.join(format!("checkpoint-{step}/state.json")), "{").unwrap();
    }
    let before = fs::read(out.join("model.safetensors")).unwrap();
    let output = bench.run(&out, &["--resume"]);
    refused(&output, "no checkpoint to resume from");
    assert!(stderr(&output).contains("checkpoint-4/state.json: damaged: 1 bytes"));
    assert_eq!(fs::read(out.join("model.safetensors")).unwrap(), before);
}

#[test]
fn what_cannot_be_reproduced_is_refused_by_name() {
    let bench = Bench::new(&["--precision", "fp32"]);
    let out = saved(&bench);
    let before = fs::read(out.join("model.safetensors")).unwrap();
    let base = ["--max-steps", "12", "--save-steps", "4", "--resume"];
    let refusal = |more: &[&str], expected: &str| {
        refused(&bench.run(&out, &[&base, more].concat()), expected);
    };
    refusal(&["--learning-rate", "2e-3"], "`learning_rate` is 0.002, expected 0.001 as when");
    refusal(&["--seed", "7"], "`seed` is 7, expected 42");
    refusal(&["--max-steps", "13"], "`max_steps` is 13, expected 12");
    refusal(&["--precision", "bf16"], "`precision` is \"bf16\", expected \"fp32\"");
    refusal(&["--threads", "2"], "`threads` is 2, expected 1");
    let train = bench.out("train.csv");
    let rows = fs::read_to_string(&train).unwrap();
    fs::write(&train, rows.replace("good price 0", "fine price 0")).unwrap();
    refusal(&[], "`data_hash` is ");
    fs::write(&train, &rows).unwrap();
    assert_eq!(fs::read(out.join("model.safetensors")).unwrap(), before);
    // What does not change the result may change.
    bench
        .finish(&out, &[&base[..], &["--save-total-limit", "1", "--price-per-hour", "2"]].concat());
}

#[test]
fn checkpoints_are_taken_by_step_whatever_the_clock_says() {
    let bench = Bench::new(&[]);
    let out = saved(&bench);
    for (step, seconds) in [(4, 4_000_000_000), (8, 1_000_000_000), (12, 0)] {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        for name in ["", "state.json", "manifest.json"] {
            let path = out.join(format!("checkpoint-{step}")).join(name);
            fs::File::open(path).unwrap().set_modified(time).unwrap();
        }
    }
    let said = bench.finish(&out, &["--max-steps", "12", "--save-steps", "4", "--resume"]);
    assert!(said.contains("checkpoint-12 after step 12"), "{said}");
}

#[test]
fn checkpoints_may_vanish_while_a_run_goes_on() {
    let bench = Bench::new(&["--max-steps", "200", "--save-steps", "2"]);
    let (whole, out) = (bench.out("whole"), bench.out("run"));
    bench.finish(&whole, &["--save-steps", "no"]);
    let mut child = bench.command(&out, &[]).stderr(Stdio::null()).spawn().unwrap();
    for _ in 0..3 {
        let from = newest(&out);
        assert!(wait(&mut child, || newest(&out) > from));
        let _ = fs::remove_dir_all(out.join(format!("checkpoint-{}", newest(&out))));
    }
    assert!(child.wait().unwrap().success());
    assert_same(&whole, &out);
    // The whole folder: a clear error.
    let gone = bench.out("gone");
    let mut child = bench.command(&gone, &[]).stderr(Stdio::piped()).spawn().unwrap();
    assert!(wait(&mut child, || newest(&gone) > 0));
    let aside = bench.out("aside");
    fs::rename(&gone, &aside).unwrap();
    let output = child.wait_with_output().unwrap();
    refused(&output, "gone");
    let step = newest(&aside);
    fs::rename(&aside, &gone).unwrap();
    assert!(bench.finish(&gone, &["--resume"]).contains(&format!("after step {step}")));
    assert_same(&whole, &gone);
}

/// Runs `finetune` with room for files of at most that many blocks of 512 bytes.
fn with_small_files(bench: &Bench, out: &Path, blocks: u32) -> Output {
    let inner = bench.command(out, &["--resume"]);
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &script]).arg(inner.get_program()).args(inner.get_args());
    command.output().unwrap()
}

#[test]
fn a_write_that_fails_leaves_the_last_good_checkpoint() {
    let bench = Bench::new(&["--max-steps", "12", "--save-steps", "4", "--eval-steps", "no"]);
    let (whole, out) = (bench.out("whole"), bench.out("run"));
    bench.finish(&whole, &[]);
    let mut child = bench.command(&out, &[]).stderr(Stdio::null()).spawn().unwrap();
    wait(&mut child, || newest(&out) >= 4);
    signal(&child, "KILL");
    child.wait().unwrap();
    // Room for the weights (112 kB), none for the optimizer's two moments.
    let model = fs::metadata(out.join("checkpoint-4/model.safetensors")).unwrap().len();
    let output = with_small_files(&bench, &out, (model / 512 + 8) as u32);
    refused(&output, "optimizer.safetensors: File too large");
    assert!(!saves_now(&out));
    bench.finish(&out, &["--resume"]);
    assert_same(&whole, &out);
}

/// Runs a script in which `$DIR` is a file system of 1 MB; `None` where the platform does not let.
fn in_tiny_filesystem(dir: &Path, script: &str, command: &Command) -> Option<Output> {
    let mount = format!("mount -t tmpfs -o size=1m tmpfs '{}' || exit 99; {script}", dir.display());
    let mut shell = Command::new("unshare");
    shell.args(["--user", "--map-root-user", "--mount", "sh", "-c", &mount]);
    let output = shell.arg(command.get_program()).args(command.get_args()).output();
    output
        .ok()
        .filter(|output| output.status.code() != Some(99) && !stderr(output).contains("unshare"))
}

#[test]
fn a_full_disk_is_a_clear_error_and_the_run_goes_on_when_there_is_room() {
    let bench = Bench::new(&["--max-steps", "40", "--save-steps", "4", "--eval-steps", "no"]);
    let (whole, small, out) = (bench.out("whole"), bench.out("small"), bench.out("run"));
    bench.finish(&whole, &[]);
    fs::create_dir(&small).unwrap();
    let command = bench.command(&small.join("run"), &[]);
    let script = format!(
        "\"$0\" \"$@\"; code=$?; cp -a '{0}/run' '{1}'; exit $code",
        small.display(),
        out.display()
    );
    let Some(output) = in_tiny_filesystem(&small, &script, &command) else {
        eprintln!("skipped: no unprivileged tmpfs here");
        return;
    };
    refused(&output, "No space left on device");
    let step = newest(&out);
    assert!((4..40).contains(&step), "{step}");
    let said = bench.finish(&out, &["--resume"]);
    assert!(said.contains(&format!("after step {step}")), "{said}");
    assert_same(&whole, &out);
}

#[test]
fn a_read_only_folder_is_refused_before_training() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new(&[]);
    let out = saved(&bench);
    fs::set_permissions(&out, fs::Permissions::from_mode(0o555)).unwrap();
    let binds = fs::write(out.join("probe"), "").is_err();
    if binds {
        let output = bench.run(&out, &["--max-steps", "12", "--save-steps", "4", "--resume"]);
        refused(&output, "Permission denied");
    } else {
        eprintln!("skipped: permissions do not bind this user");
    }
    fs::set_permissions(&out, fs::Permissions::from_mode(0o755)).unwrap();
}
