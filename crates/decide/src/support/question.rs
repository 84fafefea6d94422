//! Questions, and what would have been right.

use std::fmt;

use serde_json::{Map, Value};

use crate::error::Fault;

/// A question as it comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// What the sender knows it by.
    pub id: Option<String>,
    /// What is asked.
    pub text: String,
}

impl Question {
    /// Reads a line: an object with `text` and, if there, `id` (a word or a whole number); a line that
    /// does not begin with `{` is the question itself.
    ///
    /// # Errors
    /// What is wrong with which key.
    ///
    /// ```
    /// use tunewise_decide::support::Question;
    ///
    /// assert_eq!(Question::from_line("Where is my order?").unwrap().text, "Where is my order?");
    /// let fault = Question::from_line(r#"{"id": "q1"}"#).unwrap_err();
    /// assert_eq!(fault.to_string(), "no `text`");
    /// ```
    pub fn from_line(line: &str) -> Result<Self, Fault> {
        if !line.trim_start().starts_with('{') {
            return Ok(Self { id: None, text: line.to_owned() });
        }
        let object: Map<String, Value> =
            serde_json::from_str(line).map_err(|error| Fault::Json(error.to_string()))?;
        let value = |key: &str, got: &Value, expected| Fault::Value {
            key: key.to_owned(),
            got: got.to_string(),
            expected,
        };
        let text = match object.get("text") {
            None => return Err(Fault::Missing("text")),
            Some(Value::String(text)) => text.clone(),
            Some(other) => return Err(value("text", other, "words")),
        };
        let id = match object.get("id") {
            None | Some(Value::Null) => None,
            Some(Value::String(id)) => Some(id.clone()),
            Some(Value::Number(id)) if id.is_i64() || id.is_u64() => Some(id.to_string()),
            Some(other) => return Err(value("id", other, "a word or a whole number")),
        };
        Ok(Self { id, text })
    }
}

/// What would be the right way with a question.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Truth {
    /// The answer of that intent.
    Intent(String),
    /// The article of that id.
    Article(String),
    /// Nothing but a person's answer.
    Person,
}

impl Truth {
    /// What a label says: `person`, `article:ID`, else the name of an intent.
    ///
    /// ```
    /// use tunewise_decide::support::Truth;
    ///
    /// assert_eq!(Truth::of_label("article:opening-hours"), Truth::Article("opening-hours".into()));
    /// assert_eq!(Truth::of_label("refund").to_string(), "refund");
    /// ```
    #[must_use]
    pub fn of_label(label: &str) -> Self {
        match (label, label.strip_prefix("article:")) {
            ("person", _) => Self::Person,
            (_, Some(id)) => Self::Article(id.to_owned()),
            _ => Self::Intent(label.to_owned()),
        }
    }
}

impl fmt::Display for Truth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Intent(name) => f.write_str(name),
            Self::Article(id) => write!(f, "article:{id}"),
            Self::Person => f.write_str("person"),
        }
    }
}
