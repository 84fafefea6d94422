//! What is said of a topic.

use serde::{Deserialize, Serialize};

/// What happened to an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// It was opened.
    Opened,
    /// It became critical.
    Escalated,
    /// The share has come down again.
    Cleared,
}

/// How far the share has risen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// More than usual.
    Warning,
    /// Its odds are at least `critical_odds` times the usual ones.
    Critical,
}

/// A detector's statistic beside its threshold, both natural logarithms.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Detection {
    /// How much the texts speak for a rise.
    pub statistic: f64,
    /// From where on it alarms.
    pub threshold: f64,
}

/// A text that an alert rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Its id, if it has one.
    pub id: Option<String>,
    /// Its time, RFC 3339 in UTC.
    pub time: String,
    /// Probability that it is negative.
    pub negative: f64,
    /// The text.
    pub text: String,
}

/// A line of the alert log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertRecord {
    /// What happened.
    pub kind: AlertKind,
    /// Which alert: the topic and a number from 1.
    pub alert: String,
    /// The topic.
    pub topic: String,
    /// How far the share has risen; of a cleared alert, how far it had.
    pub severity: Severity,
    /// End of the bucket that decided it, RFC 3339 in UTC.
    pub time: String,
    /// The same, milliseconds since 1970.
    pub time_ms: i64,
    /// Texts in the window.
    pub texts: u64,
    /// Negative ones among them.
    pub negatives: u64,
    /// Their share; 0 without texts.
    pub share: f64,
    /// The exponentially weighted share.
    pub ewma: f64,
    /// The usual share that it is held against.
    pub baseline: f64,
    /// The cumulative sum.
    pub cusum: Detection,
    /// The sequential test.
    pub sequential: Detection,
    /// The most negative texts of the window.
    pub evidence: Vec<Evidence>,
}
