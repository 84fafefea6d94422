//! Files of true and predicted labels.

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

use csv::ByteRecord;
use serde_json::{Map, Value};

use super::Limits;
use super::delimited::{Quoting, Rows};
use super::json_lines::Lines;
use super::label_table::{LabelTable, MarkTable, Origin};
use crate::predictions::{LabelValue, PredictionFile};
use crate::{Error, Format, Result};

/// How a file of predictions is read.
///
/// | field | default | meaning |
/// | --- | --- | --- |
/// | `format` | by the file's name, else by its first character | |
/// | `true_column` | `y_true` | the true labels |
/// | `pred_column` | `y_pred` | the predicted labels |
/// | `weight_column` | none | the weight of each row |
/// | `limits` | see [`Limits`] | |
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PredictionOptions {
    /// The format.
    pub format: Option<Format>,
    /// Column of the true labels.
    pub true_column: String,
    /// Column of the predicted labels.
    pub pred_column: String,
    /// Column of the rows' weights.
    pub weight_column: Option<String>,
    /// Bounds on rows.
    pub limits: Limits,
}

impl Default for PredictionOptions {
    fn default() -> Self {
        Self {
            format: None,
            true_column: "y_true".to_owned(),
            pred_column: "y_pred".to_owned(),
            weight_column: None,
            limits: Limits::default(),
        }
    }
}

/// Reads a file of true and predicted labels. A name ending in none of the known ways is no error: a
/// file that begins with `{` is JSON Lines, any other CSV.
///
/// # Errors
/// [`Error::Io`], and what [`read_predictions`] lists.
pub fn read_predictions_path(
    path: impl AsRef<Path>,
    options: &PredictionOptions,
) -> Result<PredictionFile> {
    let path = path.as_ref();
    let io = |source| Error::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(io)?;
    if file.metadata().map_err(io)?.is_dir() {
        return Err(io(std::io::ErrorKind::IsADirectory.into()));
    }
    let format = options.format.or_else(|| Format::from_path(path).ok());
    let options = PredictionOptions { format, ..options.clone() };
    read_predictions(file, &path.display().to_string(), &options)
}

/// Reads true and predicted labels from anything; `source` names it in messages.
///
/// In CSV and TSV labels are integers if every cell of both columns is one, else strings. In JSON Lines
/// they are of JSON's types, or lists of 0 and 1 for several labels a row.
///
/// # Errors
/// [`Error::Empty`], [`Error::MissingColumn`], [`Error::Ragged`], [`Error::OpenQuote`], [`Error::Utf8`],
/// [`Error::Limit`], [`Error::Json`], [`Error::Csv`] for a file that cannot be taken apart;
/// [`Error::Value`] for an empty or unusable label, a list of another length, and a weight that is not a
/// finite number, and labels of different types; [`Error::NotBuilt`] for Parquet.
///
/// ```
/// use tunewise_data::{PredictionFile, PredictionOptions, read_predictions};
///
/// # fn main() -> tunewise_data::Result<()> {
/// let file = "y_true,y_pred\n10,9\n9,9\n";
/// let read = read_predictions(file.as_bytes(), "p.csv", &PredictionOptions::default())?;
/// let PredictionFile::Single(predictions) = read else { panic!("one label a row") };
/// assert_eq!(predictions.class_names(), ["9", "10"]); // integers, by value
/// assert_eq!(predictions.y_true, [1, 0]);
/// # Ok(())
/// # }
/// ```
pub fn read_predictions(
    mut reader: impl Read,
    source: &str,
    options: &PredictionOptions,
) -> Result<PredictionFile> {
    let (format, start) = match options.format {
        Some(format) => (format, Vec::new()),
        None => sniff(&mut reader)
            .map_err(|error| Error::Io { path: PathBuf::from(source), source: error })?,
    };
    let reader = Cursor::new(start).chain(reader);
    let file = Source { source, options };
    match format {
        Format::Csv => file.delimited(reader, Quoting::Csv),
        Format::Tsv => file.delimited(reader, Quoting::Tsv),
        Format::JsonLines => file.json_lines(BufReader::new(reader)),
        Format::Parquet => Err(Error::NotBuilt { file: source.to_owned(), feature: "parquet" }),
    }
}

/// The format by the first character that is not white space, and the bytes up to it.
fn sniff(reader: &mut impl Read) -> std::io::Result<(Format, Vec<u8>)> {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    let mut start = Vec::new();
    let mut byte = [0];
    while reader.read(&mut byte)? == 1 {
        start.extend(byte);
        let text = start.strip_prefix(MARK).unwrap_or(&start).trim_ascii_start();
        let in_mark = MARK.starts_with(&start);
        if !in_mark && !text.is_empty() {
            let format = if text == b"{" { Format::JsonLines } else { Format::Csv };
            return Ok((format, start));
        }
    }
    Ok((Format::Csv, start))
}

struct Source<'a> {
    source: &'a str,
    options: &'a PredictionOptions,
}

impl Source<'_> {
    fn delimited(&self, reader: impl Read, quoting: Quoting) -> Result<PredictionFile> {
        let mut rows = Rows::new(reader, self.source, (quoting, self.options.limits));
        let names = rows.header()?;
        let origin = self.origin();
        let [y_true, y_pred] = origin.columns;
        let places = [
            self.place(&names, "true labels", y_true)?,
            self.place(&names, "predicted labels", y_pred)?,
        ];
        let weight = self.options.weight_column.as_ref();
        let weight = weight.map(|name| self.place(&names, "weights", name)).transpose()?;
        let mut table = LabelTable::default();
        let mut weights = weight.map(|_| Vec::new());
        let mut record = ByteRecord::new();
        while rows.next_row(&mut record, &names)? {
            let mut pair = [0; 2];
            for ((column, place), code) in places.into_iter().enumerate().zip(&mut pair) {
                let cell = rows.cell(&record, place, &names)?;
                if cell.is_empty() {
                    return Err(self.empty_cell(rows.line, origin.columns.get(column)));
                }
                *code = table.name_code(cell, (column, rows.line));
            }
            table.push(pair);
            if let (Some(weights), Some(place)) = (&mut weights, weight) {
                let cell = rows.cell(&record, place, &names)?;
                let number = cell.trim().parse().ok();
                weights.push(self.weight(number, rows.line, &format!("`{cell}`"))?);
            }
        }
        table.finish_cells(origin, weights).map(PredictionFile::Single)
    }

    fn json_lines(&self, reader: impl BufRead) -> Result<PredictionFile> {
        let mut lines = Lines::new(reader, self.source, self.options.limits);
        let origin = self.origin();
        let mut table = LabelTable::default();
        let mut marks: Option<MarkTable> = None;
        let mut weights = self.options.weight_column.as_ref().map(|_| Vec::new());
        while let Some(object) = lines.next()? {
            let mut values = [&Value::Null; 2];
            for (column, value) in origin.columns.into_iter().zip(&mut values) {
                *value = self.field(&lines, &object, column)?;
            }
            if marks.is_some() || (table.is_empty() && values.iter().all(|value| value.is_array()))
            {
                let marks = marks.get_or_insert_default();
                for (column, value) in origin.columns.into_iter().zip(values) {
                    let expected = marks.expected();
                    marks.push(value).ok_or_else(|| lines.value(column, Some(value), &expected))?;
                }
            } else {
                let mut pair = [0; 2];
                let columns = origin.columns.into_iter().enumerate();
                for (((place, column), value), code) in columns.zip(values).zip(&mut pair) {
                    let fault = |expected| lines.value(column, Some(value), expected);
                    *code = table.code(label(value).map_err(fault)?, (place, lines.line));
                }
                table.push(pair);
            }
            if let (Some(weights), Some(column)) = (&mut weights, &self.options.weight_column) {
                let value = self.field(&lines, &object, column)?;
                weights.push(self.weight(value.as_f64(), lines.line, &value.to_string())?);
            }
        }
        match marks {
            Some(marks) => Ok(PredictionFile::Multi(marks.finish(weights))),
            None => table.finish(origin, weights).map(PredictionFile::Single),
        }
    }

    fn origin(&self) -> Origin<'_> {
        let PredictionOptions { true_column, pred_column, .. } = self.options;
        Origin { file: self.source, columns: [true_column, pred_column] }
    }

    /// The value of a key.
    fn field<'v, R: Read>(
        &self,
        lines: &Lines<'_, R>,
        object: &'v Map<String, Value>,
        column: &str,
    ) -> Result<&'v Value> {
        object.get(column).ok_or_else(|| Error::MissingKey {
            file: self.source.to_owned(),
            line: lines.line,
            column: column.to_owned(),
            found: object.keys().cloned().collect(),
        })
    }

    /// The place of the only column of that name.
    fn place(&self, names: &[String], role: &'static str, name: &str) -> Result<usize> {
        let mut places = names.iter().enumerate().filter(|(_, known)| *known == name);
        let Some((place, _)) = places.next() else {
            return Err(Error::MissingColumn {
                file: self.source.to_owned(),
                role,
                expected: format!("`{name}`"),
                found: names.to_vec(),
            });
        };
        match places.next() {
            None => Ok(place),
            Some(_) => Err(Error::Value {
                file: self.source.to_owned(),
                line: 1,
                column: name.to_owned(),
                got: "several columns of that name".to_owned(),
                expected: "one".to_owned(),
            }),
        }
    }

    fn weight(&self, number: Option<f64>, line: u64, got: &str) -> Result<f64> {
        number.filter(|weight| weight.is_finite()).ok_or_else(|| Error::Value {
            file: self.source.to_owned(),
            line,
            column: self.options.weight_column.clone().unwrap_or_default(),
            got: got.to_owned(),
            expected: "a finite number".to_owned(),
        })
    }

    fn empty_cell(&self, line: u64, column: Option<&&str>) -> Error {
        Error::Value {
            file: self.source.to_owned(),
            line,
            column: column.map(|name| (*name).to_owned()).unwrap_or_default(),
            got: "an empty cell".to_owned(),
            expected: "a label".to_owned(),
        }
    }
}

/// The label that a JSON value is; else what it should be.
fn label(value: &Value) -> Result<LabelValue, &'static str> {
    const EXPECTED: &str = "a string, a whole number or a boolean";
    match value {
        Value::Bool(value) => Ok(LabelValue::Boolean(*value)),
        Value::String(name) => Ok(LabelValue::Name(name.clone())),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Ok(LabelValue::Integer(integer)),
            (None, Some(float)) => LabelValue::float(float).ok_or(EXPECTED),
            (None, None) => Err(EXPECTED),
        },
        Value::Array(_) => Err("a single label, as the rows before it have"),
        Value::Null | Value::Object(_) => Err(EXPECTED),
    }
}
