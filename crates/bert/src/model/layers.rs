//! The layers that BERT is made of; each is called with `forward`.

use tch::{Device, Kind, Tensor};
use tunewise_torch::{DropoutMasks, Norm, add_norm, half_linear};

use super::config::Activation;
use super::hidden::Hidden;
use super::lora::{Base, LoraLayer};
use super::parameters::Parameters;
use super::{BertConfig, Mode};
use crate::Result;
use crate::error::Context;
use crate::mix::mix;

/// `x Wᵀ + b`, and what an adapter adds.
#[derive(Debug)]
pub(crate) struct Linear {
    weight: Tensor, // [outputs, inputs]
    bias: Tensor,   // [outputs]
    adapter: Option<LoraLayer>,
}

impl Linear {
    pub(crate) fn new(parameters: &Parameters, prefix: &str) -> Result<Self> {
        Ok(Self {
            weight: parameters.find(&format!("{prefix}.weight"))?,
            bias: parameters.find(&format!("{prefix}.bias"))?,
            adapter: parameters.adapter(prefix),
        })
    }

    pub(crate) fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        Self::side_by_side(&[self], x, mode)
    }

    /// The outputs of layers that read the same input, `[.., sum of outputs]`: one product in bfloat16
    /// on the CPU, unless one has an adapter.
    pub(crate) fn side_by_side(layers: &[&Self], x: &Tensor, mode: Mode) -> Result<Tensor> {
        let fused = x.device() == Device::Cpu && x.kind() == Kind::BFloat16;
        if fused && layers.iter().all(|layer| layer.adapter.is_none()) {
            let layers: Vec<_> = layers.iter().map(|layer| (&layer.weight, &layer.bias)).collect();
            return Ok(half_linear(x, &layers)?);
        }
        match layers {
            [layer] => layer.adapted(x, mode),
            _ => {
                let outputs = layers.iter().map(|layer| layer.adapted(x, mode));
                Tensor::f_cat(&outputs.collect::<Result<Vec<_>>>()?, -1).at("linear")
            }
        }
    }

    fn adapted(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        let Self { weight, bias, adapter } = self;
        let y = x.f_linear(weight, Some(bias)).at("linear")?;
        match adapter {
            None => Ok(y),
            Some(adapter) => adapter.forward((x, &y), Base { weight, bias }, mode),
        }
    }
}

/// Layer normalisation over the last axis (Ba, Kiros and Hinton 2016).
#[derive(Debug)]
pub(crate) struct LayerNorm {
    weight: Tensor, // [hidden]
    bias: Tensor,   // [hidden]
    eps: f64,
}

impl LayerNorm {
    pub(crate) fn new(parameters: &Parameters, prefix: &str, config: &BertConfig) -> Result<Self> {
        Ok(Self {
            weight: parameters.find(&format!("{prefix}.weight"))?,
            bias: parameters.find(&format!("{prefix}.bias"))?,
            eps: config.layer_norm_eps,
        })
    }

    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        x.f_layer_norm(self.weight.size(), Some(&self.weight), Some(&self.bias), self.eps, false)
            .at("layer_norm")
    }

    /// The normalised sum of `x`, after dropout, and `residual`: one pass on the CPU.
    pub(crate) fn add(
        &self,
        x: Tensor,
        residual: &Hidden,
        dropout: (Dropout, Mode),
    ) -> Result<Hidden> {
        let (dropout, mode) = dropout;
        if x.device() == Device::Cpu {
            let norm = Norm { weight: &self.weight, bias: &self.bias, eps: self.eps };
            let (full, half) = add_norm(&x, &residual.full, norm, dropout.masks(mode))?;
            return Ok(Hidden { full, half });
        }
        let sum = dropout.forward(x, mode)?.f_add(&residual.full).at("residual")?;
        Ok(Hidden { full: self.forward(&sum)?, half: None })
    }
}

/// Dropout (Srivastava et al. 2014): in training each element is zeroed with `probability` and the
/// others are scaled so that the mean stays.
///
/// On the CPU, where libtorch's own draws one float an element on one thread and dominates a step, 16
/// random bits decide an element: the probability is rounded to 1/65536 (0.1 becomes 0.100006) and the
/// scale is that of the rounded one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dropout {
    probability: f64,
    /// Where in the model it stands: each place has masks of its own.
    place: u64,
}

const VALUES: f64 = 65_536.0;

impl Dropout {
    pub(crate) fn new(probability: f64, place: u64) -> Self {
        Self { probability, place }
    }

    /// The masks of this place.
    pub(crate) fn masks(self, mode: Mode) -> DropoutMasks {
        match mode {
            Mode::Eval => DropoutMasks::OFF,
            Mode::Train(stream) => DropoutMasks {
                dropped: (self.probability * VALUES).round().min(VALUES - 1.0) as u16,
                key: mix(stream, self.place),
            },
        }
    }

    pub(crate) fn forward(self, x: Tensor, mode: Mode) -> Result<Tensor> {
        let masks = self.masks(mode);
        if masks.dropped == 0 {
            return Ok(x);
        }
        if x.device() == Device::Cpu {
            let full = x.f_to_kind(Kind::Float).at("dropout")?;
            let dropped = tunewise_torch::dropout(&full, masks)?;
            return dropped.f_to_kind(x.kind()).at("dropout");
        }
        tch::manual_seed(masks.key as i64); // the device's generator counts on from there
        x.f_dropout(self.probability, true).at("dropout")
    }
}

impl Activation {
    pub(crate) fn forward(self, x: &Tensor) -> Result<Tensor> {
        match self {
            Self::Gelu => x.f_gelu("none"),
            Self::GeluNew => x.f_gelu("tanh"),
            Self::Relu => x.f_relu(),
            Self::Silu => x.f_silu(),
        }
        .at("activation")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropout_keeps_its_share_and_the_mean_in_training_only() {
        let x = Tensor::ones([1000, 1001], (Kind::Float, Device::Cpu));
        let dropout = Dropout::new(0.1, 3);
        let y = dropout.forward(x.shallow_clone(), Mode::Train(7)).unwrap();
        let zeros = y.eq(0.0).to_kind(Kind::Double).mean(Kind::Double).double_value(&[]);
        // A million draws: the standard error of the share is 0.0003.
        approx::assert_abs_diff_eq!(zeros, 0.1, epsilon = 0.002);
        approx::assert_abs_diff_eq!(y.mean(Kind::Double).double_value(&[]), 1.0, epsilon = 0.002);
        assert!(dropout.forward(x.shallow_clone(), Mode::Eval).unwrap().equal(&x));
        let none = Dropout::new(0.0, 3);
        assert!(none.forward(x.shallow_clone(), Mode::Train(7)).unwrap().equal(&x));
    }

    #[test]
    fn dropout_repeats_with_its_stream_and_place_and_passes_gradients_where_it_keeps() {
        let x = Tensor::ones([37, 3], (Kind::Float, Device::Cpu)).set_requires_grad(true);
        let draw = |stream, place| {
            Dropout::new(0.5, place).forward(x.shallow_clone(), Mode::Train(stream)).unwrap()
        };
        let y = draw(1, 1);
        assert!(y.equal(&draw(1, 1)) && !y.equal(&draw(2, 1)) && !y.equal(&draw(1, 2)));
        y.sum(Kind::Float).f_backward().unwrap();
        assert!(x.grad().equal(&y)); // x is all ones, so y is the mask itself
    }
}
