//! How a stream is watched.

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::error::argument;

/// Which detector opens an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// Whichever is first.
    #[default]
    Either,
    /// Both at once.
    Both,
    /// The cumulative sum.
    Cusum,
    /// The sequential test.
    Sequential,
}

/// How a stream is watched.
///
/// | field | default | range | meaning |
/// | --- | --- | --- | --- |
/// | `bucket_ms` | 1 h | 1 s to 366 d | texts are counted by buckets of event time, milliseconds |
/// | `lateness_ms` | 10 min | 0 or more | how long a bucket waits for texts after its end |
/// | `max_ahead_ms` | 30 d | 1 or more | a text that is newer than the newest by more is refused: one wrong clock must not make all others late |
/// | `remember_ms` | 24 h | 0 or more | how long, after the time of a text, its repetition is known for one |
/// | `negative_at` | 0.5 | (0, 1] | a text counts as negative from this probability on |
/// | `window` | 6 | 1 to 10,000 | buckets of the rolling share |
/// | `half_life` | 6 | above 0 | of the exponentially weighted share, buckets with texts |
/// | `baseline` | learnt | (0, 1) | the usual share of negative texts of every topic |
/// | `warm_up` | 500 | 1 or more | texts that a topic's baseline is learnt from; before, no alert |
/// | `burst_odds` | 3 | above 1 | the rise of the odds that the detectors are tuned to |
/// | `cusum_texts` | 100,000 | above 1 | texts of a topic between two false alarms of CUSUM, at least, on average |
/// | `sequential_alpha` | 0.01 | (0, 1) | probability that the sequential test ever alarms falsely on a topic, at most, per start |
/// | `trigger` | either | | which detector opens an alert |
/// | `clear_fraction` | 0.5 | [0, 1) | an alert is calm while the rolling share is below baseline + this part of the way to the burst |
/// | `clear_buckets` | 2 | 1 or more | calm buckets in a row that clear an alert |
/// | `cool_down_ms` | 6 h | 0 or more | after an alert is cleared, none is opened on its topic for as long |
/// | `critical_odds` | 9 | above 1 | rise of the rolling share's odds from which an alert is critical |
/// | `evidence` | 3 | up to 100 | texts shown with an alert: the most negative of the window |
/// | `history` | 1000 | 2 to 100,000 | points of a curve and alerts that are kept for the page |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[allow(missing_docs, reason = "the table has them")]
pub struct MonitorOptions {
    pub bucket_ms: i64,
    pub lateness_ms: i64,
    pub max_ahead_ms: i64,
    pub remember_ms: i64,
    pub negative_at: f64,
    pub window: usize,
    pub half_life: f64,
    pub baseline: Option<f64>,
    pub warm_up: u64,
    pub burst_odds: f64,
    pub cusum_texts: f64,
    pub sequential_alpha: f64,
    pub trigger: Trigger,
    pub clear_fraction: f64,
    pub clear_buckets: u32,
    pub cool_down_ms: i64,
    pub critical_odds: f64,
    pub evidence: usize,
    pub history: usize,
}

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

impl Default for MonitorOptions {
    fn default() -> Self {
        Self {
            bucket_ms: HOUR,
            lateness_ms: 10 * MINUTE,
            max_ahead_ms: 30 * DAY,
            remember_ms: DAY,
            negative_at: 0.5,
            window: 6,
            half_life: 6.0,
            baseline: None,
            warm_up: 500,
            burst_odds: 3.0,
            cusum_texts: 1e5,
            sequential_alpha: 0.01,
            trigger: Trigger::Either,
            clear_fraction: 0.5,
            clear_buckets: 2,
            cool_down_ms: 6 * HOUR,
            critical_odds: 9.0,
            evidence: 3,
            history: 1000,
        }
    }
}

impl MonitorOptions {
    /// Whether every setting is in its range.
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) naming the first that is not.
    pub fn validate(&self) -> Result<()> {
        let above = |x: f64, low: f64| x > low && x.is_finite();
        let checks = [
            (
                "bucket_ms",
                (1000..=366 * DAY).contains(&self.bucket_ms),
                self.bucket_ms.to_string(),
                "1000 (a second) to 366 days",
            ),
            (
                "lateness_ms",
                (0..=366 * DAY).contains(&self.lateness_ms),
                self.lateness_ms.to_string(),
                "0 to 366 days",
            ),
            ("max_ahead_ms", self.max_ahead_ms >= 1, self.max_ahead_ms.to_string(), "1 or more"),
            (
                "remember_ms",
                (0..=366 * DAY).contains(&self.remember_ms),
                self.remember_ms.to_string(),
                "0 to 366 days",
            ),
            (
                "negative_at",
                self.negative_at > 0.0 && self.negative_at <= 1.0,
                self.negative_at.to_string(),
                "above 0, up to 1",
            ),
            ("window", (1..=10_000).contains(&self.window), self.window.to_string(), "1 to 10000"),
            ("half_life", above(self.half_life, 0.0), self.half_life.to_string(), "above 0"),
            (
                "baseline",
                self.baseline.is_none_or(|p| p > 0.0 && p < 1.0),
                self.baseline.unwrap_or_default().to_string(),
                "above 0, below 1",
            ),
            ("warm_up", self.warm_up >= 1, self.warm_up.to_string(), "1 or more"),
            ("burst_odds", above(self.burst_odds, 1.0), self.burst_odds.to_string(), "above 1"),
            ("cusum_texts", above(self.cusum_texts, 1.0), self.cusum_texts.to_string(), "above 1"),
            (
                "sequential_alpha",
                self.sequential_alpha > 0.0 && self.sequential_alpha < 1.0,
                self.sequential_alpha.to_string(),
                "above 0, below 1",
            ),
            (
                "clear_fraction",
                (0.0..1.0).contains(&self.clear_fraction),
                self.clear_fraction.to_string(),
                "0 or more, below 1",
            ),
            ("clear_buckets", self.clear_buckets >= 1, self.clear_buckets.to_string(), "1 or more"),
            (
                "cool_down_ms",
                (0..=366 * DAY).contains(&self.cool_down_ms),
                self.cool_down_ms.to_string(),
                "0 to 366 days",
            ),
            (
                "critical_odds",
                above(self.critical_odds, 1.0),
                self.critical_odds.to_string(),
                "above 1",
            ),
            ("evidence", self.evidence <= 100, self.evidence.to_string(), "up to 100"),
            (
                "history",
                (2..=100_000).contains(&self.history),
                self.history.to_string(),
                "2 to 100000",
            ),
        ];
        match checks.into_iter().find(|check| !check.1) {
            Some((name, _, got, expected)) => Err(argument(name, got, expected)),
            None => Ok(()),
        }
    }
}
