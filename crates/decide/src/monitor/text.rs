//! Lines of JSON to texts.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::Fault;

/// A text with its time.
#[derive(Debug, Clone, PartialEq)]
pub struct TimedText {
    /// What it is known by; without, time and text together are.
    pub id: Option<String>,
    /// When it was written, milliseconds since 1970.
    pub time: i64,
    /// The text.
    pub text: String,
}

/// What a model says of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct TextScore {
    /// What it is about.
    pub topic: String,
    /// Probability that it is negative, in [0, 1].
    pub negative: f64,
}

/// What tells topic and sentiment of texts: one or two fine-tuned classifiers, or anything else.
pub trait TextScorer {
    /// Why it cannot.
    type Error: std::error::Error;

    /// The score of each text, `[texts]`.
    ///
    /// # Errors
    /// The model's own.
    fn score(&mut self, texts: &[&str]) -> Result<Vec<TextScore>, Self::Error>;
}

/// A text with its time, topic and sentiment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoredText {
    /// What it is known by; without, time, topic and text together are.
    pub id: Option<String>,
    /// When it was written, milliseconds since 1970.
    pub time: i64,
    /// What it is about.
    pub topic: String,
    /// Probability that it is negative, in [0, 1].
    pub negative: f64,
    /// The text.
    pub text: String,
}

impl TimedText {
    /// Reads an object with `time` (RFC 3339 with an offset, or seconds since 1970), `text` and, if there,
    /// `id` (a word or a whole number). Other keys are left alone.
    ///
    /// # Errors
    /// What is wrong with which key.
    pub fn from_json(line: &str) -> Result<Self, Fault> {
        Self::from_object(&object(line)?)
    }

    /// With a model's score.
    #[must_use]
    pub fn scored(self, score: TextScore) -> ScoredText {
        let Self { id, time, text } = self;
        ScoredText { id, time, topic: score.topic, negative: score.negative, text }
    }

    fn from_object(object: &Map<String, Value>) -> Result<Self, Fault> {
        let id = match object.get("id") {
            None | Some(Value::Null) => None,
            Some(Value::String(id)) => Some(id.clone()),
            Some(Value::Number(id)) if id.is_i64() || id.is_u64() => Some(id.to_string()),
            Some(other) => return Err(value("id", other, "a word or a whole number")),
        };
        Ok(Self { id, time: time(object)?, text: string(object, "text")? })
    }
}

impl ScoredText {
    /// Reads what [`TimedText::from_json`] reads, and `topic` and `negative`.
    ///
    /// # Errors
    /// What is wrong with which key.
    ///
    /// ```
    /// use tunewise_decide::monitor::ScoredText;
    ///
    /// let line = r#"{"id": 7, "time": "2026-05-01T08:30:00+08:00", "topic": "fees", "negative": 0.93, "text": "too dear"}"#;
    /// let text = ScoredText::from_json(line).unwrap();
    /// assert_eq!((text.time, text.id.as_deref()), (1_777_595_400_000, Some("7")));
    /// let fault = ScoredText::from_json(r#"{"time": 0, "text": "", "topic": "a", "negative": 2}"#).unwrap_err();
    /// assert_eq!(fault.to_string(), "`negative` is 2, expected a number from 0 to 1");
    /// ```
    pub fn from_json(line: &str) -> Result<Self, Fault> {
        let object = object(line)?;
        let timed = TimedText::from_object(&object)?;
        let topic = string(&object, "topic")?;
        let negative = object.get("negative").ok_or(Fault::Missing("negative"))?;
        let probability = negative.as_f64().filter(|p| (0.0..=1.0).contains(p));
        let fault = || value("negative", negative, "a number from 0 to 1");
        Ok(timed.scored(TextScore { topic, negative: probability.ok_or_else(fault)? }))
    }

    /// What tells it from other texts.
    pub(crate) fn key(&self) -> String {
        match &self.id {
            Some(id) => format!("id {id}"),
            None => format!("text {} {:?} {}", self.time, self.topic, self.text),
        }
    }
}

/// A time as RFC 3339 in UTC.
pub(crate) fn written(time: i64) -> String {
    let time = Timestamp::from_millisecond(time);
    time.map_or_else(|_| "?".to_owned(), |time| time.to_string())
}

fn object(line: &str) -> Result<Map<String, Value>, Fault> {
    serde_json::from_str(line).map_err(|error| Fault::Json(error.to_string()))
}

fn string(object: &Map<String, Value>, key: &'static str) -> Result<String, Fault> {
    match object.get(key) {
        None => Err(Fault::Missing(key)),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(other) => Err(value(key, other, "text")),
    }
}

fn time(object: &Map<String, Value>) -> Result<i64, Fault> {
    const EXPECTED: &str = "a time such as \"2026-05-01T08:30:00+08:00\", or seconds since 1970, of the years 1 to 9999";
    /// 0001-01-01 and 9999-12-31, seconds since 1970.
    const YEARS: std::ops::RangeInclusive<f64> = -62_135_596_800.0..=253_402_214_400.0;
    let given = object.get("time").ok_or(Fault::Missing("time"))?;
    let time = match given {
        Value::String(text) => text.trim().parse::<Timestamp>().ok().map(|t| t.as_millisecond()),
        _ => given.as_f64().map(|seconds| (seconds * 1000.0).round() as i64),
    };
    let known = time.filter(|time| YEARS.contains(&(*time as f64 / 1000.0)));
    known.ok_or_else(|| value("time", given, EXPECTED))
}

fn value(key: &str, got: &Value, expected: &'static str) -> Fault {
    let mut got = got.to_string();
    if let Some((end, _)) = got.char_indices().nth(80) {
        got.truncate(end);
        got.push('…');
    }
    Fault::Value { key: key.to_owned(), got, expected }
}
