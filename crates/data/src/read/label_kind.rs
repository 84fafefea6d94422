//! What a column of labels is: names, integers, numbers or lists.

use super::{LabelUse, ReadOptions};
use crate::dataset::{Example, Label, ProblemType};
use crate::{Error, Result};

/// A label as the file has it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum RawLabel {
    /// A cell of a delimited file, of any type; empty for none.
    Text(String),
    /// A JSON string.
    Name(String),
    /// A JSON integer.
    Integer(i64),
    /// A JSON number that is not an integer.
    Float(f64),
    /// A list of names, sorted and distinct.
    Names(Vec<String>),
}

/// A row as the file has it.
#[derive(Debug)]
pub(super) struct RawRow {
    pub(super) text: String,
    pub(super) text_pair: Option<String>,
    pub(super) label: Option<RawLabel>,
    pub(super) line: u64,
}

impl RawLabel {
    fn is_missing(&self) -> bool {
        matches!(self, Self::Text(text) if text.is_empty())
    }

    fn is_integer(&self) -> bool {
        match self {
            Self::Text(text) => text.parse::<i64>().is_ok(),
            other => matches!(other, Self::Integer(_)),
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Self::Text(text) => text.trim().parse().ok().filter(|x: &f64| x.is_finite()),
            Self::Integer(integer) => Some(*integer as f64),
            Self::Float(float) => Some(*float).filter(|x| x.is_finite()),
            Self::Name(_) | Self::Names(_) => None,
        }
    }
}

/// The column that labels come from.
pub(super) struct LabelColumn<'a> {
    pub(super) source: &'a str,
    pub(super) text_column: &'a str,
    pub(super) column: &'a str,
    pub(super) options: &'a ReadOptions,
}

impl LabelColumn<'_> {
    /// The rows with labels of one kind, and what problem that is.
    pub(super) fn resolve(&self, rows: Vec<RawRow>) -> Result<(Vec<Example>, Option<ProblemType>)> {
        let problem = if self.column.is_empty() { None } else { Some(self.problem(&rows)) };
        let example = |row: RawRow| {
            if row.text.trim().is_empty() {
                let place = (row.line, self.text_column);
                return Err(self.fault(place, "an empty cell".to_owned(), "a text"));
            }
            let label = match problem {
                Some(problem) => self.label(row.label, row.line, problem)?,
                None => None,
            };
            Ok(Example { text: row.text, text_pair: row.text_pair, label, line: row.line })
        };
        let examples = rows.into_iter().map(example).collect::<Result<_>>()?;
        Ok((examples, problem))
    }

    /// Lists mean multi label; numbers that are not all integers mean regression.
    fn problem(&self, rows: &[RawRow]) -> ProblemType {
        if let Some(problem) = self.options.problem_type {
            return problem;
        }
        let labels =
            || rows.iter().filter_map(|row| row.label.as_ref()).filter(|l| !l.is_missing());
        let lists = labels().any(|label| matches!(label, RawLabel::Names(_)));
        if lists || self.options.label_separator.is_some() {
            ProblemType::MultiLabelClassification
        } else if labels().all(|l| l.number().is_some()) && labels().any(|l| !l.is_integer()) {
            ProblemType::Regression
        } else {
            ProblemType::SingleLabelClassification
        }
    }

    fn label(
        &self,
        label: Option<RawLabel>,
        line: u64,
        problem: ProblemType,
    ) -> Result<Option<Label>> {
        let multi = problem == ProblemType::MultiLabelClassification;
        let Some(label) = label.filter(|label| multi || !label.is_missing()) else {
            if self.options.labels == LabelUse::IfPresent {
                return Ok(None);
            }
            return Err(self.fault((line, self.column), "an empty cell".to_owned(), "a label"));
        };
        let got = format!("{label:?}");
        let converted = match problem {
            ProblemType::Regression => label.number().map(Label::Value),
            ProblemType::SingleLabelClassification => class(label).map(Label::Class),
            ProblemType::MultiLabelClassification => self.classes(label).map(Label::Classes),
        };
        let expected = match problem {
            ProblemType::Regression => "a finite number, as the other rows have",
            ProblemType::SingleLabelClassification => "one label, as the other rows have",
            ProblemType::MultiLabelClassification => "a list of labels, as the other rows have",
        };
        converted.map(Some).ok_or_else(|| self.fault((line, self.column), got, expected))
    }

    fn classes(&self, label: RawLabel) -> Option<Vec<String>> {
        match (label, &self.options.label_separator) {
            (RawLabel::Names(names), _) => Some(names),
            (RawLabel::Text(text) | RawLabel::Name(text), Some(separator)) => {
                let names =
                    text.split(separator.as_str()).map(str::trim).filter(|name| !name.is_empty());
                let mut names: Vec<String> = names.map(str::to_owned).collect();
                names.sort();
                names.dedup();
                Some(names)
            }
            _ => None,
        }
    }

    fn fault(&self, (line, column): (u64, &str), got: String, expected: &str) -> Error {
        let (file, expected) = (self.source.to_owned(), expected.to_owned());
        Error::Value { file, line, column: column.to_owned(), got, expected }
    }
}

/// The name of a single class, as the file has it.
fn class(label: RawLabel) -> Option<String> {
    match label {
        RawLabel::Text(text) | RawLabel::Name(text) => Some(text),
        RawLabel::Integer(integer) => Some(integer.to_string()),
        RawLabel::Float(float) => Some(float.to_string()),
        RawLabel::Names(_) => None,
    }
}
