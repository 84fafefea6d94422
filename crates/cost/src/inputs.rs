//! The sixteen numbers of a scenario.

use serde::{Deserialize, Serialize};

use crate::{Parameter, Result};

/// The sixteen inputs of the model, by their long names.
///
/// A plain value: copy it, change a field, solve again. Field paths such as `weights.promotion` are
/// the keys of a scenario file and the names in error messages; [`Parameter`] reaches each by letter.
///
/// ```
/// use tunewise_cost::{Inputs, Parameter};
///
/// let inputs = Inputs { data_volume: 50_000.0, param_count: 110e6, ..Inputs::default() };
/// let larger = inputs.with(Parameter::ParamCount, 340e6);
/// assert_eq!(larger.param_count, 340e6);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// D, the data volume, in samples; at least 0.
    #[serde(alias = "D")]
    pub data_volume: f64,
    /// P, the model's parameter count; above 0.
    #[serde(alias = "P")]
    pub param_count: f64,
    /// a to f, the importance weights.
    pub weights: Weights,
    /// k1 and k2 of C = k1·D + k2.
    pub annotation: Annotation,
    /// l and m of T = l·P + m.
    pub training_time: TrainingTime,
    /// n1 and n2 of M = n1·(D/P) + n2.
    pub promotion: Promotion,
    /// o and p of F = o·E + p.
    pub feedback: Feedback,
}

/// The importance weights, the article's "decision variables".
///
/// They carry the units that make every term one of effectiveness, so raw weights are never compared
/// across terms: compare contributions and elasticities.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weights {
    /// a, of the training effect D/P; utility·parameters/sample.
    #[serde(alias = "a")]
    pub training_effect: f64,
    /// b, of the training time T; utility/hour.
    #[serde(alias = "b")]
    pub training_time: f64,
    /// c, of the annotation cost C; utility/currency.
    #[serde(alias = "c")]
    pub annotation_cost: f64,
    /// d, of promotion per feedback M/F; utility·index/currency.
    #[serde(alias = "d")]
    pub promotion: f64,
    /// e: the article lists it and gives it no term. Only the opt-in six-term form uses it.
    #[serde(default)]
    pub e: f64,
    /// f: the article lists it and gives it no term. Only the opt-in six-term form uses it.
    #[serde(default)]
    pub f: f64,
}

/// What labels cost: C = k1·D + k2.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Annotation {
    /// k1, currency per sample.
    #[serde(alias = "k1")]
    pub per_sample: f64,
    /// k2, currency: guidelines, set-up, quality control.
    #[serde(alias = "k2")]
    pub fixed: f64,
}

/// How long training takes: T = l·P + m.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingTime {
    /// l, hours per parameter.
    #[serde(alias = "l")]
    pub per_parameter: f64,
    /// m, hours.
    #[serde(alias = "m")]
    pub fixed: f64,
}

/// What promotion costs: M = n1·(D/P) + n2.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Promotion {
    /// n1, currency·parameters/sample.
    #[serde(alias = "n1")]
    pub per_training_effect: f64,
    /// n2, currency.
    #[serde(alias = "n2")]
    pub fixed: f64,
}

/// How customers answer: F = o·E + p.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feedback {
    /// o, index per utility.
    #[serde(alias = "o")]
    pub per_effectiveness: f64,
    /// p, index: the feedback at no effectiveness.
    #[serde(alias = "p")]
    pub baseline: f64,
}

impl Default for Inputs {
    /// One sample, one parameter, a feedback that is always 1, and zeros: E = 0.
    fn default() -> Self {
        Self {
            data_volume: 1.0,
            param_count: 1.0,
            weights: Weights::default(),
            annotation: Annotation::default(),
            training_time: TrainingTime::default(),
            promotion: Promotion::default(),
            feedback: Feedback { per_effectiveness: 0.0, baseline: 1.0 },
        }
    }
}

impl Inputs {
    /// The inputs from an array in the order of [`Parameter::ALL`].
    ///
    /// ```
    /// use tunewise_cost::{Inputs, Parameter};
    ///
    /// let inputs = Inputs::from_array([1.0; 16]);
    /// assert_eq!(inputs.get(Parameter::FeedbackBaseline), 1.0);
    /// ```
    #[must_use]
    pub fn from_array(values: [f64; Parameter::COUNT]) -> Self {
        let mut inputs = Self::default();
        for (parameter, value) in Parameter::ALL.into_iter().zip(values) {
            inputs.set(parameter, value);
        }
        inputs
    }

    /// The inputs as an array in the order of [`Parameter::ALL`].
    ///
    /// ```
    /// let values = tunewise_cost::Inputs::default().to_array();
    /// assert_eq!(values[15], 1.0);
    /// ```
    #[must_use]
    pub fn to_array(&self) -> [f64; Parameter::COUNT] {
        Parameter::ALL.map(|parameter| self.get(parameter))
    }

    /// One input.
    ///
    /// ```
    /// use tunewise_cost::{Inputs, Parameter};
    ///
    /// assert_eq!(Inputs::default().get(Parameter::ParamCount), 1.0);
    /// ```
    #[must_use]
    pub fn get(&self, parameter: Parameter) -> f64 {
        parameter.of(self)
    }

    /// Changes one input.
    ///
    /// ```
    /// use tunewise_cost::{Inputs, Parameter};
    ///
    /// let mut inputs = Inputs::default();
    /// inputs.set(Parameter::WeightA, 2.0);
    /// assert_eq!(inputs.weights.training_effect, 2.0);
    /// ```
    pub fn set(&mut self, parameter: Parameter, value: f64) {
        *parameter.of_mut(self) = value;
    }

    /// The same inputs with one changed.
    ///
    /// ```
    /// use tunewise_cost::{Inputs, Parameter};
    ///
    /// assert_eq!(Inputs::default().with(Parameter::WeightC, -1.0).weights.annotation_cost, -1.0);
    /// ```
    #[must_use]
    pub fn with(mut self, parameter: Parameter, value: f64) -> Self {
        self.set(parameter, value);
        self
    }

    /// Checks every input.
    ///
    /// ```
    /// use tunewise_cost::Inputs;
    ///
    /// let bad = Inputs { param_count: 0.0, ..Inputs::default() };
    /// let message = bad.validate().map_err(|error| error.to_string());
    /// assert_eq!(message, Err("param_count is 0, expected a number above 0".to_owned()));
    /// ```
    ///
    /// # Errors
    /// Names the first input that is not finite, a `data_volume` below 0, or a `param_count` that is
    /// not above 0.
    pub fn validate(&self) -> Result<()> {
        Parameter::ALL.into_iter().try_for_each(|parameter| parameter.check(self.get(parameter)))
    }
}
