//! The crate's error type.

/// Why there is no picture.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
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
    /// The ends of an axis cannot be used.
    #[error(
        "`{name}` is {low} to {high}, expected finite ends that rise (and are at least 1e-10 on a \
         logarithmic axis)"
    )]
    Range {
        /// Which axis.
        name: &'static str,
        /// Its lower end.
        low: f64,
        /// Its upper end.
        high: f64,
    },
    /// A number that cannot be drawn.
    #[error("{what} `{name}`: {got}, expected a finite number")]
    NotFinite {
        /// What the number belongs to.
        what: &'static str,
        /// Its name.
        name: String,
        /// The number.
        got: f64,
    },
}

/// The crate's result type.
pub type Result<T, E = Error> = std::result::Result<T, E>;
