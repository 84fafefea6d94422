//! What [`tch`] lacks for a trainer: AdamW by libtorch's fused kernel with a state that can be saved,
//! gradient clipping that reports the norm, bfloat16 autocast on the CPU, fused operators of a training
//! step, and a way to get CUDA.
//!
//! ```
//! use tch::{Device, Kind, Tensor};
//! use tunewise_torch::Bf16Autocast;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! tunewise_torch::init();
//! let x = Tensor::f_ones([2, 4], (Kind::Float, Device::Cpu))?;
//! let guard = Bf16Autocast::enter(Device::Cpu)?;
//! assert_eq!(x.f_matmul(&x.f_transpose(0, 1)?)?.kind(), Kind::BFloat16);
//! drop(guard);
//! assert_eq!(x.f_matmul(&x.f_transpose(0, 1)?)?.kind(), Kind::Float);
//! # Ok(())
//! # }
//! ```
//!
//! | module | what |
//! | --- | --- |
//! | `adamw` | [`AdamW`] over [`ParameterGroup`]s |
//! | `autocast` | [`Bf16Autocast`], [`has_fast_bf16`], [`in_bf16_autocast`] |
//! | `fused` | [`add_norm`], [`attention`], [`half_linear`], [`dropout()`] with [`DropoutMasks`] |
//! | `cuda`, `allocator` | [`init`] |
//! | `exclusive` | [`Exclusive`]: a CPU tensor's numbers as a slice |
//! | `exit` | [`exit_at_once`] |
//! | `generator` | [`GeneratorState`] |
//! | `group` | [`ProcessGroup`]: several processes that train together |
//! | `mapped` | [`MappedFile`] |
//! | `waiting` | [`SharedMachine`]: OpenMP's threads beside other programs |
//! | `single_thread` | [`SingleThread`]: tiny operations beside threads that compute |
//!
//! The only crate of the workspace with C++ (folder `shim`) and unsafe code.
#![allow(unsafe_code)]

mod adamw;
mod allocator;
mod autocast;
mod cuda;
mod error;
mod exclusive;
mod exit;
mod ffi;
mod fused;
mod generator;
mod group;
mod mapped;
mod single_thread;
mod waiting;

pub use adamw::{AdamW, AdamWConfig, ParameterGroup};
pub use autocast::{Bf16Autocast, has_fast_bf16, in_bf16_autocast};
pub use cuda::init;
pub use error::{Error, Result};
pub use exclusive::Exclusive;
pub use exit::exit_at_once;
pub use fused::{DropoutMasks, Norm, Visible, add_norm, attention, dropout, half_linear};
pub use generator::GeneratorState;
pub use group::{GroupOptions, ProcessGroup};
pub use mapped::MappedFile;
pub use single_thread::SingleThread;
pub use waiting::SharedMachine;

/// The libtorch that tch 0.24 is built for; another version does not link.
pub const LIBTORCH_VERSION: &str = "2.11.0";
