//! What can be wrong with a scenario file.

use crate::{Error, Parameter};

/// Why a scenario file cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// The TOML is malformed, or has an unknown key or a value that is no number: line and key.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// The same of JSON.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// An input is not there.
    #[error("line {line}: `{}` is missing (the letter `{}` would do)", parameter.name(), parameter.letter())]
    Missing {
        /// The input.
        parameter: Parameter,
        /// Where its table begins, or the file ends.
        line: usize,
    },
    /// An input is there twice, by name or by letter.
    #[error(
        "line {line}: `{}` is given twice, by name or as `{}`, first in line {first}",
        parameter.name(),
        parameter.letter()
    )]
    Twice {
        /// The input.
        parameter: Parameter,
        /// The line where it is given again.
        line: usize,
        /// The line where it is given first.
        first: usize,
    },
    /// The file is of a newer format.
    #[error("line {line}: schema_version is {got}, expected at most {}", super::SCHEMA_VERSION)]
    Version {
        /// The file's version.
        got: u32,
        /// Its line.
        line: usize,
    },
    /// A value, or a distribution, is outside what the model is defined for.
    #[error("line {line}: {source}")]
    Value {
        /// Its line.
        line: usize,
        /// What is wrong with it.
        #[source]
        source: Error,
    },
    /// A scenario that was read cannot be solved.
    #[error(transparent)]
    Field(#[from] Error),
}
