//! The whole stream.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::alert::AlertRecord;
use super::options::MonitorOptions;
use super::text::ScoredText;
use super::topic::{Bucket, Tally, Topic};
use crate::{Error, Result};

/// Of the saved form.
const VERSION: u32 = 1;

/// What became of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It counts.
    Counted,
    /// It was there before.
    Duplicate,
    /// Its bucket is closed: it came so many milliseconds after the newest text, more than is waited for.
    Late {
        /// Milliseconds behind the newest text.
        behind_ms: i64,
    },
    /// It is so many milliseconds ahead of all others, more than is plausible.
    Ahead {
        /// Milliseconds ahead of the newest text.
        ahead_ms: i64,
    },
}

/// How many texts met which end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Those that count.
    pub counted: u64,
    /// Repetitions.
    pub duplicates: u64,
    /// Those that came too late.
    pub late: u64,
    /// Those from too far ahead.
    pub ahead: u64,
}

/// Watches texts in event time. What it says hangs on the texts alone, not on the order in which they come
/// within the lateness, nor on when it is stopped, saved and gone on with.
///
/// Texts lie in buckets of time. A bucket is closed, and its topics are judged, once a text is newer than its
/// end by more than the lateness.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Monitor {
    version: u32,
    options: MonitorOptions,
    newest: Option<i64>,
    /// The first bucket that is not closed, once one is.
    open_from: Option<i64>,
    /// Tallies of the open buckets by topic.
    buckets: BTreeMap<i64, BTreeMap<String, Tally>>,
    topics: BTreeMap<String, Topic>,
    /// Keys of texts with their times.
    seen: BTreeMap<String, i64>,
    counts: Counts,
    recent: VecDeque<AlertRecord>,
}

impl Monitor {
    /// Of a stream that begins.
    ///
    /// # Errors
    /// [`Error::Argument`] for a setting out of range.
    pub fn new(options: MonitorOptions) -> Result<Self> {
        options.validate()?;
        Ok(Self {
            version: VERSION,
            options,
            newest: None,
            open_from: None,
            buckets: BTreeMap::new(),
            topics: BTreeMap::new(),
            seen: BTreeMap::new(),
            counts: Counts::default(),
            recent: VecDeque::new(),
        })
    }

    /// Whether this one, restored, watches as `options` ask.
    ///
    /// # Errors
    /// [`Error::State`] naming `file` if it was saved by another version or under other settings.
    pub fn check(&self, options: &MonitorOptions, file: &str) -> Result<()> {
        let what = if self.version != VERSION {
            format!("the state is of format {}, expected {VERSION}", self.version)
        } else if self.options != *options {
            format!(
                "the state was saved under other settings ({:?}); go on with those, or start a new state",
                self.options
            )
        } else {
            return Ok(());
        };
        Err(Error::State { file: file.to_owned(), what })
    }

    /// The settings.
    #[must_use]
    pub fn options(&self) -> &MonitorOptions {
        &self.options
    }

    /// How many texts met which end.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The latest records, at most `history` of them.
    pub fn recent(&self) -> impl ExactSizeIterator<Item = &AlertRecord> {
        self.recent.iter()
    }

    pub(crate) fn topics(&self) -> impl Iterator<Item = (&String, &Topic)> {
        self.topics.iter()
    }

    /// Takes a text in; what became of it, and what there is to say now.
    pub fn push(&mut self, text: ScoredText) -> (Outcome, Vec<AlertRecord>) {
        let newest = self.newest.unwrap_or(text.time);
        let outcome = self.judge(&text, newest);
        let count = match outcome {
            Outcome::Counted => &mut self.counts.counted,
            Outcome::Duplicate => &mut self.counts.duplicates,
            Outcome::Late { .. } => &mut self.counts.late,
            Outcome::Ahead { .. } => &mut self.counts.ahead,
        };
        *count += 1;
        if outcome != Outcome::Counted {
            return (outcome, Vec::new());
        }
        let newest = newest.max(text.time);
        self.newest = Some(newest);
        self.seen.insert(text.key(), text.time);
        let topics = self.buckets.entry(self.bucket(text.time)).or_default();
        topics.entry(text.topic.clone()).or_default().add(text, &self.options);
        let waited_for = newest.saturating_sub(self.options.lateness_ms);
        (outcome, self.close_before(self.bucket(waited_for)))
    }

    /// Closes the buckets that are still open, as at the end of a file.
    pub fn finish(&mut self) -> Vec<AlertRecord> {
        match self.buckets.last_key_value() {
            Some((&last, _)) => self.close_before(last + 1),
            None => Vec::new(),
        }
    }

    fn bucket(&self, time: i64) -> i64 {
        time.div_euclid(self.options.bucket_ms)
    }

    fn judge(&self, text: &ScoredText, newest: i64) -> Outcome {
        let ahead_ms = text.time.saturating_sub(newest);
        if self.seen.contains_key(&text.key()) {
            Outcome::Duplicate
        } else if self.open_from.is_some_and(|open| self.bucket(text.time) < open) {
            Outcome::Late { behind_ms: -ahead_ms }
        } else if ahead_ms > self.options.max_ahead_ms {
            Outcome::Ahead { ahead_ms }
        } else {
            Outcome::Counted
        }
    }

    /// Closes the buckets before that one, in order, also those without texts.
    fn close_before(&mut self, open: i64) -> Vec<AlertRecord> {
        let first = self.buckets.first_key_value().map(|(bucket, _)| *bucket);
        let from = match (self.open_from, first) {
            (Some(open_from), _) => open_from,
            (None, Some(first)) => first,
            (None, None) => return Vec::new(),
        };
        if open <= from {
            return Vec::new();
        }
        let mut records = Vec::new();
        let mut bucket = from;
        while bucket < open {
            let topics = self.buckets.remove(&bucket).unwrap_or_default();
            self.close_bucket(bucket, topics, &mut records);
            bucket = self.after(bucket, from).min(open);
        }
        self.open_from = Some(open);
        self.forget();
        self.recent.extend(records.iter().cloned());
        while self.recent.len() > self.options.history {
            self.recent.pop_front();
        }
        records
    }

    /// The next bucket to close: of a long silence only as many as can change anything.
    fn after(&self, bucket: i64, from: i64) -> i64 {
        let silent = self.options.window as i64 + i64::from(self.options.clear_buckets) + 1;
        let next = self.buckets.first_key_value().map_or(i64::MAX, |(next, _)| *next);
        let last = self.last_with_texts().max(from);
        if bucket - last >= silent { next.max(bucket + 1) } else { bucket + 1 }
    }

    /// The last closed bucket with texts of any topic.
    fn last_with_texts(&self) -> i64 {
        let last = self.topics.values().filter_map(Topic::last_point);
        let end = last.map(|point| point.time_ms).max().unwrap_or(i64::MIN);
        if end == i64::MIN { i64::MIN } else { self.bucket(end) - 1 }
    }

    fn close_bucket(
        &mut self,
        bucket: i64,
        mut topics: BTreeMap<String, Tally>,
        records: &mut Vec<AlertRecord>,
    ) {
        let end = bucket.saturating_add(1).saturating_mul(self.options.bucket_ms);
        for name in topics.keys() {
            if !self.topics.contains_key(name) {
                self.topics.insert(name.clone(), Topic::default());
            }
        }
        for (name, topic) in &mut self.topics {
            let tally = topics.remove(name).unwrap_or_default();
            let bucket = Bucket { name, end, options: &self.options };
            records.extend(topic.close_bucket(tally, &bucket));
        }
    }

    /// Drops the keys of texts whose repetition would be late anyway, or is no longer to be known.
    fn forget(&mut self) {
        let newest = self.newest.unwrap_or_default();
        let oldest = newest.saturating_sub(self.options.remember_ms);
        let open = self.open_from.unwrap_or(i64::MIN).saturating_mul(self.options.bucket_ms);
        self.seen.retain(|_, time| *time >= oldest || *time >= open);
    }
}
