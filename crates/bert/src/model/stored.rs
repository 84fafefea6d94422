//! A tensor in a safetensors file, read when it is asked for.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorInfo};
use tch::{Kind, Tensor};
use tunewise_torch::MappedFile;

use crate::error::Context;
use crate::{Error, Result};

/// Where a tensor's bytes are and what they mean.
#[derive(Debug)]
pub(crate) struct Stored {
    file: Arc<MappedFile>,
    path: PathBuf,
    name: String,
    kind: Kind,
    shape: Vec<usize>,
    bytes: Range<usize>,
}

impl Stored {
    /// The tensors of a file whose names `wanted` takes, under the names that it gives them.
    pub(super) fn of_file(
        path: &Path,
        wanted: impl Fn(&str) -> Option<String>,
    ) -> Result<Vec<(String, Self)>> {
        let file = Arc::new(MappedFile::open(path).at(path)?);
        let (header, metadata) = SafeTensors::read_metadata(&file).at(path)?;
        let start = size_of::<u64>() + header; // the header's length goes before it
        let stored = |(name, info): (String, &TensorInfo)| {
            let wanted = wanted(&name)?;
            let (from, to) = info.data_offsets;
            let kind = match float(info.dtype) {
                Some(kind) => kind,
                None => {
                    let (path, got) = (path.to_owned(), format!("{:?}", info.dtype));
                    return Some(Err(Error::TensorDtype { path, name, got }));
                }
            };
            let stored = Self {
                file: Arc::clone(&file),
                path: path.to_owned(),
                name,
                kind,
                shape: info.shape.clone(),
                bytes: start + from..start + to,
            };
            Some(Ok((wanted, stored)))
        };
        metadata.tensors().into_iter().filter_map(stored).collect()
    }

    pub(crate) fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Whether the file holds it in 16 bits.
    pub(super) fn is_half(&self) -> bool {
        self.kind != Kind::Float
    }

    /// The tensor in 32 bits, on the host, checked to be finite.
    pub(crate) fn tensor(&self) -> Result<Tensor> {
        let shape: Vec<i64> = self.shape.iter().map(|&n| n as i64).collect();
        let tensor = Tensor::f_from_data_size(self.bytes()?, &shape, self.kind)
            .and_then(|tensor| tensor.f_to_kind(Kind::Float))
            .at("read tensor")?;
        // In 64 bits the sum of 32-bit numbers is finite exactly if all of them are.
        let sum =
            tensor.f_sum(Kind::Double).and_then(|sum| sum.f_double_value(&[])).at("read tensor")?;
        self.file.release(self.bytes.clone());
        if sum.is_finite() { Ok(tensor) } else { Err(self.not_finite()) }
    }

    /// Its numbers in 32 bits, row-major, checked to be finite.
    pub(crate) fn numbers(&self) -> Result<Vec<f32>> {
        if self.is_half() {
            let flat = self.tensor()?.f_view([-1]).and_then(Vec::try_from);
            return flat.at("read tensor");
        }
        let words = self.bytes()?.as_chunks().0;
        let numbers: Vec<f32> = words.iter().map(|word| f32::from_le_bytes(*word)).collect();
        self.file.release(self.bytes.clone());
        let finite = numbers.iter().fold(true, |finite, number| finite & number.is_finite());
        if finite { Ok(numbers) } else { Err(self.not_finite()) }
    }

    fn bytes(&self) -> Result<&[u8]> {
        let what = "the header's ranges were checked against the file's length";
        self.file.get(self.bytes.clone()).ok_or(Error::Internal { what })
    }

    fn not_finite(&self) -> Error {
        Error::TensorNotFinite { path: self.path.clone(), name: self.name.clone() }
    }
}

/// The kinds that weights may have.
fn float(dtype: Dtype) -> Option<Kind> {
    match dtype {
        Dtype::F32 => Some(Kind::Float),
        Dtype::F16 => Some(Kind::Half),
        Dtype::BF16 => Some(Kind::BFloat16),
        _ => None,
    }
}
