//! Inputs as columns: a number for all rows or a number a row.

use std::ops::Range;

use ndarray::ArrayView1;

use super::kernel::{Lanes, Shared};
use crate::{Error, Inputs, Parameter, Result};

/// One input of many scenarios.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Column<'a> {
    /// The same in all.
    Scalar(f64),
    /// One for each.
    Slice(&'a [f64]),
}

/// All sixteen inputs of many scenarios.
///
/// ```
/// use ndarray::array;
/// use tunewise_cost::{Columns, Inputs, Parameter};
///
/// # fn main() -> tunewise_cost::Result<()> {
/// let (data, prices) = (vec![10.0, 20.0], array![0.1, 0.2]);
/// let columns = Columns::new(&Inputs::default(), 2)
///     .with(Parameter::DataVolume, &data)?
///     .with_view(Parameter::AnnotationPerSample, prices.view())?;
/// assert_eq!(columns.row(1).annotation.per_sample, 0.2);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Columns<'a> {
    columns: [Column<'a>; Parameter::COUNT],
    len: usize,
}

impl<'a> Columns<'a> {
    /// `len` rows of the same inputs.
    ///
    /// ```
    /// use tunewise_cost::{Columns, Inputs};
    ///
    /// let inputs = Inputs { data_volume: 7.0, ..Inputs::default() };
    /// assert_eq!(Columns::new(&inputs, 3).row(2), inputs);
    /// ```
    #[must_use]
    pub fn new(inputs: &Inputs, len: usize) -> Self {
        Self { columns: inputs.to_array().map(Column::Scalar), len }
    }

    /// With one input by row.
    ///
    /// # Errors
    /// [`Error::Length`] unless there is a value for each row.
    ///
    /// ```
    /// use tunewise_cost::{Columns, Inputs, Parameter};
    ///
    /// let columns = Columns::new(&Inputs::default(), 2).with(Parameter::DataVolume, &[10.0, 20.0])?;
    /// assert_eq!(columns.row(1).data_volume, 20.0);
    /// let short = columns.with(Parameter::ParamCount, &[1.0]);
    /// assert_eq!(short.unwrap_err().to_string(), "param_count has 1 rows, expected 2");
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    pub fn with(mut self, parameter: Parameter, values: &'a [f64]) -> Result<Self> {
        self.check_length(parameter.name(), values.len())?;
        if let Some(column) = self.columns.get_mut(parameter.index()) {
            *column = Column::Slice(values);
        }
        Ok(self)
    }

    /// With one input by row, from an array.
    ///
    /// # Errors
    /// As [`with`](Self::with), and [`Error::Stride`] if the values do not lie side by side.
    ///
    /// ```
    /// use ndarray::array;
    /// use tunewise_cost::{Columns, Inputs, Parameter};
    ///
    /// let table = array![[10.0, 1.0], [20.0, 2.0]];
    /// let columns = Columns::new(&Inputs::default(), 2);
    /// assert!(columns.with_view(Parameter::DataVolume, table.row(0)).is_ok());
    /// assert!(columns.with_view(Parameter::DataVolume, table.column(0)).is_err()); // every other number
    /// ```
    pub fn with_view(self, parameter: Parameter, values: ArrayView1<'a, f64>) -> Result<Self> {
        let values = values.to_slice().ok_or(Error::Stride { field: parameter.name() })?;
        self.with(parameter, values)
    }

    /// How many rows there are.
    ///
    /// ```
    /// assert_eq!(tunewise_cost::Columns::new(&tunewise_cost::Inputs::default(), 3).len(), 3);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    ///
    /// ```
    /// use tunewise_cost::{Columns, Inputs};
    ///
    /// assert!(Columns::new(&Inputs::default(), 0).is_empty());
    /// assert!(!Columns::new(&Inputs::default(), 1).is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The inputs of a row; a row past the end repeats what is the same in all, NaN elsewhere.
    ///
    /// ```
    /// use tunewise_cost::{Columns, Inputs, Parameter};
    ///
    /// let columns = Columns::new(&Inputs::default(), 2).with(Parameter::DataVolume, &[10.0, 20.0])?;
    /// assert_eq!(columns.row(0).data_volume, 10.0);
    /// assert!(columns.row(2).data_volume.is_nan());
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    #[must_use]
    pub fn row(&self, row: usize) -> Inputs {
        Inputs::from_array(self.columns.map(|column| match column {
            Column::Scalar(value) => value,
            Column::Slice(values) => values.get(row).copied().unwrap_or(f64::NAN),
        }))
    }

    /// Checks an output's length, and e and f, which no kernel looks at.
    pub(super) fn check(&self, field: &'static str, got: usize) -> Result<()> {
        self.check_length(field, got)?;
        for parameter in [Parameter::WeightE, Parameter::WeightF] {
            let values = match self.columns.get(parameter.index()) {
                Some(Column::Slice(values)) => *values,
                Some(Column::Scalar(value)) => std::slice::from_ref(value),
                None => &[],
            };
            if let Some(row) = values.iter().position(|value| !value.is_finite()) {
                parameter
                    .check(self.row(row).get(parameter))
                    .map_err(|source| Error::Row { row, source: Box::new(source) })?;
            }
        }
        Ok(())
    }

    fn check_length(&self, field: &'static str, got: usize) -> Result<()> {
        if got == self.len {
            return Ok(());
        }
        Err(Error::Length { field, got, expected: self.len })
    }

    /// Which groups of inputs are the same in all rows.
    pub(super) fn shared(&self) -> Shared {
        let column = |parameter: Parameter| self.columns.get(parameter.index());
        Shared::of(|parameter| matches!(column(parameter), Some(Column::Scalar(_))))
    }

    /// A block of each number that is the same in all rows but is read as a lane.
    pub(super) fn constants(&self, shared: Shared, block: usize) -> Vec<Vec<f64>> {
        let block = block.min(self.len);
        let constant = |(parameter, column): (Parameter, &Column<'_>)| match column {
            Column::Scalar(value) if !shared.holds(parameter) => vec![*value; block],
            _ => Vec::new(),
        };
        Parameter::ALL.into_iter().zip(&self.columns).map(constant).collect()
    }

    /// These rows of every column; of what is shared, one value.
    pub(super) fn lanes<'b>(&'b self, constants: &'b [Vec<f64>], rows: Range<usize>) -> Lanes<'b> {
        let mut lanes = [&[][..]; Parameter::COUNT];
        for ((lane, column), constant) in lanes.iter_mut().zip(&self.columns).zip(constants) {
            *lane = match column {
                Column::Scalar(value) if constant.is_empty() => std::slice::from_ref(value),
                Column::Scalar(_) => constant.get(..rows.len()).unwrap_or_default(),
                Column::Slice(values) => values.get(rows.clone()).unwrap_or_default(),
            };
        }
        lanes
    }
}
