//! A Hugging Face folder, opened and looked at before a model is built from it.

use std::collections::BTreeMap;
use std::path::Path;

use super::BertConfig;
use super::parameters::specs;
use super::stored::Stored;
use super::weights::Head;
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

    /// Every tensor of a classifier by name; the folder must have exactly these.
    pub(crate) fn into_tensors(self) -> Result<(BertConfig, BTreeMap<String, Stored>)> {
        let Self { config, mut weights } = self;
        let mut tensors = BTreeMap::new();
        for spec in specs(&config) {
            if let Some(tensor) = weights.take(&spec, &Head::Kept)? {
                tensors.insert(spec.name, tensor);
            }
        }
        let (path, report) = (weights.path().to_owned(), weights.finish()?);
        if report.fresh.is_empty() {
            return Ok((config, tensors));
        }
        Err(Error::TensorNames { path, missing: report.fresh, unexpected: Vec::new() })
    }

    /// Whether the folder's weights are in 8 bits, as [`export_int8`](crate::export_int8) writes them.
    #[must_use]
    pub fn is_int8(&self) -> bool {
        self.weights.is_int8()
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        self.weights.path()
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
