//! GNU OpenMP, told that the machine is shared.
//!
//! A thread of a team that waits for the next region runs in a loop for 300,000 rounds before it sleeps,
//! or for 1,000 where the process has more OpenMP threads than processors (libgomp's `GOMP_SPINCOUNT`).
//! The long loop is made for machines without other work: a thread that waits holds the processor that
//! the thread it waits for should have. The count is of all teams, so a second team that never gets work
//! makes all of them wait briefly where one team has a thread a processor, which is libtorch's default.

use crate::ffi;

/// The waiting threads' name.
const NAME: &str = "openmp-team";

/// Starts the second team, once a process, unless the user has said how threads shall wait. Without
/// threads to be had, everything stays as it was.
pub(crate) fn wait_briefly() {
    let chosen = |name: &str| std::env::var_os(name).is_some();
    if ["OMP_WAIT_POLICY", "GOMP_SPINCOUNT"].into_iter().any(chosen) {
        return;
    }
    let keep = || {
        // SAFETY: an OpenMP region that shares nothing.
        unsafe { ffi::tunewise_form_team() };
        loop {
            std::thread::park(); // a team ends with the thread that it belongs to
        }
    };
    let builder = std::thread::Builder::new().name(NAME.to_owned());
    drop(builder.spawn(keep));
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::time::Duration;

    use super::*;

    fn waiting() -> usize {
        let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
        let names = tasks.map(|task| std::fs::read_to_string(task.path().join("comm")));
        names.flatten().filter(|it| it.trim() == NAME).count()
    }

    #[test]
    fn a_second_team_stays_once_a_process() {
        // A thread that the region starts has the name of the one that starts it.
        for _ in 0..2 {
            crate::init();
        }
        let formed = (0..500).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            waiting() == 2
        });
        assert!(formed, "{} threads", waiting());
    }
}
