//! The crate's error type.

use std::path::PathBuf;

/// What can be wrong with a file of texts, its labels or its tokenizer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The format cannot be told from the file's name.
    #[error("{file}: unknown format; expected a name ending in .csv, .tsv, .jsonl or .parquet")]
    UnknownFormat {
        /// The file.
        file: String,
    },
    /// The reader of that format is not part of this build.
    #[error(
        "{file}: this build has no reader for the format; enable the feature `{feature}` of tunewise-data"
    )]
    NotBuilt {
        /// The file.
        file: String,
        /// The feature that has it.
        feature: &'static str,
    },
    /// There are no rows.
    #[error("{file}: no rows")]
    Empty {
        /// The file.
        file: String,
    },
    /// A column is not there, or cannot be told.
    #[error("{file}: no column for the {role}: expected {expected}, found {}", found.join(", "))]
    MissingColumn {
        /// The file.
        file: String,
        /// What the column is for.
        role: &'static str,
        /// The name, or the names that are guessed.
        expected: String,
        /// The columns there are.
        found: Vec<String>,
    },
    /// An object lacks a key.
    #[error("{file}:{line}: no `{column}`; the object has {}", found.join(", "))]
    MissingKey {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// The key.
        column: String,
        /// The keys there are.
        found: Vec<String>,
    },
    /// A row has another number of fields than the header.
    #[error("{file}:{line}: expected {expected} fields, got {got}{}", lacking(column.as_deref()))]
    Ragged {
        /// The file.
        file: String,
        /// Line where the row starts, from 1.
        line: u64,
        /// Fields of the header.
        expected: usize,
        /// Fields of the row.
        got: usize,
        /// The first column that the row has no field for.
        column: Option<String>,
    },
    /// Quotes are opened and never closed.
    #[error("{file}:{line}: the quotes that open here are never closed")]
    OpenQuote {
        /// The file.
        file: String,
        /// Line where they open, from 1.
        line: u64,
    },
    /// A cell or line is not UTF-8.
    #[error("{file}:{line}: {place}: byte 0x{byte:02x} at offset {offset} is not UTF-8")]
    Utf8 {
        /// The file.
        file: String,
        /// Line where the row starts, from 1.
        line: u64,
        /// Which column or line the offset counts in.
        place: String,
        /// Offset of the byte, from 0.
        offset: usize,
        /// The byte.
        byte: u8,
    },
    /// A row, header or nesting is larger than allowed.
    #[error("{file}:{line}: {what} exceeds the limit of {limit}")]
    Limit {
        /// The file.
        file: String,
        /// Line where the row starts, from 1.
        line: u64,
        /// What is too large.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// A value cannot be used.
    #[error("{file}:{line}: column `{column}`: {got}, expected {expected}")]
    Value {
        /// The file.
        file: String,
        /// Line where the row starts, from 1.
        line: u64,
        /// The column.
        column: String,
        /// What was found.
        got: String,
        /// What would do.
        expected: String,
    },
    /// A line is not a JSON object.
    #[error(
        "{file}:{}:{}: {}",
        line + (source.line() as u64).saturating_sub(1),
        source.column().max(1),
        without_place(source)
    )]
    Json {
        /// The file.
        file: String,
        /// Line where the object starts, from 1.
        line: u64,
        /// serde's error, whose line counts from there.
        source: serde_json::Error,
    },
    /// The CSV reader stopped.
    #[error("{file}: {source}")]
    Csv {
        /// The file.
        file: String,
        /// csv's error.
        source: csv::Error,
    },
    /// A Parquet file cannot be read.
    #[cfg(feature = "parquet")]
    #[error("{file}: {source}")]
    Parquet {
        /// The file.
        file: String,
        /// parquet's error.
        source: parquet::errors::ParquetError,
    },
    /// A label that the label set does not have.
    #[error(
        "{file}:{line}: label `{label}` is not one of the {count} labels of training ({known})"
    )]
    UnknownLabel {
        /// The file.
        file: String,
        /// Line where the row starts, from 1.
        line: u64,
        /// The label.
        label: String,
        /// How many labels there are.
        count: usize,
        /// The first of them.
        known: String,
    },
    /// All rows have the same label.
    #[error("{file}: all {rows} rows have the label `{label}`; a classifier needs at least two")]
    OneClass {
        /// The file.
        file: String,
        /// Number of rows.
        rows: usize,
        /// The label.
        label: String,
    },
    /// The names of a label set repeat or are missing.
    #[error(
        "label names must be distinct and at least one; `{name}` is repeated or the list is empty"
    )]
    LabelNames {
        /// The repeated name; empty for an empty list.
        name: String,
    },
    /// A row has no label, or one of another kind than the problem.
    #[error("{file}:{line}: the row has no label for {problem}")]
    NoLabel {
        /// The file.
        file: String,
        /// Line where the row starts, from 1.
        line: u64,
        /// The problem.
        problem: String,
    },
    /// An argument is out of its range.
    #[error("`{name}` is {got}, expected {expected}")]
    Argument {
        /// The argument.
        name: &'static str,
        /// The value.
        got: String,
        /// What would do.
        expected: &'static str,
    },
    /// There are more or fewer values than there must be.
    #[error("{what}: got {got}, expected {expected}")]
    Count {
        /// What is counted.
        what: &'static str,
        /// How many there are.
        got: usize,
        /// How many there must be.
        expected: String,
    },
    /// A number that is no probability.
    #[error("row {row}: probability {got}, expected {expected}")]
    Probability {
        /// The row, from 0.
        row: usize,
        /// The number, or the row's sum.
        got: f64,
        /// What would do.
        expected: &'static str,
    },
    /// A hub does not give a model.
    #[cfg(feature = "hub")]
    #[error(transparent)]
    Hub(#[from] crate::hub::HubError),
    /// A tokenizer cannot be read, built or applied.
    #[error("{place}: {message}")]
    Tokenizer {
        /// The file, or the operation.
        place: String,
        /// The tokenizers crate's message.
        message: String,
    },
}

/// The crate's result type.
pub type Result<T, E = Error> = std::result::Result<T, E>;

fn lacking(column: Option<&str>) -> String {
    column.map(|name| format!("; nothing for column `{name}`")).unwrap_or_default()
}

/// serde's message without its line, which counts inside the row, and its column.
fn without_place(error: &serde_json::Error) -> String {
    let message = error.to_string();
    message.rsplit_once(" at line ").map_or(message.clone(), |(message, _)| message.to_owned())
}
