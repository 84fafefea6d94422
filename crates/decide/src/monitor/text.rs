//! Lines of JSON to texts.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::Fault;
use crate::json::{id, object, text, time, value};

/// A text with its time.
#[derive(Debug, Clone, PartialEq)]
pub struct TimedText {
    /// What it is known by; without, time, topic and text together are.
    pub id: Option<String>,
    /// When it was written, milliseconds since 1970.
    pub time: i64,
    /// What it is about, if it says so itself.
    pub topic: Option<String>,
    /// The text.
    pub text: String,
}

/// What a model says of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct TextScore {
    /// What it is about; `None` leaves it to the text to say so.
    pub topic: Option<String>,
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
    /// `topic` and `id` (a word or a whole number). Other keys are left alone.
    ///
    /// # Errors
    /// What is wrong with which key.
    pub fn from_json(line: &str) -> Result<Self, Fault> {
        Self::from_object(&object(line)?)
    }

    /// With a model's score. The model's topic counts where it gives one.
    ///
    /// # Errors
    /// That `topic` is missing, if neither the model nor the text has one.
    pub fn scored(self, score: TextScore) -> Result<ScoredText, Fault> {
        let Self { id, time, topic, text } = self;
        let topic = score.topic.or(topic).ok_or(Fault::Missing("topic"))?;
        Ok(ScoredText { id, time, topic, negative: score.negative, text })
    }

    fn from_object(object: &Map<String, Value>) -> Result<Self, Fault> {
        let given = |key: &'static str| object.get(key).filter(|value| !value.is_null());
        let id = given("id").map(|it| id("id", it, "a word or a whole number")).transpose()?;
        let topic = given("topic").map(|_| text(object, "topic")).transpose()?;
        Ok(Self { id, time: time(object)?, topic, text: text(object, "text")? })
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
        let negative = object.get("negative").ok_or(Fault::Missing("negative"))?;
        let probability = negative.as_f64().filter(|p| (0.0..=1.0).contains(p));
        let fault = || value("negative", negative, "a number from 0 to 1");
        timed.scored(TextScore { topic: None, negative: probability.ok_or_else(fault)? })
    }

    /// What tells it from other texts.
    pub(crate) fn key(&self) -> String {
        match &self.id {
            Some(id) => format!("id {id}"),
            None => format!("text {} {:?} {}", self.time, self.topic, self.text),
        }
    }
}
