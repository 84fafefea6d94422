//! The crate's error type.

/// Why a metric cannot be computed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There are no rows.
    #[error("no rows: a metric needs at least one")]
    Empty,
    /// Two inputs have different lengths.
    #[error("{what} has {got} rows, expected {expected} as in y_true")]
    Length {
        /// The input.
        what: &'static str,
        /// Its length.
        got: usize,
        /// The length of `y_true`.
        expected: usize,
    },
    /// A multi-label indicator is not rows of 0 and 1.
    #[error("a multi-label indicator must be rows of {num_labels} marks of 0 or 1; {what}")]
    Indicator {
        /// Marks a row.
        num_labels: usize,
        /// What it is instead.
        what: String,
    },
    /// `labels` names none of the labels that occur, or is empty.
    #[error("labels: expected at least one label, and one of y_true")]
    Labels,
    /// A label of a multi-label problem is not a column.
    #[error("label {label} is not one of the {num_labels} columns")]
    Column {
        /// The label.
        label: String,
        /// The columns there are.
        num_labels: usize,
    },
    /// There are more or fewer names than labels.
    #[error(
        "number of classes, {classes}, does not match size of target_names, {names}; try specifying the labels"
    )]
    TargetNames {
        /// Labels of the report.
        classes: usize,
        /// Names given.
        names: usize,
    },
    /// A label outside the matrix, or matrices of different labels.
    #[error("label `{label}` is not one of the matrix's labels")]
    UnknownLabel {
        /// The label.
        label: String,
    },
    /// The weights sum to zero.
    #[error("the sample weights sum to zero, so there is no weighted mean")]
    ZeroWeight,
    /// One of the targets has a label a row, the other several.
    #[error("one of y_true and y_pred has a label a row, the other marks of several labels")]
    MixedTargets,
    /// [`Average::Samples`](crate::Average::Samples) of one label a row.
    #[error("the average over samples is for rows of several labels; these have one each")]
    SamplesAverage,
    /// [`Average::Binary`](crate::Average::Binary) of something else than two classes.
    #[error("the target is {what}, but the average is binary; choose another average")]
    NotBinary {
        /// The target.
        what: String,
    },
    /// The positive class does not occur.
    #[error("pos_label={label} is not a valid label: it should be one of {present}")]
    PosLabel {
        /// The label given.
        label: String,
        /// The labels that occur.
        present: String,
    },
    /// An argument is out of its range.
    #[error("`{name}` is {got}, expected {expected}")]
    Argument {
        /// The argument.
        name: &'static str,
        /// The value.
        got: String,
        /// What would do.
        expected: &'static str,
    },
    /// A resampled metric has too few finite values for an interval or a test.
    #[error(
        "the metric is finite in {finite} of {resamples} resamples, and must be in all the data and in at least two"
    )]
    Degenerate {
        /// Resamples in which it is finite.
        finite: usize,
        /// Resamples drawn.
        resamples: usize,
    },
    /// A score or a weight is NaN or infinite.
    #[error("{what} is {got} in row {row}, column {column}, expected a finite number")]
    NotFinite {
        /// The input.
        what: &'static str,
        /// The row, from 0.
        row: usize,
        /// The column, from 0.
        column: usize,
        /// The value.
        got: f64,
    },
    /// A probability is outside [0, 1].
    #[error("the probability in row {row}, column {column} is {got}, expected 0 to 1")]
    Probability {
        /// The row, from 0.
        row: usize,
        /// The column, from 0.
        column: usize,
        /// The value.
        got: f64,
    },
    /// The scores of a row are no probabilities.
    #[error("the scores of row {row} sum to {sum}, expected probabilities that sum to 1")]
    RowSum {
        /// The row, from 0.
        row: usize,
        /// Its sum.
        sum: f64,
    },
    /// A relevance is negative.
    #[error("the relevance in row {row}, column {column} is {got}, expected 0 or more")]
    Relevance {
        /// The row, from 0.
        row: usize,
        /// The column, from 0.
        column: usize,
        /// The value.
        got: f64,
    },
    /// A matrix has another shape.
    #[error("{what} has {got}, expected {expected}")]
    Shape {
        /// The input.
        what: &'static str,
        /// What it has.
        got: String,
        /// What it should have.
        expected: String,
    },
    /// There are more or fewer classes than columns of scores.
    #[error(
        "{origin} has {got} distinct labels and y_score {columns} columns; \
         give `labels` if y_true lacks some"
    )]
    NumClasses {
        /// Where the labels are from: `labels` or `y_true`.
        origin: &'static str,
        /// Distinct labels in it.
        got: usize,
        /// Columns of the scores; one stands for two classes.
        columns: usize,
    },
    /// `y_true` holds a label that `labels` lacks.
    #[error("y_true has label `{label}` in row {row}, which is not one of `labels`")]
    UndeclaredLabel {
        /// The row, from 0.
        row: usize,
        /// The label.
        label: String,
    },
    /// The positive label does not occur.
    #[error("the positive label `{label}` is not one of the labels of y_true")]
    PositiveLabel {
        /// The label.
        label: String,
    },
    /// A trade-off between two classes needs both.
    #[error("only one class is present in y_true, expected both")]
    OneClass,
    /// No threshold is precise enough.
    #[error("no threshold has a {what} of {wanted}: the highest is {highest}")]
    Unattainable {
        /// The share.
        what: &'static str,
        /// What it should be at least.
        wanted: f64,
        /// The highest there is.
        highest: f64,
    },
    /// The likelihood has no minimum at a finite positive temperature.
    #[error("no temperature is the best: {what}")]
    Temperature {
        /// Why.
        what: &'static str,
    },
    /// A picture cannot be drawn.
    #[cfg(feature = "svg")]
    #[error(transparent)]
    Plot(#[from] tunewise_plot::Error),
}

/// The crate's result type.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Checks that an input has the rows of `y_true`, and that there are any.
pub(crate) fn same_length(what: &'static str, got: usize, expected: usize) -> Result<()> {
    if got != expected {
        return Err(Error::Length { what, got, expected });
    }
    if expected == 0 { Err(Error::Empty) } else { Ok(()) }
}
