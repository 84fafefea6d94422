//! What answers cost.

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::error::{argument, toml_fault};

/// What one question costs, by what becomes of it. All in one currency.
///
/// | field | default | range | meaning |
/// | --- | --- | --- | --- |
/// | `wrong` | | above 0 | what a wrong answer costs beyond its sending: the second contact, the goodwill |
/// | `person` | | 0 or more | what a person's answer costs |
/// | `answered` | 0 | 0 or more | what sending an automatic answer costs |
/// | `currency` | none | | what the report writes behind sums |
///
/// ```
/// use tunewise_decide::support::Prices;
///
/// # fn main() -> tunewise_decide::Result<()> {
/// let prices = Prices::from_toml("wrong = 12.0\nperson = 4.0\ncurrency = \"EUR\"", "prices.toml")?;
/// // A person for 4 is cheaper than an answer that is wrong with more than 4 of 12.
/// assert!((prices.break_even() - 2.0 / 3.0).abs() < 1e-12);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the table has them")]
pub struct Prices {
    pub wrong: f64,
    pub person: f64,
    #[serde(default)]
    pub answered: f64,
    #[serde(default)]
    pub currency: String,
}

impl Prices {
    /// Reads a TOML text; `source` names it in messages.
    ///
    /// # Errors
    /// [`Error::State`](crate::Error::State) with line and column for a text that is not that;
    /// [`Error::Argument`](crate::Error::Argument) for a price out of its range.
    pub fn from_toml(text: &str, source: &str) -> Result<Self> {
        let prices: Self = toml::from_str(text).map_err(|error| toml_fault(source, &error))?;
        prices.validate()?;
        Ok(prices)
    }

    pub(super) fn validate(&self) -> Result<()> {
        let least = |name, price: f64, fits: bool, expected| match price.is_finite() && fits {
            true => Ok(()),
            false => Err(argument(name, price, expected)),
        };
        least("prices.wrong", self.wrong, self.wrong > 0.0, "a number above 0")?;
        least("prices.person", self.person, self.person >= 0.0, "0 or more")?;
        least("prices.answered", self.answered, self.answered >= 0.0, "0 or more")
    }

    /// The probability of being right from which an answer is cheaper than a person, within [0, 1].
    #[must_use]
    pub fn break_even(&self) -> f64 {
        (1.0 - (self.person - self.answered) / self.wrong).clamp(0.0, 1.0)
    }

    /// What an answer costs.
    pub(super) fn of_answer(&self, right: bool) -> f64 {
        self.answered + if right { 0.0 } else { self.wrong }
    }
}
