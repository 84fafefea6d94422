//! The crate's error type.

use std::path::PathBuf;

/// What can be wrong with settings, scores or files.
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
    /// An argument or setting is out of its range.
    #[error("`{name}` is {got}, expected {expected}")]
    Argument {
        /// The argument.
        name: String,
        /// The value.
        got: String,
        /// What would do.
        expected: String,
    },
    /// A line cannot be used.
    #[error("{file}:{line}: {source}")]
    Line {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        source: Fault,
    },
    /// A saved state cannot be gone on from.
    #[error("{file}: {what}")]
    State {
        /// The file.
        file: String,
        /// What is wrong.
        what: String,
    },
    /// Some sessions say what was clicked, others do not.
    #[error("{file}: `clicked` is in {known} of {total} sessions, expected in all or in none")]
    SomeClicks {
        /// The sessions' file.
        file: String,
        /// Sessions that say it.
        known: usize,
        /// All sessions.
        total: usize,
    },
    /// Signals that say nothing about the clicks.
    #[error("the weights cannot be fitted: {what}")]
    Fit {
        /// Why not.
        what: &'static str,
    },
    /// A model gave no answer.
    #[error("the model: {source}")]
    Model {
        /// The model's error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A metric cannot be computed.
    #[error(transparent)]
    Metric(#[from] tunewise_metrics::Error),
    /// A picture cannot be drawn.
    #[error(transparent)]
    Plot(#[from] tunewise_plot::Error),
}

/// What is wrong with one line of JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// It is no JSON object.
    #[error("no JSON object: {0}")]
    Json(String),
    /// A key is missing.
    #[error("no `{0}`")]
    Missing(&'static str),
    /// A value cannot be used.
    #[error("`{key}` is {got}, expected {expected}")]
    Value {
        /// The key.
        key: String,
        /// The value.
        got: String,
        /// What would do.
        expected: &'static str,
    },
}

/// The crate's result type.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An argument out of range.
pub(crate) fn argument(name: &str, got: impl ToString, expected: &str) -> Error {
    Error::Argument { name: name.to_owned(), got: got.to_string(), expected: expected.to_owned() }
}

/// A TOML text that is not what it should be, with line and column.
pub(crate) fn toml_fault(source: &str, error: &toml::de::Error) -> Error {
    Error::State { file: source.to_owned(), what: error.to_string().trim_end().to_owned() }
}
