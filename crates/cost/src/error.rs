//! The crate's error type.

/// Why the model cannot answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An input is outside the values that the model is defined for.
    #[error("{field} is {value}, expected {rule}")]
    Field {
        /// The input's name, `data_volume` say.
        field: &'static str,
        /// Its value.
        value: f64,
        /// What it must be.
        rule: &'static str,
    },
    /// A name is none of the sixteen inputs'.
    #[error(
        "`{name}` is no input: expected a letter (D, P, a, k1, ...) or a name (data_volume, weights.promotion, ...)"
    )]
    UnknownParameter {
        /// The name.
        name: String,
    },
    /// A distribution's parameter is outside its family's domain.
    #[error("{family} distribution: {parameter} is {value}, expected {rule}")]
    Distribution {
        /// The family, `lognormal` say.
        family: &'static str,
        /// The parameter's name in a scenario file.
        parameter: &'static str,
        /// Its value.
        value: f64,
        /// What it must be.
        rule: &'static str,
    },
    /// No member of a family has these three quantiles.
    #[error("no {family} distribution has P10 = {p10}, P50 = {p50}, P90 = {p90}: {reason}")]
    QuantileFit {
        /// The family.
        family: &'static str,
        /// The 10 % quantile asked for.
        p10: f64,
        /// The median asked for.
        p50: f64,
        /// The 90 % quantile asked for.
        p90: f64,
        /// What the family would need.
        reason: String,
    },
    /// A sample that a statistic cannot be taken of.
    #[error("{statistic} of {len} values, expected {rule}")]
    Sample {
        /// The statistic.
        statistic: &'static str,
        /// How many values there are.
        len: usize,
        /// What it needs.
        rule: &'static str,
    },
    /// A value of a sample is no finite number.
    #[error("{statistic}: value {index} is {value}, expected a finite number")]
    SampleValue {
        /// The statistic.
        statistic: &'static str,
        /// Position of the value, from 0.
        index: usize,
        /// The value.
        value: f64,
    },
    /// Something that the crate guarantees to itself does not hold: a fault of the crate.
    #[error("internal fault: {what}")]
    Internal {
        /// What was expected.
        what: &'static str,
    },
    /// A column or an output has too many or too few rows.
    #[error("{field} has {got} rows, expected {expected}")]
    Length {
        /// The column's name, or `out`.
        field: &'static str,
        /// Its rows.
        got: usize,
        /// The rows of all others.
        expected: usize,
    },
    /// The values of a column do not lie side by side.
    #[error("{field}: the array's values do not lie side by side; copy it first")]
    Stride {
        /// The column's name.
        field: &'static str,
    },
    /// A row has a bad input.
    #[error("row {row}: {source}")]
    Row {
        /// The row, from 0.
        row: usize,
        /// What is wrong with it.
        source: Box<Error>,
    },
    /// A wanted or a first effectiveness is no number.
    #[error("effectiveness is {value}, expected a finite number")]
    Target {
        /// Its value.
        value: f64,
    },
    /// A damping factor is out of range.
    #[error("theta is {value}, expected a number above 0 and at most 1")]
    Damping {
        /// Its value.
        value: f64,
    },
    /// A closed form holds for the article's D/P alone.
    #[error("break-even in {parameter} needs the training effect D/P")]
    TrainingEffect {
        /// The input.
        parameter: &'static str,
    },
    /// A name is no root policy's.
    #[error("`{name}` is no root policy: expected economic, stable, plus or minus")]
    UnknownPolicy {
        /// The name.
        name: String,
    },
    /// A text is no axis.
    #[error(
        "`{text}` is no axis: expected NAME=V1,V2,... or NAME=LOW..HIGH[:COUNT[:log]], where a logarithmic one is above 0"
    )]
    Axis {
        /// The text.
        text: String,
    },
    /// A grid is too large.
    #[error("the grid has more than {most} points")]
    GridSize {
        /// The most it may have.
        most: usize,
    },
    /// Points that are no Morris trajectory.
    #[error(
        "trajectory {number} is none: each step must move one input by half of the levels, every input once"
    )]
    Trajectory {
        /// Which, from 0.
        number: usize,
    },
}

impl Error {
    /// The row at fault, if one is.
    ///
    /// ```
    /// use tunewise_cost::{Columns, Inputs, Model, Parameter};
    ///
    /// let params = [1.0, 0.0];
    /// let columns = Columns::new(&Inputs::default(), 2).with(Parameter::ParamCount, &params)?;
    /// let fault = Model::default().solve_batch(&columns, &mut [0.0; 2]).unwrap_err();
    /// assert_eq!(fault.row(), Some(1)); // no model has 0 parameters
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    #[must_use]
    pub fn row(&self) -> Option<usize> {
        if let Self::Row { row, .. } = self { Some(*row) } else { None }
    }
}

/// The crate's result type.
pub type Result<T, E = Error> = std::result::Result<T, E>;
