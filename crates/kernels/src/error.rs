//! The crate's error type.

use crate::Precision;

/// Why a product is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A factor or result has another length than the others imply.
    #[error("{what}: got {got}, expected {expected}")]
    Shape {
        /// What is counted.
        what: &'static str,
        /// How many there are.
        got: usize,
        /// How many there must be.
        expected: usize,
    },
    /// The factors are of different precisions.
    #[error("the operand is {operand:?}, the weights are {weights:?}")]
    Precision {
        /// Of the left factor.
        operand: Precision,
        /// Of the right factor.
        weights: Precision,
    },
}

/// The crate's result type.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Checks a count.
pub(crate) fn same(what: &'static str, got: usize, expected: usize) -> Result<()> {
    if got == expected { Ok(()) } else { Err(Error::Shape { what, got, expected }) }
}
