//! Adapters put on a model.

use tch::Tensor;

use super::adapters::{Adapted, Adapters};
use super::config::{is_or_ends, setting};
use super::{LoraConfig, LoraLayer};
use crate::error::Context;
use crate::model::BertClassifier;
use crate::model::parameters::specs;
use crate::{Error, Result};

/// Which layers get adapters of which shape, and which parameters are saved with them.
pub(super) struct Plan {
    /// The layers with the shapes of their weights, `[outputs, inputs]`.
    pub(super) layers: Vec<(String, [i64; 2])>,
    pub(super) saved: Vec<String>,
}

impl BertClassifier {
    /// Puts low-rank adapters on the model, before an optimizer is built: they and `modules_to_save`
    /// are what is trainable from here on. The logits are, to the bit, those without adapters until
    /// training moves them.
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
    pub fn apply(&mut self, config: &LoraConfig) -> Result<()> {
        let plan = self.plan(config)?;
        tch::manual_seed(config.seed as i64);
        let layers = plan.layers.into_iter().enumerate().map(|(index, (layer, shape))| {
            Ok(Adapted::new(layer, LoraLayer::new(config, (index, shape), self.device())?))
        });
        let layers = layers.collect::<Result<Vec<_>>>()?;
        for (name, tensor) in self.parameters() {
            let trained = plan.saved.iter().any(|saved| saved == name);
            let _ = tensor.f_set_requires_grad(trained).at("set_requires_grad")?;
        }
        let (config, saved) = (config.clone(), plan.saved);
        *self.adapters_mut() = Some(Adapters { config, layers, saved, unmerged: None });
        self.rebuild()
    }

    /// What the settings come to on this model.
    pub(super) fn plan(&self, config: &LoraConfig) -> Result<Plan> {
        config.validate()?;
        if self.adapters().is_some() {
            return Err(setting("peft", "given", "nothing, since the model has an adapter"));
        }
        let specs = specs(self.config());
        let linear: Vec<(&str, [i64; 2])> = specs
            .iter()
            .filter(|spec| !spec.name.contains("embeddings"))
            .filter_map(|spec| {
                let shape = <[i64; 2]>::try_from(spec.shape_i64()).ok()?;
                Some((spec.name.strip_suffix(".weight")?, shape))
            })
            .collect();
        let names: Vec<&str> = linear.iter().map(|(name, _)| *name).collect();
        let targets = config.target_modules.select(&names)?;
        let saved = self.saved(&config.modules_to_save)?;
        let twice = |name: &&&str| saved.contains(&format!("{name}.weight"));
        if let Some(name) = targets.iter().find(twice) {
            let expected = format!("other modules than {name}, which gets an adapter");
            return Err(setting("modules_to_save", name, &expected));
        }
        let shaped = linear.into_iter().filter(|(name, _)| targets.contains(name));
        let layers = shaped.map(|(name, shape)| (name.to_owned(), shape)).collect();
        Ok(Plan { layers, saved })
    }

    /// The parameters of the modules of those names.
    fn saved(&self, modules: &[String]) -> Result<Vec<String>> {
        let names: Vec<&str> = self.parameters().map(|(name, _)| name).collect();
        for module in modules {
            if !names.iter().any(|name| is_in(name, module)) {
                return Err(setting(
                    "modules_to_save",
                    module,
                    "modules of the model, such as pooler",
                ));
            }
        }
        let meant = |name: &&str| modules.iter().any(|module| is_in(name, module));
        Ok(names.into_iter().filter(meant).map(str::to_owned).collect())
    }

    /// Names and tensors of the adapters, as PEFT names them: `LAYER.lora_A.weight` `[r, inputs]`,
    /// `LAYER.lora_B.weight` `[outputs, r]`.
    pub fn adapter_parameters(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.adapters().into_iter().flat_map(Adapters::parameters)
    }

    pub(super) fn some_adapters(&self) -> Result<&Adapters> {
        let fault = || setting("adapter", "missing", "a model that adapters were applied to");
        self.adapters().ok_or_else(fault)
    }

    /// A parameter as the model computes with it: with the adapter's part, if the layer has one.
    pub(crate) fn effective(&self, name: &str) -> Result<Tensor> {
        let missing = Error::Internal { what: "a parameter is asked for that the model lists" };
        let found = self.parameters().find(|(known, _)| *known == name);
        let (_, tensor) = found.ok_or(missing)?;
        let layer = name.strip_suffix(".weight").and_then(|layer| self.adapters()?.beside(layer));
        let Some(layer) = layer else { return Ok(tensor.shallow_clone()) };
        let _guard = tch::no_grad_guard();
        tensor.f_add(&layer.delta()?).at("merge")
    }
}

/// Whether a parameter is in a module of that name, at any depth.
fn is_in(parameter: &str, module: &str) -> bool {
    let ends = parameter.match_indices('.').map(|(at, _)| at);
    ends.filter_map(|at| parameter.get(..at)).any(|path| is_or_ends(path, module))
}
