//! Several processes that share every step, some of which die, hang or never come.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::bench::{Bench, assert_same, close, logged, losses, newest, say, signal, stderr, wait};

/// One process with the rows of a step of two.
pub(crate) const ALONE: [&str; 4] = ["--engine", "general", "--gradient-accumulation-steps", "2"];
/// Nobody needs so long to see that another is gone.
const NOTICED: Duration = Duration::from_secs(60);

fn start(bench: &Bench, out: &Path, (rank, port): (usize, u16), more: &[&str]) -> Child {
    let mut command = bench.command(out, more);
    command.env("MASTER_ADDR", "127.0.0.1").env("MASTER_PORT", port.to_string());
    command.env("WORLD_SIZE", "2").env("RANK", rank.to_string());
    command.stderr(Stdio::piped()).spawn().unwrap()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn pair(bench: &Bench, out: &Path, more: &[&str]) -> [Child; 2] {
    let port = free_port();
    [0, 1].map(|rank| start(bench, out, (rank, port), more))
}

fn ends(children: [Child; 2]) -> [Output; 2] {
    children.map(|child| child.wait_with_output().unwrap())
}

fn finish(bench: &Bench, out: &Path, more: &[&str]) -> String {
    let [first, second] = ends(pair(bench, out, more));
    assert!(first.status.success(), "{}", stderr(&first));
    assert!(second.status.success(), "{}", stderr(&second));
    assert_eq!(stderr(&second), "", "one voice is enough");
    stderr(&first)
}

#[test]
fn two_processes_do_what_one_does_and_one_goes_on_where_two_were() {
    let bench = Bench::with_rows(60, &["--precision", "fp32", "--num-train-epochs", "6"]);
    let (alone, shared, handed) = (bench.out("alone"), bench.out("shared"), bench.out("handed"));
    bench.finish(&alone, &ALONE);
    finish(&bench, &shared, &[]);
    let (expected, got) = (losses(&alone), losses(&shared));
    assert_eq!(expected.len(), 36);
    assert!(close(&expected, &got, 1e-5), "{expected:?} {got:?}");

    // One of the two is asked to stop in the middle, so both do; one process alone ends the run.
    let [mut first, second] = pair(&bench, &handed, &[]);
    assert!(wait(&mut first, || logged(&handed) > 4), "the run ended before it was stopped");
    signal(&second, Signal::INT);
    let stopped = ends([first, second]);
    for output in &stopped {
        assert_eq!(output.status.code(), Some(130), "{:?} {}", output.status, stderr(output));
    }
    let said = bench.finish(&handed, &[&ALONE[..], &["--resume"]].concat());
    assert!(said.contains("the checkpoint is of 2 processes, this run has 1"), "{said}");
    assert!(close(&expected, &losses(&handed), 1e-5), "{expected:?}");
    let other = bench.run(&handed, &["--engine", "general", "--resume", "--overwrite-output-dir"]);
    assert_eq!(other.status.code(), Some(2));
    let says = "`processes times gradient_accumulation_steps` is 1, expected 2";
    assert!(stderr(&other).contains(says), "{}", stderr(&other));
}

#[test]
fn a_killed_process_ends_the_other_and_the_run_goes_on_to_the_same_bytes() {
    let kills: u64 = std::env::var("TUNEWISE_KILLS").map_or(2, |kills| kills.parse().unwrap());
    let steps = (12 + 8 * kills).to_string();
    let settings = ["--max-steps", &steps, "--save-steps", "3", "--resume"];
    let bench = Bench::with_rows(60, &["--precision", "fp32"]);
    let (whole, broken) = (bench.out("whole"), bench.out("broken"));
    finish(&bench, &whole, &settings);
    for kill in 0..kills {
        let mut both = pair(&bench, &broken, &settings);
        let from = newest(&broken);
        let [first, second] = &mut both;
        let (victim, other) = if kill % 2 == 0 { (second, first) } else { (first, second) };
        let watched = if kill % 2 == 0 { &mut *other } else { &mut *victim };
        assert!(wait(watched, || newest(&broken) > from), "the run ended before it was killed");
        thread::sleep(Duration::from_micros(kill * 7_919 % 20_000)); // in a different moment each time
        signal(if kill % 2 == 0 { victim } else { watched }, Signal::KILL);
        let begin = Instant::now();
        let [first, second] = ends(both);
        assert!(begin.elapsed() < NOTICED, "kill {kill}: the other hung");
        let (victim, other) = if kill % 2 == 0 { (second, first) } else { (first, second) };
        assert_eq!(victim.status.code(), None);
        assert_eq!(other.status.code(), Some(2), "{}", stderr(&other));
        let rank = format!("rank {} of 2, ", kill % 2);
        assert!(stderr(&other).contains(&rank), "{}", stderr(&other));
    }
    let said = finish(&bench, &broken, &settings);
    assert!(said.contains("going on from"), "{said}");
    assert_same(&whole, &broken);
    say(&format!("ranks: {kills} kills"));
}

#[test]
fn a_process_that_never_comes_or_hangs_is_an_error_after_the_timeout() {
    let bench = Bench::with_rows(60, &["--max-steps", "100000", "--ddp-timeout", "3"]);
    let begin = Instant::now();
    let lonely = start(&bench, &bench.out("lonely"), (0, free_port()), &[]);
    let lonely = lonely.wait_with_output().unwrap();
    assert_eq!(lonely.status.code(), Some(2));
    let says = "rank 0 of 2, meeting the other ranks: ";
    assert!(stderr(&lonely).contains(says), "{}", stderr(&lonely));
    assert!(!bench.out("lonely").exists(), "nothing is touched before all are there");

    let out = bench.out("hung");
    let [mut first, mut second] = pair(&bench, &out, &["--save-steps", "2"]);
    assert!(wait(&mut first, || newest(&out) > 2));
    signal(&second, Signal::STOP);
    let first = first.wait_with_output().unwrap();
    second.kill().unwrap();
    second.wait().unwrap();
    assert_eq!(first.status.code(), Some(2), "{}", stderr(&first));
    assert!(stderr(&first).contains("rank 0 of 2, "), "{}", stderr(&first));
    assert!(stderr(&first).contains("the run can go on from "), "{}", stderr(&first));
    assert!(begin.elapsed() < NOTICED + NOTICED);
}

#[test]
fn processes_started_for_different_runs_end_at_once_and_touch_nothing() {
    let bench = Bench::with_rows(60, &[]);
    let (out, port) = (bench.out("out"), free_port());
    let first = start(&bench, &out, (0, port), &["--seed", "1"]);
    let second = start(&bench, &out, (1, port), &["--seed", "2"]);
    let [first, second] = ends([first, second]);
    assert_eq!((first.status.code(), second.status.code()), (Some(2), Some(2)));
    let says = "rank 1: `seed` is 2, expected 1 as of the first";
    assert!(stderr(&second).contains(says), "{}", stderr(&second));
    assert!(stderr(&first).contains("rank 0: another process differs"), "{}", stderr(&first));
    assert!(!out.exists());
}

#[test]
fn a_broken_environment_is_an_error_that_names_its_variable() {
    let bench = Bench::with_rows(60, &[]);
    let mut command = bench.command(&bench.out("out"), &[]);
    let output = command.env("WORLD_SIZE", "2").env("RANK", "2").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("MASTER_PORT: got nothing"), "{}", stderr(&output));
}
