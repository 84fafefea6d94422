//! Parquet.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::PathBuf;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};

use super::columns::Header;
use super::{RawLabel, RawRow, ReadOptions};
use crate::dataset::Columns;
use crate::{Error, Result};

/// Rows are numbered from 1, since the format has no lines.
pub(super) fn read(
    mut reader: impl Read,
    source: &str,
    options: &ReadOptions,
) -> Result<(Vec<RawRow>, Columns)> {
    let mut bytes = Vec::new();
    reader
        .read_to_end(&mut bytes)
        .map_err(|error| Error::Io { path: PathBuf::from(source), source: error })?;
    let fault = |error| Error::Parquet { file: source.to_owned(), source: error };
    let file = SerializedFileReader::new(bytes::Bytes::from(bytes)).map_err(fault)?;
    let schema = file.metadata().file_metadata().schema();
    let names: Vec<String> =
        schema.get_fields().iter().map(|field| field.name().to_owned()).collect();
    if names.len() > options.limits.max_columns {
        let limit = options.limits.max_columns;
        return Err(Error::Limit {
            file: source.to_owned(),
            line: 1,
            what: "the schema in columns",
            limit,
        });
    }
    let columns = Header { source, names: &names }.columns(options)?;
    let cells = Cells { source, columns: &columns, limit: options.limits.max_row_bytes };
    let rows = file.get_row_iter(None).map_err(fault)?;
    let rows = (1..).zip(rows).map(|(line, row)| cells.row(&row.map_err(fault)?, line));
    Ok((rows.collect::<Result<_>>()?, columns))
}

struct Cells<'a> {
    source: &'a str,
    columns: &'a Columns,
    limit: usize,
}

impl Cells<'_> {
    fn row(&self, row: &Row, line: u64) -> Result<RawRow> {
        let field = |column: &str| {
            row.get_column_iter()
                .find(|(name, _)| *name == column)
                .map_or(&Field::Null, |(_, field)| field)
        };
        let text = |column: &String| self.text(column, field(column), line);
        let label = |column: &String| self.label(column, field(column), line);
        Ok(RawRow {
            text: text(&self.columns.text)?,
            text_pair: self.columns.text_pair.as_ref().map(text).transpose()?,
            label: self.columns.label.as_ref().map(label).transpose()?,
            line,
        })
    }

    fn text(&self, column: &str, field: &Field, line: u64) -> Result<String> {
        match field {
            Field::Str(text) if text.len() > self.limit => Err(Error::Limit {
                file: self.source.to_owned(),
                line,
                what: "the row in bytes",
                limit: self.limit,
            }),
            Field::Str(text) => Ok(text.clone()),
            other => Err(self.value((column, line), other, "a string")),
        }
    }

    fn label(&self, column: &str, field: &Field, line: u64) -> Result<RawLabel> {
        if let Some(integer) = integer(field) {
            return Ok(RawLabel::Integer(integer));
        }
        match field {
            Field::Null => Ok(RawLabel::Text(String::new())),
            Field::Str(name) => Ok(RawLabel::Name(name.clone())),
            Field::Float(value) => Ok(RawLabel::Float(f64::from(*value))),
            Field::Double(value) => Ok(RawLabel::Float(*value)),
            Field::ListInternal(list) => {
                let name = |item: &Field| match item {
                    Field::Str(name) => Ok(name.clone()),
                    other => integer(other).map(|value| value.to_string()).ok_or_else(|| {
                        self.value((column, line), other, "a list of strings or integers")
                    }),
                };
                let names = list.elements().iter().map(name).collect::<Result<BTreeSet<_>>>()?;
                Ok(RawLabel::Names(names.into_iter().collect()))
            }
            other => Err(self.value((column, line), other, "a string, a number or a list")),
        }
    }

    fn value(&self, (column, line): (&str, u64), got: &Field, expected: &str) -> Error {
        Error::Value {
            file: self.source.to_owned(),
            line,
            column: column.to_owned(),
            got: got.to_string(),
            expected: expected.to_owned(),
        }
    }
}

fn integer(field: &Field) -> Option<i64> {
    match field {
        Field::Byte(value) => Some(i64::from(*value)),
        Field::Short(value) => Some(i64::from(*value)),
        Field::Int(value) => Some(i64::from(*value)),
        Field::Long(value) => Some(*value),
        Field::UByte(value) => Some(i64::from(*value)),
        Field::UShort(value) => Some(i64::from(*value)),
        Field::UInt(value) => Some(i64::from(*value)),
        _ => None,
    }
}
