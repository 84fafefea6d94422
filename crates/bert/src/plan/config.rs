//! The settings of a plan.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tunewise_plan::{Goal, Recipe};

use crate::task::FinetuneConfig;
use crate::train::MetricForBestModel;
use crate::{Error, Result};

/// The settings of a plan, beside those that all its runs share.
///
/// | name | default | range | meaning |
/// | --- | --- | --- | --- |
/// | `models` | | at least one | what is weighed |
/// | `goal` | | | a quality, or an amount |
/// | `metric` | `macro_f1` | 0 to 1, higher is better | what quality is |
/// | `confidence` | 0.8 | (0, 1) | how probable it must be that the plan reaches its target |
/// | `max_share` | 0.25 | (0, 1] | the share of `full_rows` that pilots may use |
/// | `full_rows` | the training rows divided by `max_share` | | rows that labelling could reach |
/// | `slices` | 4 | ≥ 3 | sizes of slices |
/// | `seeds` | 3 | ≥ 2 | runs of a size, length and model |
/// | `least_steps` | 200 | ≥ 0 | fewest optimizer steps of a run: short ones take more epochs |
/// | `longer` | 3 | > 1 | how many times the epochs the longer pilots take |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanConfig {
    /// What is weighed.
    pub models: Vec<ModelChoice>,
    /// A quality, or an amount.
    pub goal: Goal,
    /// What quality is.
    pub metric: MetricForBestModel,
    /// How probable it must be that the plan reaches its target.
    pub confidence: f64,
    /// The share of `full_rows` that pilots may use.
    pub max_share: f64,
    /// Rows that labelling could reach.
    pub full_rows: Option<usize>,
    /// Sizes of slices.
    pub slices: usize,
    /// Runs of a size, length and model.
    pub seeds: usize,
    /// Fewest optimizer steps of a run.
    pub least_steps: f64,
    /// How many times the epochs the longer pilots take.
    pub longer: f64,
}

/// A checkpoint, whole or its lower layers: `DIR_OR_ID` or `DIR@LAYERS`.
///
/// The lower layers of a BERT are a model of their own that keeps most of its quality and takes a share
/// of its time (Sajjad et al. 2023, "On the effect of dropping layers of pre-trained transformer
/// models").
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelChoice {
    /// Folder, or a hub's id.
    pub path: PathBuf,
    /// Layers that are kept; all if none.
    pub layers: Option<usize>,
}

impl PlanConfig {
    /// The defaults.
    #[must_use]
    pub fn new(models: Vec<ModelChoice>, goal: Goal) -> Self {
        Self {
            models,
            goal,
            metric: MetricForBestModel::MacroF1,
            confidence: 0.8,
            max_share: 0.25,
            full_rows: None,
            slices: 4,
            seeds: 3,
            least_steps: 200.0,
            longer: 3.0,
        }
    }

    pub(super) fn recipe(&self, base: &FinetuneConfig) -> Recipe {
        let rows = base.per_device_train_batch_size * base.gradient_accumulation_steps;
        Recipe {
            epochs: base.num_train_epochs,
            least_steps: self.least_steps,
            batch: rows.max(1) as f64,
        }
    }

    /// # Errors
    /// [`Error::Setting`] for a metric that has no worst and best value, a setting out of its range,
    /// or one that a plan sets itself.
    pub(super) fn validate(&self, base: &FinetuneConfig) -> Result<()> {
        use MetricForBestModel as M;
        let fault = |name, got: String, expected: &str| {
            Err(Error::Setting { name, got, expected: expected.to_owned() })
        };
        let shares =
            [M::MacroF1, M::MicroF1, M::WeightedF1, M::Accuracy, M::MacroPrecision, M::MacroRecall];
        if !shares.contains(&self.metric) {
            let expected =
                "macro_f1, micro_f1, weighted_f1, accuracy, macro_precision or macro_recall";
            return fault("metric", self.metric.to_string(), expected);
        }
        if !(self.least_steps.is_finite() && self.least_steps >= 0.0) {
            return fault("least_steps", self.least_steps.to_string(), "a number of at least 0");
        }
        if base.test_file.is_some() {
            return fault(
                "test_file",
                "given".to_owned(),
                "none: runs are measured on the validation rows",
            );
        }
        if base.max_steps.is_some() {
            return fault("max_steps", "given".to_owned(), "none: slices are trained by epochs");
        }
        Ok(())
    }
}

impl ModelChoice {
    /// Reads `DIR_OR_ID` or `DIR@LAYERS`.
    ///
    /// ```
    /// use tunewise_bert::plan::ModelChoice;
    ///
    /// let whole = ModelChoice::parse("bert-base");
    /// assert_eq!((whole.layers, whole.name()), (None, "bert-base".to_owned()));
    /// let cut = ModelChoice::parse("models/minilm@3");
    /// assert_eq!((cut.layers, cut.name()), (Some(3), "minilm, 3 layers".to_owned()));
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let whole = || Self { path: PathBuf::from(text), layers: None };
        let Some((path, layers)) = text.rsplit_once('@') else { return whole() };
        match layers.parse() {
            Ok(layers) if !Path::new(text).is_dir() => {
                Self { path: PathBuf::from(path), layers: Some(layers) }
            }
            _ => whole(),
        }
    }

    /// What reports call it: the folder's own name.
    #[must_use]
    pub fn name(&self) -> String {
        let own = self.path.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = own.unwrap_or_else(|| self.path.display().to_string());
        match self.layers {
            Some(1) => format!("{name}, 1 layer"),
            Some(layers) => format!("{name}, {layers} layers"),
            None => name,
        }
    }
}

impl fmt::Display for ModelChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.layers {
            Some(layers) => write!(f, "{}@{layers}", self.path.display()),
            None => write!(f, "{}", self.path.display()),
        }
    }
}
