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
    /// Of a tensor in 8 bits, what each row is to be multiplied by, `[rows]`.
    pub(super) scale: Option<Box<Stored>>,
}

/// Rows in 8 bits, `[rows, inputs]`, and their scales, `[rows]`.
pub(crate) type Quantized = (Vec<i8>, Vec<f32>);

impl Stored {
    /// The tensors of a file whose names `wanted` takes, under the names that it gives them.
    pub(super) fn of_file(
        path: &Path,
        wanted: impl Fn(&str) -> Option<String>,
    ) -> Result<Vec<(String, Self)>> {
        Self::of_kinds(Kinds::Floats, path, wanted)
    }

    /// The same, of these kinds.
    pub(super) fn of_kinds(
        kinds: Kinds,
        path: &Path,
        wanted: impl Fn(&str) -> Option<String>,
    ) -> Result<Vec<(String, Self)>> {
        let file = Arc::new(MappedFile::open(path).at(path)?);
        let (header, metadata) = SafeTensors::read_metadata(&file).at(path)?;
        let start = size_of::<u64>() + header; // the header's length goes before it
        let stored = |(name, info): (String, &TensorInfo)| {
            let wanted = wanted(&name)?;
            let (from, to) = info.data_offsets;
            let kind = match kinds.of(info.dtype) {
                Some(kind) => kind,
                None => {
                    let (path, got) = (path.to_owned(), format!("{:?}", info.dtype));
                    let expected = kinds.names();
                    return Some(Err(Error::TensorDtype { path, name, got, expected }));
                }
            };
            let stored = Self {
                file: Arc::clone(&file),
                path: path.to_owned(),
                name,
                kind,
                shape: info.shape.clone(),
                bytes: start + from..start + to,
                scale: None,
            };
            Some(Ok((wanted, stored)))
        };
        metadata.tensors().into_iter().filter_map(stored).collect()
    }

    pub(crate) fn shape(&self) -> &[usize] {
        &self.shape
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether the file holds it in fewer than 32 bits.
    pub(super) fn is_narrow(&self) -> bool {
        self.kind != Kind::Float
    }

    /// The tensor in 32 bits, on the host, checked to be finite.
    pub(crate) fn tensor(&self) -> Result<Tensor> {
        let shape: Vec<i64> = self.shape.iter().map(|&n| n as i64).collect();
        if self.kind == Kind::Int8 {
            let numbers = self.numbers()?;
            return Tensor::f_from_slice(&numbers)
                .and_then(|t| t.f_view(&*shape))
                .at("read tensor");
        }
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
        if let Some((rows, scales)) = self.quantized()? {
            let width = rows.len().checked_div(scales.len()).unwrap_or(0).max(1);
            let rows = rows.chunks_exact(width).zip(&scales);
            let row = |(row, &scale): (&[i8], &f32)| -> Vec<f32> {
                row.iter().map(|&number| f32::from(number) * scale).collect()
            };
            return Ok(rows.flat_map(row).collect());
        }
        if self.is_narrow() {
            let flat = self.tensor()?.f_view([-1]).and_then(Vec::try_from);
            return flat.at("read tensor");
        }
        let words = self.bytes()?.as_chunks().0;
        let numbers: Vec<f32> = words.iter().map(|word| f32::from_le_bytes(*word)).collect();
        self.file.release(self.bytes.clone());
        let finite = numbers.iter().fold(true, |finite, number| finite & number.is_finite());
        if finite { Ok(numbers) } else { Err(self.not_finite()) }
    }

    /// What the file holds, if that is in 8 bits; the scales are checked to be finite.
    pub(crate) fn quantized(&self) -> Result<Option<Quantized>> {
        let Some(scale) = &self.scale else { return Ok(None) };
        let numbers = self.bytes()?.iter().map(|&byte| byte as i8).collect();
        self.file.release(self.bytes.clone());
        Ok(Some((numbers, scale.numbers()?)))
    }

    fn bytes(&self) -> Result<&[u8]> {
        let what = "the header's ranges were checked against the file's length";
        self.file.get(self.bytes.clone()).ok_or(Error::Internal { what })
    }

    fn not_finite(&self) -> Error {
        Error::TensorNotFinite { path: self.path.clone(), name: self.name.clone() }
    }
}

/// The kinds that a file's tensors may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kinds {
    /// Numbers with a point.
    Floats,
    /// Those, and integers of 8 bits.
    FloatsAndInt8,
}

impl Kinds {
    fn of(self, dtype: Dtype) -> Option<Kind> {
        match dtype {
            Dtype::F32 => Some(Kind::Float),
            Dtype::F16 => Some(Kind::Half),
            Dtype::BF16 => Some(Kind::BFloat16),
            Dtype::I8 if self == Self::FloatsAndInt8 => Some(Kind::Int8),
            _ => None,
        }
    }

    pub(super) fn names(self) -> &'static str {
        match self {
            Self::Floats => "F32, F16 or BF16",
            Self::FloatsAndInt8 => "F32, F16, BF16 or I8",
        }
    }
}
