//! The confusion matrix.

use rayon::prelude::*;

use crate::error::same_length;
use crate::ids::{Ids, OUTSIDE};
use crate::joint::{Cell, Joint};
use crate::label_warning::LabelWarning;
use crate::{Error, Label, Result, weighted};

/// Fewer rows are counted on the calling thread.
const PARALLEL_ROWS: usize = 1 << 17;

/// Rows counted by true and predicted label: rows are true labels, columns predicted ones. Counts are
/// `u64`; of rows with weights they are `f64`.
///
/// ```
/// use tunewise_metrics::{ConfusionMatrix, Normalize};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let matrix = ConfusionMatrix::new(&["a", "b", "b"], &["a", "a", "b"])?;
/// assert_eq!(matrix.count(&"b", &"a"), Some(1));
/// assert_eq!(matrix.normalized(Normalize::True).count(&"b", &"a"), Some(0.5));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfusionMatrix<L, C = u64> {
    labels: Vec<L>,
    counts: Vec<C>, // [labels, labels], row-major
}

/// What the counts are shares of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Normalize {
    /// The rows of the true label.
    True,
    /// The rows of the predicted label.
    Pred,
    /// All rows.
    All,
}

impl<L: Label> ConfusionMatrix<L> {
    /// The matrix of all labels that occur, sorted.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::Length`].
    ///
    /// # Reference
    /// `sklearn.metrics.confusion_matrix`.
    pub fn new(y_true: &[L], y_pred: &[L]) -> Result<Self> {
        Self::counted(None, (y_true, y_pred))
    }

    /// The matrix of these labels in this order; rows with a label outside them are not counted, and of
    /// equal labels the last one is.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::Length`]; [`Error::Labels`] if none of them is in `y_true`.
    pub fn with_labels(labels: &[L], y_true: &[L], y_pred: &[L]) -> Result<Self> {
        Self::counted(Some(labels), (y_true, y_pred))
    }

    fn counted(labels: Option<&[L]>, (y_true, y_pred): (&[L], &[L])) -> Result<Self> {
        same_length("y_pred", y_pred.len(), y_true.len())?;
        let count = |y_true: &[L], y_pred: &[L]| Pairs::new(labels).push(y_true, y_pred, None);
        if y_true.len() < PARALLEL_ROWS {
            return count(y_true, y_pred).finish();
        }
        let part = y_true.len().div_ceil(rayon::current_num_threads());
        let parts = y_true.par_chunks(part).zip(y_pred.par_chunks(part));
        let parts = parts.map(|(y_true, y_pred)| count(y_true, y_pred));
        parts.reduce(|| Pairs::new(labels), Pairs::merged).finish()
    }
}

impl<L: Label> ConfusionMatrix<L, f64> {
    /// The weight of rows by true and predicted label: of all labels that occur, sorted, or of
    /// `labels`. The order of the rows decides the rounding, not the number of threads.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::Length`]; [`Error::Labels`] if none of them is in `y_true`;
    /// [`Error::Argument`] for a weight that is not finite; [`Error::ZeroWeight`].
    ///
    /// ```
    /// use tunewise_metrics::ConfusionMatrix;
    ///
    /// # fn main() -> tunewise_metrics::Result<()> {
    /// let matrix = ConfusionMatrix::weighted(None, &[0, 1, 1], &[0, 0, 1], &[1.0, 0.5, 2.0])?;
    /// assert_eq!(matrix.count(&1, &0), Some(0.5));
    /// # Ok(())
    /// # }
    /// ```
    pub fn weighted(
        labels: Option<&[L]>,
        y_true: &[L],
        y_pred: &[L],
        sample_weight: &[f64],
    ) -> Result<Self> {
        same_length("y_pred", y_pred.len(), y_true.len())?;
        weighted::check_mean(Some(sample_weight), y_true.len())?;
        Pairs::new(labels).push(y_true, y_pred, Some(sample_weight)).finish()
    }

    /// The matrix of all labels, weighted or not, as floats.
    pub(crate) fn cells(y_true: &[L], y_pred: &[L], sample_weight: Option<&[f64]>) -> Result<Self> {
        match sample_weight {
            Some(weights) => Self::weighted(None, y_true, y_pred, weights),
            None => Ok(ConfusionMatrix::new(y_true, y_pred)?.to_f64()),
        }
    }
}

impl<L: Label, C: Cell> ConfusionMatrix<L, C> {
    /// A matrix of counts made elsewhere, row-major `[labels, labels]`.
    ///
    /// # Errors
    /// [`Error::Labels`] without labels; [`Error::Argument`] if the counts are not as many as the
    /// labels squared.
    pub fn from_counts(labels: Vec<L>, counts: Vec<C>) -> Result<Self> {
        if labels.is_empty() {
            return Err(Error::Labels);
        }
        if labels.len().checked_mul(labels.len()) != Some(counts.len()) {
            let got = format!("{} counts for {} labels", counts.len(), labels.len());
            return Err(Error::Argument {
                name: "counts",
                got,
                expected: "labels x labels counts",
            });
        }
        Ok(Self { labels, counts })
    }

    /// The labels, of rows and columns alike.
    #[must_use]
    pub fn labels(&self) -> &[L] {
        &self.labels
    }

    /// How many rows of label `actual` were predicted as `predicted`.
    #[must_use]
    pub fn count(&self, actual: &L, predicted: &L) -> Option<C> {
        let place = |label: &L| self.labels.iter().position(|known| known == label);
        self.counts.get(place(actual)? * self.labels.len() + place(predicted)?).copied()
    }

    /// The counts, a slice a true label.
    pub fn rows(&self) -> impl DoubleEndedIterator<Item = &[C]> + ExactSizeIterator {
        self.counts.chunks_exact(self.labels.len().max(1))
    }

    /// A matrix of one label tells nothing of the others: scikit-learn warns of it.
    #[must_use]
    pub fn warning(&self) -> Option<LabelWarning> {
        (self.labels.len() == 1).then_some(LabelWarning::SingleLabel)
    }

    /// The counts as shares; 0 where there is nothing to share.
    #[must_use]
    pub fn normalized(&self, normalize: Normalize) -> ConfusionMatrix<L, f64> {
        let mut matrix = self.to_f64();
        let classes = self.labels.len().max(1);
        let all: f64 = matrix.counts.iter().sum();
        let by_row: Vec<f64> = matrix.rows().map(|row| row.iter().sum()).collect();
        let mut by_column = vec![0.0; classes];
        for row in matrix.rows() {
            by_column.iter_mut().zip(row).for_each(|(sum, count)| *sum += count);
        }
        for (row, row_sum) in matrix.counts.chunks_exact_mut(classes).zip(by_row) {
            for (cell, column_sum) in row.iter_mut().zip(&by_column) {
                let share = match normalize {
                    Normalize::True => *cell / row_sum,
                    Normalize::Pred => *cell / column_sum,
                    Normalize::All => *cell / all,
                };
                *cell = if share.is_nan() { 0.0 } else { share.clamp(f64::MIN, f64::MAX) };
            }
        }
        matrix
    }

    /// Adds the counts of another part of the data.
    ///
    /// # Errors
    /// [`Error::UnknownLabel`] if the labels are not the same in the same order; see
    /// [`ConfusionMatrix::union`].
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        if self.labels != other.labels {
            let label = other.labels.iter().find(|label| !self.labels.contains(label));
            let label = label.or(other.labels.first()).map(L::to_string).unwrap_or_default();
            return Err(Error::UnknownLabel { label });
        }
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += *more;
        }
        Ok(())
    }

    /// The counts of two parts of the data over the labels of both, sorted.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let pairs = |matrix: &Self| {
            let mut pairs = Pairs::new(None);
            let ids: Vec<u32> = matrix.labels.iter().map(|label| pairs.ids.id(label)).collect();
            pairs.joint.fit(ids.len());
            for (actual, row) in ids.iter().zip(matrix.rows()) {
                for (predicted, count) in ids.iter().zip(row) {
                    pairs.joint.add(*actual, *predicted, *count);
                }
            }
            pairs
        };
        pairs(self).merged(pairs(other)).sorted()
    }

    pub(crate) fn to_f64(&self) -> ConfusionMatrix<L, f64> {
        let counts = self.counts.iter().map(|count| count.as_f64()).collect();
        ConfusionMatrix { labels: self.labels.clone(), counts }
    }
}

/// Rows counted by pair of labels.
struct Pairs<L, C> {
    ids: Ids<L>,
    joint: Joint<C>,
    closed: bool,
    /// Whether a label of `y_true` is one of a closed set.
    any: bool,
}

impl<L: Label, C: Cell> Pairs<L, C> {
    fn new(labels: Option<&[L]>) -> Self {
        let ids = labels.map_or_else(Ids::open, Ids::closed);
        Self { ids, joint: Joint::new(), closed: labels.is_some(), any: false }
    }

    fn push(mut self, y_true: &[L], y_pred: &[L], weights: Option<&[f64]>) -> Self {
        let Self { ids, joint, any, .. } = &mut self;
        let mut weights = weights.map(|weights| weights.iter());
        ids.encode_rows(y_true, y_pred, |classes, actual, predicted| {
            joint.fit(classes);
            *any |= actual.iter().any(|id| *id != OUTSIDE);
            let rows = actual.iter().zip(predicted);
            match &mut weights {
                None => rows.for_each(|(actual, predicted)| joint.add(*actual, *predicted, C::ONE)),
                Some(weights) => rows.zip(weights).for_each(|((actual, predicted), weight)| {
                    joint.add(*actual, *predicted, C::of(*weight));
                }),
            }
        });
        self
    }

    fn merged(mut self, other: Self) -> Self {
        if self.ids.labels().is_empty() || self.closed && !self.any {
            return other;
        }
        let theirs = other.ids.labels();
        let ours: Vec<u32> = if self.closed {
            (0..theirs.len() as u32).collect()
        } else {
            theirs.iter().map(|label| self.ids.id(label)).collect()
        };
        self.joint.fit(self.ids.labels().len());
        self.joint.merge(&other.joint, &ours);
        self.any |= other.any;
        self
    }

    /// In the order of a closed set, else sorted.
    fn finish(self) -> Result<ConfusionMatrix<L, C>> {
        if !self.any {
            return Err(Error::Labels);
        }
        if !self.closed {
            return Ok(self.sorted());
        }
        let labels = self.ids.labels().to_vec();
        let counts = self.joint.pairs(labels.len()).map(|(_, _, count)| count).collect();
        Ok(ConfusionMatrix { labels, counts })
    }

    fn sorted(&self) -> ConfusionMatrix<L, C> {
        let mut order: Vec<(&L, u32)> = self.ids.labels().iter().zip(0..).collect();
        order.sort();
        let row = |&(_, actual): &(&L, u32)| {
            order.iter().map(move |&(_, predicted)| (actual, predicted)).collect::<Vec<_>>()
        };
        let pairs = order.iter().flat_map(row);
        let counts = pairs.map(|(actual, predicted)| self.joint.at(actual, predicted)).collect();
        ConfusionMatrix {
            labels: order.iter().map(|(label, _)| (*label).clone()).collect(),
            counts,
        }
    }
}
