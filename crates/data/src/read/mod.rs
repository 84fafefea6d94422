//! Files to data sets.

mod columns;
mod delimited;
mod json_lines;
mod label_kind;
mod label_table;
mod lines;
#[cfg(feature = "parquet")]
mod parquet;
mod predictions;
mod quotes;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::dataset::{Dataset, ProblemType};
use crate::{Error, Format, Result};

use label_kind::{RawLabel, RawRow};
pub use lines::read_lines;
pub use predictions::{PredictionOptions, read_predictions, read_predictions_path};

/// Whether rows must have labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LabelUse {
    /// A column of labels must be there, and every row must have one.
    #[default]
    Required,
    /// Labels are read if there is a column of them.
    IfPresent,
    /// Labels are not looked for.
    Ignored,
}

/// Bounds on what a reader takes in.
///
/// | field | default | bounds |
/// | --- | --- | --- |
/// | `max_row_bytes` | 16 MiB | one row, or the header |
/// | `max_columns` | 4096 | fields of the header, or keys of an object |
/// | `max_nesting` | 32 | depth of a JSON line |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one row or of the header.
    pub max_row_bytes: usize,
    /// Fields of the header, or keys of a JSON object.
    pub max_columns: usize,
    /// Depth of arrays and objects in a JSON line.
    pub max_nesting: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_row_bytes: 16 << 20, max_columns: 4096, max_nesting: 32 }
    }
}

/// How a file is read.
///
/// | field | default | meaning |
/// | --- | --- | --- |
/// | `format` | by the file's name | |
/// | `text_column` | `text`, `sentence`, `sentence1`, `review` or `headline` | or the only column left |
/// | `text_pair_column` | `text_pair`, `sentence2` or `item`, if there | |
/// | `label_column` | `label`, `category` or `sentiment` | |
/// | `labels` | required | |
/// | `problem_type` | lists: multi label; numbers that are not all integers: regression; else single label | |
/// | `label_separator` | none | splits a cell into the labels of a multi-label row |
/// | `limits` | see [`Limits`] | |
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReadOptions {
    /// The format; needed where there is no file name.
    pub format: Option<Format>,
    /// Column of the text, by its exact name.
    pub text_column: Option<String>,
    /// Column of the second text, by its exact name.
    pub text_pair_column: Option<String>,
    /// Column of the label, by its exact name.
    pub label_column: Option<String>,
    /// Whether rows must have labels.
    pub labels: LabelUse,
    /// What the labels are for.
    pub problem_type: Option<ProblemType>,
    /// Splits a cell into labels.
    pub label_separator: Option<String>,
    /// Bounds on rows.
    pub limits: Limits,
}

/// Reads a file.
///
/// # Errors
/// [`Error::Io`], [`Error::UnknownFormat`], and what [`read_from`] lists.
pub fn read_path(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Dataset> {
    let path = path.as_ref();
    let format = match options.format {
        Some(format) => format,
        None => Format::from_path(path)?,
    };
    let io = |source| Error::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(io)?;
    if file.metadata().map_err(io)?.is_dir() {
        return Err(io(std::io::ErrorKind::IsADirectory.into()));
    }
    let options = ReadOptions { format: Some(format), ..options.clone() };
    read_from(file, &path.display().to_string(), &options)
}

/// Reads rows from anything; `source` names it in messages, and `options.format` must be given.
///
/// # Errors
/// [`Error::Empty`], [`Error::MissingColumn`], [`Error::Ragged`], [`Error::Utf8`], [`Error::Limit`],
/// [`Error::Json`], [`Error::Csv`] for a file that cannot be taken apart; [`Error::Value`] for an
/// empty text, a missing label, or one of another kind than the others; [`Error::NotBuilt`] for
/// Parquet without its feature.
pub fn read_from(reader: impl Read, source: &str, options: &ReadOptions) -> Result<Dataset> {
    let format = options.format.ok_or_else(|| Error::UnknownFormat { file: source.to_owned() })?;
    let (rows, columns) = match format {
        Format::Csv | Format::Tsv => delimited::read(reader, source, options)?,
        Format::JsonLines => json_lines::read(reader, source, options)?,
        #[cfg(feature = "parquet")]
        Format::Parquet => parquet::read(reader, source, options)?,
        #[cfg(not(feature = "parquet"))]
        Format::Parquet => {
            return Err(Error::NotBuilt { file: source.to_owned(), feature: "parquet" });
        }
    };
    if rows.is_empty() {
        return Err(Error::Empty { file: source.to_owned() });
    }
    let column = columns.label.clone().unwrap_or_default();
    let kind =
        label_kind::LabelColumn { source, text_column: &columns.text, column: &column, options };
    let (examples, problem_type) = kind.resolve(rows)?;
    Ok(Dataset::new(source, examples, problem_type).with_columns(columns))
}
