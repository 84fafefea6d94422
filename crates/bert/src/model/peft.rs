//! Training few parameters of a model.

use super::BertClassifier;
use super::houlsby::HoulsbyConfig;
use super::lora::{AdaLoraConfig, LoraConfig};
use crate::error::Context;
use crate::{Error, Result};

/// A way of training few parameters, for [`BertClassifier::apply`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum PeftConfig {
    /// Low-rank adapters.
    Lora(LoraConfig),
    /// Low-rank adapters whose ranks are found in training.
    AdaLora(AdaLoraConfig),
    /// Bottleneck adapters.
    Houlsby(HoulsbyConfig),
    /// The biases.
    BitFit(BitFitConfig),
    /// The head.
    Head(HeadConfig),
}

/// Training of the biases alone, LayerNorm's among them, beside modules that are trained whole.
///
/// # Reference
/// Ben Zaken, Ravfogel and Goldberg 2021, *BitFit*.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BitFitConfig {
    /// Modules that are trained whole; `classifier` if not given.
    pub modules_to_save: Vec<String>,
}

/// Training of the head alone: the rest of the model gives features.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadConfig {
    /// Modules that are trained whole; `classifier` if not given.
    pub modules_to_save: Vec<String>,
}

impl Default for BitFitConfig {
    fn default() -> Self {
        Self { modules_to_save: vec!["classifier".to_owned()] }
    }
}

impl Default for HeadConfig {
    fn default() -> Self {
        Self { modules_to_save: vec!["classifier".to_owned()] }
    }
}

impl PeftConfig {
    /// Checks what can be checked without a model.
    ///
    /// # Errors
    /// [`Error::Setting`] naming the first setting that is out of its range.
    pub fn validate(&self) -> Result<()> {
        match self {
            Self::Lora(config) => config.validate(),
            Self::AdaLora(config) => config.validate(),
            Self::Houlsby(config) => config.validate(),
            Self::BitFit(_) | Self::Head(_) => Ok(()),
        }
    }
}

impl PeftConfig {
    /// Modules that are trained whole.
    pub(crate) fn modules_to_save(&self) -> &[String] {
        match self {
            Self::Lora(config) => &config.modules_to_save,
            Self::AdaLora(config) => &config.modules_to_save,
            Self::Houlsby(config) => &config.modules_to_save,
            Self::BitFit(config) => &config.modules_to_save,
            Self::Head(config) => &config.modules_to_save,
        }
    }
}

impl From<&Self> for PeftConfig {
    fn from(config: &Self) -> Self {
        config.clone()
    }
}

impl From<&LoraConfig> for PeftConfig {
    fn from(config: &LoraConfig) -> Self {
        Self::Lora(config.clone())
    }
}

impl From<&AdaLoraConfig> for PeftConfig {
    fn from(config: &AdaLoraConfig) -> Self {
        Self::AdaLora(config.clone())
    }
}

impl From<&HoulsbyConfig> for PeftConfig {
    fn from(config: &HoulsbyConfig) -> Self {
        Self::Houlsby(config.clone())
    }
}

impl From<&BitFitConfig> for PeftConfig {
    fn from(config: &BitFitConfig) -> Self {
        Self::BitFit(config.clone())
    }
}

impl From<&HeadConfig> for PeftConfig {
    fn from(config: &HeadConfig) -> Self {
        Self::Head(config.clone())
    }
}

impl BertClassifier {
    /// Prepares the model for training few parameters, before an optimizer is built: what is trainable
    /// from here on is what `config` says. The logits are, to the bit, those of before until training
    /// moves them.
    ///
    /// # Errors
    /// [`Error::Setting`] for a setting out of its range, for modules that the model does not have
    /// and for a model that has adapters already; [`Error::Torch`].
    ///
    /// ```
    /// use tunewise_bert::{BertClassifier, BertConfig, LoraConfig};
    ///
    /// # fn main() -> tunewise_bert::Result<()> {
    /// # let config = BertConfig { vocab_size: 9, hidden_size: 8, num_hidden_layers: 1,
    /// #     num_attention_heads: 2, intermediate_size: 8, max_position_embeddings: 4,
    /// #     ..BertConfig::default() };
    /// let mut model = BertClassifier::new(config, tch::Device::Cpu, 42)?;
    /// model.apply(&LoraConfig { r: 2, ..LoraConfig::default() })?;
    /// // A [2, 8] and B [8, 2] beside query and value, weight [2, 8] and bias [2] of the head.
    /// let trainable: usize = model.trainable_parameters().map(|(_, t)| t.numel()).sum();
    /// assert_eq!(trainable, 2 * (16 + 16) + 18);
    /// # Ok(())
    /// # }
    /// ```
    pub fn apply(&mut self, config: impl Into<PeftConfig>) -> Result<()> {
        match config.into() {
            PeftConfig::Lora(config) => self.apply_lora(&config),
            PeftConfig::AdaLora(config) => self.apply_adalora(&config),
            PeftConfig::Houlsby(config) => self.apply_houlsby(&config),
            PeftConfig::BitFit(BitFitConfig { modules_to_save }) => {
                self.train_only(&modules_to_save, |name| name.ends_with(".bias"))
            }
            PeftConfig::Head(HeadConfig { modules_to_save }) => {
                self.train_only(&modules_to_save, |_| false)
            }
        }
    }

    /// Trains the modules, and the parameters that `also` takes, alone.
    fn train_only(&mut self, modules: &[String], also: impl Fn(&str) -> bool) -> Result<()> {
        self.refuse_second()?;
        let saved = self.in_modules(modules)?;
        self.set_trainable(|name| also(name) || saved.iter().any(|saved| saved == name))
    }

    /// Trains exactly the parameters that `trained` takes.
    pub(super) fn set_trainable(&self, trained: impl Fn(&str) -> bool) -> Result<()> {
        for (name, tensor) in self.parameters() {
            let _ = tensor.f_set_requires_grad(trained(name)).at("set_requires_grad")?;
        }
        Ok(())
    }

    pub(super) fn refuse_second(&self) -> Result<()> {
        if self.is_adapted() {
            return Err(setting("peft", "given", "nothing, since the model has an adapter"));
        }
        Ok(())
    }

    /// The parameters of the modules of those names.
    pub(super) fn in_modules(&self, modules: &[String]) -> Result<Vec<String>> {
        let names: Vec<&str> = self.parameters().map(|(name, _)| name).collect();
        for module in modules {
            if !names.iter().any(|name| is_in(name, module)) {
                let expected = "modules of the model, such as pooler";
                return Err(setting("modules_to_save", module, expected));
            }
        }
        let meant = |name: &&str| modules.iter().any(|module| is_in(name, module));
        Ok(names.into_iter().filter(meant).map(str::to_owned).collect())
    }
}

/// Whether a parameter is in a module of that name, at any depth.
fn is_in(parameter: &str, module: &str) -> bool {
    let ends = parameter.match_indices('.').map(|(at, _)| at);
    ends.filter_map(|at| parameter.get(..at)).any(|path| is_or_ends(path, module))
}

/// Whether a name is `wanted` or ends in it at a dot.
pub(super) fn is_or_ends(name: &str, wanted: &str) -> bool {
    name.strip_suffix(wanted).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        && !wanted.is_empty()
}

pub(super) fn setting(name: &'static str, got: &str, expected: &str) -> Error {
    Error::Setting { name, got: got.to_owned(), expected: expected.to_owned() }
}
