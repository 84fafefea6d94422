//! One adapter.

use tch::{Device, Kind, Tensor};

use super::{AdaLoraConfig, LoraConfig};
use crate::Result;
use crate::error::Context;
use crate::model::Mode;
use crate::model::layers::Dropout;

/// Adapters' dropout has places beyond those of the layers.
const FIRST_PLACE: u64 = 1 << 32;

/// A low-rank change of a linear layer.
#[derive(Debug)]
pub(in crate::model) struct LoraLayer {
    pub(super) a: Tensor, // [r, inputs]
    pub(super) b: Tensor, // [outputs, r]
    pub(super) form: Form,
    scale: f64,
    dropout: Dropout,
}

/// What a kind of adapters has beside A and B.
#[derive(Debug)]
pub(super) enum Form {
    Plain,
    /// The length that each row of the weight has with the adapter, `[outputs]` (DoRA).
    Magnitude(Tensor),
    /// Singular values `[r, 1]`, and 1 for those that are not pruned, else 0 (AdaLoRA).
    Singular {
        e: Tensor,
        kept: Tensor,
    },
}

/// The linear layer that an adapter stands beside.
#[derive(Clone, Copy)]
pub(in crate::model) struct Base<'a> {
    pub(in crate::model) weight: &'a Tensor, // [outputs, inputs]
    pub(in crate::model) bias: &'a Tensor,   // [outputs]
}

impl LoraLayer {
    /// A drawn from libtorch's generator, B zero: the layer adds nothing yet.
    /// `index` is its place among the adapters, `weight` `[outputs, inputs]` that of its base.
    pub(super) fn new(config: &LoraConfig, index: usize, weight: &Tensor) -> Result<Self> {
        let ([outputs, inputs], options) = shape(weight)?;
        let rank = config.r as i64;
        // Kaiming-uniform with a of sqrt(5): sqrt(6 / ((1 + 5) inputs)).
        let bound = (inputs as f64).sqrt().recip();
        let a = Tensor::f_empty([rank, inputs], options)
            .and_then(|mut a| a.f_uniform_(-bound, bound))
            .and_then(learns)
            .at("lora_A")?;
        let b = Tensor::f_zeros([outputs, rank], options).and_then(learns).at("lora_B")?;
        let (scale, dropout) = (config.scale(), dropout(config.lora_dropout, index));
        let mut layer = Self { a, b, form: Form::Plain, scale, dropout };
        if config.use_dora {
            let magnitude = learns(layer.norm(weight)?);
            layer.form = Form::Magnitude(magnitude.at("lora_magnitude_vector")?);
        }
        Ok(layer)
    }

    /// A and B drawn from libtorch's generator, the singular values zero.
    pub(super) fn singular(config: &AdaLoraConfig, index: usize, weight: &Tensor) -> Result<Self> {
        let ([outputs, inputs], options) = shape(weight)?;
        let rank = config.init_r as i64;
        let normal = |shape: [i64; 2]| {
            Tensor::f_empty(shape, options)
                .and_then(|mut tensor| tensor.f_normal_(0.0, 0.02))
                .and_then(learns)
        };
        Ok(Self {
            a: normal([rank, inputs]).at("lora_A")?,
            b: normal([outputs, rank]).at("lora_B")?,
            form: Form::Singular {
                e: Tensor::f_zeros([rank, 1], options).and_then(learns).at("lora_E")?,
                kept: Tensor::f_ones([rank, 1], options).at("rank pattern")?,
            },
            scale: config.lora_alpha / (config.init_r as f64 + 1e-5),
            dropout: dropout(config.lora_dropout, index),
        })
    }

    /// Another handle on the same tensors.
    pub(super) fn handle(&self) -> Self {
        let (a, b) = (self.a.shallow_clone(), self.b.shallow_clone());
        let form = match &self.form {
            Form::Plain => Form::Plain,
            Form::Magnitude(magnitude) => Form::Magnitude(magnitude.shallow_clone()),
            Form::Singular { e, kept } => {
                Form::Singular { e: e.shallow_clone(), kept: kept.shallow_clone() }
            }
        };
        Self { a, b, form, scale: self.scale, dropout: self.dropout }
    }

    /// What is trained.
    pub(super) fn tensors(&self) -> impl Iterator<Item = &Tensor> {
        let third = match &self.form {
            Form::Plain => None,
            Form::Magnitude(magnitude) => Some(magnitude),
            Form::Singular { e, .. } => Some(e),
        };
        [&self.a, &self.b].into_iter().chain(third)
    }

    /// The output `[..., outputs]` for `x` `[..., inputs]`, of which `y` is the base's.
    pub(in crate::model) fn forward(
        &self,
        (x, y): (&Tensor, &Tensor),
        base: Base<'_>,
        mode: Mode,
    ) -> Result<Tensor> {
        let dropped = self.dropout.forward(x.shallow_clone(), mode)?;
        let low = dropped
            .f_linear(&self.down()?, None::<&Tensor>)
            .and_then(|low| low.f_linear(&self.b, None::<&Tensor>))
            .and_then(|wide| wide.f_mul_scalar(self.scale))
            .at("lora")?;
        let Form::Magnitude(magnitude) = &self.form else { return y.f_add(&low).at("lora") };
        // Liu et al. 2024, section 4.3: the norm is taken for a constant in the backward pass.
        let factor = magnitude.f_div(&self.norm(base.weight)?).at("dora")?;
        let plain = if self.dropout.masks(mode).dropped == 0 {
            y.f_sub(base.bias)
        } else {
            dropped.f_linear(base.weight, None::<&Tensor>)
        };
        factor
            .f_sub_scalar(1.0)
            .and_then(|more| more.f_mul(&plain?))
            .and_then(|more| y.f_add(&more)?.f_add(&factor.f_mul(&low)?))
            .at("dora")
    }

    /// The base's weight `[outputs, inputs]` with the adapter in it.
    pub(super) fn merged(&self, weight: &Tensor) -> Result<Tensor> {
        let sum = weight.f_add(&self.delta()?).at("merge")?;
        let Form::Magnitude(magnitude) = &self.form else { return Ok(sum) };
        let factor = magnitude.f_div(&self.norm(weight)?).and_then(|factor| factor.f_unsqueeze(1));
        sum.f_mul(&factor.at("merge")?).at("merge")
    }

    /// A, with the singular values if there are, `[r, inputs]`.
    fn down(&self) -> Result<Tensor> {
        match &self.form {
            Form::Singular { e, .. } => self.a.f_mul(e).at("lora_E"),
            _ => Ok(self.a.shallow_clone()),
        }
    }

    /// The low-rank part, `[outputs, inputs]`.
    fn delta(&self) -> Result<Tensor> {
        let down = self.down()?;
        self.b.f_matmul(&down).and_then(|delta| delta.f_mul_scalar(self.scale)).at("lora")
    }

    /// The lengths of the rows of weight and low-rank part, `[outputs]`, without a gradient.
    fn norm(&self, weight: &Tensor) -> Result<Tensor> {
        let _guard = tch::no_grad_guard();
        let sum = weight.f_add(&self.delta()?).at("dora")?;
        sum.f_norm_scalaropt_dim(2.0, [1], false).at("dora")
    }
}

fn learns(tensor: Tensor) -> Result<Tensor, tch::TchError> {
    tensor.f_set_requires_grad(true)
}

fn dropout(probability: f64, index: usize) -> Dropout {
    Dropout::new(probability, FIRST_PLACE + index as u64)
}

fn shape(weight: &Tensor) -> Result<([i64; 2], (Kind, Device))> {
    let (outputs, inputs) = weight.size2().at("shape of a weight")?;
    Ok(([outputs, inputs], (Kind::Float, weight.device())))
}
