//! True, predicted and right rows of a class.

use crate::pairwise;
use crate::targets::MultiLabel;

/// Weight of rows: right, predicted, true.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Counts {
    pub(crate) hits: f64,
    pub(crate) predicted: f64,
    pub(crate) actual: f64,
}

impl Counts {
    #[inline]
    pub(crate) fn add(&mut self, actual: bool, predicted: bool, weight: f64) {
        self.hits += if actual && predicted { weight } else { 0.0 };
        self.predicted += if predicted { weight } else { 0.0 };
        self.actual += if actual { weight } else { 0.0 };
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.hits += other.hits;
        self.predicted += other.predicted;
        self.actual += other.actual;
    }

    /// The sums as scikit-learn gets them, from the misses: with weights that changes the last bits,
    /// which a report prints.
    pub(crate) fn through_misses(self) -> Self {
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

/// The counts of each of the columns.
pub(crate) fn by_column(
    columns: &[usize],
    y_true: MultiLabel<'_>,
    y_pred: MultiLabel<'_>,
    weights: Option<&[f64]>,
) -> Vec<Counts> {
    let mut counts = vec![Counts::default(); columns.len()];
    let mut weights = weights.unwrap_or_default().iter();
    for (actual, predicted) in y_true.rows().zip(y_pred.rows()) {
        let weight = weights.next().copied().unwrap_or(1.0);
        for (counts, &column) in counts.iter_mut().zip(columns) {
            counts.add(marked(actual, column), marked(predicted, column), weight);
        }
    }
    counts.into_iter().map(Counts::through_misses).collect()
}

/// The counts of each row over the columns, times its weight.
pub(crate) fn by_row(
    columns: &[usize],
    y_true: MultiLabel<'_>,
    y_pred: MultiLabel<'_>,
    weights: Option<&[f64]>,
) -> Vec<Counts> {
    let mut weights = weights.unwrap_or_default().iter();
    let count = |(actual, predicted): (&[u8], &[u8])| {
        let weight = weights.next().copied().unwrap_or(1.0);
        let mut counts = Counts::default();
        for &column in columns {
            counts.add(marked(actual, column), marked(predicted, column), 1.0);
        }
        let Counts { hits, predicted, actual } = counts;
        Counts { hits: hits * weight, predicted: predicted * weight, actual: actual * weight }
            .through_misses()
    };
    y_true.rows().zip(y_pred.rows()).map(count).collect()
}

fn marked(row: &[u8], column: usize) -> bool {
    row.get(column).is_some_and(|&mark| mark == 1)
}
