//! What lies between the products: activations and LayerNorm, row by row.

use crate::isa::versions;
use crate::{Isa, math};

/// The feed-forward block's activation, in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// `x (1 + erf(x / √2)) / 2`.
    Gelu,
    /// `x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2`.
    GeluTanh,
    /// `max(x, 0)`.
    Relu,
    /// `x / (1 + e^-x)`.
    Silu,
}

impl Activation {
    /// Applies it to every number.
    pub fn apply(self, isa: Isa, x: &mut [f32]) {
        match self {
            Self::Gelu => gelu(isa, x),
            Self::GeluTanh => gelu_tanh(isa, x),
            Self::Relu => relu(isa, x),
            Self::Silu => silu(isa, x),
        }
    }
}

versions! { fn gelu(x: &mut [f32]) gelu_body }
versions! { fn gelu_tanh(x: &mut [f32]) gelu_tanh_body }
versions! { fn relu(x: &mut [f32]) relu_body }
versions! { fn silu(x: &mut [f32]) silu_body }
versions! {
    /// The hyperbolic tangent of every number, in place.
    pub fn tanh(x: &mut [f32]) tanh_body
}

#[inline(always)]
fn gelu_body<const FMA: bool>(x: &mut [f32]) {
    for x in x {
        let half = 0.5 * *x;
        *x = math::multiply_add::<FMA>(
            half,
            math::erf::<FMA>(*x * std::f32::consts::FRAC_1_SQRT_2),
            half,
        );
    }
}

#[inline(always)]
fn gelu_tanh_body<const FMA: bool>(x: &mut [f32]) {
    const ROOT: f32 = 0.797_884_6; // √(2/π)
    for x in x {
        let inner = ROOT * math::multiply_add::<FMA>(0.044_715 * *x * *x, *x, *x);
        let half = 0.5 * *x;
        *x = math::multiply_add::<FMA>(half, math::tanh::<FMA>(inner), half);
    }
}

#[inline(always)]
fn relu_body<const FMA: bool>(x: &mut [f32]) {
    for x in x {
        *x = x.max(0.0);
    }
}

#[inline(always)]
fn silu_body<const FMA: bool>(x: &mut [f32]) {
    for x in x {
        *x *= math::sigmoid::<FMA>(*x);
    }
}

#[inline(always)]
fn tanh_body<const FMA: bool>(x: &mut [f32]) {
    for x in x {
        *x = math::tanh::<FMA>(*x);
    }
}

/// The parameters of a LayerNorm, `[hidden]` each.
#[derive(Debug, Clone)]
pub struct LayerNorm {
    /// The scale.
    pub weight: Vec<f32>,
    /// The shift.
    pub bias: Vec<f32>,
    /// Added to the variance.
    pub eps: f32,
}

/// `x = LayerNorm(x + residual)`, `[rows, hidden]`; with an empty `residual`, of `x` alone.
///
/// # Formula
/// ```text
/// y = (x - mean) / √(variance + eps) * weight + bias      over a row, biased variance
/// ```
///
/// # Reference
/// Ba, Kiros and Hinton 2016, *Layer Normalization*; `torch.nn.LayerNorm`.
pub fn add_layer_norm(isa: Isa, x: &mut [f32], residual: &[f32], norm: &LayerNorm) {
    #[cfg(target_arch = "x86_64")]
    if isa.has_avx512() {
        // SAFETY: an `Isa` says AVX-512 only where `Isa::detect` found these features.
        return unsafe { crate::avx512::rows::layer_norm(x, residual, norm) };
    }
    general_layer_norm(isa, x, residual, norm);
}

versions! { fn general_layer_norm(x: &mut [f32], residual: &[f32], norm: &LayerNorm) layer_norm_body }

#[inline(always)]
fn layer_norm_body<const FMA: bool>(x: &mut [f32], residual: &[f32], norm: &LayerNorm) {
    let hidden = norm.weight.len().max(1);
    let mut residual = residual.chunks_exact(hidden);
    for x in x.chunks_exact_mut(hidden) {
        if let Some(residual) = residual.next() {
            for (x, y) in x.iter_mut().zip(residual) {
                *x += y;
            }
        }
        let mean = sum::<FMA>(x, |x| x) / hidden as f32;
        let variance = sum::<FMA>(x, |x| (x - mean) * (x - mean)) / hidden as f32;
        let scale = 1.0 / (variance + norm.eps).sqrt();
        for (x, (weight, bias)) in x.iter_mut().zip(norm.weight.iter().zip(&norm.bias)) {
            *x = math::multiply_add::<FMA>((*x - mean) * scale, *weight, *bias);
        }
    }
}

/// The sum of a function of each number, in sixteen running sums.
#[inline(always)]
pub(crate) fn sum<const FMA: bool>(x: &[f32], of: impl Fn(f32) -> f32) -> f32 {
    const LANES: usize = 16;
    let mut sums = [0.0f32; LANES];
    let chunks = x.chunks_exact(LANES);
    for (sum, x) in sums.iter_mut().zip(chunks.remainder()) {
        *sum += of(*x);
    }
    for chunk in chunks {
        for lane in 0..LANES {
            sums[lane] += of(chunk[lane]);
        }
    }
    sums.into_iter().sum()
}
