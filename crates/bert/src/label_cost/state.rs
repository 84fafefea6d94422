//! What was measured so far.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::config::{LabelCostConfig, Strategy};
use crate::error::Context;
use crate::{Error, Result, files};

pub(super) const STATE: &str = "label_cost.json";

/// A model measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// How its rows were chosen.
    pub strategy: Strategy,
    /// The seed.
    pub seed: u64,
    /// Labels that were paid for.
    pub labels: usize,
    /// Guesses that served as labels beside them.
    pub guesses: usize,
    /// Of these, right; what only a simulation knows.
    pub guesses_right: usize,
    /// Macro F1 on the test rows.
    pub macro_f1: f64,
    /// Accuracy on the test rows.
    pub accuracy: f64,
    /// The rows of the training file that were labelled, in the order in which they were chosen.
    pub rows: Vec<usize>,
    /// The rows of the next round, where there is one.
    pub next: Vec<usize>,
}

/// All points so far, and what they are of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LabelCostState {
    /// The settings.
    pub config: LabelCostConfig,
    /// SHA-256 of the training and the test file.
    pub data_hashes: [String; 2],
    /// The points, in the order of measuring.
    pub points: Vec<Point>,
}

impl LabelCostState {
    /// The state of `output_dir` if it is of the same settings and files, else an empty one where the folder
    /// has none.
    pub(super) fn open(config: &LabelCostConfig) -> Result<Self> {
        let hash = |path: &Path| files::sha256(path).map(|hashed| hashed.0);
        let data_hashes = [hash(&config.train_file)?, hash(&config.test_file)?];
        let path = config.output_dir.join(STATE);
        std::fs::create_dir_all(&config.output_dir).at(&config.output_dir)?;
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self { config: config.clone(), data_hashes, points: Vec::new() });
            }
            Err(source) => return Err(Error::Io { path, source }),
        };
        let state: Self = serde_json::from_slice(&bytes).at(&path)?;
        let asked = Self { config: config.clone(), data_hashes, points: Vec::new() };
        let kept = Self { points: Vec::new(), ..state.clone() };
        let differs = differing(&kept, &asked)?;
        if let Some(field) = differs {
            let expected =
                format!("what {} was begun with, or another output folder", path.display());
            return Err(Error::Setting {
                name: "label_cost",
                got: format!("another `{field}`"),
                expected,
            });
        }
        Ok(Self { config: config.clone(), ..state })
    }

    pub(super) fn write(&self) -> Result<()> {
        files::write_json(&self.config.output_dir.join(STATE), self)
    }

    pub(super) fn find(&self, strategy: Strategy, seed: u64, labels: usize) -> Option<&Point> {
        self.points.iter().find(|it| (it.strategy, it.seed, it.labels) == (strategy, seed, labels))
    }

    /// Macro F1 by seed and round, `[seeds][rounds]`; `None` while a point is missing.
    #[must_use]
    pub fn scores(&self, strategy: Strategy) -> Option<Vec<Vec<f64>>> {
        let LabelCostConfig { seeds, labels, .. } = &self.config;
        let of_seed = |seed: &u64| {
            labels.iter().map(|count| Some(self.find(strategy, *seed, *count)?.macro_f1)).collect()
        };
        seeds.iter().map(of_seed).collect()
    }
}

/// The first setting that differs.
fn differing(kept: &LabelCostState, asked: &LabelCostState) -> Result<Option<String>> {
    let fields = |state: &LabelCostState| {
        serde_json::to_value(state).map_err(|_| Error::Internal { what: "settings are JSON" })
    };
    let (kept, asked) = (fields(kept)?, fields(asked)?);
    if kept["data_hashes"] != asked["data_hashes"] {
        return Ok(Some("data".to_owned()));
    }
    let keys = asked["config"].as_object().into_iter().flatten();
    Ok(keys
        .filter(|(key, value)| kept["config"][key.as_str()] != **value)
        .map(|it| it.0.clone())
        .next())
}
