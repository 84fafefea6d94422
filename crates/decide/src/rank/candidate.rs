//! Items that may be shown.

use std::collections::HashMap;
use std::io::BufRead;

use serde_json::{Map, Value};

use crate::error::Fault;
use crate::json::{name, object_lines, value, words};
use crate::{Error, Result};

/// An item that may be shown to a reader.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// What it is known by.
    pub item: String,
    /// Probability of a click by the model; `None` for a reader of whom nothing is known.
    pub click: Option<f64>,
    /// Other signals (popularity, recency, price), in the order of the blend's names.
    pub signals: Vec<f64>,
    /// Words or tags; items that share them are alike.
    pub terms: Vec<String>,
}

/// What a reader was shown and how it was taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// The reader.
    pub reader: String,
    /// The items, each once.
    pub candidates: Vec<Candidate>,
    /// How relevant each proved, `[candidates]`, 0 or more: 1 for a click, more for a purchase; `None`
    /// where it is not known.
    pub relevance: Option<Vec<f64>>,
}

/// Reads an object a line: `reader`, `item`, `click` (a number or `null`), an object `signals` with the
/// names given, and, if there, a list `terms` and a number `relevance` (or `clicked`, 0 or 1). Lines of a
/// reader make a session, in the order of their first lines; `source` names the input in messages.
///
/// # Errors
/// [`Error::Line`] naming the line and key; [`Error::Io`].
///
/// ```
/// use tunewise_decide::rank::read_sessions;
///
/// # fn main() -> tunewise_decide::Result<()> {
/// let lines = r#"{"reader": "r1", "item": "a", "click": 0.7, "signals": {"popularity": 12}, "clicked": 1}
/// {"reader": "r1", "item": "b", "click": 0.2, "signals": {"popularity": 90}, "clicked": 0}"#;
/// let sessions = read_sessions(lines.as_bytes(), "scored.jsonl", &["popularity"])?;
/// assert_eq!((sessions.len(), sessions[0].candidates.len()), (1, 2));
/// # Ok(())
/// # }
/// ```
pub fn read_sessions(input: impl BufRead, source: &str, signals: &[&str]) -> Result<Vec<Session>> {
    let mut sessions: Vec<Session> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for line in object_lines(input, source) {
        let (number, object) = line?;
        let at = |fault| Error::Line { file: source.to_owned(), line: number, source: fault };
        let (reader, candidate, relevance) = parse(&object, signals).map_err(at)?;
        let place = *places.entry(reader.clone()).or_insert(sessions.len());
        if place == sessions.len() {
            let relevance = relevance.map(|_| Vec::new());
            sessions.push(Session { reader, candidates: Vec::new(), relevance });
        }
        let Some(session) = sessions.get_mut(place) else { continue };
        if session.candidates.iter().any(|other| other.item == candidate.item) {
            return Err(at(value("item", &Value::from(candidate.item), "an item once a reader")));
        }
        match (&mut session.relevance, relevance) {
            (Some(all), Some(relevance)) => all.push(relevance),
            (None, None) => {}
            (_, relevance) => {
                let expected = "a number in all lines of a reader, or in none";
                return Err(at(value("relevance", &Value::from(relevance), expected)));
            }
        }
        session.candidates.push(candidate);
    }
    Ok(sessions)
}

fn parse(
    object: &Map<String, Value>,
    names: &[&str],
) -> Result<(String, Candidate, Option<f64>), Fault> {
    let click = match object.get("click") {
        None => return Err(Fault::Missing("click")),
        Some(Value::Null) => None,
        Some(given) => {
            let known = given.as_f64().filter(|p| (0.0..=1.0).contains(p));
            Some(known.ok_or_else(|| value("click", given, "a number from 0 to 1, or null"))?)
        }
    };
    let given = object.get("signals");
    let signal = |name: &&str| match given.and_then(|signals| signals.get(*name)) {
        None => Err(value(&format!("signals.{name}"), &Value::Null, "a number")),
        Some(given) => {
            given.as_f64().ok_or_else(|| value(&format!("signals.{name}"), given, "a number"))
        }
    };
    let signals = names.iter().map(signal).collect::<Result<Vec<f64>, Fault>>()?;
    let terms = words(object, "terms")?;
    let relevance = match object.get("relevance").or_else(|| object.get("clicked")) {
        None | Some(Value::Null) => None,
        Some(Value::Bool(clicked)) => Some(f64::from(u8::from(*clicked))),
        Some(given) => {
            let known = given.as_f64().filter(|number| *number >= 0.0);
            Some(known.ok_or_else(|| value("relevance", given, "a number of 0 or more"))?)
        }
    };
    let item = name(object, "item")?;
    Ok((name(object, "reader")?, Candidate { item, click, signals, terms }, relevance))
}
