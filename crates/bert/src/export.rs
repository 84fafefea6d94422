//! A checkpoint's weights in 8 bits, to keep and to ship.

use std::path::Path;

use serde::Serialize;
use tunewise_data::Tokenizer;

use crate::files::{self, OutputFolder, Replaceable};
use crate::model::{int8, parameters::specs, weights};
use crate::pretrained::{PretrainedWriter, Settings};
use crate::{Checkpoint, Error, Result, WordEmbeddings};

/// What [`export_int8`] wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Exported {
    /// Bytes of the weights that were read.
    pub bytes_before: u64,
    /// Bytes of the weights that were written.
    pub bytes_after: u64,
    /// Numbers in the model.
    pub parameters: u64,
}

/// Writes the fine-tuned folder `from` to the folder `to`, which must be new or empty, with the linear
/// layers of the encoder in 8 bits, each output with a scale of its own, as int8 prediction rounds them
/// when it loads: with [`WordEmbeddings::Fp32`] logits are, to the bit, those of `from` in int8.
///
/// `model.int8.safetensors` has for such a layer `weight`, I8 `[outputs, inputs]`, and `weight_scale`, F32
/// `[outputs]`; biases, LayerNorms, positions, segments, pooler and classifier are F32 under their usual
/// names, and with [`WordEmbeddings::Int8`] the words are rows in 8 bits too. `config.json`, the
/// tokenizer's files and `tunewise.json` are the checkpoint's. [`Classifier`](crate::Classifier) loads the
/// folder; Transformers finds no `model.safetensors` in it and says so.
///
/// The folder is written under a temporary name, synced and renamed.
///
/// # Errors
/// Those of [`Classifier::from_pretrained`](crate::Classifier::from_pretrained) for `from`;
/// [`Error::Setting`] if its weights are in 8 bits already; [`Error::OutputNotEmpty`] and [`Error::Io`]
/// for `to`.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use tunewise_bert::{Classifier, WordEmbeddings, export_int8};
///
/// let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/single_label");
/// let folder = tempfile::tempdir()?;
/// let small = folder.path().join("int8");
/// let exported = export_int8(fixture, &small, WordEmbeddings::Fp32)?;
/// assert!(exported.bytes_after < exported.bytes_before);
/// assert!(Classifier::from_pretrained(&small)?.is_int8());
/// # Ok(())
/// # }
/// ```
pub fn export_int8(
    from: impl AsRef<Path>,
    to: impl AsRef<Path>,
    words: WordEmbeddings,
) -> Result<Exported> {
    let (from, to) = (from.as_ref(), to.as_ref());
    OutputFolder::check(to, Replaceable::Nothing)?;
    let checkpoint = Checkpoint::open(from)?;
    if checkpoint.is_int8() {
        return Err(Error::Setting {
            name: "model",
            got: from.display().to_string(),
            expected: "a folder whose weights are not in 8 bits already".to_owned(),
        });
    }
    let (tokenizer, settings) = (Tokenizer::from_dir(from)?, Settings::from_dir(from)?);
    let writer = PretrainedWriter::new(tokenizer, from, settings)?;
    let bytes_before = weights_bytes(from)?;
    let (config, tensors) = checkpoint.into_tensors()?;
    let specs = specs(&config);
    let missing =
        || Error::Internal { what: "the checkpoint has every tensor of its configuration" };
    let numbers = |name: &str| tensors.get(name).ok_or_else(missing)?.numbers();
    let bytes = int8::serialize(&specs, words, numbers)?;
    files::write_folder(to, |partial| {
        writer.write_beside(partial, &config)?;
        files::write(&partial.join(int8::FILE), &bytes)
    })?;
    let parameters = specs.iter().map(|spec| spec.shape.iter().product::<usize>() as u64).sum();
    Ok(Exported { bytes_before, bytes_after: bytes.len() as u64, parameters })
}

/// Bytes of a folder's weights.
pub(crate) fn weights_bytes(dir: &Path) -> Result<u64> {
    let size = |file: std::path::PathBuf| {
        let metadata = std::fs::metadata(&file);
        Ok(metadata.map_err(|source| Error::Io { path: file, source })?.len())
    };
    weights::files(dir)?.into_iter().map(size).sum()
}
