//! A Hugging Face folder, opened and looked at before a model is built from it.

use std::path::Path;

use super::BertConfig;
use super::weights::{self, Weights};
use crate::{Error, Result};

/// `config.json` and the tensors of a checkpoint folder.
#[derive(Debug)]
pub struct Checkpoint {
    pub(super) config: BertConfig,
    pub(super) weights: Weights,
}

impl Checkpoint {
    /// Reads the folder.
    ///
    /// # Errors
    /// [`Error::NotACheckpoint`] naming what is missing, and what
    /// [`BertClassifier::load_pretrained`](super::BertClassifier::load_pretrained) lists for files
    /// that are not read.
    pub fn open(dir: impl AsRef<Path>) -> Result<Self> {
        let dir = dir.as_ref();
        let config = dir.join("config.json");
        if !config.is_file() {
            return Err(Error::NotACheckpoint { path: dir.to_owned(), missing: "config.json" });
        }
        Ok(Self { config: BertConfig::from_file(config)?, weights: weights::read(dir)? })
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &BertConfig {
        &self.config
    }

    /// The names of the labels, if the folder has a head of that size.
    #[must_use]
    pub fn labels(&self) -> Option<&[String]> {
        let labels = &self.config.id2label;
        (self.weights.head_size() == Some(labels.len())).then_some(labels.as_slice())
    }
}
