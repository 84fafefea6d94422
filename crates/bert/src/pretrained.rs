//! Hugging Face folders: what goes in beside the weights.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tunewise_data::Tokenizer;

use crate::error::Context;
use crate::{BertClassifier, BertConfig, Result, files};

/// `tunewise.json`: what a checkpoint needs to predict as it was trained, and Transformers does not
/// record.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Tokens that texts were truncated to in training.
    pub max_seq_length: Option<usize>,
    /// Divides the logits of a classifier before they become scores; none is 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// The score from which a label is given. With one label a text it is abstained below this, none
    /// is never; with several each label counts from it on, none is 0.5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
}

const SETTINGS: &str = "tunewise.json";

impl Settings {
    /// The settings of a folder; the defaults where it has none.
    ///
    /// # Errors
    /// [`crate::Error::Io`] and [`crate::Error::Json`], such as for an unknown key.
    pub fn from_dir(dir: impl AsRef<Path>) -> Result<Self> {
        let path = dir.as_ref().join(SETTINGS);
        match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).at(&path),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).at(&path),
        }
    }

    /// Writes `tunewise.json` into a folder, whole or not at all.
    ///
    /// # Errors
    /// [`crate::Error::Io`].
    pub fn save(&self, dir: impl AsRef<Path>) -> Result<()> {
        files::write_json(&dir.as_ref().join(SETTINGS), self)
    }
}

/// Writes checkpoint folders that `AutoModelForSequenceClassification.from_pretrained` and
/// `AutoTokenizer.from_pretrained` load.
#[derive(Debug, Clone)]
pub struct PretrainedWriter {
    settings: Settings,
    tokenizer: Tokenizer,
    tokenizer_files: Vec<(PathBuf, Vec<u8>)>,
}

/// Copied as they are; a tokenizer built from `vocab.txt` gets a `tokenizer.json` besides.
const TOKENIZER_FILES: [&str; 4] =
    ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"];

impl PretrainedWriter {
    /// A writer that gives each folder the tokenizer of `tokenizer_dir`.
    ///
    /// # Errors
    /// [`crate::Error::Io`] if one of its files cannot be read.
    pub fn new(tokenizer: Tokenizer, tokenizer_dir: &Path, settings: Settings) -> Result<Self> {
        let present = TOKENIZER_FILES.map(PathBuf::from).into_iter();
        let present = present.filter(|name| tokenizer_dir.join(name).is_file());
        let read = |name: PathBuf| {
            let path = tokenizer_dir.join(&name);
            Ok((name, std::fs::read(&path).at(&path)?))
        };
        Ok(Self { settings, tokenizer, tokenizer_files: present.map(read).collect::<Result<_>>()? })
    }

    /// What each folder gets as `tunewise.json`.
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// SHA-256 of the tokenizer's files, hexadecimal.
    pub(crate) fn tokenizer_hash(&self) -> String {
        let mut hasher = Sha256::new();
        for (name, bytes) in &self.tokenizer_files {
            hasher.update(name.as_os_str().as_encoded_bytes());
            hasher.update((bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        }
        hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Writes the model into an existing folder, each file whole or not at all, the weights last.
    ///
    /// # Errors
    /// [`crate::Error::Io`], or [`crate::Error::Torch`] if a tensor cannot be copied to the host.
    pub fn write(&self, dir: &Path, model: &BertClassifier) -> Result<()> {
        self.write_beside(dir, model.config())?;
        files::write(&dir.join("model.safetensors"), &model.to_safetensors()?)
    }

    /// Writes what stands beside the weights.
    pub(crate) fn write_beside(&self, dir: &Path, config: &BertConfig) -> Result<()> {
        for (name, bytes) in &self.tokenizer_files {
            files::write(&dir.join(name), bytes)?;
        }
        let tokenizer_json = dir.join("tokenizer.json");
        if !tokenizer_json.exists() {
            self.tokenizer.save(tokenizer_json)?;
        }
        self.settings.save(dir)?;
        files::write_json(&dir.join("config.json"), &config.to_json())
    }
}
