//! One adapter.

use tch::{Device, Kind, Tensor};

use super::LoraConfig;
use crate::Result;
use crate::error::Context;
use crate::model::Mode;
use crate::model::layers::Dropout;

/// Adapters' dropout has places beyond those of the layers.
const FIRST_PLACE: u64 = 1 << 32;

/// `scale · dropout(x) Aᵀ Bᵀ`.
#[derive(Debug)]
pub(in crate::model) struct LoraLayer {
    pub(super) a: Tensor, // [r, inputs]
    pub(super) b: Tensor, // [outputs, r]
    scale: f64,
    dropout: Dropout,
}

impl LoraLayer {
    /// A drawn from libtorch's generator, B zero: the layer adds nothing yet.
    /// `index` is its place among the adapters.
    pub(super) fn new(
        config: &LoraConfig,
        (index, shape): (usize, [i64; 2]),
        device: Device,
    ) -> Result<Self> {
        let (options, [outputs, inputs]) = ((Kind::Float, device), shape);
        let rank = config.r as i64;
        // Kaiming-uniform with a of sqrt(5): sqrt(6 / ((1 + 5) inputs)).
        let bound = (inputs as f64).sqrt().recip();
        let a = Tensor::f_empty([rank, inputs], options)
            .and_then(|mut a| a.f_uniform_(-bound, bound))
            .and_then(|a| a.f_set_requires_grad(true))
            .at("lora_A")?;
        let b = Tensor::f_zeros([outputs, rank], options)
            .and_then(|b| b.f_set_requires_grad(true))
            .at("lora_B")?;
        Ok(Self {
            a,
            b,
            scale: config.scale(),
            dropout: Dropout::new(config.lora_dropout, FIRST_PLACE + index as u64),
        })
    }

    /// Another handle on the same tensors.
    pub(super) fn handle(&self) -> Self {
        let (a, b) = (self.a.shallow_clone(), self.b.shallow_clone());
        Self { a, b, scale: self.scale, dropout: self.dropout }
    }

    /// What the layer adds for `x` `[..., inputs]`: `[..., outputs]`.
    pub(in crate::model) fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        self.dropout
            .forward(x.shallow_clone(), mode)?
            .f_linear(&self.a, None::<&Tensor>)
            .and_then(|low| low.f_linear(&self.b, None::<&Tensor>))
            .and_then(|wide| wide.f_mul_scalar(self.scale))
            .at("lora")
    }

    /// What the layer adds to the weight, `[outputs, inputs]`.
    pub(super) fn delta(&self) -> Result<Tensor> {
        self.b.f_matmul(&self.a).and_then(|delta| delta.f_mul_scalar(self.scale)).at("lora")
    }
}
