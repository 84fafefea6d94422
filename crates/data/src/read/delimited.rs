//! CSV and TSV.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use csv::{ByteRecord, ReaderBuilder};

use super::columns::Header;
use super::quotes::Quotes;
use super::{Limits, RawLabel, RawRow, ReadOptions};
use crate::dataset::Columns;
use crate::{Error, Format, Result};

/// Bytes that csv may read ahead of the row it is at.
const READ_AHEAD: usize = 8 << 10;

pub(super) fn read(
    reader: impl Read,
    source: &str,
    options: &ReadOptions,
) -> Result<(Vec<RawRow>, Columns)> {
    let quoting = if options.format == Some(Format::Tsv) { Quoting::Tsv } else { Quoting::Csv };
    let mut rows = Rows::new(reader, source, (quoting, options.limits));
    let names = rows.header()?;
    let header = Header { source, names: &names };
    let columns = header.columns(options)?;
    let text = header.index(&columns.text).unwrap_or_default();
    let text_pair = columns.text_pair.as_deref().and_then(|name| header.index(name));
    let label = columns.label.as_deref().and_then(|name| header.index(name));

    let mut record = ByteRecord::new();
    let mut out = Vec::new();
    while rows.next_row(&mut record, &names)? {
        let cell = |index: usize| rows.cell(&record, index, &names).map(str::to_owned);
        out.push(RawRow {
            text: cell(text)?,
            text_pair: text_pair.map(cell).transpose()?,
            label: label.map(cell).transpose()?.map(RawLabel::Text),
            line: rows.line,
        });
    }
    Ok((out, columns))
}

/// Whether cells can stand in quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quoting {
    /// Between commas, with quotes.
    Csv,
    /// Between tabs, without.
    Tsv,
}

/// What is known of the bytes that csv has been given, which is up to `READ_AHEAD` more than its rows.
#[derive(Default)]
struct Seen {
    /// Bytes that may yet be given for the row.
    left: Cell<usize>,
    /// Whether lines end in \r\n, once one has.
    crlf: Cell<Option<bool>>,
    quotes: Cell<Quotes>,
    /// Whether there are no more.
    ended: Cell<bool>,
}

/// Lets only so many bytes through until it is refilled, so that one endless row cannot fill memory.
struct Guarded<R> {
    reader: R,
    quoting: Quoting,
    seen: Rc<Seen>,
}

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.seen.left.get();
        if left == 0 {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        let size = left.min(buffer.len());
        let read = self.reader.read(buffer.get_mut(..size).unwrap_or_default())?;
        self.seen.left.set(left - read);
        self.seen.ended.set(read == 0);
        let bytes = buffer.get(..read).unwrap_or_default();
        if self.seen.crlf.get().is_none() {
            let mut lines = bytes.split_inclusive(|byte| *byte == b'\n');
            let ended = lines.next().filter(|line| line.ends_with(b"\n"));
            self.seen.crlf.set(ended.map(|line| line.ends_with(b"\r\n")));
        }
        if self.quoting == Quoting::Csv {
            self.seen.quotes.set(self.seen.quotes.get().after(bytes));
        }
        Ok(read)
    }
}

/// A file's rows, header included, one after another.
pub(super) struct Rows<'a, R> {
    csv: csv::Reader<Guarded<R>>,
    seen: Rc<Seen>,
    source: &'a str,
    limits: Limits,
    /// Line where the last row starts, from 1.
    pub(super) line: u64,
}

impl<'a, R: Read> Rows<'a, R> {
    pub(super) fn new(reader: R, source: &'a str, (quoting, limits): (Quoting, Limits)) -> Self {
        let seen = Rc::new(Seen::default());
        let guarded = Guarded { reader, quoting, seen: Rc::clone(&seen) };
        let mut builder = ReaderBuilder::new();
        builder.has_headers(false).flexible(true).buffer_capacity(READ_AHEAD);
        if quoting == Quoting::Tsv {
            builder.delimiter(b'\t').quoting(false);
        }
        Self { csv: builder.from_reader(guarded), seen, source, limits, line: 0 }
    }

    /// Reads the names of the columns.
    pub(super) fn header(&mut self) -> Result<Vec<String>> {
        let mut record = ByteRecord::new();
        if !self.next(&mut record)? {
            return Err(Error::Empty { file: self.source.to_owned() });
        }
        let limit = self.limits.max_columns;
        if record.len() > limit {
            return Err(self.too_large("the header in columns", limit));
        }
        (0..record.len()).map(|index| self.cell(&record, index, &[]).map(str::to_owned)).collect()
    }

    /// Reads the next row, which has as many fields as the header; false at the end.
    pub(super) fn next_row(&mut self, record: &mut ByteRecord, names: &[String]) -> Result<bool> {
        let more = self.next(record)?;
        if more && record.len() != names.len() {
            return Err(Error::Ragged {
                file: self.source.to_owned(),
                line: self.line,
                expected: names.len(),
                got: record.len(),
                column: names.get(record.len()).cloned(),
            });
        }
        Ok(more)
    }

    fn next(&mut self, record: &mut ByteRecord) -> Result<bool> {
        let limit = self.limits.max_row_bytes;
        self.seen.left.set(limit.saturating_add(READ_AHEAD));
        let more = self.csv.read_byte_record(record).map_err(|source| self.fault(source))?;
        // csv leaves the \n of a \r\n to the next row, and so does its count of lines.
        let behind = u64::from(self.line > 0 && self.seen.crlf.get() == Some(true));
        self.line = record.position().map_or(self.line, |position| position.line() + behind);
        if more && record.as_slice().len() > limit {
            return Err(self.too_large("the row in bytes", limit));
        }
        if more && self.seen.ended.get() {
            self.check_quotes()?;
        }
        Ok(more)
    }

    /// csv takes a quote that is never closed for the end of the file's only remaining cell.
    fn check_quotes(&self) -> Result<()> {
        match self.seen.quotes.get().open_since() {
            Some(line) => Err(Error::OpenQuote { file: self.source.to_owned(), line }),
            None => Ok(()),
        }
    }

    fn fault(&self, source: csv::Error) -> Error {
        let too_large = matches!(source.kind(), csv::ErrorKind::Io(error) if error.kind() == io::ErrorKind::FileTooLarge);
        if too_large {
            return Error::Limit {
                file: self.source.to_owned(),
                line: self.csv.position().line(),
                what: "the row in bytes",
                limit: self.limits.max_row_bytes,
            };
        }
        Error::Csv { file: self.source.to_owned(), source }
    }

    fn too_large(&self, what: &'static str, limit: usize) -> Error {
        Error::Limit { file: self.source.to_owned(), line: self.line, what, limit }
    }

    /// A cell of the row.
    pub(super) fn cell<'r>(
        &self,
        record: &'r ByteRecord,
        index: usize,
        names: &[String],
    ) -> Result<&'r str> {
        let bytes = record.get(index).unwrap_or_default();
        std::str::from_utf8(bytes).map_err(|error| {
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
