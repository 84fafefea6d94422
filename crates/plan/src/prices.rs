//! Price lists.

use std::path::Path;

use serde::{Deserialize, Serialize};
use tunewise_cost::{Feedback, Promotion, Weights};

use crate::{Error, Result};

/// What things cost, from a TOML file.
///
/// | key | default | meaning |
/// | --- | --- | --- |
/// | `currency` | | what the amounts are in |
/// | `labels.per_label` | | one label, currency |
/// | `labels.fixed` | 0 | once, as soon as one label is bought: guidelines, set-up |
/// | `labels.source` | none | where the numbers are from |
/// | `machine.per_hour` | | an hour of the machine that the pilots ran on |
/// | `machine.source` | none | |
/// | `quality.per_point` | none | what a point of quality (0.01 of the metric) is worth |
/// | `quality.source` | none | |
/// | `weights`, `promotion`, `feedback` | none | the article's other constants, as in a scenario of `cost`; all three or none |
///
/// ```
/// use tunewise_plan::Prices;
///
/// let text = "currency = 'USD'\n[labels]\nper_label = 0.1\n[machine]\nper_hour = 3\n";
/// assert_eq!(Prices::from_toml(text, "prices.toml")?.labels.per_label, 0.1);
/// let fault = Prices::from_toml(&text.replace("0.1", "-1"), "prices.toml").unwrap_err();
/// let expected = "prices.toml: `labels.per_label` is -1, expected a finite number of at least 0";
/// assert_eq!(fault.to_string(), expected);
/// # Ok::<(), tunewise_plan::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// What the amounts are in.
    pub currency: String,
    /// Of labels.
    pub labels: LabelPrices,
    /// Of the machine.
    pub machine: MachinePrices,
    /// Of quality.
    #[serde(default)]
    pub quality: Option<QualityPrices>,
    /// a to f of the cost model.
    #[serde(default)]
    pub weights: Option<Weights>,
    /// n1 and n2 of the cost model.
    #[serde(default)]
    pub promotion: Option<Promotion>,
    /// o and p of the cost model.
    #[serde(default)]
    pub feedback: Option<Feedback>,
}

/// What labels cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelPrices {
    /// One label.
    pub per_label: f64,
    /// Once, as soon as one is bought.
    #[serde(default)]
    pub fixed: f64,
    /// Where the numbers are from.
    #[serde(default)]
    pub source: Option<String>,
}

/// What machine time costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MachinePrices {
    /// An hour.
    pub per_hour: f64,
    /// Where the number is from.
    #[serde(default)]
    pub source: Option<String>,
}

/// What quality is worth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QualityPrices {
    /// A point, 0.01 of the metric.
    pub per_point: f64,
    /// Where the number is from.
    #[serde(default)]
    pub source: Option<String>,
}

impl Prices {
    /// Reads a price list; `file` names it in messages.
    ///
    /// # Errors
    /// [`Error::Prices`] with line and column for malformed TOML, an unknown key or one that is not
    /// there; [`Error::Price`] for an amount that is not finite and at least 0.
    pub fn from_toml(text: &str, file: &str) -> Result<Self> {
        let prices: Self = toml::from_str(text)
            .map_err(|source| Error::Prices { file: file.to_owned(), source: Box::new(source) })?;
        prices.check(file)?;
        Ok(prices)
    }

    /// [`from_toml`](Self::from_toml) of a file.
    ///
    /// # Errors
    /// [`Error::Io`], and as [`from_toml`](Self::from_toml).
    pub fn read(path: &Path) -> Result<Self> {
        let io = |source| Error::Io { path: path.to_owned(), source };
        let text = std::fs::read_to_string(path).map_err(io)?;
        Self::from_toml(&text, &path.display().to_string())
    }

    /// What so many more labels cost.
    #[must_use]
    pub fn labels(&self, count: f64) -> f64 {
        if count > 0.0 { self.labels.fixed + self.labels.per_label * count } else { 0.0 }
    }

    fn check(&self, file: &str) -> Result<()> {
        let amounts = [
            ("labels.per_label", Some(self.labels.per_label)),
            ("labels.fixed", Some(self.labels.fixed)),
            ("machine.per_hour", Some(self.machine.per_hour)),
            ("quality.per_point", self.quality.as_ref().map(|it| it.per_point)),
        ];
        let fault = |key, got: String, expected| {
            Err(Error::Price { file: file.to_owned(), key, got, expected })
        };
        for (key, amount) in amounts {
            if let Some(amount) = amount.filter(|it| !(it.is_finite() && *it >= 0.0)) {
                return fault(key, amount.to_string(), "a finite number of at least 0");
            }
        }
        if self.currency.trim().is_empty() {
            return fault("currency", "empty".to_owned(), "a name such as USD");
        }
        let given = [self.weights.is_some(), self.promotion.is_some(), self.feedback.is_some()];
        if given.contains(&true) && given.contains(&false) {
            let key = ["weights", "promotion", "feedback"];
            let missing = key.into_iter().zip(given).find(|(_, given)| !given);
            let key = missing.map_or("weights", |(key, _)| key);
            let expected = "all of `weights`, `promotion` and `feedback`, or none of them";
            return fault(key, "not there".to_owned(), expected);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "currency = 'USD'\n[labels]\nper_label = 0.1\nfixed = 50\n[machine]\nper_hour = 3\n";

    fn fault(text: &str) -> String {
        Prices::from_toml(text, "p.toml").unwrap_err().to_string()
    }

    #[test]
    fn the_fixed_part_is_paid_with_the_first_label() {
        let prices = Prices::from_toml(TEXT, "p.toml").unwrap();
        assert_eq!((prices.labels(0.0), prices.labels(10.0)), (0.0, 51.0));
    }

    #[test]
    fn faults_name_file_and_key() {
        let unknown = fault(&TEXT.replace("per_hour", "an_hour"));
        assert!(unknown.starts_with("p.toml: ") && unknown.contains("line 6"), "{unknown}");
        let infinite = fault(&TEXT.replace("50", "inf"));
        assert_eq!(
            infinite,
            "p.toml: `labels.fixed` is inf, expected a finite number of at least 0"
        );
        assert!(fault(&TEXT.replace("USD", " ")).contains("`currency` is empty"));
        let half = format!("{TEXT}[promotion]\nper_training_effect = 0\nfixed = 0\n");
        assert!(fault(&half).contains("`weights` is not there"));
    }
}
