//! Alerts held against bursts that are known.

use std::fmt;
use std::io::BufRead;

use super::alert::{AlertKind, AlertRecord};
use crate::error::Fault;
use crate::json::{object_lines, text, time_of, written};
use crate::{Error, Result};

/// A time in which a topic was known to have more negative texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Burst {
    /// The topic.
    pub topic: String,
    /// Its beginning, milliseconds since 1970.
    pub from: i64,
    /// Its end.
    pub to: i64,
}

impl Burst {
    /// Reads an object a line with `topic`, `from` and `to` (times as texts have them).
    ///
    /// # Errors
    /// [`Error::Line`] naming the line and key; [`Error::Io`].
    pub fn read(input: impl BufRead, source: &str) -> Result<Vec<Self>> {
        let one = |line: Result<(u64, serde_json::Map<String, serde_json::Value>)>| {
            let (number, object) = line?;
            let burst = || {
                let (from, to) = (time_of(&object, "from")?, time_of(&object, "to")?);
                Ok(Self { topic: text(&object, "topic")?, from, to })
            };
            burst().map_err(|source_fault: Fault| Error::Line {
                file: source.to_owned(),
                line: number,
                source: source_fault,
            })
        };
        object_lines(input, source).map(one).collect()
    }
}

/// What alerts made of known bursts.
#[derive(Debug, Clone, PartialEq)]
pub struct Review {
    /// Each burst with the first alert opened on its topic between its beginning and its end.
    pub bursts: Vec<(Burst, Option<AlertRecord>)>,
    /// Alerts opened on a topic while it had no burst.
    pub false_alarms: Vec<AlertRecord>,
}

impl Review {
    /// Of alerts in any order.
    #[must_use]
    pub fn new<'a>(bursts: &[Burst], alerts: impl Iterator<Item = &'a AlertRecord>) -> Self {
        let mut review = Self {
            bursts: bursts.iter().map(|burst| (burst.clone(), None)).collect(),
            false_alarms: Vec::new(),
        };
        for alert in alerts.filter(|alert| alert.kind == AlertKind::Opened) {
            let within = |burst: &Burst| {
                burst.topic == alert.topic && (burst.from..=burst.to).contains(&alert.time_ms)
            };
            match review.bursts.iter_mut().find(|(burst, _)| within(burst)) {
                None => review.false_alarms.push(alert.clone()),
                Some((_, first)) => {
                    if first.as_ref().is_none_or(|first| alert.time_ms < first.time_ms) {
                        *first = Some(alert.clone());
                    }
                }
            }
        }
        review
    }
}

impl fmt::Display for Review {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (burst, alert) in &self.bursts {
            let from = written(burst.from);
            match alert {
                None => writeln!(f, "{}: the burst of {from} was missed", burst.topic)?,
                Some(alert) => {
                    let hours = (alert.time_ms - burst.from) as f64 / 3_600_000.0;
                    writeln!(
                        f,
                        "{}: the burst of {from} was caught after {hours:.1} h",
                        burst.topic
                    )?;
                }
            }
        }
        for alert in &self.false_alarms {
            writeln!(f, "{}: false alarm at {}", alert.topic, alert.time)?;
        }
        let (caught, all) =
            (self.bursts.iter().filter(|it| it.1.is_some()).count(), self.bursts.len());
        writeln!(f, "{caught} of {all} bursts caught, {} false alarms", self.false_alarms.len())
    }
}
