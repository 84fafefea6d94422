//! Kernels of a training step: products of 16-bit factors from both sides and over tokens, LayerNorm,
//! attention and dropout there and back, AdamW.

mod adamw;
mod attention;
#[cfg(target_arch = "x86_64")]
pub(crate) mod avx512;
mod dropout;
mod finish;
mod gradient;
mod integers;
pub(crate) mod lanes;
mod norm;
mod pack;
mod packed;
mod pairs;
mod round;
mod small;
mod tile;
mod wide;

pub use adamw::{AdamSettings, AdamStep, Moving, adamw, adamw_idle, shrink};
pub use attention::{AttentionRoom, Heads, HeadsGradient, attention_backward, attention_forward};
pub use dropout::{Dropout, Place};
pub use finish::Finish;
pub use gradient::{Onto, Share, weight_gradient};
pub use norm::{Norm, NormGradient, Normed, RowDropout, norm_backward, norm_forward};
pub use packed::{BLOCK, Packed, PackedBlock, multiply_each, padded};
pub use pairs::{Pairs, Rows};
pub use round::{add, round, squares};
