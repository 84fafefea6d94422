//! Safetensors in and out, strictly: nothing is broadcast, cast unseen, or silently left over.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView, View};
use serde::Deserialize;
use tch::{Device, Kind, Tensor};
use tunewise_data::ProblemType;

use super::BertConfig;
use super::int8;
use super::parameters::Spec;
use super::stored::Stored;
use crate::error::Context;
use crate::{Error, Result};

const FILE: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";
const PICKLE: &str = "pytorch_model.bin";

/// What becomes of the classification head of a checkpoint.
#[derive(Debug, Clone, PartialEq)]
pub enum Head {
    /// It is the checkpoint's own, which must be there.
    Kept,
    /// It starts fresh with these labels, whatever the checkpoint has.
    Fresh {
        /// The labels' names, in the order of the logits.
        id2label: Vec<String>,
        /// The loss it is for.
        problem_type: ProblemType,
        /// Seeds libtorch's generator for N(0, `initializer_range`).
        seed: u64,
    },
}

impl Head {
    /// Writes the head into the configuration; the seed for what starts fresh.
    pub(crate) fn configure(&self, config: &mut BertConfig) -> u64 {
        match self {
            Self::Kept => 0,
            Self::Fresh { id2label, problem_type, seed } => {
                config.id2label.clone_from(id2label);
                config.problem_type = Some(*problem_type);
                *seed
            }
        }
    }

    pub(crate) fn starts_fresh(&self, name: &str) -> bool {
        matches!(self, Self::Fresh { .. }) && is_head(name)
    }
}

fn is_head(name: &str) -> bool {
    name.starts_with("classifier.")
}

/// What loading found worth saying.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoadReport {
    /// Tensors that start fresh: the new head, and the pooler where the checkpoint has none.
    pub fresh: Vec<String>,
    /// Tensors that the file holds in 16 or 8 bits and the model in 32.
    pub widened: usize,
}

/// The tensors of a checkpoint folder, under the model's names.
#[derive(Debug)]
pub(crate) struct Weights {
    path: PathBuf,
    tensors: BTreeMap<String, Stored>,
    missing: Vec<String>,
    report: LoadReport,
    is_int8: bool,
}

/// Finds all tensors of the folder that a classifier can use.
pub(crate) fn read(dir: &Path) -> Result<Weights> {
    let files = files(dir)?;
    let is_int8 = files.iter().any(|file| file.ends_with(int8::FILE));
    let mut tensors = BTreeMap::new();
    for file in files {
        match is_int8 {
            true => tensors.extend(int8::read(&file)?),
            false => tensors.extend(Stored::of_file(&file, canonical)?),
        }
    }
    let widened = tensors.values().filter(|tensor: &&Stored| tensor.is_narrow()).count();
    let report = LoadReport { widened, ..LoadReport::default() };
    Ok(Weights { path: dir.to_owned(), tensors, missing: Vec::new(), report, is_int8 })
}

/// The tensors of one file under their own names, 32 bits each.
pub(crate) fn read_all(file: &Path) -> Result<BTreeMap<String, Tensor>> {
    parse_all(&std::fs::read(file).at(file)?, file)
}

/// The same of a file's bytes.
pub(crate) fn parse_all(bytes: &[u8], file: &Path) -> Result<BTreeMap<String, Tensor>> {
    let views = SafeTensors::deserialize(bytes).at(file)?;
    let tensor = |(name, view): (&str, TensorView<'_>)| {
        let (path, got) = (file.to_owned(), format!("{:?}", view.dtype()));
        if view.dtype() != Dtype::F32 {
            let (name, expected) = (name.to_owned(), "F32");
            return Err(Error::TensorDtype { path, name, got, expected });
        }
        let shape: Vec<i64> = view.shape().iter().map(|&n| n as i64).collect();
        let tensor = Tensor::f_from_data_size(view.data(), &shape, Kind::Float);
        Ok((name.to_owned(), tensor.at("read tensor")?))
    };
    views.iter().map(tensor).collect()
}

/// SHA-256 of the folder's weights, hexadecimal: of its file, or of the files' own in a row.
pub(crate) fn sha256(dir: &Path) -> Result<String> {
    let hashes = files(dir)?.into_iter().map(|file| Ok(crate::files::sha256(&file)?.0));
    Ok(hashes.collect::<Result<Vec<_>>>()?.join(" "))
}

/// The safetensors files of the folder: one, or those that an index names; without either the one in
/// 8 bits.
pub(crate) fn files(dir: &Path) -> Result<Vec<PathBuf>> {
    #[derive(Deserialize)]
    struct Index {
        weight_map: BTreeMap<String, String>,
    }
    let (file, index, int8) = (dir.join(FILE), dir.join(INDEX), dir.join(int8::FILE));
    if file.is_file() {
        return Ok(vec![file]);
    }
    if !index.is_file() && int8.is_file() {
        return Ok(vec![int8]);
    }
    if !index.is_file() {
        let pickle = dir.join(PICKLE);
        return Err(if pickle.exists() {
            Error::Pickle { path: pickle }
        } else {
            Error::NotACheckpoint { path: dir.to_owned(), missing: FILE }
        });
    }
    let bytes = std::fs::read(&index).at(&index)?;
    let parsed: Index = serde_json::from_slice(&bytes).at(&index)?;
    let shards: BTreeSet<String> = parsed.weight_map.into_values().collect();
    shards.into_iter().map(|shard| shard_path(dir, &index, shard)).collect()
}

/// A shard's path, if its name is a single normal component and no link leads elsewhere.
fn shard_path(dir: &Path, index: &Path, shard: String) -> Result<PathBuf> {
    let plain = Path::new(&shard).file_name().is_some_and(|name| name == shard.as_str());
    let path = dir.join(&shard);
    if plain && !shard.contains('\\') && stays(dir, &path) {
        Ok(path)
    } else {
        Err(Error::ShardOutside { path: index.to_owned(), shard })
    }
}

/// Whether a file lies in the folder or, as a hub's cache has it, in `../../blobs` of a snapshot.
fn stays(dir: &Path, path: &Path) -> bool {
    let (Ok(dir), Ok(path)) = (dir.canonicalize(), path.canonicalize()) else {
        return true; // not there: the reader says so
    };
    let snapshots = dir.parent().filter(|parent| parent.ends_with("snapshots"));
    let blobs = snapshots.and_then(Path::parent).map(|model| model.join("blobs"));
    path.starts_with(&dir) || blobs.is_some_and(|blobs| path.starts_with(blobs))
}

/// The model's name of a tensor, from any of the names in use; `None` for tensors that sequence
/// classification has no use for (position ids, the heads of pretraining).
fn canonical(name: &str) -> Option<String> {
    if name.ends_with("position_ids") || name.starts_with("cls.") {
        return None;
    }
    let name = name
        .replace("LayerNorm.gamma", "LayerNorm.weight")
        .replace("LayerNorm.beta", "LayerNorm.bias");
    let complete = name.starts_with("bert.") || is_head(&name);
    Some(if complete { name } else { format!("bert.{name}") })
}

impl Weights {
    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Drops all layers but these, which are numbered anew.
    pub(crate) fn keep_layers(&mut self, layers: &[usize]) {
        const LAYER: &str = "bert.encoder.layer.";
        let renamed = |name: String| -> Option<String> {
            let Some((number, rest)) = name.strip_prefix(LAYER).and_then(|n| n.split_once('.'))
            else {
                return Some(name);
            };
            let place = layers.iter().position(|layer| layer.to_string() == number)?;
            Some(format!("{LAYER}{place}.{rest}"))
        };
        let all = std::mem::take(&mut self.tensors).into_iter();
        self.tensors = all.filter_map(|(name, tensor)| Some((renamed(name)?, tensor))).collect();
    }

    /// Whether the folder's weights are in 8 bits.
    pub(crate) fn is_int8(&self) -> bool {
        self.is_int8
    }

    /// Rows of the checkpoint's head, if it has one.
    pub(crate) fn head_size(&self) -> Option<usize> {
        self.tensors.get("classifier.weight").and_then(|tensor| tensor.shape().first().copied())
    }

    /// The tensor for `spec`; `None` if it starts fresh, because `head` says so or because it is a
    /// pooler that the checkpoint lacks.
    pub(crate) fn take(&mut self, spec: &Spec, head: &Head) -> Result<Option<Stored>> {
        let fresh = head.starts_fresh(&spec.name);
        let found = self.tensors.remove(&spec.name);
        if let Some(left_aside) = found.as_ref().filter(|_| fresh) {
            left_aside.numbers()?; // a file with a spoilt head is not to be trusted
        }
        let Some(tensor) = found.filter(|_| !fresh) else {
            let list = if fresh || spec.name.starts_with("bert.pooler.") {
                &mut self.report.fresh
            } else {
                &mut self.missing
            };
            list.push(spec.name.clone());
            return Ok(None);
        };
        if tensor.shape() != spec.shape {
            let (path, name, expected) = (self.path.clone(), spec.name.clone(), spec.shape.clone());
            return Err(Error::TensorShape { path, name, got: tensor.shape().to_vec(), expected });
        }
        Ok(Some(tensor))
    }

    /// Leaves a tensor aside that the file may have.
    pub(crate) fn leave(&mut self, name: &str) {
        self.tensors.remove(name);
    }

    /// What was found, if every tensor had its place and every place its tensor.
    pub(crate) fn finish(self) -> Result<LoadReport> {
        if self.missing.is_empty() && self.tensors.is_empty() {
            return Ok(self.report);
        }
        let unexpected = self.tensors.into_keys().collect();
        Err(Error::TensorNames { path: self.path, missing: self.missing, unexpected })
    }
}

/// A tensor's bytes on the host.
struct HostTensor {
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl View for HostTensor {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

/// Named `Float` tensors as a safetensors file with the metadata that Transformers asks for.
pub(crate) fn serialize<'a>(
    tensors: impl Iterator<Item = (&'a str, &'a Tensor)>,
) -> Result<Vec<u8>> {
    let host = tensors
        .map(|(name, tensor)| {
            let tensor = tensor
                .f_detach()
                .and_then(|t| t.f_to_device(Device::Cpu))
                .and_then(|t| t.f_to_kind(Kind::Float))
                .and_then(|t| t.f_contiguous())
                .at("copy to host")?;
            let mut bytes = vec![0; tensor.numel() * size_of::<f32>()];
            tensor.f_copy_data_u8(&mut bytes, tensor.numel()).at("copy to host")?;
            let shape = tensor.size().into_iter().map(|n| n as usize).collect();
            Ok((name, HostTensor { shape, bytes }))
        })
        .collect::<Result<Vec<_>>>()?;
    let metadata = std::collections::HashMap::from([("format".to_owned(), "pt".to_owned())]);
    safetensors::serialize(host, Some(metadata)).at(Path::new(FILE))
}
