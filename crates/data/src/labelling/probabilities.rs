//! What a model thinks of rows.

use crate::{Error, Result};

/// How far a row's sum may be from 1: rows come from single precision.
const SUM_TOLERANCE: f64 = 1e-3;

/// What gives the class probabilities of texts. A fine-tuned classifier is one; so is a table.
pub trait ProbabilityModel {
    /// Why there are none.
    type Error: std::error::Error;

    /// Number of classes.
    fn num_labels(&self) -> usize;

    /// The probabilities of each text, row-major `[texts, num_labels]`.
    ///
    /// # Errors
    /// The model's own.
    fn probabilities(&self, texts: &[&str]) -> Result<Vec<f64>, Self::Error>;
}

/// Class probabilities of rows, `[rows, num_labels]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Probabilities<'a> {
    values: &'a [f64],
    num_labels: usize,
}

impl<'a> Probabilities<'a> {
    /// Row-major values, `[rows, num_labels]`.
    ///
    /// # Errors
    /// [`Error::Argument`] for fewer than two classes, [`Error::Count`] for a last row that is short,
    /// [`Error::Probability`] for a value outside [0, 1] or a row whose sum is not 1 to 1e-3.
    pub fn new(values: &'a [f64], num_labels: usize) -> Result<Self> {
        if num_labels < 2 {
            let got = num_labels.to_string();
            return Err(Error::Argument { name: "num_labels", got, expected: "2 or more" });
        }
        if !values.len().is_multiple_of(num_labels) {
            let expected = format!("a multiple of the {num_labels} labels");
            return Err(Error::Count { what: "probabilities", got: values.len(), expected });
        }
        if let Some((place, &got)) =
            values.iter().enumerate().find(|(_, value)| !(0.0..=1.0).contains(*value))
        {
            let expected = "a number from 0 to 1";
            return Err(Error::Probability { row: place / num_labels, got, expected });
        }
        for (row, values) in values.chunks_exact(num_labels).enumerate() {
            let got: f64 = values.iter().sum();
            if (got - 1.0).abs() > SUM_TOLERANCE {
                return Err(Error::Probability { row, got, expected: "a sum of 1" });
            }
        }
        Ok(Self { values, num_labels })
    }

    /// Number of classes.
    #[must_use]
    pub fn num_labels(&self) -> usize {
        self.num_labels
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len() / self.num_labels
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Each row's probabilities, `[num_labels]`.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &'a [f64]> + use<'a> {
        self.values.chunks_exact(self.num_labels)
    }
}

/// The place and size of the largest value, the first among equals.
pub(crate) fn largest(row: &[f64]) -> (usize, f64) {
    let better = |best: (usize, f64), (place, &value): (usize, &f64)| {
        if value > best.1 { (place, value) } else { best }
    };
    row.iter().enumerate().fold((0, f64::NEG_INFINITY), better)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_name_the_row() {
        let message =
            |values: &[f64], labels| Probabilities::new(values, labels).unwrap_err().to_string();
        let not_a_number = message(&[0.5, 0.5, f64::NAN, 1.0], 2);
        assert_eq!(not_a_number, "row 1: probability NaN, expected a number from 0 to 1");
        assert_eq!(message(&[0.5, 0.4], 2), "row 0: probability 0.9, expected a sum of 1");
        let short = message(&[0.5, 0.5, 1.0], 2);
        assert_eq!(short, "probabilities: got 3, expected a multiple of the 2 labels");
        assert_eq!(message(&[1.0], 1), "`num_labels` is 1, expected 2 or more");
    }
}
