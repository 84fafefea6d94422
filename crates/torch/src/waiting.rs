//! GNU OpenMP on a machine that is shared.
//!
//! A thread of a team that waits for the next region runs in a loop for 300,000 rounds before it sleeps,
//! or for 1,000 where the process has more OpenMP threads than processors (libgomp's `GOMP_SPINCOUNT`).
//! Alone the long loop is faster; beside another program it holds the processor that the thread it waits
//! for should have. The count is of all teams, so a second team that never gets work makes all of them
//! wait briefly where one team has a thread a processor, which is libtorch's default.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::ffi;

/// The name of the second team's threads.
const NAME: &str = "openmp-team";
/// Between two looks.
const PERIOD: Duration = Duration::from_millis(250);
/// Times a second that a thread had to leave its processor, from which the machine is shared.
const SHARED: f64 = 60.0;
/// And below which it is not any more.
const ALONE: f64 = 20.0;

/// Lets OpenMP's threads wait briefly while other programs want the same processors: they take turns with
/// these, which the system counts (`ru_nivcsw`). Where `OMP_WAIT_POLICY` or `GOMP_SPINCOUNT` says how
/// threads shall wait, and on other systems than Linux, it changes nothing.
///
/// ```
/// let mut machine = tunewise_torch::SharedMachine::new();
/// for _step in 0..3 {
///     machine.look(); // now and then, such as before a training step
/// }
/// ```
#[derive(Debug)]
pub struct SharedMachine {
    chosen: bool,
    since: Instant,
    switches: i64,
    team: Option<Team>,
}

impl Default for SharedMachine {
    fn default() -> Self {
        Self::new()
    }
}

impl SharedMachine {
    /// Nothing seen yet.
    #[must_use]
    pub fn new() -> Self {
        let chosen = |name: &str| std::env::var_os(name).is_some();
        Self {
            chosen: ["OMP_WAIT_POLICY", "GOMP_SPINCOUNT"].into_iter().any(chosen),
            since: Instant::now(),
            switches: switches(),
            team: None,
        }
    }

    /// Looks whether the machine is shared now, at most four times a second.
    pub fn look(&mut self) {
        let passed = self.since.elapsed();
        if self.chosen || passed < PERIOD {
            return;
        }
        let now = switches();
        let rate = (now - self.switches) as f64 / passed.as_secs_f64();
        (self.since, self.switches) = (Instant::now(), now);
        match is_shared(rate, self.team.is_some()) {
            true if self.team.is_none() => self.team = Team::form(),
            false => self.team = None,
            true => {}
        }
    }
}

/// Not at the first turn the other way.
fn is_shared(switches_a_second: f64, before: bool) -> bool {
    switches_a_second >= if before { ALONE } else { SHARED }
}

/// How often a thread of this process had to leave its processor to another.
#[cfg(target_os = "linux")]
fn switches() -> i64 {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the struct is the system's own; zeros are one, should the call fail.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr());
        usage.assume_init()
    };
    usage.ru_nivcsw
}

#[cfg(not(target_os = "linux"))]
fn switches() -> i64 {
    0
}

/// A second team, until it is dropped.
#[derive(Debug)]
struct Team {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Team {
    /// None where there is no thread to be had: everything stays as it was.
    fn form() -> Option<Self> {
        let over = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&over);
        let keep = move || {
            // SAFETY: an OpenMP region that shares nothing.
            unsafe { ffi::tunewise_form_team() };
            while !end.load(Ordering::Acquire) {
                thread::park(); // a team ends with the thread that it belongs to
            }
        };
        let thread = thread::Builder::new().name(NAME.to_owned()).spawn(keep).ok()?;
        Some(Self { over, thread: Some(thread) })
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    /// Threads of the second team; one that a region starts has the name of the one that starts it.
    fn waiting() -> usize {
        let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
        let names = tasks.map(|task| std::fs::read_to_string(task.path().join("comm")));
        names.flatten().filter(|it| it.trim() == NAME).count()
    }

    fn comes_to(count: usize) -> bool {
        (0..500).any(|_| {
            thread::sleep(Duration::from_millis(10));
            waiting() == count
        })
    }

    #[test]
    fn a_second_team_stays_until_it_is_dropped() {
        let team = Team::form();
        assert!(comes_to(2), "{} threads", waiting());
        drop(team);
        assert!(comes_to(0), "{} threads", waiting());
    }

    #[test]
    fn a_machine_is_shared_from_many_switches_until_there_are_few() {
        assert!(!is_shared(40.0, false) && is_shared(40.0, true));
        assert!(is_shared(200.0, false) && !is_shared(5.0, true));
    }

    #[test]
    fn switches_never_become_fewer() {
        let before = switches();
        assert!(before >= 0 && switches() >= before);
    }
}
