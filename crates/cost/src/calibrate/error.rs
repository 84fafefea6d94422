//! Why a fit cannot be made.

/// Why a fit cannot be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FitError {
    /// Fewer rows than a fit of so many coefficients needs.
    #[error("{rows} rows for {coefficients} coefficients, expected at least {expected} rows")]
    TooFewRows {
        /// Rows of data.
        rows: usize,
        /// Coefficients to find, the constant included.
        coefficients: usize,
        /// The fewest rows that leave a degree of freedom.
        expected: usize,
    },
    /// There is nothing to explain the response with.
    #[error("no predictor and no intercept: nothing to fit")]
    NoPredictors,
    /// A column is shorter or longer than the response.
    #[error("column `{column}` has {got} rows, expected {expected} as the response has")]
    Length {
        /// The column.
        column: String,
        /// Its rows.
        got: usize,
        /// The response's rows.
        expected: usize,
    },
    /// Two columns have one name, or one is called like the constant.
    #[error("column `{column}` is there twice (the constant is called `intercept`)")]
    DuplicateColumn {
        /// The column.
        column: String,
    },
    /// A value that no fit can use.
    #[error("column `{column}`, row {row}: {value}, expected {rule}")]
    Value {
        /// The column.
        column: String,
        /// The row, from 1.
        row: usize,
        /// The value.
        value: f64,
        /// What it must be.
        rule: &'static str,
    },
    /// A column is a combination of those before it.
    #[error(
        "column `{column}` is a linear combination of those before it{}: its coefficient is not determined",
        if *constant { " (it is constant beside the intercept, or all zeros)" } else { "" }
    )]
    RankDeficient {
        /// The first such column.
        column: String,
        /// Whether it does not vary at all.
        constant: bool,
    },
    /// A confidence that is no probability.
    #[error("confidence is {value}, expected a number between 0 and 1, both excluded")]
    Confidence {
        /// The confidence.
        value: f64,
    },
    /// Values to predict at that do not match the predictors.
    #[error("{got} values to predict at, expected {expected}: one a predictor")]
    PredictionShape {
        /// Values given.
        got: usize,
        /// Predictors.
        expected: usize,
    },
    /// The data cannot tell parameters apart.
    #[error("{parameters} cannot all be found from effectiveness alone: {reason}")]
    NotIdentified {
        /// Their letters.
        parameters: String,
        /// Why not.
        reason: &'static str,
    },
    /// The model has no admissible equilibrium at an observation.
    #[error("row {row}: no admissible equilibrium at the {at} parameters")]
    NoEquilibrium {
        /// The row, from 1.
        row: usize,
        /// `starting` or `fitted`.
        at: &'static str,
    },
    /// The minimisation stopped without a minimum.
    #[error("the fit did not converge: {reason}")]
    NotConverged {
        /// What the solver says.
        reason: String,
    },
    /// Fewer instruments than regressors.
    #[error("{instruments} instruments for {regressors} regressors, expected at least as many")]
    TooFewInstruments {
        /// Instruments, the constant included.
        instruments: usize,
        /// Regressors, the constant included.
        regressors: usize,
    },
    /// An input of the model is bad.
    #[error(transparent)]
    Model(#[from] crate::Error),
}
