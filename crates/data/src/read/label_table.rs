//! Labels as codes while a file is read: memory is bounded by the rows and the distinct labels.

use ahash::AHashMap;
use serde_json::Value;

use crate::predictions::{LabelType, LabelValue, MultiLabelPredictions, Predictions};
use crate::{Error, Result};

/// Which of the two columns a label stands in, and the first line on which it does.
type FirstSeen = (usize, u64);

/// The file and the names of the columns of true and predicted labels, for messages.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin<'a> {
    pub(super) file: &'a str,
    pub(super) columns: [&'a str; 2],
}

/// The distinct labels in the order in which they are seen, and each row's pair of them.
#[derive(Debug, Default)]
pub(super) struct LabelTable {
    names: AHashMap<String, u32>,
    others: AHashMap<LabelValue, u32>,
    seen: Vec<(LabelValue, Vec<FirstSeen>)>,
    y_true: Vec<u32>,
    y_pred: Vec<u32>,
}

impl LabelTable {
    pub(super) fn is_empty(&self) -> bool {
        self.y_true.is_empty()
    }

    /// The code of a cell of a delimited file, or of a string.
    pub(super) fn name_code(&mut self, name: &str, place: FirstSeen) -> u32 {
        let code = match self.names.get(name) {
            Some(&code) => code,
            None => {
                let code = self.add(LabelValue::Name(name.to_owned()));
                self.names.insert(name.to_owned(), code);
                code
            }
        };
        self.note(code, place)
    }

    /// The code of a label of any type.
    pub(super) fn code(&mut self, label: LabelValue, place: FirstSeen) -> u32 {
        if let LabelValue::Name(name) = &label {
            return self.name_code(name, place);
        }
        let code = match self.others.get(&label) {
            Some(&code) => code,
            None => {
                let code = self.add(label.clone());
                self.others.insert(label, code);
                code
            }
        };
        self.note(code, place)
    }

    fn add(&mut self, label: LabelValue) -> u32 {
        self.seen.push((label, Vec::new()));
        self.seen.len() as u32 - 1
    }

    fn note(&mut self, code: u32, place: FirstSeen) -> u32 {
        if let Some((_, places)) = self.seen.get_mut(code as usize)
            && places.iter().all(|(column, _)| *column != place.0)
        {
            places.push(place);
        }
        code
    }

    pub(super) fn push(&mut self, [actual, predicted]: [u32; 2]) {
        self.y_true.push(actual);
        self.y_pred.push(predicted);
    }

    /// The predictions of a delimited file: a column is of integers only if every cell is one.
    pub(super) fn finish_cells(
        mut self,
        origin: Origin<'_>,
        sample_weight: Option<Vec<f64>>,
    ) -> Result<Predictions> {
        let words = [self.first(0, |label| !is_integer(label)), self.first(1, |l| !is_integer(l))];
        match words {
            [None, None] => {
                for (label, _) in &mut self.seen {
                    *label = integer(label).unwrap_or(label.clone());
                }
            }
            [Some(_), Some(_)] => {}
            [Some(word), None] => return Err(self.mixed(origin, word, 1)),
            [None, Some(word)] => return Err(self.mixed(origin, word, 0)),
        }
        self.finish(origin, sample_weight)
    }

    /// The predictions of labels that have types.
    pub(super) fn finish(
        self,
        origin: Origin<'_>,
        sample_weight: Option<Vec<f64>>,
    ) -> Result<Predictions> {
        let Some((label, _)) = self.seen.first() else {
            return Err(Error::Empty { file: origin.file.to_owned() });
        };
        let label_type = label.label_type();
        let other = |label: &LabelValue| label.label_type() != label_type;
        if let Some(stranger) = self.first(0, other).or_else(|| self.first(1, other)) {
            let first_column = self.seen.first().and_then(|(_, places)| places.first());
            return Err(self.mixed(
                origin,
                stranger,
                first_column.map_or(0, |(column, _)| *column),
            ));
        }
        let mut classes: Vec<LabelValue> =
            self.seen.iter().map(|(label, _)| label.clone()).collect();
        classes.sort();
        classes.dedup(); // 1 and 01 are one integer
        let index = |label: &LabelValue| classes.binary_search(label).unwrap_or_default() as u32;
        let sorted: Vec<u32> = self.seen.iter().map(|(label, _)| index(label)).collect();
        let indices = |codes: Vec<u32>| -> Vec<u32> {
            codes.into_iter().filter_map(|code| sorted.get(code as usize).copied()).collect()
        };
        let (y_true, y_pred) = (indices(self.y_true), indices(self.y_pred));
        Ok(Predictions { classes, label_type, y_true, y_pred, sample_weight })
    }

    /// The first such label of a column: its code and line.
    fn first(&self, column: usize, such: impl Fn(&LabelValue) -> bool) -> Option<Found> {
        let found = self.seen.iter().zip(0..).filter(|((label, _), _)| such(label));
        let in_column = found.filter_map(|((label, places), _)| {
            let (_, line) = places.iter().find(|(place, _)| *place == column)?;
            Some(Found { label: label.clone(), column, line: *line })
        });
        in_column.min_by_key(|found| found.line)
    }

    /// The error of a label that is not of the type of the first one in a column.
    fn mixed(&self, origin: Origin<'_>, stranger: Found, column: usize) -> Error {
        let name =
            |column: usize| origin.columns.get(column).copied().unwrap_or_default().to_owned();
        let other = self.first(column, |label| {
            label.label_type() != stranger.label.label_type() || is_integer(label)
        });
        let other = other.unwrap_or_else(|| stranger.clone());
        let expected = integer(&other.label).unwrap_or_else(|| other.label.clone()).label_type();
        Error::Value {
            file: origin.file.to_owned(),
            line: stranger.line,
            column: name(stranger.column),
            got: format!("`{}` is {}", stranger.label, stranger.label.label_type().name()),
            expected: format!(
                "{}, as `{}` in column `{}` on line {} is",
                expected.name(),
                other.label,
                name(other.column),
                other.line
            ),
        }
    }
}

/// A label and where it first stands in a column.
#[derive(Debug, Clone)]
struct Found {
    label: LabelValue,
    column: usize,
    line: u64,
}

/// The integer that a cell holds.
fn integer(label: &LabelValue) -> Option<LabelValue> {
    match label {
        LabelValue::Name(cell) => LabelValue::parse(cell, LabelType::Integer),
        _ => None,
    }
}

fn is_integer(label: &LabelValue) -> bool {
    integer(label).is_some()
}

/// Rows of marks.
#[derive(Debug, Default)]
pub(super) struct MarkTable {
    num_labels: Option<usize>,
    /// True and predicted rows in turn.
    columns: [Vec<u8>; 2],
    next: usize,
}

impl MarkTable {
    /// What a value must be.
    pub(super) fn expected(&self) -> String {
        match self.num_labels {
            Some(num_labels) => format!("a list of {num_labels} marks of 0 or 1, as the first is"),
            None => "a list of marks of 0 or 1".to_owned(),
        }
    }

    /// Adds a row's true marks, or its predicted ones after them; `None` if they are no marks.
    pub(super) fn push(&mut self, value: &Value) -> Option<()> {
        let marks = value.as_array().filter(|marks| !marks.is_empty())?;
        let mark = |mark: &Value| mark.as_u64().filter(|&mark| mark < 2).map(|mark| mark as u8);
        let marks: Vec<u8> = marks.iter().map(mark).collect::<Option<_>>()?;
        if *self.num_labels.get_or_insert(marks.len()) != marks.len() {
            return None;
        }
        self.columns.get_mut(self.next)?.extend(marks);
        self.next = 1 - self.next;
        Some(())
    }

    pub(super) fn finish(self, sample_weight: Option<Vec<f64>>) -> MultiLabelPredictions {
        let num_labels = self.num_labels.unwrap_or_default();
        let [y_true, y_pred] = self.columns;
        MultiLabelPredictions { num_labels, y_true, y_pred, sample_weight }
    }
}
