//! JSON Lines.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;

use serde_json::{Map, Value};

use super::columns::Header;
use super::{Limits, RawLabel, RawRow, ReadOptions};
use crate::dataset::Columns;
use crate::{Error, Result};

pub(super) fn read(
    reader: impl Read,
    source: &str,
    options: &ReadOptions,
) -> Result<(Vec<RawRow>, Columns)> {
    let mut lines = Lines::new(reader, source, options.limits);
    let mut columns = None;
    let mut rows = Vec::new();
    while let Some(object) = lines.next()? {
        let columns = match &columns {
            Some(columns) => columns,
            None => {
                let names: Vec<String> = object.keys().cloned().collect();
                columns.insert(Header { source, names: &names }.columns(options)?)
            }
        };
        rows.push(lines.row(object, columns)?);
    }
    Ok((rows, columns.unwrap_or_default()))
}

/// A file's objects, one after another.
pub(super) struct Lines<'a, R> {
    reader: BufReader<R>,
    source: &'a str,
    limits: Limits,
    /// The last line read, from 1.
    pub(super) line: u64,
}

impl<'a, R: Read> Lines<'a, R> {
    pub(super) fn new(reader: R, source: &'a str, limits: Limits) -> Self {
        Self { reader: BufReader::new(reader), source, limits, line: 0 }
    }

    /// The next line that is not blank, as an object.
    pub(super) fn next(&mut self) -> Result<Option<Map<String, Value>>> {
        loop {
            let limit = self.limits.max_row_bytes;
            let mut bytes = Vec::new();
            let mut limited = (&mut self.reader).take(limit as u64 + 1);
            let read = limited
                .read_until(b'\n', &mut bytes)
                .map_err(|source| Error::Io { path: PathBuf::from(self.source), source })?;
            self.line += 1;
            if read == 0 {
                return Ok(None);
            }
            if read > limit {
                return Err(self.limit("the row in bytes", limit));
            }
            let text = self.text(&bytes)?.trim_end();
            if !text.is_empty() {
                return self.object(text).map(Some);
            }
        }
    }

    fn text<'b>(&self, bytes: &'b [u8]) -> Result<&'b str> {
        const BOM: &[u8] = b"\xef\xbb\xbf";
        let bytes = bytes.strip_prefix(BOM).filter(|_| self.line == 1).unwrap_or(bytes);
        std::str::from_utf8(bytes).map_err(|error| {
            let offset = error.valid_up_to();
            Error::Utf8 {
                file: self.source.to_owned(),
                line: self.line,
                place: "line".to_owned(),
                offset,
                byte: bytes.get(offset).copied().unwrap_or_default(),
            }
        })
    }

    fn object(&self, text: &str) -> Result<Map<String, Value>> {
        let Limits { max_columns, max_nesting, .. } = self.limits;
        if depth(text) > max_nesting {
            return Err(self.limit("the nesting of JSON", max_nesting));
        }
        let (file, line) = (self.source.to_owned(), self.line);
        let object: Map<String, Value> =
            serde_json::from_str(text).map_err(|source| Error::Json { file, line, source })?;
        if object.len() > max_columns {
            return Err(self.limit("the object in keys", max_columns));
        }
        Ok(object)
    }

    fn limit(&self, what: &'static str, limit: usize) -> Error {
        Error::Limit { file: self.source.to_owned(), line: self.line, what, limit }
    }

    fn row(&self, mut object: Map<String, Value>, columns: &Columns) -> Result<RawRow> {
        let text_pair = columns.text_pair.as_deref();
        Ok(RawRow {
            text: self.string(&mut object, &columns.text)?,
            text_pair: text_pair.map(|column| self.string(&mut object, column)).transpose()?,
            label: match columns.label.as_deref() {
                Some(column) => {
                    object.remove(column).map(|value| self.label(column, value)).transpose()?
                }
                None => None,
            },
            line: self.line,
        })
    }

    fn string(&self, object: &mut Map<String, Value>, column: &str) -> Result<String> {
        match object.remove(column) {
            Some(Value::String(text)) => Ok(text),
            other => Err(self.value(column, other.as_ref(), "a string")),
        }
    }

    fn label(&self, column: &str, value: Value) -> Result<RawLabel> {
        match &value {
            Value::Null => Ok(RawLabel::Text(String::new())),
            Value::String(text) => Ok(RawLabel::Name(text.clone())),
            Value::Number(number) => match number.as_i64() {
                Some(integer) => Ok(RawLabel::Integer(integer)),
                None => Ok(RawLabel::Float(number.as_f64().unwrap_or(f64::NAN))),
            },
            Value::Array(names) => {
                let name = |name: &Value| match name {
                    Value::String(name) => Ok(name.clone()),
                    Value::Number(number) if number.is_i64() => Ok(number.to_string()),
                    _ => Err(self.value(column, Some(&value), "a list of strings or integers")),
                };
                let names = names.iter().map(name).collect::<Result<BTreeSet<_>>>()?;
                Ok(RawLabel::Names(names.into_iter().collect()))
            }
            _ => Err(self.value(column, Some(&value), "a string, a number or a list")),
        }
    }

    /// A value that cannot be used.
    pub(super) fn value(&self, column: &str, got: Option<&Value>, expected: &str) -> Error {
        Error::Value {
            file: self.source.to_owned(),
            line: self.line,
            column: column.to_owned(),
            got: got.map_or("missing".to_owned(), Value::to_string),
            expected: expected.to_owned(),
        }
    }
}

/// The deepest nesting of arrays and objects, brackets inside strings apart.
fn depth(json: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0usize, 0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}
