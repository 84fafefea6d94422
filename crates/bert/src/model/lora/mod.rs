//! Low-rank adapters (Hu et al. 2021, *LoRA*) as Python's PEFT computes, writes and reads them.
//!
//! ```text
//! y = x Wᵀ + b + scale · dropout(x) Aᵀ Bᵀ      A [r, inputs], B [outputs, r]
//! scale = lora_alpha / r, or lora_alpha / sqrt(r) with use_rslora (Kalajdzievski 2023)
//! ```

mod adapter_file;
mod adapters;
mod apply;
mod config;
mod layer;
mod merge;
mod peft_config;

pub use config::{LoraConfig, TargetModules};

pub(super) use adapters::Adapters;
pub(super) use layer::LoraLayer;
