//! Label names, their order, and the targets that they make.

use std::collections::{BTreeSet, HashMap};

use crate::dataset::{Dataset, Label, ProblemType};
use crate::{Error, Result};

/// The names of the labels in the order of the logits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelSet {
    names: Vec<String>,
    ids: HashMap<String, usize>,
}

impl LabelSet {
    /// The labels that occur, sorted: integers by value if all are, else by code point.
    ///
    /// # Errors
    /// [`Error::Empty`] without labels, [`Error::OneClass`] if every row has the same single label.
    pub fn from_dataset(dataset: &Dataset) -> Result<Self> {
        let mut names = BTreeSet::new();
        for example in dataset.examples() {
            match &example.label {
                Some(Label::Class(name)) => {
                    names.insert(name.clone());
                }
                Some(Label::Classes(all)) => names.extend(all.iter().cloned()),
                Some(Label::Value(_)) | None => {}
            }
        }
        let mut names: Vec<String> = names.into_iter().collect();
        if let Some(mut numbered) = integers(&names) {
            numbered.sort_unstable();
            names = numbered.into_iter().map(|(_, name)| name).collect();
        }
        let file = dataset.source().to_owned();
        let single = dataset.problem_type() == Some(ProblemType::SingleLabelClassification);
        match names.as_slice() {
            [] => Err(Error::Empty { file }),
            [label] if single => {
                Err(Error::OneClass { file, rows: dataset.len(), label: label.clone() })
            }
            _ => Self::from_names(names),
        }
    }

    /// Labels in a given order, such as a checkpoint's `id2label`. If they are all Transformers'
    /// default names `LABEL_0`, `LABEL_1`, …, the integers stand for them too.
    ///
    /// # Errors
    /// [`Error::LabelNames`] for a repeated name or an empty list.
    pub fn from_names(names: Vec<String>) -> Result<Self> {
        let mut ids = HashMap::new();
        for (id, name) in names.iter().enumerate() {
            if ids.insert(name.clone(), id).is_some() {
                return Err(Error::LabelNames { name: name.clone() });
            }
        }
        if names.is_empty() {
            return Err(Error::LabelNames { name: String::new() });
        }
        if names.iter().enumerate().all(|(id, name)| *name == format!("LABEL_{id}")) {
            ids.extend((0..names.len()).map(|id| (id.to_string(), id)));
        }
        Ok(Self { names, ids })
    }

    /// The names in order.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The place of a label.
    #[must_use]
    pub fn id(&self, name: &str) -> Option<usize> {
        self.ids.get(name).copied()
    }
}

/// The names with their values, if all are integers.
fn integers(names: &[String]) -> Option<Vec<(i64, String)>> {
    names.iter().map(|name| Some((name.parse().ok()?, name.clone()))).collect()
}

/// The labels of all rows as a model wants them.
#[derive(Debug, Clone, PartialEq)]
pub enum Targets {
    /// Rows without labels.
    None,
    /// Class ids `[rows]`.
    Classes(Vec<i64>),
    /// Marks of 0 and 1, row-major `[rows, num_labels]`.
    MultiHot {
        /// Marks a row.
        num_labels: usize,
        /// The marks.
        values: Vec<f32>,
    },
    /// Numbers `[rows]`.
    Values(Vec<f32>),
}

/// The targets of every row; regression has no use for `labels`.
///
/// # Errors
/// [`Error::UnknownLabel`] for a label outside `labels`, [`Error::NoLabel`] for a row whose label is
/// missing or of another kind than `problem`; both name the line.
pub fn targets(dataset: &Dataset, problem: ProblemType, labels: &LabelSet) -> Result<Targets> {
    let rows = Rows { dataset, labels };
    match problem {
        ProblemType::Regression => rows.values(),
        ProblemType::SingleLabelClassification => rows.classes(),
        ProblemType::MultiLabelClassification => rows.marks(),
    }
}

struct Rows<'a> {
    dataset: &'a Dataset,
    labels: &'a LabelSet,
}

impl Rows<'_> {
    fn each<T>(
        &self,
        problem: ProblemType,
        mut convert: impl FnMut(&Label, u64) -> Option<Result<T>>,
    ) -> Result<Vec<T>> {
        let row = |example: &crate::Example| {
            let label = example.label.as_ref().and_then(|label| convert(label, example.line));
            label.unwrap_or_else(|| {
                let (file, line) = (self.dataset.source().to_owned(), example.line);
                Err(Error::NoLabel { file, line, problem: problem.to_string() })
            })
        };
        self.dataset.examples().iter().map(row).collect()
    }

    fn values(&self) -> Result<Targets> {
        let value = |label: &Label, _| match label {
            Label::Value(value) => Some(Ok(*value as f32)),
            _ => None,
        };
        Ok(Targets::Values(self.each(ProblemType::Regression, value)?))
    }

    fn classes(&self) -> Result<Targets> {
        let class = |label: &Label, line| match label {
            Label::Class(name) => Some(self.id(name, line).map(|id| id as i64)),
            _ => None,
        };
        Ok(Targets::Classes(self.each(ProblemType::SingleLabelClassification, class)?))
    }

    fn marks(&self) -> Result<Targets> {
        let num_labels = self.labels.names().len();
        let marks = |label: &Label, line| match label {
            Label::Classes(names) => Some(self.row_of_marks(names, line, num_labels)),
            _ => None,
        };
        let rows = self.each(ProblemType::MultiLabelClassification, marks)?;
        Ok(Targets::MultiHot { num_labels, values: rows.concat() })
    }

    fn row_of_marks(&self, names: &[String], line: u64, num_labels: usize) -> Result<Vec<f32>> {
        let mut row = vec![0.0; num_labels];
        for name in names {
            if let Some(mark) = row.get_mut(self.id(name, line)?) {
                *mark = 1.0;
            }
        }
        Ok(row)
    }

    fn id(&self, name: &str, line: u64) -> Result<usize> {
        const SHOWN: usize = 10;
        let names = self.labels.names();
        self.labels.id(name).ok_or_else(|| Error::UnknownLabel {
            file: self.dataset.source().to_owned(),
            line,
            label: name.to_owned(),
            count: names.len(),
            known: names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", "),
        })
    }
}
