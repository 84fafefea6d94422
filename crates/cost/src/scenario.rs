//! Scenario files: the sixteen inputs with their units, sources and assumptions.

mod entry;
mod error;
mod file;
mod places;
mod write;

use std::collections::BTreeMap;

pub use entry::Note;
pub use error::ScenarioError;
use places::Text;

use crate::uncertainty::{Distribution, Uncertainty};
use crate::{Equilibrium, Error, Inputs, Model, Parameter, Range};

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
    /// With line and key where the text is malformed, a key unknown, missing or given twice, or a value
    /// not a number; with line, name, value and rule where a value is outside what the model is defined
    /// for.
    ///
    /// ```
    /// use tunewise_cost::Scenario;
    ///
    /// let letters = "D = 4\nP = 2\na = 1\nb = 0\nc = 0\nd = 0\nk1 = 0\nk2 = 0\nl = 0\nm = 0\nn1 = 0\nn2 = 0\no = 0\np = 1\n";
    /// assert_eq!(Scenario::from_toml(letters)?.solve()?.effectiveness(), Some(2.0)); // D/P
    /// assert!(Scenario::from_toml("Q = 4").is_err_and(|fault| fault.to_string().contains("line 1")));
    /// # Ok::<(), tunewise_cost::ScenarioError>(())
    /// ```
    pub fn from_toml(text: &str) -> Result<Self, ScenarioError> {
        let file: file::ScenarioFile = toml::from_str(text)?;
        file.into_scenario(Text::Toml(text))
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
        file.into_scenario(Text::Json(text))
    }

    /// What is uncertain: its own distributions, and a uniform one between the ends of each range whose
    /// input is named or, where the scenario has no distributions, of every range.
    ///
    /// ```
    /// use tunewise_cost::uncertainty::Distribution;
    /// use tunewise_cost::{Inputs, Parameter, Range, Scenario};
    ///
    /// let range = |parameter| Range { parameter, low: 2.0, high: 1.0 };
    /// let ranges = [range(Parameter::WeightA), range(Parameter::WeightB)];
    /// let mut scenario = Scenario::new(Inputs::default());
    /// assert_eq!(scenario.factors(&ranges, &[]).len(), 2);
    /// let normal = Distribution::Normal { mean: 0.0, sd: 1.0 };
    /// scenario.uncertainty.insert(Parameter::WeightC, normal);
    /// let factors = scenario.factors(&ranges, &[Parameter::WeightB]);
    /// let expected = Distribution::Uniform { low: 1.0, high: 2.0 };
    /// assert_eq!(factors.get(&Parameter::WeightB), Some(&expected));
    /// assert_eq!(factors.len(), 2);
    /// ```
    #[must_use]
    pub fn factors(&self, ranges: &[Range], named: &[Parameter]) -> Uncertainty {
        let mut factors = self.uncertainty.clone();
        for range in ranges {
            if self.uncertainty.is_empty() || named.contains(&range.parameter) {
                let (low, high) = (range.low.min(range.high), range.low.max(range.high));
                factors.insert(range.parameter, Distribution::Uniform { low, high });
            }
        }
        factors
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
