//! The settings of a search.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::scheduler::SuccessiveHalving;
use super::space::Space;
use crate::task::FinetuneConfig;
use crate::train::Cadence;
use crate::{Error, Result};

/// The settings of a search, beside those that all its trials share: the table `[search]` of a TOML
/// file.
///
/// | name | default | range | meaning |
/// | --- | --- | --- | --- |
/// | `trials` | 20 | ≥ 1 | how many drawings of settings are tried |
/// | `seed` | 42 | | seeds the drawings |
/// | `reduction_factor` | 3 | ≥ 2 | one trial in so many goes on to the next rung |
/// | `min_resource` | 1 | > 0 | epochs of the first rung; each next one has `reduction_factor` times as many, the last is the whole run |
/// | `max_minutes` | none | > 0 | when the search ends with the step under way; of this process, should it be resumed |
/// | `keep_weights` | false | | whether trials that are out keep weights and checkpoints |
/// | `space` | | | what varies: see [`Space`] |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SearchConfig {
    /// How many drawings of settings are tried.
    pub trials: usize,
    /// Seeds the drawings.
    pub seed: u64,
    /// One trial in so many goes on to the next rung.
    pub reduction_factor: usize,
    /// Epochs of the first rung.
    pub min_resource: f64,
    /// Minutes after which the search ends with the step under way.
    pub max_minutes: Option<f64>,
    /// Whether trials that are out keep weights and checkpoints.
    pub keep_weights: bool,
    /// What varies.
    pub space: Space,
}

impl Default for SearchConfig {
    fn default() -> Self {
        Self {
            trials: 20,
            seed: 42,
            reduction_factor: 3,
            min_resource: 1.0,
            max_minutes: None,
            keep_weights: false,
            space: Space::default(),
        }
    }
}

/// Settings that all trials must share, since they decide what is compared, or that the search sets.
const SHARED: [&str; 19] = [
    "train_file",
    "validation_file",
    "validation_split",
    "test_file",
    "text_column",
    "text_pair_column",
    "label_column",
    "label_separator",
    "problem_type",
    "output_dir",
    "overwrite_output_dir",
    "resume",
    "metric_for_best_model",
    "eval_steps",
    "save_steps",
    "save_total_limit",
    "max_minutes",
    "price_per_hour",
    "threads",
];

impl SearchConfig {
    /// Checks the ranges of the table above, what the trials share (`base`), and the settings of
    /// every trial.
    ///
    /// # Errors
    /// [`Error::Setting`] and [`Error::SearchSpace`] naming the setting at fault.
    pub fn validate(&self, base: &FinetuneConfig) -> Result<()> {
        let fault = |name, got: String, expected: &str| {
            Err(Error::Setting { name, got, expected: expected.to_owned() })
        };
        if self.trials == 0 {
            return fault("trials", "0".to_owned(), "1 or more");
        }
        if self.reduction_factor < 2 {
            return fault("reduction_factor", self.reduction_factor.to_string(), "2 or more");
        }
        for (name, got) in
            [("min_resource", self.min_resource), ("max_minutes", self.max_minutes.unwrap_or(1.0))]
        {
            if !(got.is_finite() && got > 0.0) {
                return fault(name, got.to_string(), "a number above 0");
            }
        }
        if base.validation_file.is_none() && base.validation_split.is_none() {
            let expected = "a file, or validation_split: trials are compared on validation rows";
            return fault("validation_file", "missing".to_owned(), expected);
        }
        if base.eval_steps == Cadence::Never {
            return fault("eval_steps", "no".to_owned(), "epoch or a number of optimizer steps");
        }
        if base.max_minutes.is_some() {
            let expected = "nothing: trials end by steps, the search by its own max_minutes";
            return fault("max_minutes", "given for each trial".to_owned(), expected);
        }
        self.validate_space(base)?;
        (0..self.trials).try_for_each(|trial| self.trial(base, trial).map(|_| ()))
    }

    fn validate_space(&self, base: &FinetuneConfig) -> Result<()> {
        self.space.validate()?;
        let shared = self.space.0.keys().find(|name| SHARED.contains(&name.as_str()));
        let seed = || self.space.0.keys().find(|name| *name == "seed");
        let (name, expected) = match (shared, base.validation_split.and_then(|_| seed())) {
            (Some(name), _) => (name, "a setting that trials may differ in"),
            (None, Some(name)) => {
                (name, "no search over it with validation_split, whose rows it draws: name a file")
            }
            (None, None) => return Ok(()),
        };
        let (setting, got) = (name.clone(), "varied".to_owned());
        Err(Error::SearchSpace { setting, got, expected: expected.to_owned() })
    }

    /// The settings that a trial draws, and all its settings.
    ///
    /// # Errors
    /// [`Error::Trial`] if the settings do not make a run.
    pub fn trial(
        &self,
        base: &FinetuneConfig,
        trial: usize,
    ) -> Result<(Map<String, Value>, FinetuneConfig)> {
        let at = |source| Error::Trial { trial, source: Box::new(source) };
        let drawn = self.space.draw(self.seed, trial);
        let mut settings = match serde_json::to_value(base) {
            Ok(Value::Object(settings)) => settings,
            _ => return Err(Error::Internal { what: "settings are a JSON object" }),
        };
        settings.extend(drawn.clone());
        #[cfg_attr(not(feature = "hub"), expect(unused_mut, reason = "a hub is no setting"))]
        let mut config: FinetuneConfig =
            serde_json::from_value(Value::Object(settings)).map_err(|error| {
                let got = Value::Object(drawn.clone()).to_string();
                at(Error::SearchSpace {
                    setting: "space".to_owned(),
                    got,
                    expected: error.to_string(),
                })
            })?;
        #[cfg(feature = "hub")]
        config.hub.clone_from(&base.hub);
        config.validate().map_err(at)?;
        Ok((drawn, config))
    }

    /// The epochs after which each rung ends; the last one is the whole run, however long.
    #[must_use]
    pub fn rungs(&self, num_train_epochs: f64) -> Vec<f64> {
        let factor = self.reduction_factor.max(2) as f64;
        let rung = |rung: &f64| Some(rung * factor);
        let first = Some(self.min_resource.max(f64::MIN_POSITIVE));
        let mut rungs: Vec<f64> = std::iter::successors(first, rung)
            .take_while(|&rung| rung < num_train_epochs)
            .collect();
        rungs.push(f64::INFINITY);
        rungs
    }

    /// The order of the trials.
    #[must_use]
    pub fn halving(&self, num_train_epochs: f64) -> SuccessiveHalving {
        SuccessiveHalving {
            trials: self.trials,
            rungs: self.rungs(num_train_epochs).len(),
            reduction_factor: self.reduction_factor,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> FinetuneConfig {
        FinetuneConfig {
            model_name_or_path: "model".into(),
            train_file: "train.csv".into(),
            validation_file: Some("valid.csv".into()),
            output_dir: "out".into(),
            ..FinetuneConfig::default()
        }
    }

    fn config(space: &str) -> SearchConfig {
        SearchConfig { space: serde_json::from_str(space).unwrap(), ..SearchConfig::default() }
    }

    #[test]
    fn rungs_grow_by_the_factor_and_end_with_the_run() {
        let config = config("{}");
        assert_eq!(config.rungs(5.0), [1.0, 3.0, f64::INFINITY]);
        assert_eq!(config.rungs(3.0), [1.0, f64::INFINITY]);
        assert_eq!(config.rungs(0.5), [f64::INFINITY]);
    }

    #[test]
    fn what_cannot_be_searched_is_refused_by_name() {
        let rate = r#"{"learning_rate": {"uniform": [1e-5, 1e-3]}}"#;
        assert!(config(rate).validate(&base()).is_ok());
        let space = |space: &str| config(space).validate(&base()).unwrap_err().to_string();
        for (got, expected) in [
            (space(r#"{"lr": {"uniform": [0, 1]}}"#), "unknown field `lr`"),
            (space(r#"{"train_file": {"choice": ["a"]}}"#), "`train_file`"),
            (space(r#"{"learning_rate": {"uniform": [-1, 0]}}"#), "trial 0: `learning_rate`"),
            (space(r#"{"lr_scheduler_type": {"choice": ["triangle"]}}"#), "triangle"),
        ] {
            assert!(got.contains(expected), "{got}");
        }
        type Spoil = fn(&mut SearchConfig, &mut FinetuneConfig);
        let faults: [(&str, Spoil); 7] = [
            ("trials", |search, _| search.trials = 0),
            ("reduction_factor", |search, _| search.reduction_factor = 1),
            ("min_resource", |search, _| search.min_resource = f64::NAN),
            ("max_minutes", |search, _| search.max_minutes = Some(0.0)),
            ("validation_file", |_, base| base.validation_file = None),
            ("eval_steps", |_, base| base.eval_steps = Cadence::Never),
            ("max_minutes", |_, base| base.max_minutes = Some(1.0)),
        ];
        for (name, spoil) in faults {
            let (mut search, mut base) = (config(rate), base());
            spoil(&mut search, &mut base);
            let error = search.validate(&base).unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{name}`")), "{error}");
        }
        let seed = config(r#"{"seed": {"integer": [1, 9]}}"#);
        assert!(seed.validate(&base()).is_ok());
        let split = FinetuneConfig { validation_file: None, validation_split: Some(0.1), ..base() };
        assert!(seed.validate(&split).unwrap_err().to_string().contains("validation_split"));
    }
}
