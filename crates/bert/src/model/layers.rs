//! The layers that BERT is made of; each is called with `forward`.

use tch::{Kind, Tensor};

use super::config::Activation;
use super::lora::LoraLayer;
use super::parameters::Parameters;
use super::{BertConfig, Mode};
use crate::Result;
use crate::error::Context;

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
        let y = x.f_linear(&self.weight, Some(&self.bias)).at("linear")?;
        match &self.adapter {
            None => Ok(y),
            Some(adapter) => y.f_add(&adapter.forward(x, mode)?).at("lora"),
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
}

/// Dropout (Srivastava et al. 2014): in training each element is zeroed with `probability` and the
/// others are scaled so that the mean stays.
///
/// libtorch's own draws one float an element on one thread and dominates a step on the CPU. Here 16
/// random bits decide an element, so the probability is rounded to 1/65536 (0.1 becomes 0.100006)
/// and the scale is that of the rounded one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dropout {
    /// How many of 65536 values drop an element.
    dropped: i64,
}

const VALUES: i64 = 1 << 16;

impl Dropout {
    pub(crate) fn new(probability: f64) -> Self {
        Self { dropped: ((probability * VALUES as f64).round() as i64).min(VALUES - 1) }
    }

    pub(crate) fn is_active(self, mode: Mode) -> bool {
        mode == Mode::Train && self.dropped > 0
    }

    pub(crate) fn forward(self, x: Tensor, mode: Mode) -> Result<Tensor> {
        if !self.is_active(mode) {
            return Ok(x);
        }
        let size = x.size();
        let elements: i64 = size.iter().product();
        let words = (elements + 3) / 4; // four 16-bit draws a word
        let words = Tensor::f_empty([words], (Kind::Int64, x.device())).at("empty")?;
        let kept = words
            .f_random_from(i64::MIN, None::<i64>)
            .and_then(|words| words.f_view_dtype(Kind::Int16))
            .and_then(|draws| draws.f_narrow(0, 0, elements))
            .and_then(|draws| draws.f_ge(self.dropped - VALUES / 2))
            .and_then(|kept| kept.f_view(&size[..]))
            .at("dropout")?;
        let scale = VALUES as f64 / (VALUES - self.dropped) as f64;
        let mask = kept
            .f_to_kind(x.kind())
            .and_then(|mut mask| mask.f_mul_scalar_(scale))
            .at("dropout")?;
        x.f_mul(&mask).at("dropout")
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
    use tch::Device;

    #[test]
    fn dropout_keeps_its_share_and_the_mean_in_training_only() {
        let x = Tensor::ones([1000, 1001], (Kind::Float, Device::Cpu));
        let dropout = Dropout::new(0.1);
        let _turn = crate::runtime::generator();
        tch::manual_seed(7);
        let y = dropout.forward(x.shallow_clone(), Mode::Train).unwrap();
        let zeros = y.eq(0.0).to_kind(Kind::Double).mean(Kind::Double).double_value(&[]);
        // A million draws: the standard error of the share is 0.0003.
        approx::assert_abs_diff_eq!(zeros, 0.1, epsilon = 0.002);
        approx::assert_abs_diff_eq!(y.mean(Kind::Double).double_value(&[]), 1.0, epsilon = 0.002);
        assert!(dropout.forward(x.shallow_clone(), Mode::Eval).unwrap().equal(&x));
        assert!(Dropout::new(0.0).forward(x.shallow_clone(), Mode::Train).unwrap().equal(&x));
    }

    #[test]
    fn dropout_repeats_with_its_seed_and_passes_gradients_where_it_keeps() {
        let _turn = crate::runtime::generator();
        let x = Tensor::ones([37, 3], (Kind::Float, Device::Cpu)).set_requires_grad(true);
        let draw = |seed| {
            tch::manual_seed(seed);
            Dropout::new(0.5).forward(x.shallow_clone(), Mode::Train).unwrap()
        };
        let y = draw(1);
        assert!(y.equal(&draw(1)) && !y.equal(&draw(2)));
        y.sum(Kind::Float).f_backward().unwrap();
        assert!(x.grad().equal(&y)); // x is all ones, so y is the mask itself
    }
}
