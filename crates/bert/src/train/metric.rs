//! What the best model is best in.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tunewise_data::ProblemType;

use crate::{Error, Result};

/// What makes one evaluation better than another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetricForBestModel {
    /// The unweighted mean of the classes' F1; higher is better.
    MacroF1,
    /// F1 of all counts together, with one label a row the accuracy; higher is better.
    MicroF1,
    /// The mean of the classes' F1 by support; higher is better.
    WeightedF1,
    /// The share of rows whose labels are all right; higher is better.
    Accuracy,
    /// The unweighted mean of the classes' precision; higher is better.
    MacroPrecision,
    /// The unweighted mean of the classes' recall; higher is better.
    MacroRecall,
    /// Matthews' correlation coefficient, with one label a row; higher is better.
    Mcc,
    /// The mean of squared differences of a regression; lower is better.
    Mse,
    /// The mean of absolute differences of a regression; lower is better.
    Mae,
    /// The coefficient of determination of a regression; higher is better.
    R2,
    /// Pearson's correlation of a regression; higher is better.
    PearsonR,
    /// The evaluation loss; lower is better.
    Loss,
}

impl MetricForBestModel {
    const ALL: [(Self, &str); 12] = [
        (Self::MacroF1, "macro_f1"),
        (Self::MicroF1, "micro_f1"),
        (Self::WeightedF1, "weighted_f1"),
        (Self::Accuracy, "accuracy"),
        (Self::MacroPrecision, "macro_precision"),
        (Self::MacroRecall, "macro_recall"),
        (Self::Mcc, "mcc"),
        (Self::Mse, "mse"),
        (Self::Mae, "mae"),
        (Self::R2, "r2"),
        (Self::PearsonR, "pearson_r"),
        (Self::Loss, "loss"),
    ];

    /// Macro F1, or the loss for regression.
    #[must_use]
    pub fn default_of(problem: ProblemType) -> Self {
        if problem == ProblemType::Regression { Self::Loss } else { Self::MacroF1 }
    }

    /// Whether the problem has it.
    pub(crate) fn is_of(self, problem: ProblemType) -> bool {
        match self {
            Self::Loss => true,
            Self::Mse | Self::Mae | Self::R2 | Self::PearsonR => problem == ProblemType::Regression,
            Self::Mcc => problem == ProblemType::SingleLabelClassification,
            _ => problem != ProblemType::Regression,
        }
    }

    /// The fault of choosing this metric for a problem that does not have it.
    pub(crate) fn not_for(self, problem: ProblemType) -> Error {
        let expected = match problem {
            ProblemType::Regression => {
                "loss, mse, mae, r2 or pearson_r, since the problem is regression"
            }
            ProblemType::SingleLabelClassification => {
                "a metric of one label a row, such as macro_f1, accuracy, mcc or loss"
            }
            ProblemType::MultiLabelClassification => {
                "a metric of several labels a row, such as macro_f1, micro_f1, accuracy or loss"
            }
        };
        Error::Setting {
            name: "metric_for_best_model",
            got: self.to_string(),
            expected: expected.to_owned(),
        }
    }

    /// Whether more is worse.
    #[must_use]
    pub fn lower_is_better(self) -> bool {
        matches!(self, Self::Loss | Self::Mse | Self::Mae)
    }

    /// Whether `new` beats `old` by more than `margin`; a NaN beats nothing and loses to any number.
    #[must_use]
    pub fn improves(self, new: f64, old: f64, margin: f64) -> bool {
        let gain = if self.lower_is_better() { old - new } else { new - old };
        gain > margin || (old.is_nan() && !new.is_nan())
    }
}

impl fmt::Display for MetricForBestModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(metric, _)| metric == self).map_or("", |(_, name)| name);
        f.write_str(name)
    }
}

impl FromStr for MetricForBestModel {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = Self::ALL.iter().find(|(_, known)| *known == name).map(|(metric, _)| *metric);
        found.ok_or_else(|| Error::Setting {
            name: "metric_for_best_model",
            got: name.to_owned(),
            expected: Self::ALL.map(|(_, name)| name).join(", "),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_compare_in_their_direction_and_nan_never_wins() {
        assert!(MetricForBestModel::Loss.improves(0.1, 0.2, 0.0));
        assert!(!MetricForBestModel::Mse.improves(0.2, 0.1, 0.0));
        assert!(MetricForBestModel::MacroF1.improves(0.2, 0.1, 0.0));
        assert!(!MetricForBestModel::MacroF1.improves(0.2, 0.1, 0.15));
        assert!(!MetricForBestModel::Accuracy.improves(f64::NAN, 0.1, 0.0));
        assert!(MetricForBestModel::Loss.improves(0.1, f64::NAN, 0.0));
    }

    #[test]
    fn the_names_of_files_and_flags_agree() {
        for (metric, name) in MetricForBestModel::ALL {
            assert_eq!(serde_json::to_value(metric).unwrap(), name);
            assert_eq!(name.parse::<MetricForBestModel>().unwrap(), metric);
        }
    }
}
