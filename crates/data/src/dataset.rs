//! Examples in memory.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// What is to be predicted; names are Transformers' `problem_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemType {
    /// A number.
    Regression,
    /// One label of several.
    SingleLabelClassification,
    /// Any number of labels.
    MultiLabelClassification,
}

impl ProblemType {
    const NAMES: [(Self, &str); 3] = [
        (Self::Regression, "regression"),
        (Self::SingleLabelClassification, "single_label_classification"),
        (Self::MultiLabelClassification, "multi_label_classification"),
    ];
}

impl fmt::Display for ProblemType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            Self::NAMES.iter().find(|(known, _)| known == self).map_or("", |(_, name)| name),
        )
    }
}

impl FromStr for ProblemType {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let found =
            Self::NAMES.iter().find(|(_, known)| *known == name).map(|(problem, _)| *problem);
        found.ok_or_else(|| Error::Argument {
            name: "problem_type",
            got: name.to_owned(),
            expected: "regression, single_label_classification or multi_label_classification",
        })
    }
}

/// The label of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Label {
    /// One class; integers stand as their decimal text.
    Class(String),
    /// Any number of classes.
    Classes(Vec<String>),
    /// A number.
    Value(f64),
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// The text.
    pub text: String,
    /// The second text of a pair.
    pub text_pair: Option<String>,
    /// The label, if known.
    pub label: Option<Label>,
    /// Line of the file where the row starts, from 1; 0 for rows that come from no file.
    pub line: u64,
}

/// The names of the columns in use.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Columns {
    /// Of the text.
    pub text: String,
    /// Of the second text.
    pub text_pair: Option<String>,
    /// Of the label.
    pub label: Option<String>,
}

/// Rows with where they come from.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    source: String,
    columns: Columns,
    examples: Vec<Example>,
    problem_type: Option<ProblemType>,
}

impl Dataset {
    /// A data set made in memory; `source` names it in messages.
    #[must_use]
    pub fn new(source: &str, examples: Vec<Example>, problem_type: Option<ProblemType>) -> Self {
        let columns = Columns { text: "text".to_owned(), ..Columns::default() };
        Self { source: source.to_owned(), columns, examples, problem_type }
    }

    pub(crate) fn with_columns(mut self, columns: Columns) -> Self {
        self.columns = columns;
        self
    }

    /// The rows.
    #[must_use]
    pub fn examples(&self) -> &[Example] {
        &self.examples
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.examples.len()
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.examples.is_empty()
    }

    /// The file, or the name given.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The columns in use.
    #[must_use]
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// What the labels are for; `None` without labels.
    #[must_use]
    pub fn problem_type(&self) -> Option<ProblemType> {
        self.problem_type
    }

    /// The rows of those numbers, in their order.
    ///
    /// # Errors
    /// [`Error::Argument`] for a number that is not a row.
    pub fn select(&self, rows: &[usize]) -> Result<Self> {
        let row = |&row: &usize| {
            let fault =
                || Error::Argument { name: "rows", got: row.to_string(), expected: "a row number" };
            self.examples.get(row).cloned().ok_or_else(fault)
        };
        let examples = rows.iter().map(row).collect::<Result<_>>()?;
        Ok(Self {
            source: self.source.clone(),
            columns: self.columns.clone(),
            examples,
            problem_type: self.problem_type,
        })
    }

    /// The rows as a CSV text with the columns `text`, `text_pair` if a row has one, and `label` if a row
    /// has one; several labels of a row as a JSON list.
    ///
    /// # Errors
    /// [`Error::Argument`] for a row that cannot be written.
    pub fn to_csv(&self) -> Result<String> {
        let fault = |error: &dyn fmt::Display| Error::Argument {
            name: "rows",
            got: error.to_string(),
            expected: "rows of texts",
        };
        let pairs = self.examples.iter().any(|row| row.text_pair.is_some());
        let labels = self.examples.iter().any(|row| row.label.is_some());
        let line = |text, pair, label| {
            let pair = pairs.then_some(pair);
            let label = labels.then_some(label);
            [Some(text), pair, label].into_iter().flatten().collect::<Vec<String>>()
        };
        let mut writer = csv::Writer::from_writer(Vec::new());
        let mut write =
            |record: Vec<String>| writer.write_record(record).map_err(|error| fault(&error));
        write(line("text".to_owned(), "text_pair".to_owned(), "label".to_owned()))?;
        for row in &self.examples {
            let label = match &row.label {
                None => String::new(),
                Some(Label::Class(name)) => name.clone(),
                Some(Label::Value(value)) => value.to_string(),
                Some(Label::Classes(names)) => serde_json::json!(names).to_string(),
            };
            write(line(row.text.clone(), row.text_pair.clone().unwrap_or_default(), label))?;
        }
        let bytes = writer.into_inner().map_err(|error| fault(&error))?;
        String::from_utf8(bytes).map_err(|error| fault(&error))
    }
}
