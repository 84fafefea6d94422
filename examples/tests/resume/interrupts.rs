//! Ctrl-C, once and twice.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use rustix::process::Signal;

use crate::bench::{Bench, PATIENCE, assert_same, log, logged, newest, signal, wait};

/// What the process says, line by line.
fn lines(child: &mut Child) -> Receiver<String> {
    let stderr = child.stderr.take().unwrap();
    let (sender, lines) = channel();
    thread::spawn(move || {
        // To the end, so that the process never waits for a reader.
        BufReader::new(stderr).lines().map_while(Result::ok).for_each(|line| {
            let _ = sender.send(line);
        });
    });
    lines
}

fn wait_for(lines: &Receiver<String>, wanted: &str) {
    while !lines.recv_timeout(PATIENCE).unwrap().contains(wanted) {}
}

#[test]
fn an_interrupt_finishes_the_step_saves_and_exits_130() {
    let bench = Bench::new(&["--max-steps", "300", "--eval-steps", "7"]);
    let (whole, broken) = (bench.out("whole"), bench.out("broken"));
    bench.finish(&whole, &[]);

    let mut child = bench.command(&broken, &[]).stderr(Stdio::null()).spawn().unwrap();
    assert!(
        wait(&mut child, || fs::metadata(broken.join("log.jsonl")).is_ok_and(|f| f.len() > 1000))
    );
    signal(&child, Signal::INT);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let stopped_at = newest(&broken);
    assert!(stopped_at > 0 && stopped_at < 300, "{stopped_at}");
    assert_eq!(log(&broken).last().unwrap()["step"], stopped_at);
    bench.finish(&broken, &["--resume"]);
    assert_same(&whole, &broken);
}

/// Each step is an epoch of many small batches: it lasts long after both interrupts.
#[test]
fn a_second_interrupt_stops_within_the_step_and_harms_nothing() {
    let bench = Bench::with_rows(
        2_000,
        &["--max-steps", "3", "--gradient-accumulation-steps", "1000", "--save-steps", "1"],
    );
    let (whole, broken) = (bench.out("whole"), bench.out("broken"));
    bench.finish(&whole, &["--save-steps", "no"]);

    let mut child = bench.command(&broken, &[]).stderr(Stdio::piped()).spawn().unwrap();
    let said = lines(&mut child);
    assert!(wait(&mut child, || newest(&broken) == 1));
    signal(&child, Signal::INT);
    wait_for(&said, "once more to stop at once");
    signal(&child, Signal::INT);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!((newest(&broken), logged(&broken)), (1, 1), "the step under way is not finished");
    assert!(!broken.join("run.json").exists());
    bench.finish(&broken, &["--resume"]);
    assert_same(&whole, &broken);
}
