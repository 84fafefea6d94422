//! What a score is worth a second look for.

/// A condition that scikit-learn prints as a warning; `Display` says it in a sentence.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Warning {
    /// `y_true` holds one class, so the area under the ROC curve is NaN.
    #[error("only one class is present in y_true: the ROC AUC score is not defined")]
    OneClass,
    /// There are no negatives (or they weigh nothing): the false positive rate is NaN.
    #[error("no negative samples in y_true: the false positive rate is not defined")]
    NoNegatives,
    /// There are no positives (or they weigh nothing): the true positive rate is NaN, recall 1.
    #[error("no positive samples in y_true: the true positive rate is not defined, recall is 1")]
    NoPositives,
    /// The probabilities of a row do not sum to 1; this is the first such row.
    #[error("the probabilities of row {row} sum to {sum}, not to one")]
    RowSum {
        /// The row, from 0.
        row: usize,
        /// Its sum.
        sum: f64,
    },
    /// `labels` are not sorted, and columns are taken in sorted order all the same.
    #[error("labels are not sorted: the columns are taken in sorted order")]
    LabelOrder,
    /// `k` is so large that every row is a hit.
    #[error("k is {k} and there are {num_classes} classes: the score is 1 whatever the scores are")]
    EveryClass {
        /// The `k` asked for.
        k: usize,
        /// Classes there are.
        num_classes: usize,
    },
}

/// A score of probabilities, and what to know about it.
pub type Warned<T> = crate::Scored<T, Warning>;
