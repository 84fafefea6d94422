//! CPU kernels for a Transformer's forward pass: matrix products in fp32, bf16, int16 and int8, and the
//! row-wise operations between them. No libtorch, no threads, no allocation in the hot path; what the
//! processor has is found at run time, and every kernel has a portable form that gives the same
//! results within rounding.
//!
//! ```
//! use tunewise_kernels::{Isa, Operand, Precision, Weights};
//!
//! # fn main() -> tunewise_kernels::Result<()> {
//! // y = x Wᵀ + b with W [outputs = 2, inputs = 3]
//! let weights = Weights::pack(Precision::Fp32, &[1.0, 0.0, 2.0, 0.5, 1.0, 0.0], &[0.0, 10.0])?;
//! let isa = Isa::detect();
//! let mut x = Operand::new(Precision::Fp32, 3);
//! x.fill(isa, &[1.0, 2.0, 3.0]);
//! let mut y = [0.0; 2];
//! weights.multiply(isa, &x, &mut y)?;
//! assert_eq!(y, [7.0, 12.5]);
//! # Ok(())
//! # }
//! ```
//!
//! | module | what |
//! | --- | --- |
//! | `isa` | what the processor has: [`Isa`] |
//! | `weights` | weights packed in panels: [`Weights`], [`quantize_row`] |
//! | `int16` | factors of 16 bits as integers that share a scale |
//! | `blocks` | how rows pass over panels: [`Weights`] and [`train`] alike |
//! | `operand` | activations in the weights' precision: [`Operand`] |
//! | `tile` | the register tiles of the product |
//! | `attention` | softmax attention of one text: [`attend`] |
//! | `avx512` | attention, rounding, LayerNorm and a product's last step in vector registers |
//! | `rows` | LayerNorm and activations: [`add_layer_norm`], [`Activation`], [`tanh`] |
//! | `math` | exp and erf for vectors |
//! | [`train`] | what a training step adds: the way back, dropout, AdamW |
//!
//! The unsafe code is the product's tiles and the calls of functions compiled for instructions that
//! [`Isa`] has found.
#![allow(unsafe_code, reason = "vector instructions; each block says why it is sound")]

mod attention;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod blocks;
mod error;
mod int16;
mod isa;
mod math;
mod operand;
mod rows;
mod tile;
pub mod train;
mod weights;

pub use attention::{Attention, attend};
pub use error::{Error, Result};
pub use isa::Isa;
pub use operand::{Operand, Precision};
pub use rows::{Activation, LayerNorm, add_layer_norm, tanh};
pub use weights::{Weights, quantize_row};
