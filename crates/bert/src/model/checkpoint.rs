//! A Hugging Face folder, opened and looked at before a model is built from it.

use std::collections::{BTreeMap, BTreeSet};
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

    /// Keeps these encoder layers alone, in this order, under the numbers from 0 on. Embeddings, pooler
    /// and head stay.
    ///
    /// # Errors
    /// [`Error::Setting`] for no layer, a layer that is not there or one that is named twice.
    ///
    /// ```
    /// # fn main() -> tunewise_bert::Result<()> {
    /// use tunewise_bert::{BertClassifier, Checkpoint, Head};
    ///
    /// # let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/single_label");
    /// let mut checkpoint = Checkpoint::open(dir)?; // of two layers
    /// checkpoint.keep_layers(&[1])?;
    /// let (student, _) = BertClassifier::from_checkpoint(checkpoint, &Head::Kept, tch::Device::Cpu)?;
    /// assert_eq!(student.config().num_hidden_layers, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn keep_layers(&mut self, layers: &[usize]) -> Result<()> {
        let count = self.config.num_hidden_layers;
        let distinct: BTreeSet<_> = layers.iter().collect();
        if layers.is_empty() || distinct.len() < layers.len() || layers.iter().any(|l| *l >= count)
        {
            let got = layers.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
            let expected = format!("one or more distinct layers of 0 to {}", count - 1);
            return Err(Error::Setting { name: "keep_layers", got, expected });
        }
        self.weights.keep_layers(layers);
        self.config.num_hidden_layers = layers.len();
        Ok(())
    }

    /// Whether the folder's weights are in 8 bits, as [`export_int8`](crate::export_int8) writes them.
    #[must_use]
    pub fn is_int8(&self) -> bool {
        self.weights.is_int8()
    }

    /// Every tensor of embeddings and layers by name; a pooler and a head may be there or not.
    pub(crate) fn into_encoder_tensors(self) -> Result<(BertConfig, BTreeMap<String, Stored>)> {
        let Self { config, mut weights } = self;
        let mut tensors = BTreeMap::new();
        for spec in specs(&config) {
            if spec.name.starts_with("bert.pooler.") || spec.name.starts_with("classifier.") {
                weights.leave(&spec.name);
            } else if let Some(tensor) = weights.take(&spec, &Head::Kept)? {
                tensors.insert(spec.name, tensor);
            }
        }
        weights.finish()?;
        Ok((config, tensors))
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
