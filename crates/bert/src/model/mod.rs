//! BERT for sequence classification (Devlin et al. 2019), as Transformers computes it.

mod checkpoint;
mod classifier;
mod config;
mod device_batch;
mod embeddings;
mod encoder;
mod freeze;
mod hidden;
mod houlsby;
pub(crate) mod int8;
mod layers;
mod lora;
pub(crate) mod parameters;
mod peft;
mod precision;
mod stored;
mod tape;
pub(crate) mod weights;

pub use checkpoint::Checkpoint;
pub use classifier::BertClassifier;
pub use config::{Activation, BertConfig};
pub use device_batch::DeviceBatch;
pub(crate) use device_batch::targets_tensor;
pub(crate) use encoder::Projections;
pub use houlsby::HoulsbyConfig;
pub use int8::WordEmbeddings;
pub(crate) use lora::RankAllocator;
pub use lora::{AdaLoraConfig, LoraConfig, TargetModules};
pub use peft::{BitFitConfig, HeadConfig, PeftConfig};
pub use precision::Precision;
pub(crate) use stored::{Quantized, Stored};
pub(crate) use tape::Activations;
pub use tape::Tape;
pub use weights::{Head, LoadReport};

/// Whether dropout is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// On: each layer's masks are a function of this number and of the layer's place in the model, so
    /// that the same number draws the same masks again.
    Train(u64),
    /// Deterministic.
    Eval,
}
