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
