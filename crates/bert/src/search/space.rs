//! Which settings a search varies, and how a trial draws them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::{Error, Result};

/// Where the values of a setting come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distribution {
    /// Any number between two, all alike.
    Uniform([f64; 2]),
    /// Any number between two above 0; all orders of magnitude alike.
    LogUniform([f64; 2]),
    /// A whole number from the first to the second, both included.
    Integer([i64; 2]),
    /// One of these values, all alike.
    Choice(Vec<Value>),
}

/// The settings that a search varies, by the names of
/// [`FinetuneConfig`](crate::task::FinetuneConfig).
///
/// What a trial draws for a setting is a function of the search's seed, the trial's number and the
/// setting's name: more settings or more trials leave the other draws as they are.
///
/// ```
/// use tunewise_bert::search::Space;
///
/// let space: Space = serde_json::from_str(r#"{
///     "learning_rate": {"log_uniform": [1e-5, 1e-3]},
///     "per_device_train_batch_size": {"choice": [8, 16, 32]}
/// }"#).unwrap();
/// let settings = space.draw(42, 0);
/// let rate = settings["learning_rate"].as_f64().unwrap();
/// assert!((1e-5..=1e-3).contains(&rate));
/// assert_eq!(settings, space.draw(42, 0));
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Space(pub BTreeMap<String, Distribution>);

impl Space {
    /// The settings of a trial.
    #[must_use]
    pub fn draw(&self, seed: u64, trial: usize) -> Map<String, Value> {
        let value = |(name, distribution): (&String, &Distribution)| {
            (name.clone(), distribution.at(unit(seed, trial, name)))
        };
        self.0.iter().map(value).collect()
    }

    /// Checks that there is something to vary and that every setting has values.
    ///
    /// # Errors
    /// [`Error::SearchSpace`] naming the setting.
    pub fn validate(&self) -> Result<()> {
        if self.0.is_empty() {
            let expected = "at least one setting to vary, such as learning_rate".to_owned();
            return Err(Error::Setting { name: "space", got: "empty".to_owned(), expected });
        }
        self.0.iter().try_for_each(|(name, distribution)| distribution.validate(name))
    }
}

impl Distribution {
    /// The value at a place `unit` in [0, 1).
    fn at(&self, unit: f64) -> Value {
        match self {
            Self::Uniform([low, high]) => between(*low, *high, unit).into(),
            Self::LogUniform([low, high]) => {
                between(low.ln(), high.ln(), unit).exp().clamp(*low, *high).into()
            }
            Self::Integer([low, high]) => {
                let values = high.abs_diff(*low) as f64 + 1.0;
                low.saturating_add_unsigned((unit * values) as u64).min(*high).into()
            }
            Self::Choice(values) => {
                values.get((unit * values.len() as f64) as usize).cloned().unwrap_or_default()
            }
        }
    }

    fn validate(&self, name: &str) -> Result<()> {
        let rising = |low: f64, high: f64| low.is_finite() && high.is_finite() && low < high;
        let (good, expected) = match self {
            Self::Uniform([low, high]) => (rising(*low, *high), "two finite numbers, rising"),
            Self::LogUniform([low, high]) => {
                (rising(*low, *high) && *low > 0.0, "two finite numbers above 0, rising")
            }
            Self::Integer([low, high]) => (low < high, "two whole numbers, rising"),
            Self::Choice(values) => (!values.is_empty(), "at least one value"),
        };
        if good {
            return Ok(());
        }
        let got = serde_json::to_string(self).unwrap_or_default();
        Err(Error::SearchSpace { setting: name.to_owned(), got, expected: expected.to_owned() })
    }
}

fn between(low: f64, high: f64, unit: f64) -> f64 {
    (low * (1.0 - unit) + high * unit).clamp(low, high)
}

/// A number in [0, 1) of 53 random bits: SHA-256 as a counter-based generator, the same everywhere.
fn unit(seed: u64, trial: usize, name: &str) -> f64 {
    let mut hasher = Sha256::new();
    hasher.update(seed.to_le_bytes());
    hasher.update((trial as u64).to_le_bytes());
    hasher.update(name.as_bytes());
    let bits =
        hasher.finalize().iter().take(8).fold(0u64, |bits, &byte| bits << 8 | u64::from(byte));
    (bits >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space(json: &str) -> Space {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn draws_stay_in_their_range_and_fill_it() {
        let space = space(
            r#"{"a": {"uniform": [0, 0.1]}, "b": {"log_uniform": [1e-6, 1e-2]},
                "c": {"integer": [2, 5]}, "d": {"choice": ["linear", "cosine", 8]}}"#,
        );
        let draws: Vec<_> = (0..4000).map(|trial| space.draw(7, trial)).collect();
        let number = |name: &'static str| draws.iter().map(move |d| d[name].as_f64().unwrap());
        assert!(number("a").all(|x| (0.0..=0.1).contains(&x)));
        assert!(number("b").all(|x| (1e-6..=1e-2).contains(&x)));
        assert!(number("c").all(|x| (2.0..=5.0).contains(&x)));
        // Of 4000 draws, the standard error of a share of a half is 0.008, of a quarter 0.007.
        let share = |count: usize| count as f64 / 4000.0;
        approx::assert_abs_diff_eq!(
            share(number("a").filter(|x| *x < 0.05).count()),
            0.5,
            epsilon = 0.04
        );
        approx::assert_abs_diff_eq!(
            share(number("b").filter(|x| *x < 1e-4).count()),
            0.5,
            epsilon = 0.04
        );
        approx::assert_abs_diff_eq!(
            share(number("c").filter(|x| *x == 5.0).count()),
            0.25,
            epsilon = 0.035
        );
        for value in [Value::from("linear"), "cosine".into(), 8.into()] {
            let count = draws.iter().filter(|draw| draw["d"] == value).count();
            approx::assert_abs_diff_eq!(share(count), 1.0 / 3.0, epsilon = 0.04);
        }
    }

    #[test]
    fn a_draw_depends_on_seed_trial_and_name_alone() {
        let one = space(r#"{"learning_rate": {"uniform": [0, 1]}}"#);
        let two = space(r#"{"learning_rate": {"uniform": [0, 1]}, "a": {"uniform": [0, 1]}}"#);
        let draw = two.draw(1, 3);
        assert_eq!(one.draw(1, 3)["learning_rate"], draw["learning_rate"]);
        assert_ne!(draw["a"], draw["learning_rate"]);
        assert_ne!(one.draw(2, 3), one.draw(1, 3));
        assert_ne!(one.draw(1, 4), one.draw(1, 3));
        // printf '\1\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0learning_rate' | sha256sum, first 53 bits / 2^53.
        assert_eq!(one.draw(1, 3)["learning_rate"], EXPECTED);
    }

    const EXPECTED: f64 = 0.870_506_484_121_405_7;

    #[test]
    fn impossible_values_are_refused_by_name() {
        for (json, expected) in [
            ("{}", "`space` is empty"),
            (r#"{"x": {"uniform": [1, 1]}}"#, "`x`"),
            (r#"{"x": {"log_uniform": [0, 1]}}"#, "above 0"),
            (r#"{"x": {"integer": [3, 2]}}"#, r#"{"integer":[3,2]}"#),
            (r#"{"x": {"choice": []}}"#, "at least one value"),
        ] {
            let error = space(json).validate().unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        let unknown = serde_json::from_str::<Space>(r#"{"x": {"normal": [0, 1]}}"#).unwrap_err();
        assert!(unknown.to_string().contains("log_uniform"), "{unknown}");
    }
}
