//! Operators of a training step on the CPU that libtorch has in pieces only; each is one node of the
//! autograd graph.

use tch::Tensor;
use torch_sys::C_tensor;

use crate::{Result, ffi};

/// Dropout masks by place: element `i` of row `r` is dropped or not as a function of `key`, `r` and `i`,
/// so that they need no memory for the backward pass and repeat on any number of threads.
///
/// 16 bits decide an element, so that `dropped` of 65536 elements are zeroed and the others are scaled
/// by `65536 / (65536 - dropped)`.
///
/// # Reference
/// Srivastava et al. 2014, *Dropout*; Salmon et al. 2011, *Parallel random numbers: as easy as 1, 2, 3*.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DropoutMasks {
    /// Draws of 65536 that drop an element; 0 turns dropout off.
    pub dropped: u16,
    /// Names the masks.
    pub key: u64,
}

impl DropoutMasks {
    /// Nothing is dropped.
    pub const OFF: Self = Self { dropped: 0, key: 0 };

    fn args(self) -> (i64, i64) {
        (i64::from(self.dropped), self.key as i64)
    }
}

/// `x`, `Float` on the CPU, with elements dropped and the others scaled.
///
/// # Errors
/// [`crate::Error::Libtorch`] for another dtype or device.
pub fn dropout(x: &Tensor, masks: DropoutMasks) -> Result<Tensor> {
    let (dropped, key) = masks.args();
    // SAFETY: `x` is a live tensor; the function writes `out` exactly if it succeeds.
    one("dropout", |out| unsafe { ffi::tunewise_dropout(x.as_ptr(), dropped, key, out) })
}

/// Weight and bias of a LayerNorm, `[n]` `Float`.
#[derive(Debug, Clone, Copy)]
pub struct Norm<'a> {
    /// The weight.
    pub weight: &'a Tensor,
    /// The bias.
    pub bias: &'a Tensor,
    /// Added to the variance.
    pub eps: f64,
}

/// `LayerNorm(dropout(x) + residual)` over the last axis: `x` `[.., n]` `Float` or `BFloat16`, `residual`
/// `[.., n]` `Float`, on the CPU. The result is `Float`; beside it the same rounded to `BFloat16` if `x`
/// is.
///
/// # Errors
/// [`crate::Error::Libtorch`] for other shapes, dtypes or devices.
pub fn add_norm(
    x: &Tensor,
    residual: &Tensor,
    norm: Norm<'_>,
    masks: DropoutMasks,
) -> Result<(Tensor, Option<Tensor>)> {
    let (dropped, key) = masks.args();
    let (weight, bias) = (norm.weight.as_ptr(), norm.bias.as_ptr());
    let mut outs = [std::ptr::null_mut(); 2];
    // SAFETY: the four tensors are live; the function writes one or two tensors into `outs`.
    ffi::check("add_norm", unsafe {
        let outs = outs.as_mut_ptr();
        ffi::tunewise_add_norm(
            x.as_ptr(),
            residual.as_ptr(),
            weight,
            bias,
            norm.eps,
            dropped,
            key,
            outs,
        )
    })?;
    let [full, half] = outs;
    // SAFETY: on success the first handle is owned here, and the second unless it stayed null.
    let half = (!half.is_null()).then(|| unsafe { Tensor::from_ptr(half) });
    // SAFETY: as above.
    Ok((unsafe { Tensor::from_ptr(full) }, half))
}

/// The tokens that attention may look at.
#[derive(Debug, Clone, Copy)]
pub struct Visible<'a> {
    /// `Bool`, one mark a token, true where it may; `None` for all.
    pub keep: Option<&'a Tensor>,
    /// Number of heads.
    pub heads: i64,
}

/// Multi-head attention `softmax(q kᵀ / sqrt(size)) v` with dropout on the probabilities, on the CPU.
/// `packed` holds queries, keys and values side by side, `[batch, seq, 3 hidden]`, or keys and values,
/// `[batch, seq, 2 hidden]`, if `queries` `[batch, n, hidden]` come apart. The result has the shape of
/// the queries. A text without a visible token sees all alike.
///
/// # Errors
/// [`crate::Error::Libtorch`] for other shapes, dtypes or devices.
///
/// # Reference
/// Vaswani et al. 2017, *Attention is all you need*, section 3.2.
pub fn attention(
    packed: &Tensor,
    queries: Option<&Tensor>,
    visible: Visible<'_>,
    masks: DropoutMasks,
) -> Result<Tensor> {
    let (dropped, key) = masks.args();
    let pointer = |tensor: Option<&Tensor>| tensor.map_or(std::ptr::null(), Tensor::as_ptr);
    let (queries, keep) = (pointer(queries), pointer(visible.keep));
    let heads = visible.heads;
    // SAFETY: every pointer is null or of a live tensor; the function writes `out` exactly if it
    // succeeds.
    one("attention", |out| unsafe {
        ffi::tunewise_attention(packed.as_ptr(), queries, keep, heads, dropped, key, out)
    })
}

/// `x Wᵀ + b` in bfloat16 on the CPU, for several layers that read the same `x` `[.., inputs]`
/// `BFloat16` as one product: weights `[outputs, inputs]` and biases `[outputs]` are `Float` and their
/// gradients too. The outputs stand side by side, `[.., sum of outputs]` `BFloat16`.
///
/// # Errors
/// [`crate::Error::Libtorch`] for other shapes, dtypes or devices.
pub fn half_linear(x: &Tensor, layers: &[(&Tensor, &Tensor)]) -> Result<Tensor> {
    let weights = ffi::handles(layers.iter().map(|(weight, _)| *weight));
    let biases = ffi::handles(layers.iter().map(|(_, bias)| *bias));
    let (weights_ptr, biases_ptr, n) = (weights.as_ptr(), biases.as_ptr(), weights.len());
    // SAFETY: both lists hold `n` live tensors, `x` is live; the function writes `out` exactly if it
    // succeeds.
    one("half_linear", |out| unsafe {
        ffi::tunewise_half_linear(x.as_ptr(), weights_ptr, biases_ptr, n, out)
    })
}

/// Runs an operator that gives one tensor.
fn one(
    op: &'static str,
    call: impl FnOnce(*mut *mut C_tensor) -> *mut std::ffi::c_char,
) -> Result<Tensor> {
    let mut out = std::ptr::null_mut();
    ffi::check(op, call(&raw mut out))?;
    // SAFETY: every operator called here writes a handle made by `new at::Tensor` when it succeeds; it
    // is taken over once.
    Ok(unsafe { Tensor::from_ptr(out) })
}
