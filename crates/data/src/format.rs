//! File formats.

use std::path::Path;

use crate::{Error, Result};

/// How rows are written in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated with quotes, RFC 4180, with a header.
    Csv,
    /// Tab-separated without quoting, as GLUE's files are, with a header.
    Tsv,
    /// One JSON object a line.
    JsonLines,
    /// Apache Parquet; needs the feature `parquet`.
    Parquet,
}

impl Format {
    /// The format that a file name's extension stands for.
    ///
    /// # Errors
    /// [`Error::UnknownFormat`].
    pub fn from_path(path: &Path) -> Result<Self> {
        let extension = path.extension().and_then(|e| e.to_str()).map(str::to_lowercase);
        match extension.as_deref() {
            Some("csv") => Ok(Self::Csv),
            Some("tsv") => Ok(Self::Tsv),
            Some("jsonl" | "ndjson" | "json") => Ok(Self::JsonLines),
            Some("parquet") => Ok(Self::Parquet),
            _ => Err(Error::UnknownFormat { file: path.display().to_string() }),
        }
    }
}
