//! The confusion matrix.

use std::collections::BTreeSet;

use crate::error::same_length;
use crate::{Error, Label, Result};

/// Rows counted by true and predicted label: rows are true labels, columns predicted ones.
///
/// ```
/// use tunewise_metrics::ConfusionMatrix;
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let matrix = ConfusionMatrix::new(&["a", "b", "b"], &["a", "a", "b"])?;
/// assert_eq!(matrix.count(&"b", &"a"), Some(1));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfusionMatrix<L> {
    labels: Vec<L>,
    counts: Vec<u64>, // [labels, labels], row-major
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
        let labels: BTreeSet<&L> = y_true.iter().chain(y_pred).collect();
        let labels: Vec<L> = labels.into_iter().cloned().collect();
        Self::with_labels(&labels, y_true, y_pred)
    }

    /// The matrix of these labels in this order; rows with a label outside them are not counted.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::Length`]; [`Error::Labels`] if none of them is in `y_true`.
    pub fn with_labels(labels: &[L], y_true: &[L], y_pred: &[L]) -> Result<Self> {
        same_length("y_pred", y_pred.len(), y_true.len())?;
        if !y_true.iter().any(|label| labels.contains(label)) {
            return Err(Error::Labels);
        }
        let mut matrix =
            Self { labels: labels.to_vec(), counts: vec![0; labels.len() * labels.len()] };
        let mut order: Vec<(&L, usize)> = labels.iter().zip(0..).collect();
        order.sort();
        let place = |label: &L| {
            let found = order.binary_search_by(|(known, _)| (*known).cmp(label)).ok()?;
            order.get(found).map(|(_, place)| *place)
        };
        for (actual, predicted) in y_true.iter().zip(y_pred) {
            if let (Some(row), Some(column)) = (place(actual), place(predicted))
                && let Some(count) = matrix.counts.get_mut(row * labels.len() + column)
            {
                *count += 1;
            }
        }
        Ok(matrix)
    }

    /// The labels, of rows and columns alike.
    #[must_use]
    pub fn labels(&self) -> &[L] {
        &self.labels
    }

    /// How many rows of label `actual` were predicted as `predicted`.
    #[must_use]
    pub fn count(&self, actual: &L, predicted: &L) -> Option<u64> {
        let place = |label: &L| self.labels.iter().position(|known| known == label);
        self.counts.get(place(actual)? * self.labels.len() + place(predicted)?).copied()
    }

    /// The counts, a slice a true label.
    pub fn rows(&self) -> impl DoubleEndedIterator<Item = &[u64]> {
        self.counts.chunks_exact(self.labels.len().max(1))
    }

    /// Adds the counts of another part of the data.
    ///
    /// # Errors
    /// [`Error::UnknownLabel`] if the labels are not the same in the same order.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        if self.labels != other.labels {
            let label = other.labels.iter().find(|label| !self.labels.contains(label));
            let label = label.or(other.labels.first()).map(L::to_string).unwrap_or_default();
            return Err(Error::UnknownLabel { label });
        }
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        Ok(())
    }
}
