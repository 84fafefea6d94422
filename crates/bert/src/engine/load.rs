//! From a model's tensors, or those of its file, to packed weights.

use std::collections::BTreeMap;

use tch::{Device, Kind};
use tunewise_kernels::{LayerNorm, Precision, Weights};

use crate::error::Context;
use crate::model::{Quantized, Stored};
use crate::{BertClassifier, BertConfig, Error, Result};

/// Tensors by name.
pub(super) enum Named<'a> {
    Model(&'a BertClassifier),
    Stored(BTreeMap<String, Stored>),
}

impl Named<'_> {
    /// A tensor's numbers, row-major.
    pub(super) fn numbers(&self, name: &str) -> Result<Vec<f32>> {
        let missing = Error::Internal { what: "the model has every tensor of its configuration" };
        match self {
            Self::Stored(tensors) => tensors.get(name).ok_or(missing)?.numbers(),
            Self::Model(model) => model
                .effective(name)?
                .f_detach()
                .and_then(|tensor| tensor.f_to_device(Device::Cpu))
                .and_then(|tensor| tensor.f_to_kind(Kind::Float))
                .and_then(|tensor| tensor.f_contiguous())
                .and_then(|tensor| tensor.f_view([-1]))
                .and_then(Vec::try_from)
                .at("copy of a weight"),
        }
    }

    /// The layer of that prefix.
    pub(super) fn linear(&self, prefix: &str, precision: Precision) -> Result<Weights> {
        self.stacked(&[prefix], precision)
    }

    /// What the file holds, if it holds the tensor in 8 bits.
    pub(super) fn quantized(&self, name: &str) -> Result<Option<Quantized>> {
        match self {
            Self::Stored(tensors) => {
                tensors.get(name).map_or(Ok(None), |tensor| tensor.quantized())
            }
            Self::Model(_) => Ok(None),
        }
    }

    /// Layers of the same inputs as one, their outputs in a row.
    pub(super) fn stacked(&self, prefixes: &[&str], precision: Precision) -> Result<Weights> {
        let all = |part: &str| -> Result<Vec<f32>> {
            let parts = prefixes.iter().map(|prefix| self.numbers(&format!("{prefix}.{part}")));
            Ok(parts.collect::<Result<Vec<_>>>()?.concat())
        };
        let narrow = || prefixes.iter().map(|prefix| self.quantized(&format!("{prefix}.weight")));
        let narrow = match precision {
            Precision::Int8 => narrow().collect::<Result<Option<Vec<Quantized>>>>()?,
            _ => None,
        };
        let Some(layers) = narrow else {
            return Ok(Weights::pack(precision, &all("weight")?, &all("bias")?)?);
        };
        let (rows, scales): (Vec<_>, Vec<_>) = layers.into_iter().unzip();
        Ok(Weights::pack_int8(&rows.concat(), &scales.concat(), &all("bias")?)?)
    }

    /// The LayerNorm of that prefix.
    pub(super) fn layer_norm(&self, prefix: &str, config: &BertConfig) -> Result<LayerNorm> {
        Ok(LayerNorm {
            weight: self.numbers(&format!("{prefix}.weight"))?,
            bias: self.numbers(&format!("{prefix}.bias"))?,
            eps: config.layer_norm_eps as f32,
        })
    }
}
