//! Foreign errors told with their place.

use std::path::Path;

use tch::TchError;

use super::{Error, Result};

/// Adds to a foreign error what it does not say itself.
pub(crate) trait Context<T> {
    /// What names the place: an operation or a path.
    type Place<'a>;

    /// The result with the place in its error.
    fn at(self, place: Self::Place<'_>) -> Result<T>;
}

impl<T> Context<T> for Result<T, TchError> {
    type Place<'a> = &'static str;

    fn at(self, op: &'static str) -> Result<T> {
        self.map_err(|source| Error::Torch { op, source })
    }
}

impl<T> Context<T> for std::io::Result<T> {
    type Place<'a> = &'a Path;

    fn at(self, path: &Path) -> Result<T> {
        self.map_err(|source| Error::Io { path: path.to_owned(), source })
    }
}

impl<T> Context<T> for Result<T, serde_json::Error> {
    type Place<'a> = &'a Path;

    fn at(self, path: &Path) -> Result<T> {
        self.map_err(|source| Error::Json { path: path.to_owned(), source })
    }
}

impl<T> Context<T> for Result<T, safetensors::SafeTensorError> {
    type Place<'a> = &'a Path;

    fn at(self, path: &Path) -> Result<T> {
        self.map_err(|source| Error::Safetensors { path: path.to_owned(), source })
    }
}
