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
}

/// The crate's result type.
pub type Result<T, E = Error> = std::result::Result<T, E>;
