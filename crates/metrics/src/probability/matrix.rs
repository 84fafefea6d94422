//! A row-major matrix of scores, checked once.

use std::borrow::Cow;

use crate::{Error, Result};

/// Finite scores, logits or probabilities, row-major `[rows, num_classes]`.
///
/// One column is the score of the positive class of a binary problem.
///
/// ```
/// use tunewise_metrics::{Error, Scores};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let scores = Scores::new(&[0.9, 0.1, 0.4, 0.6], 2)?; // [2, 2]
/// assert_eq!((scores.len(), scores.num_classes()), (2, 2));
/// let error = Scores::new(&[0.9, f64::NAN], 2).unwrap_err();
/// assert_eq!(error.to_string(), "y_score is NaN in row 0, column 1, expected a finite number");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Scores<'a> {
    values: Cow<'a, [f64]>,
    num_classes: usize,
    epsilon: f64,
}

impl<'a> Scores<'a> {
    /// A matrix of `num_classes` columns that borrows its values.
    ///
    /// # Errors
    /// [`Error::Shape`] if the values are not whole rows; [`Error::NotFinite`] for NaN or infinity.
    pub fn new(values: &'a [f64], num_classes: usize) -> Result<Self> {
        Self::checked(Cow::Borrowed(values), num_classes, f64::EPSILON)
    }

    /// The same of single-precision values, which are widened; [`crate::log_loss`] then clips by the
    /// step of `f32`, as scikit-learn does.
    ///
    /// # Errors
    /// As [`Scores::new`].
    pub fn from_f32(values: &[f32], num_classes: usize) -> Result<Self> {
        let values = values.iter().map(|&value| f64::from(value)).collect();
        Self::checked(Cow::Owned(values), num_classes, f64::from(f32::EPSILON))
    }

    /// The matrix, with the step of the type the values were rounded to: probabilities are clipped to
    /// `[epsilon, 1 - epsilon]` by [`crate::log_loss`]. For half precision 2⁻¹⁰.
    ///
    /// # Errors
    /// [`Error::Argument`] if `epsilon` is not in (0, 0.5).
    pub fn with_epsilon(self, epsilon: f64) -> Result<Self> {
        if epsilon > 0.0 && epsilon < 0.5 {
            return Ok(Self { epsilon, ..self });
        }
        let (got, expected) = (epsilon.to_string(), "a number between 0 and 0.5");
        Err(Error::Argument { name: "epsilon", got, expected })
    }

    fn checked(values: Cow<'a, [f64]>, num_classes: usize, epsilon: f64) -> Result<Self> {
        if num_classes == 0 || !values.len().is_multiple_of(num_classes) {
            return Err(Error::Shape {
                what: "y_score",
                got: format!("{} values", values.len()),
                expected: format!("rows of {num_classes} columns"),
            });
        }
        if let Some(place) = values.iter().position(|value| !value.is_finite()) {
            return Err(Error::NotFinite {
                what: "y_score",
                row: place / num_classes,
                column: place % num_classes,
                got: values.get(place).copied().unwrap_or(f64::NAN),
            });
        }
        Ok(Self { values, num_classes, epsilon })
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len() / self.num_classes
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Number of columns.
    #[must_use]
    pub fn num_classes(&self) -> usize {
        self.num_classes
    }

    /// The rows, each `[num_classes]`.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        self.values.chunks_exact(self.num_classes)
    }

    pub(crate) fn epsilon(&self) -> f64 {
        self.epsilon
    }

    pub(crate) fn values(&self) -> &[f64] {
        &self.values
    }

    pub(crate) fn column(&self, column: usize) -> Vec<f64> {
        self.rows().filter_map(|row| row.get(column)).copied().collect()
    }

    /// Refuses values outside [0, 1].
    pub(crate) fn check_probabilities(&self) -> Result<()> {
        let outside = |value: &f64| !(0.0..=1.0).contains(value);
        match self.values.iter().position(outside) {
            None => Ok(()),
            Some(place) => Err(Error::Probability {
                row: place / self.num_classes,
                column: place % self.num_classes,
                got: self.values.get(place).copied().unwrap_or(f64::NAN),
            }),
        }
    }
}

/// An array that is not contiguous and row-major is copied.
#[cfg(feature = "ndarray")]
impl<'a> TryFrom<ndarray::ArrayView2<'a, f64>> for Scores<'a> {
    type Error = Error;

    fn try_from(view: ndarray::ArrayView2<'a, f64>) -> Result<Self> {
        let num_classes = view.ncols();
        let values = match view.to_slice() {
            Some(values) => Cow::Borrowed(values),
            None => Cow::Owned(view.iter().copied().collect()),
        };
        Self::checked(values, num_classes, f64::EPSILON)
    }
}

/// Checks that a column of scores is finite.
pub(crate) fn finite(what: &'static str, values: &[f64]) -> Result<()> {
    match values.iter().enumerate().find(|(_, value)| !value.is_finite()) {
        None => Ok(()),
        Some((row, &got)) => Err(Error::NotFinite { what, row, column: 0, got }),
    }
}
