//! Weights in 8 bits, as a file holds them.
//!
//! A layer's `weight` is I8 `[outputs, inputs]`, and `weight_scale` F32 `[outputs]` is what each row is
//! to be multiplied by. All else is as in any checkpoint.

use std::collections::BTreeMap;
use std::path::Path;

use safetensors::tensor::{Dtype, TensorView};
use tch::Kind;
use tunewise_kernels::quantize_row;

use super::parameters::Spec;
use super::stored::{Kinds, Stored};
use crate::error::Context;
use crate::{Error, Result};

/// Another name than a checkpoint's, so that nobody takes the numbers for weights without their scales.
pub(crate) const FILE: &str = "model.int8.safetensors";

const WORDS: &str = "bert.embeddings.word_embeddings.weight";

/// How an exported folder holds the word embeddings, which are half of a small model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WordEmbeddings {
    /// As they are: predictions are to the bit those of the model in int8.
    #[default]
    Fp32,
    /// In 8 bits, a scale a word.
    Int8,
}

impl std::fmt::Display for WordEmbeddings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Fp32 => "fp32",
            Self::Int8 => "int8",
        })
    }
}

impl std::str::FromStr for WordEmbeddings {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let all = [Self::Fp32, Self::Int8];
        all.into_iter().find(|kind| kind.to_string() == name).ok_or_else(|| Error::Setting {
            name: "word_embeddings",
            got: name.to_owned(),
            expected: "fp32 or int8".to_owned(),
        })
    }
}

/// The linear layers of the encoder: what the engine multiplies in 8 bits.
fn is_layer(name: &str) -> bool {
    name.starts_with("bert.encoder.") && name.ends_with(".weight") && !name.contains("LayerNorm")
}

fn scale_of(name: &str) -> String {
    format!("{name}_scale")
}

/// The tensors of a file, those in 8 bits with their scales.
pub(super) fn read(path: &Path) -> Result<BTreeMap<String, Stored>> {
    let named = |name: &str| Some(name.to_owned());
    let tensors = Stored::of_kinds(Kinds::FloatsAndInt8, path, named)?;
    let mut tensors: BTreeMap<String, Stored> = tensors.into_iter().collect();
    let names: Vec<String> = tensors.keys().cloned().collect();
    for name in names {
        let Some(mut tensor) = tensors.remove(&name) else { continue }; // a scale that was taken
        match tensor.kind() {
            Kind::Int8 if is_layer(&name) || name == WORDS => {
                let scale = tensors.remove(&scale_of(&name));
                tensor.scale = Some(Box::new(fitting(scale, &name, &tensor)?));
            }
            Kind::Int8 => return Err(dtype(&name, &tensor, Kinds::Floats.names())),
            _ if is_layer(&name) => return Err(dtype(&name, &tensor, "I8")),
            _ => {}
        }
        tensors.insert(name, tensor);
    }
    Ok(tensors)
}

fn dtype(name: &str, tensor: &Stored, expected: &'static str) -> Error {
    let (path, name) = (tensor.path().to_owned(), name.to_owned());
    Error::TensorDtype { path, name, got: dtype_name(tensor.kind()).to_owned(), expected }
}

fn dtype_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Int8 => "I8",
        Kind::Half => "F16",
        Kind::BFloat16 => "BF16",
        _ => "F32",
    }
}

/// The scale of a tensor, if it is one.
fn fitting(scale: Option<Stored>, name: &str, tensor: &Stored) -> Result<Stored> {
    let (path, name) = (tensor.path().to_owned(), scale_of(name));
    let Some(scale) = scale else {
        return Err(Error::TensorNames { path, missing: vec![name], unexpected: Vec::new() });
    };
    let expected: Vec<usize> = tensor.shape().first().copied().into_iter().collect();
    if scale.kind() != Kind::Float {
        return Err(dtype(&name, &scale, "F32"));
    }
    if scale.shape() != expected {
        return Err(Error::TensorShape { path, name, got: scale.shape().to_vec(), expected });
    }
    Ok(scale)
}

/// A tensor of the file to be written.
struct Part {
    name: String,
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Part {
    fn floats(name: String, shape: Vec<usize>, numbers: &[f32]) -> Self {
        let bytes = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        Self { name, dtype: Dtype::F32, shape, bytes }
    }
}

/// The file of a model: its parameters by `numbers`, layers rounded to 8 bits as the engine rounds them.
pub(crate) fn serialize(
    specs: &[Spec],
    words: WordEmbeddings,
    mut numbers: impl FnMut(&str) -> Result<Vec<f32>>,
) -> Result<Vec<u8>> {
    let mut parts = Vec::with_capacity(specs.len());
    for Spec { name, shape, .. } in specs {
        let numbers = numbers(name)?;
        let narrow = is_layer(name) || (name == WORDS && words == WordEmbeddings::Int8);
        let (true, Some(&width)) = (narrow, shape.last()) else {
            parts.push(Part::floats(name.clone(), shape.clone(), &numbers));
            continue;
        };
        let mut rows = Vec::with_capacity(numbers.len());
        let scales: Vec<f32> =
            numbers.chunks_exact(width.max(1)).map(|row| quantize_row(row, &mut rows)).collect();
        let bytes = rows.into_iter().map(|number| number as u8).collect();
        parts.push(Part { name: name.clone(), dtype: Dtype::I8, shape: shape.clone(), bytes });
        parts.push(Part::floats(scale_of(name), vec![scales.len()], &scales));
    }
    let views = parts
        .iter()
        .map(|part| {
            let view = TensorView::new(part.dtype, part.shape.clone(), &part.bytes);
            Ok((part.name.as_str(), view.at(Path::new(FILE))?))
        })
        .collect::<Result<Vec<_>>>()?;
    let metadata = std::collections::HashMap::from([
        ("format".to_owned(), "tunewise-int8".to_owned()),
        ("version".to_owned(), "1".to_owned()),
    ]);
    safetensors::serialize(views, Some(metadata)).at(Path::new(FILE))
}
