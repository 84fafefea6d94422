//! One topic: its counts, what is usual for it, whether that has changed.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::alert::{AlertKind, AlertRecord, Detection, Evidence, Severity};
use super::detect::{Cusum, LogRatio, SequentialTest, raised};
use super::options::{MonitorOptions, Trigger};
use super::text::ScoredText;
use crate::json::written;

/// Texts of one topic in one bucket.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tally {
    texts: u64,
    negatives: u64,
    /// The most negative texts, in order.
    evidence: Vec<ScoredText>,
}

impl Tally {
    pub(crate) fn add(&mut self, text: ScoredText, options: &MonitorOptions) {
        self.texts += 1;
        if text.negative >= options.negative_at {
            self.negatives += 1;
            self.evidence.push(text);
            self.evidence.sort_by(more_negative);
            self.evidence.truncate(options.evidence);
        }
    }
}

/// The more negative text first; an order that does not hang on who came first.
fn more_negative(a: &ScoredText, b: &ScoredText) -> std::cmp::Ordering {
    let rest = |it: &ScoredText| (it.time, it.id.clone(), it.text.clone());
    b.negative.total_cmp(&a.negative).then_with(|| rest(a).cmp(&rest(b)))
}

/// A point of the curves.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Point {
    pub(crate) time_ms: i64,
    pub(crate) share: f64,
    pub(crate) ewma: f64,
}

/// A bucket of a topic that is closed.
pub(crate) struct Bucket<'a> {
    /// The topic's name.
    pub(crate) name: &'a str,
    /// Milliseconds since 1970.
    pub(crate) end: i64,
    pub(crate) options: &'a MonitorOptions,
}

/// What happened to which alert, and how severe it is.
type Decided = (AlertKind, u64, Severity);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Alert {
    number: u64,
    severity: Severity,
    calm_buckets: u32,
}

/// All that is known of a topic.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Topic {
    window: VecDeque<Tally>,
    weighted_texts: f64,
    weighted_negatives: f64,
    learnt_texts: u64,
    learnt_negatives: u64,
    baseline: Option<f64>,
    cusum: Cusum,
    sequential: SequentialTest,
    alert: Option<Alert>,
    alerts: u64,
    quiet_until: Option<i64>,
    points: VecDeque<Point>,
}

impl Topic {
    pub(crate) fn points(&self) -> impl Iterator<Item = &Point> {
        self.points.iter()
    }

    pub(crate) fn baseline(&self) -> Option<f64> {
        self.baseline
    }

    pub(crate) fn last_point(&self) -> Option<&Point> {
        self.points.back()
    }

    /// Takes in a bucket; what there is to say.
    pub(crate) fn close_bucket(
        &mut self,
        tally: Tally,
        bucket: &Bucket<'_>,
    ) -> Option<AlertRecord> {
        let Bucket { end, options, .. } = *bucket;
        let (texts, negatives) = (tally.texts, tally.negatives);
        self.window.push_back(tally);
        while self.window.len() > options.window {
            self.window.pop_front();
        }
        if texts > 0 {
            self.weigh(texts, negatives, options);
            let (share, ewma) = (self.share().unwrap_or_default(), self.ewma());
            self.points.push_back(Point { time_ms: end, share, ewma });
            while self.points.len() > options.history {
                self.points.pop_front();
            }
        }
        let baseline = self.usual(texts, negatives, options)?;
        let decided = if self.alert.is_some() {
            self.watch_alert(baseline, bucket)
        } else {
            self.look_for_burst((texts, negatives), baseline, bucket)
        };
        let decided = decided?;
        let record = self.record(decided, baseline, bucket);
        if decided.0 == AlertKind::Cleared {
            self.cusum = Cusum::default();
            self.sequential = SequentialTest::default();
        }
        Some(record)
    }

    fn weigh(&mut self, texts: u64, negatives: u64, options: &MonitorOptions) {
        let kept = (-std::f64::consts::LN_2 / options.half_life).exp();
        self.weighted_texts = kept * self.weighted_texts + texts as f64;
        self.weighted_negatives = kept * self.weighted_negatives + negatives as f64;
    }

    /// The baseline, if known before this bucket; else the bucket helps to learn it.
    fn usual(&mut self, texts: u64, negatives: u64, options: &MonitorOptions) -> Option<f64> {
        if self.baseline.is_none() {
            self.baseline = options.baseline;
        }
        if self.baseline.is_some() {
            return self.baseline;
        }
        self.learnt_texts += texts;
        self.learnt_negatives += negatives;
        if self.learnt_texts >= options.warm_up {
            self.baseline = Some(upper_share(self.learnt_texts, self.learnt_negatives));
        }
        None
    }

    fn look_for_burst(
        &mut self,
        (texts, negatives): (u64, u64),
        baseline: f64,
        &Bucket { end, options, .. }: &Bucket<'_>,
    ) -> Option<Decided> {
        if texts > 0 {
            let tuned = LogRatio::new(baseline, options.burst_odds);
            self.cusum.update(tuned.of(texts, negatives));
            self.sequential.update(&rises(baseline, options), texts, negatives);
        }
        let cusum = self.cusum.statistic() >= options.cusum_texts.ln();
        let sequential = self.sequential.log_evidence() >= -options.sequential_alpha.ln();
        let tripped = match options.trigger {
            Trigger::Either => cusum || sequential,
            Trigger::Both => cusum && sequential,
            Trigger::Cusum => cusum,
            Trigger::Sequential => sequential,
        };
        if !tripped || texts == 0 || self.quiet_until.is_some_and(|until| end < until) {
            return None;
        }
        self.alerts += 1;
        let severity = self.severity(baseline, options);
        self.alert = Some(Alert { number: self.alerts, severity, calm_buckets: 0 });
        Some((AlertKind::Opened, self.alerts, severity))
    }

    fn watch_alert(
        &mut self,
        baseline: f64,
        &Bucket { end, options, .. }: &Bucket<'_>,
    ) -> Option<Decided> {
        let now = self.severity(baseline, options);
        let burst = raised(baseline, options.burst_odds);
        let calm_below = baseline + options.clear_fraction * (burst - baseline);
        // A topic that nobody writes on any more is calm.
        let calm = self.share().is_none_or(|share| share <= calm_below);
        let alert = self.alert.as_mut()?;
        alert.calm_buckets = if calm { alert.calm_buckets + 1 } else { 0 };
        let number = alert.number;
        if alert.calm_buckets >= options.clear_buckets {
            let severity = alert.severity;
            self.alert = None;
            self.quiet_until = Some(end.saturating_add(options.cool_down_ms));
            return Some((AlertKind::Cleared, number, severity));
        }
        if now > alert.severity {
            alert.severity = now;
            return Some((AlertKind::Escalated, number, now));
        }
        None
    }

    fn severity(&self, baseline: f64, options: &MonitorOptions) -> Severity {
        let critical = raised(baseline, options.critical_odds);
        let share = self.share().unwrap_or_default();
        if share >= critical { Severity::Critical } else { Severity::Warning }
    }

    /// The share of negative texts in the window, if it has any texts.
    fn share(&self) -> Option<f64> {
        let (texts, negatives) = self.counts();
        (texts > 0).then(|| negatives as f64 / texts as f64)
    }

    fn counts(&self) -> (u64, u64) {
        self.window.iter().fold((0, 0), |sum, it| (sum.0 + it.texts, sum.1 + it.negatives))
    }

    fn ewma(&self) -> f64 {
        if self.weighted_texts > 0.0 { self.weighted_negatives / self.weighted_texts } else { 0.0 }
    }

    fn record(
        &self,
        (kind, number, severity): Decided,
        baseline: f64,
        &Bucket { name, end, options }: &Bucket<'_>,
    ) -> AlertRecord {
        let (texts, negatives) = self.counts();
        let mut evidence: Vec<&ScoredText> =
            self.window.iter().flat_map(|tally| &tally.evidence).collect();
        evidence.sort_by(|a, b| more_negative(a, b));
        let shown = |text: &&ScoredText| Evidence {
            id: text.id.clone(),
            time: written(text.time),
            negative: text.negative,
            text: text.text.clone(),
        };
        AlertRecord {
            kind,
            alert: format!("{name}#{number}"),
            topic: name.to_owned(),
            severity,
            time: written(end),
            time_ms: end,
            texts,
            negatives,
            share: self.share().unwrap_or_default(),
            ewma: self.ewma(),
            baseline,
            cusum: Detection {
                statistic: self.cusum.statistic(),
                threshold: options.cusum_texts.ln(),
            },
            sequential: Detection {
                statistic: self.sequential.log_evidence(),
                threshold: -options.sequential_alpha.ln(),
            },
            evidence: evidence.iter().take(options.evidence).map(shown).collect(),
        }
    }
}

/// The rises that the sequential test mixes: half, once and twice the tuned one on the scale of log odds.
fn rises(baseline: f64, options: &MonitorOptions) -> [LogRatio; 3] {
    [0.5, 1.0, 2.0].map(|power| LogRatio::new(baseline, options.burst_odds.powf(power)))
}

/// The upper end of the one-sided 95 % Wilson interval of a share: what is taken for usual is, with that
/// confidence, not below what is.
fn upper_share(texts: u64, negatives: u64) -> f64 {
    const Z: f64 = 1.644_853_626_951_472_2;
    let (n, p) = (texts as f64, negatives as f64 / texts as f64);
    let middle = p + Z * Z / (2.0 * n);
    let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    ((middle + half) / (1.0 + Z * Z / n)).clamp(1e-6, 0.999)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_learnt_baseline_is_wilsons() {
        // statsmodels 0.14: proportion_confint(50, 500, alpha=0.1, method="wilson")[1]
        assert!((upper_share(500, 50) - 0.124_266_385_821_414_26).abs() < 1e-12);
        assert!(upper_share(500, 0) > 0.005 && upper_share(500, 500) < 1.0);
    }
}
