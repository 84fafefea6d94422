//! Adapters put on a model.

use tch::Tensor;

use super::adapters::{Adapted, Adapters};
use super::{AdaLoraConfig, LoraConfig, LoraLayer, TargetModules};
use crate::model::houlsby::Bottlenecks;
use crate::model::parameters::specs;
use crate::model::peft::setting;
use crate::model::{BertClassifier, PeftConfig};
use crate::{Error, Result};

/// Which layers get adapters of which shape, and which parameters are saved with them.
pub(super) struct Plan {
    /// The layers with the shapes of their weights, `[outputs, inputs]`.
    pub(super) layers: Vec<(String, [i64; 2])>,
    pub(super) saved: Vec<String>,
}

impl BertClassifier {
    /// Puts low-rank adapters on the model: they and `modules_to_save` are trained.
    pub(in crate::model) fn apply_lora(&mut self, config: &LoraConfig) -> Result<()> {
        config.validate()?;
        let plan = self.plan(&config.target_modules, &config.modules_to_save)?;
        tch::manual_seed(config.seed as i64);
        self.adapt(plan, config.into(), |index, weight| LoraLayer::new(config, index, weight))
    }

    /// The same of adapters whose ranks are found in training.
    pub(in crate::model) fn apply_adalora(&mut self, config: &AdaLoraConfig) -> Result<()> {
        config.validate()?;
        let plan = self.plan(&config.target_modules, &config.modules_to_save)?;
        tch::manual_seed(config.seed as i64);
        self.adapt(plan, config.into(), |index, weight| LoraLayer::singular(config, index, weight))
    }

    fn adapt(
        &mut self,
        plan: Plan,
        config: PeftConfig,
        new: impl Fn(usize, &Tensor) -> Result<LoraLayer>,
    ) -> Result<()> {
        let layers = plan.layers.into_iter().enumerate().map(|(index, (layer, _))| {
            let adapter = new(index, &self.weight_of(&layer)?)?;
            Ok(Adapted::new(layer, adapter))
        });
        let layers = layers.collect::<Result<Vec<_>>>()?;
        self.set_trainable(|name| plan.saved.iter().any(|saved| saved == name))?;
        let saved = plan.saved;
        *self.adapters_mut() = Some(Adapters { config, layers, saved, unmerged: None });
        self.rebuild()
    }

    /// What the settings come to on this model.
    pub(super) fn plan(
        &self,
        target_modules: &TargetModules,
        modules_to_save: &[String],
    ) -> Result<Plan> {
        self.refuse_second()?;
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
        let targets = target_modules.select(&names)?;
        let saved = self.in_modules(modules_to_save)?;
        let twice = |name: &&&str| saved.contains(&format!("{name}.weight"));
        if let Some(name) = targets.iter().find(twice) {
            let expected = format!("other modules than {name}, which gets an adapter");
            return Err(setting("modules_to_save", name, &expected));
        }
        let shaped = linear.into_iter().filter(|(name, _)| targets.contains(name));
        let layers = shaped.map(|(name, shape)| (name.to_owned(), shape)).collect();
        Ok(Plan { layers, saved })
    }

    /// Names and tensors of the adapters, as PEFT names them: `LAYER.lora_A.weight` `[r, inputs]`,
    /// `LAYER.lora_B.weight` `[outputs, r]` and, of DoRA, `LAYER.lora_magnitude_vector` `[outputs]`;
    /// AdaLoRA's are `LAYER.lora_A`, `LAYER.lora_B` and `LAYER.lora_E` `[r, 1]`; for those of
    /// bottlenecks see [`HoulsbyConfig`](crate::HoulsbyConfig).
    pub fn adapter_parameters(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        let bottlenecks = self.bottlenecks().into_iter().flat_map(Bottlenecks::parameters);
        self.adapters().into_iter().flat_map(Adapters::parameters).chain(bottlenecks)
    }

    pub(super) fn some_adapters(&self) -> Result<&Adapters> {
        let fault = || setting("adapter", "missing", "a model that adapters were applied to");
        self.adapters().ok_or_else(fault)
    }

    /// A parameter as the model computes with it: with the adapter's part, if the layer has one.
    pub(crate) fn effective(&self, name: &str) -> Result<Tensor> {
        if self.bottlenecks().is_some() {
            return Err(setting("adapter", "of bottlenecks", "one that can be merged"));
        }
        let missing = Error::Internal { what: "a parameter is asked for that the model lists" };
        let found = self.parameters().find(|(known, _)| *known == name);
        let (_, tensor) = found.ok_or(missing)?;
        let layer = name.strip_suffix(".weight").and_then(|layer| self.adapters()?.beside(layer));
        let Some(layer) = layer else { return Ok(tensor.shallow_clone()) };
        let _guard = tch::no_grad_guard();
        layer.merged(tensor)
    }
}
