//! Which engine computes a run's steps.

use std::fmt;
use std::rc::Rc;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tch::Device;
use tunewise_kernels::Isa;
use tunewise_torch::ProcessGroup;

use super::StepEngine;
use super::general::GeneralEngine;
use super::packed::PackedEngine;
use super::parallel::ParallelEngine;
use crate::train::TrainConfig;
use crate::{Activation, BertClassifier, BertConfig, Error, Precision, Result};

/// Which engine is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// The fastest that computes the model on this processor in the precision asked for.
    #[default]
    Auto,
    /// libtorch's autograd.
    General,
}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::General => "general",
        })
    }
}

impl FromStr for EngineKind {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        [Self::Auto, Self::General].into_iter().find(|kind| kind.to_string() == name).ok_or_else(
            || Error::Setting {
                name: "engine",
                got: name.to_owned(),
                expected: "auto or general".to_owned(),
            },
        )
    }
}

/// The engine of a run, and why it is that one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EngineChoice {
    /// Its name: `packed` has the forward and backward pass written out for this processor; `general`
    /// is libtorch's autograd, which computes every model on every device.
    pub name: &'static str,
    /// The arithmetic of its products, `Fp32` or `Bf16`; the reason says where those of 16 bits are of
    /// integers.
    pub precision: Precision,
    /// Why it was chosen.
    pub reason: String,
}

impl fmt::Display for EngineChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} engine: {}", self.name, self.reason)
    }
}

impl EngineChoice {
    /// The engine that computes `model`'s steps by `config` on this processor.
    #[must_use]
    pub fn of(model: &BertClassifier, config: &TrainConfig) -> Self {
        let Some(obstacle) = obstacle(model, config, Isa::detect()) else {
            let threads = threads();
            let factors = if Isa::detect().has_int16() { "16-bit integer" } else { "bf16" };
            let reason = format!("{factors} products of texts without padding, threads: {threads}");
            return Self { name: PACKED, precision: Precision::Bf16, reason };
        };
        let precision = config.precision.resolve(model.device());
        let reason = format!("libtorch's autograd, {precision} products; {obstacle}");
        Self { name: GENERAL, precision, reason }
    }

    /// The engine of each of so many processes that share the steps; of one it is [`EngineChoice::of`].
    pub(crate) fn shared(model: &BertClassifier, config: &TrainConfig, processes: usize) -> Self {
        if processes == 1 {
            return Self::of(model, config);
        }
        let precision = config.precision.resolve(model.device());
        let reason =
            format!("libtorch's autograd, {precision} products; {processes} processes share steps");
        Self { name: GENERAL, precision, reason }
    }
}

const PACKED: &str = "packed";
const GENERAL: &str = "general";

fn threads() -> usize {
    usize::try_from(tch::get_num_threads()).unwrap_or(1).max(1)
}

/// The engine for `config` and `model` on this processor.
pub(in crate::train) fn choose(
    model: &BertClassifier,
    config: &TrainConfig,
) -> Result<(Box<dyn StepEngine>, EngineChoice)> {
    let choice = EngineChoice::of(model, config);
    let engine: Box<dyn StepEngine> = if choice.name == PACKED {
        Box::new(PackedEngine::new(model, config, (Isa::detect(), threads()))?)
    } else {
        Box::new(GeneralEngine::new(model, config)?)
    };
    Ok((engine, choice))
}

/// The engine for a process of `group`.
pub(in crate::train) fn choose_shared(
    model: &BertClassifier,
    config: &TrainConfig,
    group: Rc<ProcessGroup>,
) -> Result<(Box<dyn StepEngine>, EngineChoice)> {
    if group.world_size() == 1 {
        return choose(model, config);
    }
    let choice = EngineChoice::shared(model, config, group.world_size());
    let engine = ParallelEngine::new(GeneralEngine::new(model, config)?, group);
    Ok((Box::new(engine), choice))
}

/// Why the packed engine is not to be used.
fn obstacle(model: &BertClassifier, config: &TrainConfig, isa: Isa) -> Option<String> {
    let BertConfig { hidden_size, intermediate_size, hidden_act, num_hidden_layers, .. } =
        *model.config();
    let even = |size: usize| size.is_multiple_of(2);
    let because = |reason: &str| Some(reason.to_owned());
    if config.engine == EngineKind::General {
        return because("as asked for");
    }
    match model.device() {
        Device::Cpu => {}
        device => return Some(format!("the model is on {device:?}")),
    }
    match config.precision {
        _ if !isa.has_avx512() => because("the processor has no AVX-512"),
        Precision::Fp32 => because("fp32 was asked for"),
        Precision::Auto if !isa.has_bf16() && !isa.has_int16() => because(
            "the processor has neither AVX512-BF16 nor AVX512-VNNI, and bf16 was not asked for",
        ),
        _ if model.is_adapted() => because("the model has adapters"),
        _ if config.distil.is_some_and(|distil| distil.relations.is_some()) => {
            because("relations to a teacher are learnt")
        }
        _ if config.gradient_checkpointing => because("gradient checkpointing was asked for"),
        _ if hidden_act != Activation::Gelu => because("the activation is not gelu"),
        _ if !even(hidden_size) || !even(intermediate_size) => because("a width is odd"),
        _ if num_hidden_layers == 0 => because("there are no layers"),
        _ => None,
    }
}
