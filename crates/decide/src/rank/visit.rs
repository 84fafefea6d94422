//! What readers were shown.

use std::collections::BTreeSet;
use std::io::BufRead;

use serde_json::{Map, Value};

use crate::error::Fault;
use crate::json::{name, object_lines, time, value, words};
use crate::{Error, Result};

/// A reader, what she had clicked before, and the items to choose from.
#[derive(Debug, Clone, PartialEq)]
pub struct Visit {
    /// The line of the file, from 1.
    pub line: u64,
    /// The reader.
    pub reader: String,
    /// When, milliseconds since 1970.
    pub time: i64,
    /// Items clicked before, oldest first; may be empty.
    pub history: Vec<String>,
    /// The candidates, each once.
    pub shown: Vec<String>,
    /// Those that were clicked then, if that is known.
    pub clicked: Option<BTreeSet<String>>,
}

/// Reads an object a line: `reader`, `time`, a list `shown` of items and, if there, lists `history` and
/// `clicked`. Other keys are left alone; `source` names the input in messages.
///
/// # Errors
/// [`Error::Line`] naming the line and key: an item shown twice, or clicked and not shown, too; [`Error::Io`].
///
/// ```
/// use tunewise_decide::rank::read_visits;
///
/// # fn main() -> tunewise_decide::Result<()> {
/// let line = r#"{"reader": "r1", "time": "2026-04-05T13:58:00Z", "history": [], "shown": ["a", "b"], "clicked": ["b"]}"#;
/// let visits = read_visits(line.as_bytes(), "sessions.jsonl")?;
/// assert!(visits[0].clicked.as_ref().unwrap().contains("b"));
/// # Ok(())
/// # }
/// ```
pub fn read_visits(input: impl BufRead, source: &str) -> Result<Vec<Visit>> {
    let one = |line: Result<(u64, Map<String, Value>)>| {
        let (number, object) = line?;
        let at = |fault| Error::Line { file: source.to_owned(), line: number, source: fault };
        parse(number, &object).map_err(at)
    };
    object_lines(input, source).map(one).collect()
}

/// Whether it is known what was clicked: in all visits or in none. `source` names them in messages.
///
/// # Errors
/// [`Error::SomeClicks`] for a part of them, on which nothing could be measured.
///
/// ```
/// use tunewise_decide::rank::{clicks_known, read_visits};
///
/// let lines = br#"{"reader": "a", "time": 0, "history": [], "shown": ["x"], "clicked": ["x"]}
/// {"reader": "b", "time": 0, "history": [], "shown": ["x"]}"#;
/// let visits = read_visits(&lines[..], "sessions.jsonl")?;
/// assert!(clicks_known(&visits[..1], "sessions.jsonl")?);
/// assert!(!clicks_known(&visits[1..], "sessions.jsonl")?);
/// assert_eq!(
///     clicks_known(&visits, "sessions.jsonl").unwrap_err().to_string(),
///     "sessions.jsonl: `clicked` is in 1 of 2 sessions, expected in all or in none",
/// );
/// # Ok::<(), tunewise_decide::Error>(())
/// ```
pub fn clicks_known(visits: &[Visit], source: &str) -> Result<bool> {
    let (known, total) = (visits.iter().filter(|it| it.clicked.is_some()).count(), visits.len());
    if known > 0 && known < total {
        return Err(Error::SomeClicks { file: source.to_owned(), known, total });
    }
    Ok(known > 0)
}

fn parse(line: u64, object: &Map<String, Value>) -> Result<Visit, Fault> {
    let (reader, time) = (name(object, "reader")?, time(object)?);
    if !object.contains_key("shown") {
        return Err(Fault::Missing("shown"));
    }
    let shown = words(object, "shown")?;
    let distinct: BTreeSet<&String> = shown.iter().collect();
    if distinct.len() != shown.len() {
        let twice = shown
            .iter()
            .enumerate()
            .find(|(place, it)| shown.iter().take(*place).any(|other| other == *it));
        let twice = twice.map(|(_, it)| it.as_str()).unwrap_or_default();
        return Err(value("shown", &Value::from(twice), "each item once"));
    }
    let clicked = match object.get("clicked") {
        None | Some(Value::Null) => None,
        Some(_) => Some(words(object, "clicked")?.into_iter().collect::<BTreeSet<String>>()),
    };
    if let Some(other) = clicked.iter().flatten().find(|item| !distinct.contains(item)) {
        return Err(value("clicked", &Value::from(other.as_str()), "items that were shown"));
    }
    Ok(Visit { line, reader, time, history: words(object, "history")?, shown, clicked })
}
