//! Whether a share has risen.

use serde::{Deserialize, Serialize};

/// Logarithms of how much likelier a text is after a rise of the odds than before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogRatio {
    negative: f64,
    other: f64,
}

impl LogRatio {
    /// Of a rise from the share `baseline`, in (0, 1), to `odds` times its odds.
    ///
    /// # Formula
    /// ```text
    /// p1 / p0 = r / (1 - p0 + r p0)        (1 - p1) / (1 - p0) = 1 / (1 - p0 + r p0)
    /// ```
    #[must_use]
    pub fn new(baseline: f64, odds: f64) -> Self {
        let scale = (1.0 - baseline + odds * baseline).ln();
        Self { negative: odds.ln() - scale, other: -scale }
    }

    /// Of so many texts.
    #[must_use]
    pub fn of(&self, texts: u64, negatives: u64) -> f64 {
        self.negative * negatives as f64 + self.other * texts.saturating_sub(negatives) as f64
    }
}

/// The share after a rise of the odds.
pub(crate) fn raised(baseline: f64, odds: f64) -> f64 {
    odds * baseline / (1.0 - baseline + odds * baseline)
}

/// The cumulative sum: how much likelier the texts since the likeliest start of a burst are with it than
/// without.
///
/// # Formula
/// ```text
/// S ← max(0, S + log ratio of the bucket)        alarm: S >= ln(cusum_texts)
/// ```
///
/// # Reference
/// Page (1954), Continuous inspection schemes; Lorden (1971), Procedures for reacting to a change in
/// distribution: with the threshold h at least e^h texts lie between two false alarms on average, if texts
/// are independent and negative no oftener than the baseline. Counting by buckets only looks less often.
///
/// ```
/// use tunewise_decide::monitor::{Cusum, LogRatio};
///
/// let (mut cusum, ratio) = (Cusum::default(), LogRatio::new(0.1, 3.0));
/// assert_eq!(cusum.update(ratio.of(20, 2)), 0.0);
/// assert!(cusum.update(ratio.of(20, 12)) > 9.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Cusum {
    statistic: f64,
}

impl Cusum {
    /// Adds a bucket's log ratio; the statistic after it.
    pub fn update(&mut self, log_ratio: f64) -> f64 {
        self.statistic = (self.statistic + log_ratio).max(0.0);
        self.statistic
    }

    /// The statistic.
    #[must_use]
    pub fn statistic(&self) -> f64 {
        self.statistic
    }
}

/// A test that may be looked at after every bucket, for ever: a mixture over when the share rose and by
/// how much.
///
/// # Formula
/// ```text
/// E_t = mean_j Σ_{s<=t} w_s Π_{i=s..t} L_ji + 1 / (t + 1)      w_s = 1 / (s (s + 1))
/// where L_ji: likelihood ratio of bucket i for the rise j. Alarm: ln E >= ln(1 / α)
/// ```
///
/// # Reference
/// Ville (1939); Shin, Ramdas and Rinaldo (2023), E-detectors: a nonparametric framework for sequential
/// change detection. Under the baseline, or any smaller share, E is a non-negative supermartingale that
/// starts at 1, so the probability that it ever reaches 1/α is at most α, if texts are independent.
///
/// ```
/// use tunewise_decide::monitor::{LogRatio, SequentialTest};
///
/// let rises = [1.7, 3.0, 9.0].map(|odds| LogRatio::new(0.1, odds));
/// let mut test = SequentialTest::default();
/// assert!(test.update(&rises, 20, 2) < 0.1);
/// assert!(test.update(&rises, 20, 12) > (1.0_f64 / 0.01).ln());
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SequentialTest {
    buckets: u64,
    /// Of each rise, ln Σ_{s<=t} w_s Π L.
    log_sums: Vec<f64>,
    log_evidence: f64,
}

impl SequentialTest {
    /// Adds a bucket; ln E after it. The rises must be the same in every call.
    pub fn update(&mut self, rises: &[LogRatio], texts: u64, negatives: u64) -> f64 {
        self.buckets += 1;
        let t = self.buckets as f64;
        let log_weight = -(t * (t + 1.0)).ln();
        let before = self.log_sums.iter().map(|sum| Some(*sum)).chain(std::iter::repeat(None));
        let sums = rises.iter().zip(before).map(|(rise, sum)| {
            sum.map_or(log_weight, |sum| log_add(sum, log_weight)) + rise.of(texts, negatives)
        });
        self.log_sums = sums.collect();
        let sum = self.log_sums.iter().copied().reduce(log_add);
        let rest = -(t + 1.0).ln();
        let mean = sum.map(|sum| sum - (rises.len() as f64).ln());
        self.log_evidence = mean.map_or(rest, |mean| log_add(mean, rest));
        self.log_evidence
    }

    /// ln E.
    #[must_use]
    pub fn log_evidence(&self) -> f64 {
        self.log_evidence
    }
}

/// ln(e^a + e^b).
fn log_add(a: f64, b: f64) -> f64 {
    let (low, high) = if a < b { (a, b) } else { (b, a) };
    high + (low - high).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequential_test_is_its_formula() {
        let (p0, buckets) = (0.2, [(10, 1), (7, 3), (12, 9), (5, 0)]);
        let odds = [1.5, 4.0];
        let rises = odds.map(|odds| LogRatio::new(p0, odds));
        let mut test = SequentialTest::default();
        for t in 1..=buckets.len() {
            let (texts, negatives) = buckets[t - 1];
            let log = test.update(&rises, texts, negatives);
            let likelihood = |odds: f64, (n, k): (u64, u64)| {
                let p1: f64 = odds * p0 / (1.0 - p0 + odds * p0);
                (p1 / p0).powi(k as i32) * ((1.0 - p1) / (1.0 - p0)).powi((n - k) as i32)
            };
            let from = |odds: f64, s: usize| {
                buckets[s - 1..t].iter().map(|&b| likelihood(odds, b)).product::<f64>()
            };
            let sum =
                |odds: f64| (1..=t).map(|s| from(odds, s) / (s * (s + 1)) as f64).sum::<f64>();
            let expected = (sum(odds[0]) + sum(odds[1])) / 2.0 + 1.0 / (t + 1) as f64;
            assert!((log - expected.ln()).abs() < 1e-12, "{t}: {log} {}", expected.ln());
        }
    }

    #[test]
    fn evidence_stays_finite_over_long_bursts() {
        let rises = [LogRatio::new(1e-4, 9.0)];
        let mut test = SequentialTest::default();
        for _ in 0..1000 {
            test.update(&rises, 1_000_000, 1_000_000);
        }
        assert!(test.log_evidence().is_finite() && test.log_evidence() > 1e9);
        for _ in 0..1000 {
            test.update(&rises, 1_000_000_000, 0);
        }
        assert!(test.log_evidence().is_finite());
    }
}
