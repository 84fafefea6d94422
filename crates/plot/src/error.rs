//! The crate's error type.

/// Why there is no picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing to show.
    #[error("nothing to draw: no finite point")]
    NothingToDraw,
    /// A table's rows and names do not fit.
    #[error("{what}: got {got}, expected {expected}")]
    Shape {
        /// What is counted.
        what: &'static str,
        /// How many there are.
        got: usize,
        /// How many there must be.
        expected: usize,
    },
}

/// The crate's result type.
pub type Result<T, E = Error> = std::result::Result<T, E>;
