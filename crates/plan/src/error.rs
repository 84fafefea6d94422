//! The crate's error type.

use std::path::PathBuf;

/// What can be wrong with settings, pilots, prices or files.
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
    /// A setting is out of its range.
    #[error("`{name}` is {got}, expected {expected}")]
    Setting {
        /// The setting.
        name: String,
        /// The value.
        got: String,
        /// What would do.
        expected: String,
    },
    /// There are not enough rows to see a curve.
    #[error(
        "{rows} rows for pilots ({share}) are too few for {classes} labels: expected at least {expected}"
    )]
    TooFewRows {
        /// Rows that pilots may use.
        rows: usize,
        /// Where that number is from.
        share: String,
        /// Labels among them.
        classes: usize,
        /// Rows that would do.
        expected: usize,
    },
    /// Pilots from which no curve can be drawn.
    #[error("no learning curve of {model}: {what}")]
    Curve {
        /// The model.
        model: String,
        /// Why not.
        what: String,
    },
    /// A price list is malformed, or lacks a key: with line and column.
    #[error("{file}: {source}")]
    Prices {
        /// The file.
        file: String,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// A price cannot be.
    #[error("{file}: `{key}` is {got}, expected {expected}")]
    Price {
        /// The file.
        file: String,
        /// The key.
        key: &'static str,
        /// Its value.
        got: String,
        /// What it must be.
        expected: &'static str,
    },
    /// A journal of pilots cannot be gone on from.
    #[error("{file}, line {line}: {what}")]
    Journal {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// The pilots in a folder are of another plan.
    #[error(
        "{file} is of another plan: `{field}` was {expected} then and is {got} now; name another folder, or start over"
    )]
    OtherPlan {
        /// The journal.
        file: String,
        /// What differs.
        field: String,
        /// Its value in the journal.
        expected: String,
        /// Its value now.
        got: String,
    },
    /// The folder holds pilots that nobody asked to go on from.
    #[error("{} holds pilots already: resume them, or name another folder", path.display())]
    NotEmpty {
        /// The journal.
        path: PathBuf,
    },
    /// The time law cannot be fitted.
    #[error("no time law of {model}: {source}")]
    Time {
        /// The model.
        model: String,
        /// Why not.
        source: tunewise_cost::calibrate::FitError,
    },
    /// The scenario of the plan has no answer.
    #[error(transparent)]
    Cost(#[from] tunewise_cost::Error),
    /// A picture cannot be drawn.
    #[error(transparent)]
    Plot(#[from] tunewise_plot::Error),
}

/// The crate's result type.
pub type Result<T, E = Error> = std::result::Result<T, E>;
