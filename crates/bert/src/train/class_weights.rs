//! How much each label's rows count.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tunewise_data::Targets;

use crate::{Error, Result};

/// Weights by label; written as `balanced`, or as a table `{ label = weight }` that names every
/// label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub enum ClassWeights {
    /// Rare labels count more, by the training rows.
    Balanced,
    /// One weight a label.
    Given(BTreeMap<String, f64>),
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Name(String),
    Table(BTreeMap<String, f64>),
}

impl ClassWeights {
    /// Checks that weights are above 0.
    ///
    /// # Errors
    /// [`Error::Setting`] naming the label.
    pub fn validate(&self) -> Result<()> {
        let Self::Given(weights) = self else { return Ok(()) };
        match weights.iter().find(|(_, weight)| !(weight.is_finite() && **weight > 0.0)) {
            None => Ok(()),
            Some((label, weight)) => {
                Err(setting(format!("{weight} for label {label}"), "a number above 0".to_owned()))
            }
        }
    }

    /// The weights in the order of `id2label`. Where weights are
    /// balanced, a label that no training row has gets 1, and of several so does one that all have.
    ///
    /// # Formula
    /// ```text
    /// balanced, single label   w_c = n / (K n_c)       over the K labels that occur
    /// balanced, several        w_c = (n - n_c) / n_c
    /// ```
    /// where `n` counts rows and `n_c` those with label `c`.
    ///
    /// # Errors
    /// [`Error::Setting`] for given weights that are not of these labels.
    ///
    /// # Reference
    /// `sklearn.utils.class_weight.compute_class_weight("balanced")`;
    /// `torch.nn.BCEWithLogitsLoss`, note on `pos_weight`.
    pub fn resolve(&self, id2label: &[String], targets: &Targets) -> Result<Vec<f64>> {
        match self {
            Self::Balanced => Ok(balanced(id2label.len(), targets)),
            Self::Given(weights) => given(weights, id2label),
        }
    }
}

fn given(weights: &BTreeMap<String, f64>, id2label: &[String]) -> Result<Vec<f64>> {
    if let Some(unknown) = weights.keys().find(|label| !id2label.contains(label)) {
        return Err(setting(
            format!("given for label {unknown}"),
            format!("the labels {}", id2label.join(", ")),
        ));
    }
    let weight = |label: &String| {
        weights.get(label).copied().ok_or_else(|| {
            setting(format!("missing for label {label}"), "a weight for every label".to_owned())
        })
    };
    id2label.iter().map(weight).collect()
}

fn balanced(num_labels: usize, targets: &Targets) -> Vec<f64> {
    let mut counts = vec![0u64; num_labels];
    let mut count = |label: usize| {
        if let Some(count) = counts.get_mut(label) {
            *count += 1;
        }
    };
    let rows = match targets {
        Targets::Classes(classes) => {
            classes.iter().filter_map(|&class| usize::try_from(class).ok()).for_each(&mut count);
            classes.len()
        }
        Targets::MultiHot { num_labels, values } => {
            let marked =
                values.iter().zip((0..*num_labels).cycle()).filter(|(mark, _)| **mark > 0.5);
            marked.for_each(|(_, label)| count(label));
            values.len() / (*num_labels).max(1)
        }
        Targets::Values(_) | Targets::None => 0,
    };
    let several = matches!(targets, Targets::MultiHot { .. });
    let occurring = counts.iter().filter(|&&count| count > 0).count() as f64;
    let weight = |count: u64| match (count, several) {
        (0, _) => 1.0,
        (count, true) if count == rows as u64 => 1.0,
        (count, true) => (rows as f64 - count as f64) / count as f64,
        (count, false) => rows as f64 / (occurring * count as f64),
    };
    counts.into_iter().map(weight).collect()
}

fn setting(got: String, expected: String) -> Error {
    Error::Setting { name: "class_weights", got, expected }
}

impl TryFrom<Written> for ClassWeights {
    type Error = Error;

    fn try_from(written: Written) -> Result<Self> {
        match written {
            Written::Table(weights) => Ok(Self::Given(weights)),
            Written::Name(name) => name.parse(),
        }
    }
}

impl From<ClassWeights> for Written {
    fn from(weights: ClassWeights) -> Self {
        match weights {
            ClassWeights::Balanced => Self::Name("balanced".to_owned()),
            ClassWeights::Given(weights) => Self::Table(weights),
        }
    }
}

impl FromStr for ClassWeights {
    type Err = Error;

    /// `balanced`, or `LABEL=WEIGHT,LABEL=WEIGHT`; a label may itself hold `=`.
    fn from_str(text: &str) -> Result<Self> {
        if text == "balanced" {
            return Ok(Self::Balanced);
        }
        let pair = |pair: &str| {
            let (label, weight) = pair.rsplit_once('=')?;
            Some((label.to_owned(), weight.parse().ok()?))
        };
        let pairs: Option<BTreeMap<String, f64>> = text.split(',').map(pair).collect();
        pairs.map(Self::Given).ok_or_else(|| {
            setting(text.to_owned(), "balanced, or LABEL=WEIGHT,LABEL=WEIGHT".to_owned())
        })
    }
}

impl fmt::Display for ClassWeights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Balanced => f.write_str("balanced"),
            Self::Given(weights) => {
                let pairs: Vec<String> =
                    weights.iter().map(|(label, weight)| format!("{label}={weight}")).collect();
                f.write_str(&pairs.join(","))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<String> {
        ["a", "b", "c"].map(str::to_owned).to_vec()
    }

    // Expected: `compute_class_weight("balanced", classes=[0, 1], y=[0, 0, 0, 1])` of scikit-learn
    // 1.9.1 gives 0.66666667, 2; the third label does not occur.
    #[test]
    fn balanced_weights_are_scikit_learns() {
        let targets = Targets::Classes(vec![0, 0, 0, 1]);
        let weights = ClassWeights::Balanced.resolve(&names(), &targets).unwrap();
        assert_eq!(weights, [2.0 / 3.0, 2.0, 1.0]);
    }

    #[test]
    fn balanced_weights_of_several_labels_are_negatives_by_positives() {
        let values = vec![1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0];
        let targets = Targets::MultiHot { num_labels: 3, values };
        let weights = ClassWeights::Balanced.resolve(&names(), &targets).unwrap();
        assert_eq!(weights, [1.0, 1.0, 1.0]); // 2 of 4; none; all
        let values = vec![1.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0];
        let targets = Targets::MultiHot { num_labels: 2, values };
        let weights = ClassWeights::Balanced.resolve(&names()[..2], &targets).unwrap();
        assert_eq!(weights, [3.0, 1.0 / 3.0]);
    }

    #[test]
    fn weights_that_do_not_fit_the_labels_are_named() {
        let resolve = |text: &str| {
            let weights: ClassWeights = text.parse().unwrap();
            weights.validate()?;
            weights.resolve(&names(), &Targets::Classes(vec![0]))
        };
        assert_eq!(resolve("a=1,b=2,c=0.5").unwrap(), [1.0, 2.0, 0.5]);
        let fault = |text: &str| resolve(text).unwrap_err().to_string();
        assert!(fault("a=1,b=2").contains("missing for label c"));
        assert!(fault("a=1,b=2,c=1,d=1").contains("given for label d"));
        assert!(fault("a=1,b=0,c=1").contains("0 for label b"));
        assert!("a=x".parse::<ClassWeights>().is_err());
    }

    #[test]
    fn both_forms_read_back() {
        for text in ["\"balanced\"", "{\"a\":1.0,\"b=\":2.5}"] {
            let weights: ClassWeights = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&weights).unwrap(), text);
            assert_eq!(weights.to_string().parse::<ClassWeights>().unwrap(), weights);
        }
        assert!(serde_json::from_str::<ClassWeights>("\"even\"").is_err());
    }
}
