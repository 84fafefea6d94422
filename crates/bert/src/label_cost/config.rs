//! What is compared, on what.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tunewise_data::labelling::Uncertainty;

use crate::train::TrainConfig;
use crate::{Error, Result};

/// How the rows to label are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// At random.
    Random,
    /// Those of the greatest entropy, by the model trained on what is labelled so far.
    Entropy,
    /// Those of the least difference between the two most probable labels. With two labels this is the
    /// order of `Entropy`.
    Margin,
    /// At random, and the model's surest guesses of unlabelled rows as labels beside them.
    Pseudo,
}

impl Strategy {
    const ALL: [(Self, &str); 4] = [
        (Self::Random, "random"),
        (Self::Entropy, "entropy"),
        (Self::Margin, "margin"),
        (Self::Pseudo, "pseudo"),
    ];

    /// By which rows are chosen, if not at random.
    pub(super) fn measure(self) -> Option<Uncertainty> {
        match self {
            Self::Entropy => Some(Uncertainty::Entropy),
            Self::Margin => Some(Uncertainty::Margin),
            Self::Random | Self::Pseudo => None,
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = Self::ALL.iter().find(|(known, _)| known == self);
        f.pad(found.map_or("", |(_, name)| name))
    }
}

impl FromStr for Strategy {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let found =
            Self::ALL.iter().find(|(_, known)| *known == name).map(|(strategy, _)| *strategy);
        found.ok_or_else(|| Error::Setting {
            name: "strategies",
            got: name.to_owned(),
            expected: "random, entropy, margin or pseudo".to_owned(),
        })
    }
}

/// What is compared, on what.
///
/// | name | default | range | meaning |
/// | --- | --- | --- | --- |
/// | `model` | | | folder of the pretrained checkpoint that every round starts from |
/// | `train_file` | | | the pool, with the labels that are asked for |
/// | `test_file` | | | the rows that every model is measured on |
/// | `output_dir` | | | where the state goes, and table and picture |
/// | `strategies` | random, margin, pseudo | random among them | what is compared |
/// | `seeds` | 1 to 5 | two or more | each a pool, a first batch, a new head |
/// | `labels` | 100, 200, 300, 400 | rising | labels of each round |
/// | `pool_rows` | all | at least the last of `labels` | rows of the pool, drawn by the seed |
/// | `max_seq_length` | 64 | | tokens that texts are truncated to |
/// | `pseudo_threshold` | 0.95 | [0, 1] | least probability of a guess that serves as a label |
/// | `pseudo_share` | 1 | above 0 | guesses at most, as a share of the labels, in equal parts by class |
/// | `train` | [`TrainConfig`]'s | | how each model is trained; its seed is that of the round |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the table has them")]
pub struct LabelCostConfig {
    pub model: PathBuf,
    pub train_file: PathBuf,
    pub test_file: PathBuf,
    #[serde(skip)]
    pub output_dir: PathBuf,
    pub strategies: Vec<Strategy>,
    pub seeds: Vec<u64>,
    pub labels: Vec<usize>,
    pub pool_rows: Option<usize>,
    pub max_seq_length: usize,
    pub pseudo_threshold: f64,
    pub pseudo_share: f64,
    pub train: TrainConfig,
}

impl LabelCostConfig {
    /// The defaults, of these files.
    #[must_use]
    pub fn new(
        model: PathBuf,
        train_file: PathBuf,
        test_file: PathBuf,
        output_dir: PathBuf,
    ) -> Self {
        Self {
            model,
            train_file,
            test_file,
            output_dir,
            strategies: vec![Strategy::Random, Strategy::Margin, Strategy::Pseudo],
            seeds: (1..=5).collect(),
            labels: vec![100, 200, 300, 400],
            pool_rows: None,
            max_seq_length: 64,
            pseudo_threshold: 0.95,
            pseudo_share: 1.0,
            train: TrainConfig::default(),
        }
    }

    /// Whether the settings are in their ranges.
    ///
    /// # Errors
    /// [`Error::Setting`] naming the one that is not.
    pub fn validate(&self) -> Result<()> {
        self.train.validate()?;
        let check = |fits: bool, name, got: String, expected: &str| match fits {
            true => Ok(()),
            false => Err(Error::Setting { name, got, expected: expected.to_owned() }),
        };
        let last = self.labels.last().copied().unwrap_or(0);
        let rising =
            self.labels.is_sorted_by(|a, b| a < b) && self.labels.first().is_some_and(|it| *it > 0);
        let strategies = self.strategies.contains(&Strategy::Random) && self.strategies.len() > 1;
        let list = |names: &[Strategy]| {
            names.iter().map(Strategy::to_string).collect::<Vec<_>>().join(",")
        };
        check(
            rising && self.labels.len() > 1,
            "labels",
            format!("{:?}", self.labels),
            "two numbers or more, rising",
        )?;
        check(strategies, "strategies", list(&self.strategies), "random and at least one more")?;
        check(self.seeds.len() > 1, "seeds", format!("{:?}", self.seeds), "two or more")?;
        check(
            self.pool_rows.is_none_or(|rows| rows >= last),
            "pool_rows",
            self.pool_rows.unwrap_or(0).to_string(),
            "at least the last number of labels",
        )?;
        let threshold = self.pseudo_threshold;
        check(
            (0.0..=1.0).contains(&threshold),
            "pseudo_threshold",
            threshold.to_string(),
            "0 to 1",
        )?;
        let share = self.pseudo_share;
        check(
            share > 0.0 && share.is_finite(),
            "pseudo_share",
            share.to_string(),
            "a number above 0",
        )
    }
}
