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
    #[error("`{}` is missing (the letter `{}` would do)", parameter.name(), parameter.letter())]
    Missing {
        /// The input.
        parameter: Parameter,
    },
    /// An input is there by name and by letter.
    #[error("`{}` is given twice, by name and as `{}`", parameter.name(), parameter.letter())]
    Twice {
        /// The input.
        parameter: Parameter,
    },
    /// The file is of a newer format.
    #[error("schema_version is {got}, expected at most {}", super::SCHEMA_VERSION)]
    Version {
        /// The file's version.
        got: u32,
    },
    /// A value is outside what the model is defined for.
    #[error(transparent)]
    Field(#[from] Error),
}
