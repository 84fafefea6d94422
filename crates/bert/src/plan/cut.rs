//! The lower layers of a checkpoint as a checkpoint.

use std::fs;
use std::path::Path;

use safetensors::SafeTensors;
use serde_json::Value;

use crate::error::Context;
use crate::files::write_folder;
use crate::model::weights;
use crate::{Error, Result};

/// What belongs to the tokenizer.
const TOKENIZER: [&str; 5] = [
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
    "special_tokens_map.json",
    "added_tokens.json",
];

/// Writes the checkpoint of `from` with its first `layers` layers to `to`, a new folder.
pub(super) fn cut_layers(from: &Path, layers: usize, to: &Path) -> Result<()> {
    let path = from.join("config.json");
    let mut config: Value = serde_json::from_slice(&fs::read(&path).at(&path)?).at(&path)?;
    let there = config.get("num_hidden_layers").and_then(Value::as_u64).unwrap_or(12);
    if layers == 0 || layers as u64 >= there {
        return Err(Error::Setting {
            name: "model",
            got: format!("{}@{layers}", from.display()),
            expected: format!("1 to {} of its {there} layers", there.saturating_sub(1)),
        });
    }
    if let Some(config) = config.as_object_mut() {
        config.insert("num_hidden_layers".to_owned(), layers.into());
    }
    let files = weights::files(from)?;
    let bytes: Vec<Vec<u8>> =
        files.iter().map(|file| fs::read(file).at(file)).collect::<Result<_>>()?;
    let mut kept = Vec::new();
    for (bytes, file) in bytes.iter().zip(&files) {
        let tensors = SafeTensors::deserialize(bytes).at(file)?;
        let all = tensors.tensors().into_iter();
        kept.extend(all.filter(|(name, _)| layer(name).is_none_or(|layer| layer < layers)));
    }
    write_folder(to, |folder| {
        for name in TOKENIZER.into_iter().filter(|name| from.join(name).exists()) {
            fs::copy(from.join(name), folder.join(name)).at(&from.join(name))?;
        }
        let path = folder.join("config.json");
        fs::write(&path, format!("{config:#}")).at(&path)?;
        let path = folder.join("model.safetensors");
        fs::write(&path, safetensors::serialize(kept, None).at(&path)?).at(&path)
    })
}

/// The layer that a tensor is of.
fn layer(name: &str) -> Option<usize> {
    let (_, rest) = name.split_once("encoder.layer.")?;
    rest.split_once('.')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BertClassifier, Checkpoint, Head};

    fn fixture() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/single_label")
    }

    #[test]
    fn the_lower_layers_are_a_checkpoint() {
        let folder = tempfile::tempdir().unwrap();
        let cut = folder.path().join("cut");
        cut_layers(&fixture(), 1, &cut).unwrap();
        let open = |path: &Path| {
            let checkpoint = Checkpoint::open(path).unwrap();
            BertClassifier::from_checkpoint(checkpoint, &Head::Kept, tch::Device::Cpu).unwrap().0
        };
        let (whole, cut) = (open(&fixture()), open(&cut));
        assert_eq!(cut.config().num_hidden_layers, 1);
        assert!(cut.num_parameters() < whole.num_parameters());
    }

    #[test]
    fn layers_that_are_not_there_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let fault = cut_layers(&fixture(), 0, &folder.path().join("cut")).unwrap_err().to_string();
        assert!(fault.contains("@0") && fault.contains("1 to "), "{fault}");
        assert!(!folder.path().join("cut").exists());
    }
}
