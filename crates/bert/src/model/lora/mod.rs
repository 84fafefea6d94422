//! Low-rank adapters (Hu et al. 2021, *LoRA*) as Python's PEFT computes, writes and reads them.
//!
//! ```text
//! y = x Wᵀ + b + scale · dropout(x) Aᵀ Bᵀ      A [r, inputs], B [outputs, r]
//! scale = lora_alpha / r, or lora_alpha / sqrt(r) with use_rslora (Kalajdzievski 2023)
//! use_dora (Liu et al. 2024): the weight is m (W + scale B A) / |W + scale B A|, by rows; m [outputs]
//! AdaLoRA (Zhang et al. 2023): scale · dropout(x) (A ∘ E)ᵀ Bᵀ, E [r, 1]
//! ```

mod adalora;
mod adapter_file;
mod adapters;
mod allocator;
mod apply;
mod beside;
mod config;
mod labels;
mod layer;
mod merge;
mod pattern;
mod peft_config;
mod state;

pub use adalora::AdaLoraConfig;
pub use config::{LoraConfig, TargetModules};

pub(super) use adapters::Adapters;
pub(crate) use allocator::RankAllocator;
pub(super) use layer::{Base, LoraLayer};
