//! Kills at any moment, also inside a save, while the other core is busy.

use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::bench::{Bench, assert_same, logged, newest, saves_now, say, signal, wait};

/// Keeps a core busy as long as it lives.
struct Load(Arc<AtomicBool>);

impl Load {
    fn start() -> Self {
        let busy = Arc::new(AtomicBool::new(true));
        let flag = Arc::clone(&busy);
        thread::spawn(move || {
            while flag.load(Ordering::Relaxed) {
                std::hint::spin_loop();
            }
        });
        Self(busy)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// When a process is killed.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// So many milliseconds after its start, wherever it is.
    After(u64),
    /// So many microseconds after the newest checkpoint is that many on.
    Saves(u64, u64),
    /// About so many microseconds into a save.
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
        0 => Moment::InSave(below(3_000)),
        1 => Moment::Saves(1 + below(2), below(20_000)),
        2 => Moment::InSave(below(3_000)),
        _ => Moment::After(below(400)),
    };
    (0..kills).map(&mut moment).collect()
}

/// What the kills met.
#[derive(Debug, Default)]
struct Met {
    in_save: usize,
    /// Kills that left logged steps beyond the newest checkpoint.
    log_ahead: usize,
}

impl Met {
    fn kill(&mut self, child: &mut Child, out: &Path, moment: Moment) {
        let begin = Instant::now();
        let from = newest(out);
        let (reached, pause) = match moment {
            Moment::After(milliseconds) => {
                let after = Duration::from_millis(milliseconds);
                (wait(child, || begin.elapsed() >= after), 0)
            }
            Moment::Saves(saves, pause) => {
                (wait(child, || newest(out) >= from + SAVE_STEPS * saves), pause)
            }
            Moment::InSave(pause) => (stop_in_save(child, out, from, pause), 0),
        };
        assert!(reached, "the run ended before {moment:?}");
        thread::sleep(Duration::from_micros(pause));
        signal(child, Signal::KILL);
        child.wait().unwrap();
        let in_save = saves_now(out);
        assert!(in_save || !matches!(moment, Moment::InSave(_)));
        self.in_save += usize::from(in_save);
        self.log_ahead += usize::from(logged(out) > newest(out));
    }
}

/// Holds the process still inside a save of its own; whether it came to that.
fn stop_in_save(child: &mut Child, out: &Path, from: u64, pause: u64) -> bool {
    while wait(child, || newest(out) > from && saves_now(out)) {
        thread::sleep(Duration::from_micros(pause));
        signal(child, Signal::STOP);
        if saves_now(out) {
            return true;
        }
        signal(child, Signal::CONT);
    }
    false
}

const SAVE_STEPS: u64 = 3;

/// `TUNEWISE_KILLS` or a few, at steps enough for as many.
fn killed_again_and_again(settings: &[&'static str]) {
    let kills: usize = std::env::var("TUNEWISE_KILLS").map_or(4, |kills| kills.parse().unwrap());
    let steps: &'static str = (48 + 20 * kills).to_string().leak();
    let save_steps: &'static str = SAVE_STEPS.to_string().leak();
    let often = ["--max-steps", steps, "--save-steps", save_steps, "--save-total-limit", "3"];
    let bench = Bench::new(&[&often[..], &["--eval-steps", "7"], settings].concat());
    let (whole, broken) = (bench.out("whole"), bench.out("broken"));
    bench.finish(&whole, &["--save-steps", "no"]);

    let _load = Load::start();
    let resume = ["--resume", "--overwrite-output-dir"];
    let mut met = Met::default();
    for moment in moments(kills) {
        let mut child = bench.command(&broken, &resume).stderr(Stdio::null()).spawn().unwrap();
        met.kill(&mut child, &broken, moment);
    }
    assert!(met.in_save > 0, "no kill fell into a save");
    let said = bench.finish(&broken, &resume);
    assert!(said.contains("going on from"), "{said}");
    assert!(!saves_now(&broken), "what kills left unfinished is cleared");
    assert_same(&whole, &broken);
    assert!(met.log_ahead > 0, "no kill left a log to cut back");
    say(&format!("{settings:?}: {kills} kills, {met:?}"));
}

#[test]
fn killed_in_the_default_precision_on_one_thread() {
    killed_again_and_again(&["--precision", "auto", "--threads", "1"]);
}

#[test]
fn killed_in_the_default_precision_on_two_threads() {
    killed_again_and_again(&["--precision", "auto", "--threads", "2"]);
}

#[test]
fn killed_in_fp32_on_one_thread() {
    killed_again_and_again(&["--precision", "fp32", "--threads", "1"]);
}

#[test]
fn killed_in_fp32_on_two_threads() {
    killed_again_and_again(&["--precision", "fp32", "--threads", "2"]);
}
