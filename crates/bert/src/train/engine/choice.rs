//! Which engine computes a run's steps.

use std::fmt;

use super::StepEngine;
use super::general::GeneralEngine;
use crate::train::TrainConfig;
use crate::{BertClassifier, Result};

/// The engine of a run, and why it is that one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EngineChoice {
    /// Its name: `general` is libtorch's autograd, which computes every model on every device.
    pub name: &'static str,
    /// Why it was chosen.
    pub reason: String,
}

impl fmt::Display for EngineChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} engine: {}", self.name, self.reason)
    }
}

/// The engine for `config` and `model` on this processor.
pub(in crate::train) fn choose(
    model: &BertClassifier,
    config: &TrainConfig,
) -> Result<(Box<dyn StepEngine>, EngineChoice)> {
    let engine = GeneralEngine::new(model, config)?;
    let precision = config.precision.resolve(model.device());
    let reason = format!("libtorch's autograd, {precision} products");
    Ok((Box::new(engine), EngineChoice { name: "general", reason }))
}
