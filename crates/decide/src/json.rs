//! What lines of JSON hold.

use std::io::BufRead;
use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::error::Fault;
use crate::{Error, Result};

/// The objects of JSON Lines with their numbers; empty lines are none.
pub(crate) fn object_lines<'a>(
    input: impl BufRead + 'a,
    source: &'a str,
) -> impl Iterator<Item = Result<(u64, Map<String, Value>)>> + 'a {
    let one = move |(number, line): (u64, std::io::Result<String>)| {
        let line = match line {
            Ok(line) if line.trim().is_empty() => return None,
            Ok(line) => line,
            Err(error) => {
                return Some(Err(Error::Io { path: PathBuf::from(source), source: error }));
            }
        };
        let at = |fault| Error::Line { file: source.to_owned(), line: number, source: fault };
        Some(object(&line).map(|object| (number, object)).map_err(at))
    };
    (1..).zip(input.lines()).filter_map(one)
}

/// An id: a word or a number.
pub(crate) fn name(object: &Map<String, Value>, key: &'static str) -> Result<String, Fault> {
    id(key, object.get(key).ok_or(Fault::Missing(key))?, "a name or a whole number")
}

/// A list of ids or words; none if the key is not there.
pub(crate) fn words(object: &Map<String, Value>, key: &'static str) -> Result<Vec<String>, Fault> {
    const EXPECTED: &str = "a list of words";
    match object.get(key) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(words)) => words.iter().map(|word| id(key, word, EXPECTED)).collect(),
        Some(other) => Err(value(key, other, EXPECTED)),
    }
}

pub(crate) fn text(object: &Map<String, Value>, key: &'static str) -> Result<String, Fault> {
    match object.get(key) {
        None => Err(Fault::Missing(key)),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(other) => Err(value(key, other, "text")),
    }
}

pub(crate) fn id(key: &str, given: &Value, expected: &'static str) -> Result<String, Fault> {
    match given {
        Value::String(name) => Ok(name.clone()),
        Value::Number(number) if number.is_i64() || number.is_u64() => Ok(number.to_string()),
        other => Err(value(key, other, expected)),
    }
}

pub(crate) fn value(key: &str, got: &Value, expected: &'static str) -> Fault {
    let mut got = got.to_string();
    if let Some((end, _)) = got.char_indices().nth(80) {
        got.truncate(end);
        got.push('…');
    }
    Fault::Value { key: key.to_owned(), got, expected }
}

pub(crate) fn object(line: &str) -> Result<Map<String, Value>, Fault> {
    serde_json::from_str(line).map_err(|error| Fault::Json(error.to_string()))
}

/// The key `time`, milliseconds since 1970.
pub(crate) fn time(object: &Map<String, Value>) -> Result<i64, Fault> {
    time_of(object, "time")
}

/// A time by its key, milliseconds since 1970.
pub(crate) fn time_of(object: &Map<String, Value>, key: &'static str) -> Result<i64, Fault> {
    const EXPECTED: &str = "a time such as \"2026-05-01T08:30:00+08:00\", or seconds since 1970, of the years 1 to 9999";
    /// 0001-01-01 and 9999-12-31, seconds since 1970.
    const YEARS: std::ops::RangeInclusive<f64> = -62_135_596_800.0..=253_402_214_400.0;
    let given = object.get(key).ok_or(Fault::Missing(key))?;
    let time = match given {
        Value::String(text) => text.trim().parse::<Timestamp>().ok().map(|t| t.as_millisecond()),
        _ => given.as_f64().map(|seconds| (seconds * 1000.0).round() as i64),
    };
    let known = time.filter(|time| YEARS.contains(&(*time as f64 / 1000.0)));
    known.ok_or_else(|| value(key, given, EXPECTED))
}

/// A time as RFC 3339 in UTC.
pub(crate) fn written(time: i64) -> String {
    let time = Timestamp::from_millisecond(time);
    time.map_or_else(|_| "?".to_owned(), |time| time.to_string())
}
