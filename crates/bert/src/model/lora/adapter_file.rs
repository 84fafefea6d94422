//! Adapter folders in PEFT's layout: `adapter_config.json`, `adapter_model.safetensors`.

use std::collections::BTreeMap;
use std::path::Path;

use tch::Tensor;

use super::adapters::{Adapters, names};
use super::apply::Plan;
use super::{LoraConfig, peft_config};
use crate::error::Context;
use crate::model::{BertClassifier, Stored, weights};
use crate::{Error, Result, files};

const CONFIG: &str = "adapter_config.json";
const WEIGHTS: &str = "adapter_model.safetensors";
/// How PEFT's names begin.
const PREFIX: &str = "base_model.model.";

impl BertClassifier {
    /// Writes the adapters and `modules_to_save` into an existing folder, for
    /// `PeftModel.from_pretrained(base, folder)` and [`BertClassifier::load_adapter`].
    /// `base_model_name_or_path` is what PEFT would load as the base.
    ///
    /// # Errors
    /// [`Error::Setting`] for a model without adapters; [`Error::Io`], [`Error::Torch`].
    pub fn save_adapter(&self, dir: impl AsRef<Path>, base_model_name_or_path: &str) -> Result<()> {
        let (dir, adapters) = (dir.as_ref(), self.some_adapters()?);
        let tensors = self.adapter_tensors(adapters);
        let bytes = weights::serialize(tensors.iter().map(|(name, t)| (name.as_str(), *t)))?;
        let config = peft_config::write(&adapters.config, base_model_name_or_path);
        files::write_json(&dir.join(CONFIG), &config)?;
        files::write(&dir.join(WEIGHTS), &bytes)
    }

    /// Puts the adapters of a PEFT folder on the model, with its `modules_to_save` in the place of the
    /// model's own.
    ///
    /// # Errors
    /// [`Error::Config`] naming the key of `adapter_config.json` that cannot be honoured (another
    /// method than LoRA, DoRA, ranks by layer); [`Error::Setting`] for modules that the model does not
    /// have; [`Error::TensorNames`] and [`Error::TensorShape`] for tensors that do not fit;
    /// [`Error::TensorDtype`], [`Error::TensorNotFinite`], [`Error::Safetensors`], [`Error::Io`]. The
    /// model is then as it was.
    pub fn load_adapter(&mut self, dir: impl AsRef<Path>) -> Result<()> {
        let dir = dir.as_ref();
        let config = peft_config::read(&dir.join(CONFIG))?;
        let plan = self.plan(&config)?;
        let tensors = self.read_adapter(&dir.join(WEIGHTS), &config, &plan)?;
        self.apply(&config)?;
        self.fill_adapter(tensors)
    }

    /// Names and tensors of the file.
    fn adapter_tensors<'a>(&'a self, adapters: &'a Adapters) -> Vec<(String, &'a Tensor)> {
        let saved = self.parameters().filter(|(name, _)| adapters.saved.iter().any(|s| s == name));
        let all = adapters.parameters().chain(saved);
        all.map(|(name, tensor)| (format!("{PREFIX}{name}"), tensor)).collect()
    }

    /// The file's tensors by the model's names, exactly those of the plan.
    fn read_adapter(
        &self,
        path: &Path,
        config: &LoraConfig,
        plan: &Plan,
    ) -> Result<BTreeMap<String, Tensor>> {
        let mut tensors = BTreeMap::new();
        let own = |name: &str| Some(name.strip_prefix(PREFIX).unwrap_or(name).to_owned());
        for (name, stored) in Stored::of_file(path, own)? {
            tensors.insert(name, stored.tensor()?);
        }
        let expected = self.expected(config, plan);
        let missing = expected.keys().filter(|name| !tensors.contains_key(*name)).cloned();
        let unexpected = tensors.keys().filter(|name| !expected.contains_key(*name)).cloned();
        let (missing, unexpected): (Vec<_>, Vec<_>) = (missing.collect(), unexpected.collect());
        if !(missing.is_empty() && unexpected.is_empty()) {
            return Err(Error::TensorNames { path: path.to_owned(), missing, unexpected });
        }
        for (name, shape) in expected {
            let got = tensors.get(&name).map(Tensor::size).unwrap_or_default();
            if got != shape {
                let sizes = |shape: Vec<i64>| shape.into_iter().map(|n| n as usize).collect();
                let (got, expected) = (sizes(got), sizes(shape));
                return Err(Error::AdapterShape { path: path.to_owned(), name, got, expected });
            }
        }
        Ok(tensors)
    }

    /// Names and shapes that a file must have.
    fn expected(&self, config: &LoraConfig, plan: &Plan) -> BTreeMap<String, Vec<i64>> {
        let rank = config.r as i64;
        let adapters = plan.layers.iter().flat_map(|(layer, [outputs, inputs])| {
            let [a, b] = names(layer);
            [(a, vec![rank, *inputs]), (b, vec![*outputs, rank])]
        });
        let saved = self.parameters().filter(|(name, _)| plan.saved.iter().any(|s| s == name));
        adapters.chain(saved.map(|(name, tensor)| (name.to_owned(), tensor.size()))).collect()
    }

    fn fill_adapter(&self, tensors: BTreeMap<String, Tensor>) -> Result<()> {
        let _guard = tch::no_grad_guard();
        for (name, target) in self.parameters().chain(self.adapter_parameters()) {
            if let Some(source) = tensors.get(name) {
                target.shallow_clone().f_copy_(source).at("load_adapter")?;
            }
        }
        Ok(())
    }
}
