//! Scenario files: the sixteen inputs with their units, sources and assumptions.

mod entry;
mod error;
mod file;
mod write;

use std::collections::BTreeMap;

pub use entry::Note;
pub use error::ScenarioError;

use crate::uncertainty::Uncertainty;
use crate::{Equilibrium, Error, Inputs, Model, Parameter};

/// The version of the file format that is written, and the newest that is read.
pub const SCHEMA_VERSION: u32 = 1;

/// A scenario: inputs, what is known of each, and how it is solved.
///
/// In a file a value is a number or a table `{ value, unit, source, assumption }`; keys are the long
/// names, or the article's letters in one flat table; e and f may be left out (0), everything else
/// must be there; an unknown key is an error.
///
/// ```
/// use tunewise_cost::Scenario;
///
/// # fn main() -> Result<(), tunewise_cost::ScenarioError> {
/// let scenario = Scenario::from_toml(
///     r#"
///     schema_version = 1
///     name = "sentiment"
///     data_volume = { value = 50_000, unit = "reviews", source = "IMDB" }
///     param_count = 110e6
///     [weights]
///     training_effect = 1e5
///     training_time = -0.5
///     annotation_cost = -0.001
///     promotion = 0.001
///     [annotation]
///     per_sample = { value = 0.116, assumption = "three workers a label" }
///     fixed = 3000
///     [training_time]
///     per_parameter = 2e-8
///     fixed = 0.5
///     [promotion]
///     per_training_effect = 1e7
///     fixed = 20_000
///     [feedback]
///     per_effectiveness = 0.02
///     baseline = 1
///     "#,
/// )?;
/// let answer = scenario.solve()?;
/// assert_eq!(answer.effectiveness().map(|e| (e * 1e3).round() / 1e3), Some(47.847));
/// assert_eq!(Scenario::from_json(&scenario.to_json())?, scenario);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scenario {
    /// What it is called; may be empty.
    pub name: String,
    /// A sentence or two about it; may be empty.
    pub description: String,
    /// The inputs.
    pub inputs: Inputs,
    /// Unit, source and assumption of the inputs that have one.
    pub notes: BTreeMap<Parameter, Note>,
    /// How it is solved.
    pub model: Model,
    /// Distributions of the inputs that are uncertain: the table `uncertainty`, by name in quotes
    /// (`"weights.promotion"`) or by letter.
    pub uncertainty: Uncertainty,
}

impl Scenario {
    /// A scenario of inputs alone.
    ///
    /// ```
    /// use tunewise_cost::{Inputs, Scenario};
    ///
    /// assert!(Scenario::new(Inputs::default()).notes.is_empty());
    /// ```
    #[must_use]
    pub fn new(inputs: Inputs) -> Self {
        Self { inputs, ..Self::default() }
    }

    /// Reads TOML.
    ///
    /// # Errors
    /// With line and key where the text is malformed, a key unknown or a value not a number; with the
    /// key where one is missing or given twice; with name, value and rule where a value is outside
    /// what the model is defined for.
    pub fn from_toml(text: &str) -> Result<Self, ScenarioError> {
        let file: file::ScenarioFile = toml::from_str(text)?;
        file.into_scenario()
    }

    /// Reads JSON.
    ///
    /// ```
    /// use tunewise_cost::Scenario;
    ///
    /// # fn main() -> Result<(), tunewise_cost::ScenarioError> {
    /// let letters = r#"{"D": 4, "P": 2, "a": 1, "b": 0, "c": 0, "d": 0, "k1": 0, "k2": 0,
    ///     "l": 0, "m": 0, "n1": 0, "n2": 0, "o": 0, "p": 1}"#;
    /// assert_eq!(Scenario::from_json(letters)?.solve()?.effectiveness(), Some(2.0));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`from_toml`](Self::from_toml).
    pub fn from_json(text: &str) -> Result<Self, ScenarioError> {
        let file: file::ScenarioFile = serde_json::from_str(text)?;
        file.into_scenario()
    }

    /// [`Model::solve`] of its inputs.
    ///
    /// # Errors
    /// As [`Inputs::validate`].
    ///
    /// ```
    /// use tunewise_cost::{Inputs, Scenario};
    ///
    /// assert!(Scenario::new(Inputs::default()).solve().is_ok());
    /// ```
    pub fn solve(&self) -> Result<Equilibrium, Error> {
        self.model.solve(&self.inputs)
    }
}
