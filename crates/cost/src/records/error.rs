//! What can be wrong with records.

use crate::calibrate::FitError;

/// Why records cannot be read or fitted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The source of bytes failed.
    #[error("cannot read: {source}")]
    Read {
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// There is no header, or nothing below it.
    #[error("no rows: expected a header and rows below it")]
    Empty,
    /// A column is not there.
    #[error("line 1: no column `{column}`, found {}", found.join(", "))]
    MissingColumn {
        /// The column.
        column: String,
        /// The columns there are.
        found: Vec<String>,
    },
    /// Two columns have the name that is asked for.
    #[error("line 1: column `{column}` is there twice")]
    DoubledColumn {
        /// The column.
        column: String,
    },
    /// A row has another number of fields than the header.
    #[error("line {line}: {got} fields, expected {expected} as the header has")]
    Ragged {
        /// Where the row starts, from 1.
        line: u64,
        /// Its fields.
        got: u64,
        /// The header's.
        expected: u64,
    },
    /// A row is not UTF-8.
    #[error("line {line}: field {field} is not UTF-8")]
    Utf8 {
        /// Where the row starts, from 1.
        line: u64,
        /// The field, from 1.
        field: usize,
    },
    /// A field begins with a quote that nothing closes: the rest of the file would be that field.
    #[error("line {line}: the quote is not closed, expected another before the end of the field")]
    OpenQuote {
        /// Where the quote stands, from 1.
        line: u64,
    },
    /// A cell cannot be used.
    #[error("line {line}, column `{column}`: `{value}`, expected {expected}")]
    Value {
        /// Where the row starts, from 1.
        line: u64,
        /// The column.
        column: String,
        /// What the cell holds.
        value: String,
        /// What it must hold.
        expected: &'static str,
    },
    /// A run record is malformed JSON, or lacks a key: with line and column.
    #[error("no run record: {source}")]
    Json {
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
    /// A key of a run record holds a number that cannot be.
    #[error("`{key}` is {value}, expected {expected}")]
    Key {
        /// The key.
        key: &'static str,
        /// Its value.
        value: f64,
        /// What it must be.
        expected: &'static str,
    },
    /// A run does not say its tokens, and times are asked for at a number of tokens.
    #[error("run {run} does not say its tokens, which the times at {tokens} tokens need")]
    NoTokens {
        /// The run, from 1.
        run: usize,
        /// The tokens asked for.
        tokens: f64,
    },
    /// The fit cannot be made.
    #[error(transparent)]
    Fit(#[from] FitError),
}

impl From<csv::Error> for RecordError {
    fn from(error: csv::Error) -> Self {
        let line = error.position().map_or(1, csv::Position::line);
        match error.into_kind() {
            csv::ErrorKind::Io(source) => Self::Read { source },
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                Self::Ragged { line, got: len, expected: expected_len }
            }
            csv::ErrorKind::Utf8 { err, .. } => Self::Utf8 { line, field: err.field() + 1 },
            // The other kinds come from seeking and from serde, which no reader here uses.
            other => Self::Read { source: std::io::Error::other(format!("{other:?}")) },
        }
    }
}
