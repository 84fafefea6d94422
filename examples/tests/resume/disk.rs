//! No room, no permission.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use rustix::process::Signal;

use crate::bench::{
    Bench, FINETUNE, assert_same, newest, refused, saved, saves_now, set_mode, signal, skipped,
    stderr, wait,
};

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
    signal(&child, Signal::KILL);
    child.wait().unwrap();
    // Room for the weights (112 kB), none for the optimizer's two moments.
    let model = fs::metadata(out.join("checkpoint-4/model.safetensors")).unwrap().len();
    let output = with_small_files(&bench, &out, (model / 512 + 8) as u32);
    refused(&output, "optimizer.safetensors: File too large");
    assert!(!saves_now(&out));
    bench.finish(&out, &["--resume"]);
    assert_same(&whole, &out);
}

/// Runs a script, then the command as its `"$@"`, where mounts are its own; `None` where the platform
/// does not let. A script that cannot mount exits with 99.
fn with_mounts(script: &str, command: &Command) -> Option<Output> {
    let mut shell = Command::new("unshare");
    shell.args(["--user", "--map-root-user", "--mount", "sh", "-c", script]);
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
        "mount -t tmpfs -o size=1m tmpfs '{0}' || exit 99; \
         \"$0\" \"$@\"; code=$?; cp -a '{0}/run' '{1}'; exit $code",
        small.display(),
        out.display()
    );
    let Some(output) = with_mounts(&script, &command) else {
        skipped("a full disk: this system mounts no tmpfs in a user namespace");
        return;
    };
    refused(&output, "No space left on device");
    let step = newest(&out);
    assert!((4..40).contains(&step), "{step}");
    let said = bench.finish(&out, &["--resume"]);
    assert!(said.contains(&format!("after step {step}")), "{said}");
    assert_same(&whole, &out);
}

/// Names and contents of a run's files, checkpoints included.
fn contents(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => all.extend(contents(&path)),
            false => all.push((path.clone(), fs::read(&path).unwrap())),
        }
    }
    all.sort();
    all
}

const MORE: [&str; 5] = ["--max-steps", "12", "--save-steps", "4", "--resume"];

#[test]
fn a_folder_without_permission_to_write_is_refused_before_training() {
    let bench = Bench::new(&[]);
    let out = saved(&bench);
    let before = contents(&out);
    set_mode(&out, 0o555);
    let mut command = bench.command(&out, &MORE);
    if rustix::process::geteuid().is_root() {
        // Permissions do not bind root: the run is somebody else's.
        const NOBODY: u32 = 65_534;
        set_mode(bench.dir(), 0o755);
        command.uid(NOBODY).gid(NOBODY);
        let mut probe = Command::new(FINETUNE);
        let runs = probe.arg("--help").uid(NOBODY).gid(NOBODY).output();
        if !runs.is_ok_and(|output| output.status.success()) {
            skipped("a folder without permission to write: only root can run what was built here");
            return;
        }
    }
    refused(&command.output().unwrap(), "run: Permission denied");
    set_mode(&out, 0o755);
    assert!(contents(&out) == before);
    assert!(bench.finish(&out, &MORE).contains("checkpoint-12 after step 12"));
}

#[test]
fn a_read_only_file_system_is_refused_before_training() {
    let bench = Bench::new(&[]);
    let out = saved(&bench);
    let before = contents(&out);
    let script = format!(
        "mount --bind '{0}' '{0}' && mount -o remount,bind,ro '{0}' || exit 99; exec \"$0\" \"$@\"",
        out.display()
    );
    let Some(output) = with_mounts(&script, &bench.command(&out, &MORE)) else {
        skipped("a read-only file system: this system makes no mounts in a user namespace");
        return;
    };
    refused(&output, "Read-only file system");
    assert!(contents(&out) == before);
    assert!(bench.finish(&out, &MORE).contains("checkpoint-12 after step 12"));
}
