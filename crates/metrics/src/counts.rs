//! Rows counted by class.

use crate::error::same_length;
use crate::pairwise;
use crate::{Error, Label, Result};

/// Multi-label marks, row-major `[rows, num_labels]`, each 0 or 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MultiLabel<'a> {
    marks: &'a [u8],
    num_labels: usize,
}

impl<'a> MultiLabel<'a> {
    /// Marks of `num_labels` columns.
    ///
    /// # Errors
    /// [`Error::Indicator`] if the marks are not whole rows of 0 and 1.
    pub fn new(marks: &'a [u8], num_labels: usize) -> Result<Self> {
        let fault = |what: String| Error::Indicator { num_labels, what };
        if num_labels == 0 || !marks.len().is_multiple_of(num_labels) {
            return Err(fault(format!("there are {} marks", marks.len())));
        }
        if let Some(mark) = marks.iter().find(|mark| **mark > 1) {
            return Err(fault(format!("there is a mark {mark}")));
        }
        Ok(Self { marks, num_labels })
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.marks.len() / self.num_labels
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// Number of columns.
    #[must_use]
    pub fn num_labels(&self) -> usize {
        self.num_labels
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.marks.chunks_exact(self.num_labels)
    }
}

/// Weight of rows: true and predicted, predicted, true.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Counts {
    pub(crate) hits: f64,
    pub(crate) predicted: f64,
    pub(crate) actual: f64,
}

impl Counts {
    fn add(&mut self, actual: bool, predicted: bool, weight: f64) {
        self.hits += if actual && predicted { weight } else { 0.0 };
        self.predicted += if predicted { weight } else { 0.0 };
        self.actual += if actual { weight } else { 0.0 };
    }

    /// The sums as scikit-learn gets them, from the misses: with weights that changes the last bits,
    /// which a report prints.
    fn through_misses(self) -> Self {
        Self {
            predicted: self.hits + (self.predicted - self.hits),
            actual: self.hits + (self.actual - self.hits),
            ..self
        }
    }

    pub(crate) fn sum(all: &[Self]) -> Self {
        let total =
            |part: fn(&Self) -> f64| pairwise::sum(&all.iter().map(part).collect::<Vec<_>>());
        Self {
            hits: total(|counts| counts.hits),
            predicted: total(|counts| counts.predicted),
            actual: total(|counts| counts.actual),
        }
    }
}

/// Row weights, 1 each where none are given.
pub(crate) fn weights(sample_weight: Option<&[f64]>, rows: usize) -> Result<Vec<f64>> {
    match sample_weight {
        None => Ok(vec![1.0; rows]),
        Some(weights) => {
            same_length("sample_weight", weights.len(), rows)?;
            Ok(weights.to_vec())
        }
    }
}

/// The counts of each label, in the order of `labels`, which may repeat.
pub(crate) fn by_class<L: Label>(
    labels: &[L],
    y_true: &[L],
    y_pred: &[L],
    weights: &[f64],
) -> Vec<Counts> {
    let mut distinct: Vec<&L> = labels.iter().collect();
    distinct.sort();
    distinct.dedup();
    let mut counts = vec![Counts::default(); distinct.len()];
    let place = |label: &L| distinct.binary_search(&label).ok();
    for ((actual, predicted), &weight) in y_true.iter().zip(y_pred).zip(weights) {
        if let Some(counts) = place(actual).and_then(|place| counts.get_mut(place)) {
            counts.add(true, actual == predicted, weight);
        }
        if actual != predicted
            && let Some(counts) = place(predicted).and_then(|place| counts.get_mut(place))
        {
            counts.add(false, true, weight);
        }
    }
    labels.iter().filter_map(|label| Some(counts.get(place(label)?)?.through_misses())).collect()
}

/// The counts of each of the columns.
pub(crate) fn by_column(
    columns: &[usize],
    y_true: MultiLabel<'_>,
    y_pred: MultiLabel<'_>,
    weights: &[f64],
) -> Vec<Counts> {
    let mut counts = vec![Counts::default(); columns.len()];
    for ((actual, predicted), &weight) in y_true.rows().zip(y_pred.rows()).zip(weights) {
        for (counts, &column) in counts.iter_mut().zip(columns) {
            counts.add(marked(actual, column), marked(predicted, column), weight);
        }
    }
    counts.into_iter().map(Counts::through_misses).collect()
}

/// The counts of each row over the columns, unweighted.
pub(crate) fn by_row(
    columns: &[usize],
    y_true: MultiLabel<'_>,
    y_pred: MultiLabel<'_>,
) -> Vec<Counts> {
    let count = |(actual, predicted): (&[u8], &[u8])| {
        let mut counts = Counts::default();
        for &column in columns {
            counts.add(marked(actual, column), marked(predicted, column), 1.0);
        }
        counts
    };
    y_true.rows().zip(y_pred.rows()).map(count).collect()
}

fn marked(row: &[u8], column: usize) -> bool {
    row.get(column).is_some_and(|&mark| mark == 1)
}
