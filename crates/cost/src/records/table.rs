//! Columns of numbers from a CSV file.

use std::io::Read;

use super::{RecordError, Result, quotes};
use crate::calibrate::{Column, FitError, LinearFit, Regression};

/// What a cell must hold.
const NUMBER: &str = "a finite number";

/// Columns of finite numbers, with the line of each row.
///
/// ```
/// use tunewise_cost::records::{Relation, Table};
///
/// # fn main() -> Result<(), tunewise_cost::records::RecordError> {
/// let text = "hours,who,params\n1.1,ann,1e8\n1.9,ben,2e8\n3.2,ann,3e8\n3.9,ann,4e8\n";
/// let table = Table::read(text.as_bytes(), &["hours", "params"])?;
/// let relation = Relation { y: "hours", x: &["params"], weights: None, intercept: true };
/// assert!((table.fit(&relation)?.coefficients()[1] - 9.7e-9).abs() < 1e-20);
///
/// let fault = Table::read("hours\n1.5\nlong\n".as_bytes(), &["hours"]).map_err(|e| e.to_string());
/// assert_eq!(fault.err().as_deref(), Some("line 3, column `hours`: `long`, expected a finite number"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    columns: Vec<(String, Vec<f64>)>,
    lines: Vec<u64>,
}

/// A linear relation between columns of a [`Table`].
#[derive(Debug, Clone, Copy)]
pub struct Relation<'a> {
    /// The column to explain.
    pub y: &'a str,
    /// The columns that explain it.
    pub x: &'a [&'a str],
    /// The column of weights, each proportional to 1/variance of its row.
    pub weights: Option<&'a str>,
    /// Whether there is a constant.
    pub intercept: bool,
}

impl Relation<'_> {
    /// The names of its columns, each once.
    ///
    /// ```
    /// use tunewise_cost::records::Relation;
    ///
    /// let relation = Relation { y: "y", x: &["u", "v"], weights: Some("w"), intercept: true };
    /// assert_eq!(relation.columns(), ["y", "u", "v", "w"]);
    /// ```
    #[must_use]
    pub fn columns(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::with_capacity(self.x.len() + 2);
        for name in [self.y].into_iter().chain(self.x.iter().copied()).chain(self.weights) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

impl Table {
    /// Reads these columns; others may hold anything.
    ///
    /// # Errors
    /// [`RecordError`] for bytes that cannot be read or are not UTF-8, a quote that is not closed, a
    /// column that is not there or is there twice, a row of another length than the header, a cell that is no finite number, or no
    /// rows.
    ///
    /// ```
    /// use tunewise_cost::records::Table;
    ///
    /// let table = Table::read("params,note\n1e8,small\n3e8,large\n".as_bytes(), &["params"])?;
    /// assert_eq!(table.column("params"), Some(&[1e8, 3e8][..]));
    /// let missing = Table::read("params\n1e8\n".as_bytes(), &["hours"]).unwrap_err();
    /// assert_eq!(missing.to_string(), "line 1: no column `hours`, found params");
    /// # Ok::<(), tunewise_cost::records::RecordError>(())
    /// ```
    pub fn read(reader: impl Read, columns: &[&str]) -> Result<Self> {
        Self::read_with(reader, columns, &[])
    }

    /// Reads these columns, and the optional ones where they are there.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    ///
    /// ```
    /// use tunewise_cost::records::Table;
    ///
    /// # fn main() -> Result<(), tunewise_cost::records::RecordError> {
    /// let table = Table::read_with("params,seconds\n1e8,60\n".as_bytes(), &["params"], &["gpus"])?;
    /// assert_eq!(table.column("params"), Some(&[1e8][..]));
    /// assert_eq!(table.column("gpus"), None);
    /// assert_eq!(table.line(0), Some(2));
    /// # Ok(())
    /// # }
    /// ```
    pub fn read_with(mut reader: impl Read, columns: &[&str], optional: &[&str]) -> Result<Self> {
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).map_err(|source| RecordError::Read { source })?;
        if let Some(line) = quotes::unclosed(&bytes) {
            return Err(RecordError::OpenQuote { line });
        }
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(&bytes[..]);
        let header = reader.headers()?.clone();
        if header.is_empty() {
            return Err(RecordError::Empty);
        }
        let mut wanted: Vec<(&str, usize)> = Vec::with_capacity(columns.len() + optional.len());
        for &name in columns {
            let found = || header.iter().map(str::to_owned).collect();
            let missing = || RecordError::MissingColumn { column: name.to_owned(), found: found() };
            wanted.push((name, place(&header, name)?.ok_or_else(missing)?));
        }
        for &name in optional {
            wanted.extend(place(&header, name)?.map(|place| (name, place)));
        }
        let mut table = Self::empty(&wanted);
        for record in reader.records() {
            let record = record?;
            table.push((line(&bytes, &record), &record), &wanted)?;
        }
        if table.lines.is_empty() { Err(RecordError::Empty) } else { Ok(table) }
    }

    fn empty(wanted: &[(&str, usize)]) -> Self {
        let column = |&(name, _): &(&str, usize)| (name.to_owned(), Vec::new());
        Self { columns: wanted.iter().map(column).collect(), lines: Vec::new() }
    }

    fn push(
        &mut self,
        (line, record): (u64, &csv::StringRecord),
        wanted: &[(&str, usize)],
    ) -> Result<()> {
        for ((name, values), &(_, place)) in self.columns.iter_mut().zip(wanted) {
            let cell = record.get(place).unwrap_or_default();
            let value = cell.parse::<f64>().ok().filter(|value| value.is_finite());
            values.push(value.ok_or_else(|| RecordError::Value {
                line,
                column: name.clone(),
                value: cell.to_owned(),
                expected: NUMBER,
            })?);
        }
        self.lines.push(line);
        Ok(())
    }

    /// The values of a column that was read.
    ///
    /// ```
    /// let table = tunewise_cost::records::Table::read("a,b\n1,2\n".as_bytes(), &["b"])?;
    /// assert_eq!((table.column("a"), table.column("b")), (None, Some(&[2.0][..])));
    /// # Ok::<(), tunewise_cost::records::RecordError>(())
    /// ```
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&[f64]> {
        self.columns.iter().find(|(one, _)| one == name).map(|(_, values)| &values[..])
    }

    /// The line where a row, counted from 0, starts in the file.
    ///
    /// ```
    /// let table = tunewise_cost::records::Table::read("a\n\n1\n2\n".as_bytes(), &["a"])?;
    /// assert_eq!([table.line(0), table.line(1), table.line(2)], [Some(3), Some(4), None]);
    /// # Ok::<(), tunewise_cost::records::RecordError>(())
    /// ```
    #[must_use]
    pub fn line(&self, row: usize) -> Option<u64> {
        self.lines.get(row).copied()
    }

    /// Rows.
    ///
    /// ```
    /// assert_eq!(tunewise_cost::records::Table::read("a\n1\n2\n".as_bytes(), &["a"])?.rows(), 2);
    /// # Ok::<(), tunewise_cost::records::RecordError>(())
    /// ```
    #[must_use]
    pub fn rows(&self) -> usize {
        self.lines.len()
    }

    /// The least squares fit of a relation between its columns.
    ///
    /// # Errors
    /// As [`Regression::fit`]; a value that a fit cannot use is named with its line.
    ///
    /// ```
    /// use tunewise_cost::records::{Relation, Table};
    ///
    /// let table = Table::read("amount,samples\n350,1000\n450,2000\n650,4000\n".as_bytes(), &["amount", "samples"])?;
    /// let relation = Relation { y: "amount", x: &["samples"], weights: None, intercept: true };
    /// let fit = table.fit(&relation)?;
    /// assert!((fit.intercept() - 250.0).abs() < 1e-9); // 0.1 a sample and 250
    /// # Ok::<(), tunewise_cost::records::RecordError>(())
    /// ```
    pub fn fit(&self, relation: &Relation<'_>) -> Result<LinearFit> {
        let predictors: Vec<Column<'_>> =
            relation.x.iter().map(|name| self.named(name)).collect::<Result<_>>()?;
        let regression = Regression {
            response: self.named(relation.y)?,
            predictors: &predictors,
            weights: relation.weights.map(|name| self.named(name)).transpose()?,
            intercept: relation.intercept,
        };
        if relation.x.contains(&relation.y) {
            return Err(FitError::DuplicateColumn { column: relation.y.to_owned() }.into());
        }
        regression.fit().map_err(|fault| self.located(fault))
    }

    fn named<'a>(&'a self, name: &'a str) -> Result<Column<'a>> {
        let found = || self.columns.iter().map(|(name, _)| name.clone()).collect();
        let missing = || RecordError::MissingColumn { column: name.to_owned(), found: found() };
        Ok(Column { name, values: self.column(name).ok_or_else(missing)? })
    }

    /// A fault of a row as one of its line.
    fn located(&self, fault: FitError) -> RecordError {
        match fault {
            FitError::Value { column, row, value, rule: expected } => RecordError::Value {
                line: self.line(row.saturating_sub(1)).unwrap_or(0),
                column,
                value: value.to_string(),
                expected,
            },
            other => other.into(),
        }
    }

    /// That all values of a column keep a rule.
    pub(super) fn check(
        &self,
        name: &str,
        expected: &'static str,
        holds: fn(f64) -> bool,
    ) -> Result<()> {
        let values = self.column(name).unwrap_or_default().iter().zip(&self.lines);
        match values.into_iter().find(|(value, _)| !holds(**value)) {
            None => Ok(()),
            Some((value, &line)) => Err(RecordError::Value {
                line,
                column: name.to_owned(),
                value: value.to_string(),
                expected,
            }),
        }
    }
}

/// The line where a record starts: its position is that of the blank lines before it.
fn line(bytes: &[u8], record: &csv::StringRecord) -> u64 {
    let Some(position) = record.position() else { return 0 };
    let rest = bytes.iter().skip(position.byte() as usize);
    let blank = rest.take_while(|byte| matches!(byte, b'\n' | b'\r'));
    position.line() + blank.filter(|byte| **byte == b'\n').count() as u64
}

/// Where a column is.
fn place(header: &csv::StringRecord, name: &str) -> Result<Option<usize>> {
    let mut places = header.iter().enumerate().filter(|(_, one)| *one == name);
    let first = places.next().map(|(place, _)| place);
    match places.next() {
        Some(_) => Err(RecordError::DoubledColumn { column: name.to_owned() }),
        None => Ok(first),
    }
}
