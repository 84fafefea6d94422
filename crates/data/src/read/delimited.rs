//! CSV and TSV.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use csv::{ByteRecord, ReaderBuilder};

use super::columns::Header;
use super::{RawLabel, RawRow, ReadOptions};
use crate::dataset::Columns;
use crate::{Error, Format, Result};

/// Bytes that csv may read ahead of the row it is at.
const READ_AHEAD: usize = 8 << 10;

pub(super) fn read(
    reader: impl Read,
    source: &str,
    options: &ReadOptions,
) -> Result<(Vec<RawRow>, Columns)> {
    let (left, crlf) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(None)));
    let guarded = Guarded { reader, left: Rc::clone(&left), crlf: Rc::clone(&crlf) };
    let mut builder = ReaderBuilder::new();
    builder.has_headers(false).flexible(true).buffer_capacity(READ_AHEAD);
    if options.format == Some(Format::Tsv) {
        builder.delimiter(b'\t').quoting(false);
    }
    let mut csv = builder.from_reader(guarded);
    let mut rows = Rows { csv: &mut csv, left: &left, crlf: &crlf, source, options, line: 0 };

    let mut record = ByteRecord::new();
    if !rows.next(&mut record)? {
        return Err(Error::Empty { file: source.to_owned() });
    }
    let names = rows.header(&record)?;
    let header = Header { source, names: &names };
    let columns = header.columns(options)?;
    let text = header.index(&columns.text).unwrap_or_default();
    let text_pair = columns.text_pair.as_deref().and_then(|name| header.index(name));
    let label = columns.label.as_deref().and_then(|name| header.index(name));

    let mut out = Vec::new();
    while rows.next(&mut record)? {
        if record.len() != names.len() {
            let (expected, got) = (names.len(), record.len());
            return Err(Error::Ragged { file: source.to_owned(), line: rows.line, expected, got });
        }
        let cell = |index: usize| rows.cell(&record, index, &names);
        out.push(RawRow {
            text: cell(text)?,
            text_pair: text_pair.map(cell).transpose()?,
            label: label.map(cell).transpose()?.map(RawLabel::Text),
            line: rows.line,
        });
    }
    Ok((out, columns))
}

/// Lets only so many bytes through until it is refilled, so that one endless row cannot fill memory.
struct Guarded<R> {
    reader: R,
    left: Rc<Cell<usize>>,
    /// Whether lines end in \r\n, once one has.
    crlf: Rc<Cell<Option<bool>>>,
}

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left.get();
        if left == 0 {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        let size = left.min(buffer.len());
        let read = self.reader.read(buffer.get_mut(..size).unwrap_or_default())?;
        self.left.set(left - read);
        if self.crlf.get().is_none() {
            let mut lines =
                buffer.get(..read).unwrap_or_default().split_inclusive(|byte| *byte == b'\n');
            let ended = lines.next().filter(|line| line.ends_with(b"\n"));
            self.crlf.set(ended.map(|line| line.ends_with(b"\r\n")));
        }
        Ok(read)
    }
}

/// The file's rows, header included, one after another.
struct Rows<'a, R> {
    csv: &'a mut csv::Reader<Guarded<R>>,
    left: &'a Cell<usize>,
    crlf: &'a Cell<Option<bool>>,
    source: &'a str,
    options: &'a ReadOptions,
    line: u64,
}

impl<R: Read> Rows<'_, R> {
    /// Reads the next row; false at the end.
    fn next(&mut self, record: &mut ByteRecord) -> Result<bool> {
        let limit = self.options.limits.max_row_bytes;
        self.left.set(limit.saturating_add(READ_AHEAD));
        let more = self.csv.read_byte_record(record).map_err(|source| self.fault(source))?;
        // csv leaves the \n of a \r\n to the next row, and so does its count of lines.
        let behind = u64::from(self.line > 0 && self.crlf.get() == Some(true));
        self.line = record.position().map_or(self.line, |position| position.line() + behind);
        if more && record.as_slice().len() > limit {
            return Err(self.too_large("the row in bytes", limit));
        }
        Ok(more)
    }

    fn fault(&self, source: csv::Error) -> Error {
        let too_large = matches!(source.kind(), csv::ErrorKind::Io(error) if error.kind() == io::ErrorKind::FileTooLarge);
        if too_large {
            return Error::Limit {
                file: self.source.to_owned(),
                line: self.csv.position().line(),
                what: "the row in bytes",
                limit: self.options.limits.max_row_bytes,
            };
        }
        Error::Csv { file: self.source.to_owned(), source }
    }

    fn too_large(&self, what: &'static str, limit: usize) -> Error {
        Error::Limit { file: self.source.to_owned(), line: self.line, what, limit }
    }

    fn header(&self, record: &ByteRecord) -> Result<Vec<String>> {
        let limit = self.options.limits.max_columns;
        if record.len() > limit {
            return Err(self.too_large("the header in columns", limit));
        }
        (0..record.len()).map(|index| self.cell(record, index, &[])).collect()
    }

    fn cell(&self, record: &ByteRecord, index: usize, names: &[String]) -> Result<String> {
        let bytes = record.get(index).unwrap_or_default();
        std::str::from_utf8(bytes).map(str::to_owned).map_err(|error| {
            let offset = error.valid_up_to();
            Error::Utf8 {
                file: self.source.to_owned(),
                line: self.line,
                place: names
                    .get(index)
                    .map_or("header".to_owned(), |name| format!("column `{name}`")),
                offset,
                byte: bytes.get(offset).copied().unwrap_or_default(),
            }
        })
    }
}
