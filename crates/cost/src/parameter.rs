//! The inputs by letter, long name and unit.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Error, Inputs, Result};

/// One of the sixteen inputs.
///
/// It is written as its long name, a scenario file's key path, and read from that or from the
/// article's letter (`D` is the data volume, `d` a weight).
///
/// ```
/// use tunewise_cost::Parameter;
///
/// # fn main() -> tunewise_cost::Result<()> {
/// let parameter: Parameter = "k1".parse()?;
/// assert_eq!(parameter, Parameter::AnnotationPerSample);
/// assert_eq!(parameter.to_string(), "annotation.per_sample");
/// assert_eq!(parameter.unit(), "currency/sample");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&str")]
pub enum Parameter {
    /// D, the data volume.
    DataVolume,
    /// P, the model's parameter count.
    ParamCount,
    /// a, the weight of the training effect.
    WeightA,
    /// b, the weight of the training time.
    WeightB,
    /// c, the weight of the annotation cost.
    WeightC,
    /// d, the weight of promotion per feedback.
    WeightD,
    /// e, which the article's formula does not use.
    WeightE,
    /// f, which the article's formula does not use.
    WeightF,
    /// k1, the price of a label.
    AnnotationPerSample,
    /// k2, what annotation costs at no data.
    AnnotationFixed,
    /// l, the hours a parameter takes.
    TimePerParameter,
    /// m, the hours that no parameter takes.
    TimeFixed,
    /// n1, promotion that grows with the training effect.
    PromotionPerEffect,
    /// n2, promotion at no training effect.
    PromotionFixed,
    /// o, how feedback follows effectiveness.
    FeedbackSlope,
    /// p, the feedback at no effectiveness.
    FeedbackBaseline,
}

impl Parameter {
    /// How many there are.
    pub const COUNT: usize = 16;

    /// All, in the article's order: D, P, a to f, k1, k2, l, m, n1, n2, o, p.
    pub const ALL: [Self; Self::COUNT] = [
        Self::DataVolume,
        Self::ParamCount,
        Self::WeightA,
        Self::WeightB,
        Self::WeightC,
        Self::WeightD,
        Self::WeightE,
        Self::WeightF,
        Self::AnnotationPerSample,
        Self::AnnotationFixed,
        Self::TimePerParameter,
        Self::TimeFixed,
        Self::PromotionPerEffect,
        Self::PromotionFixed,
        Self::FeedbackSlope,
        Self::FeedbackBaseline,
    ];

    /// The article's letter.
    ///
    /// ```
    /// assert_eq!(tunewise_cost::Parameter::DataVolume.letter(), "D");
    /// ```
    #[must_use]
    pub fn letter(self) -> &'static str {
        self.words().0
    }

    /// The long name: the key path in a scenario file.
    ///
    /// ```
    /// assert_eq!(tunewise_cost::Parameter::WeightD.name(), "weights.promotion");
    /// ```
    #[must_use]
    pub fn name(self) -> &'static str {
        self.words().1
    }

    /// The unit, in plain ASCII.
    ///
    /// ```
    /// assert_eq!(tunewise_cost::Parameter::TimeFixed.unit(), "hours");
    /// ```
    #[must_use]
    pub fn unit(self) -> &'static str {
        self.words().2
    }

    /// The place in [`ALL`](Self::ALL), and so in every array of sixteen.
    ///
    /// ```
    /// use tunewise_cost::Parameter;
    ///
    /// assert_eq!(Parameter::ALL[Parameter::WeightC.index()], Parameter::WeightC);
    /// ```
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }

    /// Checks a value of this input.
    ///
    /// ```
    /// use tunewise_cost::Parameter;
    ///
    /// assert!(Parameter::DataVolume.check(-1.0).is_err());
    /// assert!(Parameter::WeightC.check(-1.0).is_ok());
    /// ```
    ///
    /// # Errors
    /// If it is not finite, or outside what [`Inputs::validate`] allows.
    pub fn check(self, value: f64) -> Result<()> {
        let rule = match self {
            _ if !value.is_finite() => "a finite number",
            Self::DataVolume if value < 0.0 => "a number of at least 0",
            Self::ParamCount if value <= 0.0 => "a number above 0",
            _ => return Ok(()),
        };
        Err(Error::Field { field: self.name(), value, rule })
    }

    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::DataVolume => ("D", "data_volume", "samples"),
            Self::ParamCount => ("P", "param_count", "parameters"),
            Self::WeightA => ("a", "weights.training_effect", "utility*parameters/sample"),
            Self::WeightB => ("b", "weights.training_time", "utility/hour"),
            Self::WeightC => ("c", "weights.annotation_cost", "utility/currency"),
            Self::WeightD => ("d", "weights.promotion", "utility*index/currency"),
            Self::WeightE => ("e", "weights.e", "utility/currency"),
            Self::WeightF => ("f", "weights.f", "utility/index"),
            Self::AnnotationPerSample => ("k1", "annotation.per_sample", "currency/sample"),
            Self::AnnotationFixed => ("k2", "annotation.fixed", "currency"),
            Self::TimePerParameter => ("l", "training_time.per_parameter", "hours/parameter"),
            Self::TimeFixed => ("m", "training_time.fixed", "hours"),
            Self::PromotionPerEffect => {
                ("n1", "promotion.per_training_effect", "currency*parameters/sample")
            }
            Self::PromotionFixed => ("n2", "promotion.fixed", "currency"),
            Self::FeedbackSlope => ("o", "feedback.per_effectiveness", "index/utility"),
            Self::FeedbackBaseline => ("p", "feedback.baseline", "index"),
        }
    }

    pub(crate) fn of(self, inputs: &Inputs) -> f64 {
        let mut copy = *inputs;
        *self.of_mut(&mut copy)
    }

    pub(crate) fn of_mut(self, inputs: &mut Inputs) -> &mut f64 {
        match self {
            Self::DataVolume => &mut inputs.data_volume,
            Self::ParamCount => &mut inputs.param_count,
            Self::WeightA => &mut inputs.weights.training_effect,
            Self::WeightB => &mut inputs.weights.training_time,
            Self::WeightC => &mut inputs.weights.annotation_cost,
            Self::WeightD => &mut inputs.weights.promotion,
            Self::WeightE => &mut inputs.weights.e,
            Self::WeightF => &mut inputs.weights.f,
            Self::AnnotationPerSample => &mut inputs.annotation.per_sample,
            Self::AnnotationFixed => &mut inputs.annotation.fixed,
            Self::TimePerParameter => &mut inputs.training_time.per_parameter,
            Self::TimeFixed => &mut inputs.training_time.fixed,
            Self::PromotionPerEffect => &mut inputs.promotion.per_training_effect,
            Self::PromotionFixed => &mut inputs.promotion.fixed,
            Self::FeedbackSlope => &mut inputs.feedback.per_effectiveness,
            Self::FeedbackBaseline => &mut inputs.feedback.baseline,
        }
    }
}

/// As its letter, where JSON has letters.
pub(crate) fn as_letter<S: serde::Serializer>(
    parameter: &Parameter,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(parameter.letter())
}

impl fmt::Display for Parameter {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}

impl TryFrom<String> for Parameter {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Parameter> for &str {
    fn from(parameter: Parameter) -> Self {
        parameter.name()
    }
}

impl FromStr for Parameter {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let named = |parameter: &Self| parameter.letter() == text || parameter.name() == text;
        let found = Self::ALL.into_iter().find(named);
        found.ok_or_else(|| Error::UnknownParameter { name: text.to_owned() })
    }
}
