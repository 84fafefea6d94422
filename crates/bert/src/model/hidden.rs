//! Hidden states between layers.

use tch::{Device, Kind, Tensor};
use tunewise_torch::in_bf16_autocast;

use crate::Result;
use crate::error::Context;

/// Hidden states `[batch, seq, hidden]`.
#[derive(Debug)]
pub(crate) struct Hidden {
    /// `Float`: what residuals add to.
    pub(crate) full: Tensor,
    /// The same rounded to `BFloat16`, where products read that: under bfloat16 autocast on the CPU.
    pub(crate) half: Option<Tensor>,
}

impl Hidden {
    /// Of `Float` hidden states, rounded where products read them so.
    pub(crate) fn of(full: &Tensor) -> Result<Self> {
        let halved = full.device() == Device::Cpu && in_bf16_autocast(Device::Cpu);
        let half = halved.then(|| full.f_to_kind(Kind::BFloat16).at("round to bfloat16"));
        Ok(Self { full: full.shallow_clone(), half: half.transpose()? })
    }

    /// What products read.
    pub(crate) fn operand(&self) -> &Tensor {
        self.half.as_ref().unwrap_or(&self.full)
    }

    /// The first token of each text, `[batch, 1, hidden]`, in memory of its own: of strided rows
    /// libtorch computes a product one way if the weight is trained and another if it is not, and a
    /// frozen base would differ from itself in the last bit.
    pub(crate) fn first(&self) -> Result<Self> {
        let first = |tensor: &Tensor| {
            tensor.f_narrow(1, 0, 1).and_then(|first| first.f_contiguous()).at("select [CLS]")
        };
        Ok(Self { full: first(&self.full)?, half: self.half.as_ref().map(first).transpose()? })
    }
}
