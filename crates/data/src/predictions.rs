//! True and predicted labels, as read from a file.

use crate::{Error, Result};

/// What kind of labels a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LabelType {
    /// `true` and `false`.
    Boolean,
    /// Whole numbers, sorted by value.
    Integer,
    /// Whole numbers written with a point, as floats are; sorted by value.
    Float,
    /// Strings, sorted by code point.
    Name,
}

impl LabelType {
    /// The type in words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Boolean => "a boolean",
            Self::Integer => "an integer",
            Self::Float => "a float",
            Self::Name => "a string",
        }
    }
}

/// A label with its order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum LabelValue {
    Boolean(bool),
    Integer(i64),
    Float(i64),
    Name(String),
}

impl LabelValue {
    /// The label that a word stands for among labels of that type.
    pub(crate) fn parse(word: &str, label_type: LabelType) -> Option<Self> {
        match (label_type, word) {
            (LabelType::Boolean, "true" | "True") => Some(Self::Boolean(true)),
            (LabelType::Boolean, "false" | "False") => Some(Self::Boolean(false)),
            (LabelType::Boolean, _) => None,
            (LabelType::Integer, _) => word.parse().ok().map(Self::Integer),
            (LabelType::Float, _) => word.parse().ok().and_then(Self::float),
            (LabelType::Name, _) => Some(Self::Name(word.to_owned())),
        }
    }

    /// A float that can be a label: a whole number.
    pub(crate) fn float(value: f64) -> Option<Self> {
        /// From here on not every whole number is a float, and Python prints an exponent.
        const END: f64 = 9_007_199_254_740_992.0;
        (value.fract() == 0.0 && value.abs() < END).then_some(Self::Float(value as i64))
    }

    pub(crate) fn label_type(&self) -> LabelType {
        match self {
            Self::Boolean(_) => LabelType::Boolean,
            Self::Integer(_) => LabelType::Integer,
            Self::Float(_) => LabelType::Float,
            Self::Name(_) => LabelType::Name,
        }
    }
}

/// As Python prints the label.
impl std::fmt::Display for LabelValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Boolean(value) => f.write_str(if *value { "True" } else { "False" }),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value}.0"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// One true and one predicted label a row, as indices into the sorted labels that occur.
#[derive(Debug, Clone, PartialEq)]
pub struct Predictions {
    /// The labels, `[classes]`, sorted.
    pub(crate) classes: Vec<LabelValue>,
    /// Their type.
    pub label_type: LabelType,
    /// The true labels, `[rows]`.
    pub y_true: Vec<u32>,
    /// The predicted labels, `[rows]`.
    pub y_pred: Vec<u32>,
    /// The weight of each row, `[rows]`.
    pub sample_weight: Option<Vec<f64>>,
}

impl Predictions {
    /// The labels that occur, sorted, as Python prints them: what the indices stand for.
    #[must_use]
    pub fn class_names(&self) -> Vec<String> {
        self.classes.iter().map(ToString::to_string).collect()
    }

    /// The indices of labels given as words of the file's type, and what they are called. Labels that do
    /// not occur get the indices from `classes` on.
    ///
    /// # Errors
    /// [`Error::Argument`] for a word that is no label of the type.
    pub fn select(&self, words: &[String]) -> Result<(Vec<u32>, Vec<String>)> {
        let expected = match self.label_type {
            LabelType::Boolean => "true or false, as the file's labels are",
            LabelType::Integer => "an integer, as the file's labels are",
            LabelType::Float => "a whole number, as the file's labels are",
            LabelType::Name => "a string",
        };
        let mut absent: Vec<LabelValue> = Vec::new();
        let mut selected = Vec::new();
        for word in words {
            let fault = || Error::Argument { name: "labels", got: format!("`{word}`"), expected };
            let label = LabelValue::parse(word, self.label_type).ok_or_else(fault)?;
            let index = self.classes.binary_search(&label).unwrap_or_else(|_| {
                let known = absent.iter().position(|other| *other == label);
                self.classes.len()
                    + known.unwrap_or_else(|| {
                        absent.push(label.clone());
                        absent.len() - 1
                    })
            });
            selected.push((index as u32, label.to_string()));
        }
        Ok(selected.into_iter().unzip())
    }
}

/// Lists of 0 and 1 a row, row-major `[rows, num_labels]`.
#[derive(Debug, Clone, PartialEq)]
pub struct MultiLabelPredictions {
    /// Marks of a row.
    pub num_labels: usize,
    /// The true marks.
    pub y_true: Vec<u8>,
    /// The predicted marks.
    pub y_pred: Vec<u8>,
    /// The weight of each row, `[rows]`.
    pub sample_weight: Option<Vec<f64>>,
}

/// A file of predictions.
#[derive(Debug, Clone, PartialEq)]
pub enum PredictionFile {
    /// One label a row.
    Single(Predictions),
    /// Several labels a row.
    Multi(MultiLabelPredictions),
}
