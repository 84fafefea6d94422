//! Why there is no decision.

/// Why there is no decision.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DecideError {
    /// A bound, budget or input outside what the search is defined for.
    #[error("{field} is {value}, expected {rule}")]
    Field {
        /// Its name.
        field: &'static str,
        /// Its value.
        value: f64,
        /// What it must be.
        rule: &'static str,
    },
    /// An input that a plan is not free in.
    #[error("a plan is free in data_volume, param_count and promotion.fixed, not in {parameter}")]
    NotFree {
        /// The input.
        parameter: crate::Parameter,
    },
    /// A point with another number of objectives.
    #[error("point {point} has {got} objectives, expected {expected}")]
    Shape {
        /// The point, from 0.
        point: usize,
        /// Its objectives.
        got: usize,
        /// Those of the first point, or of the reference.
        expected: usize,
    },
    /// An objective that is NaN.
    #[error("point {point}, objective {objective}: {value}, expected a number")]
    Objective {
        /// The point, from 0.
        point: usize,
        /// The objective, from 0.
        objective: usize,
        /// Its value.
        value: f64,
    },
    /// A name is no objective's.
    #[error("`{name}` is no objective: expected cost, time or effectiveness")]
    UnknownObjective {
        /// The name.
        name: String,
    },
    /// A reference point of another size than the objectives, or no objective.
    #[error(
        "the reference has {got} values for {expected} objectives, expected one each and at least one"
    )]
    Reference {
        /// Its values.
        got: usize,
        /// The objectives.
        expected: usize,
    },
    /// No plan within the bounds has an admissible equilibrium.
    #[error("no plan within the bounds has an admissible equilibrium")]
    NoEquilibrium,
    /// An input of the model is bad.
    #[error(transparent)]
    Model(#[from] crate::Error),
}
