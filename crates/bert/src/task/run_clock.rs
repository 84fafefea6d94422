//! What a run took, all its processes together.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::train::{PhaseSeconds, Stopwatch};

/// Seconds and memory of a run so far. A checkpoint holds them, so that a resumed run's are those of
/// the whole: what a killed process did after its last checkpoint is done again and then counts once.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Spent {
    /// From reading the files on.
    pub(super) total: f64,
    /// Tokenizing the training rows.
    pub(super) tokenizing: f64,
    #[serde(flatten)]
    pub(super) phases: PhaseSeconds,
    /// The largest process's peak of resident memory, MiB; none where the system does not tell.
    pub(super) peak_rss_mb: Option<f64>,
}

/// Counts what a process adds to what was spent before it.
#[derive(Debug)]
pub(super) struct RunClock {
    begin: Instant,
    before: Spent,
    tokenizing: f64,
    pub(super) stopwatch: Stopwatch,
}

impl RunClock {
    /// Of a process that began then and took that long for tokenizing.
    pub(super) fn new(begin: Instant, before: Spent, tokenizing: f64) -> Self {
        Self { begin, before, tokenizing, stopwatch: Stopwatch::from_seconds(before.phases) }
    }

    pub(super) fn spent(&self) -> Spent {
        let peaks = self.before.peak_rss_mb.into_iter().chain(peak_rss_mb());
        Spent {
            total: self.before.total + self.begin.elapsed().as_secs_f64(),
            tokenizing: self.before.tokenizing + self.tokenizing,
            phases: self.stopwatch.seconds(),
            peak_rss_mb: peaks.reduce(f64::max),
        }
    }
}

/// The high-water mark of resident memory, where Linux tells it.
fn peak_rss_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kib / 1024.0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_was_spent_before_counts() {
        let phases = PhaseSeconds { steps: 5.0, evaluation: 3.0, saving: 2.0 };
        let before = Spent { total: 20.0, tokenizing: 4.0, phases, peak_rss_mb: Some(1e9) };
        let begin = Instant::now().checked_sub(Duration::from_secs(7)).unwrap();
        let spent = RunClock::new(begin, before, 0.5).spent();
        assert!(spent.total >= 27.0 && spent.total < 87.0, "{spent:?}");
        assert_eq!((spent.tokenizing, spent.phases), (4.5, phases));
        assert_eq!(spent.peak_rss_mb, Some(1e9), "the largest of all processes");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_peak_is_of_this_process() {
        let block = std::hint::black_box(vec![1u8; 64 << 20]);
        let peak = peak_rss_mb().unwrap();
        assert!((64.0..1e6).contains(&peak), "{peak}");
        drop(block);
    }
}
