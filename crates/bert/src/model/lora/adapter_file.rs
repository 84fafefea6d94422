//! Adapter folders in PEFT's layout: `adapter_config.json`, `adapter_model.safetensors`.

use std::collections::BTreeMap;
use std::path::Path;

use tch::Tensor;

use super::apply::Plan;
use super::peft_config::{self, AdapterConfig};
use super::{Adapters, labels, pattern};
use crate::error::Context;
use crate::files::{self, ADAPTER_CONFIG, ADAPTER_WEIGHTS};
use crate::model::houlsby::ADAPTER_TYPE;
use crate::model::{BertClassifier, PeftConfig, Stored, weights};
use crate::{Error, Result};

/// How PEFT's names begin.
const PREFIX: &str = "base_model.model.";

impl BertClassifier {
    /// Writes the adapters and `modules_to_save` into an existing folder, for
    /// `PeftModel.from_pretrained(base, folder)` and [`BertClassifier::load_adapter`]. Of AdaLoRA's
    /// adapters only the triplets that are left are written. `base_model_name_or_path` is what PEFT
    /// would load as the base. `labels.json`, which PEFT does not read, has the head's labels.
    ///
    /// # Errors
    /// [`Error::Setting`] for a model without adapters; [`Error::Io`], [`Error::Torch`].
    pub fn save_adapter(&self, dir: impl AsRef<Path>, base_model_name_or_path: &str) -> Result<()> {
        let dir = dir.as_ref();
        if let Some(bottlenecks) = self.bottlenecks() {
            return self.save_houlsby(dir, bottlenecks, base_model_name_or_path);
        }
        let adapters = self.some_adapters()?;
        let tensors = self.adapter_tensors(adapters)?;
        let bytes = weights::serialize(tensors.iter().map(|(name, t)| (name.as_str(), t)))?;
        let pattern = adapters.rank_pattern()?;
        let config = peft_config::write(&adapters.config, pattern, base_model_name_or_path);
        files::write_json(&dir.join(ADAPTER_CONFIG), &config)?;
        labels::write(dir, self.config())?;
        files::write(&dir.join(ADAPTER_WEIGHTS), &bytes)
    }

    /// Puts the adapters of a PEFT folder (LoRA, rsLoRA, DoRA, AdaLoRA), or of one that
    /// [`BertClassifier::save_adapter`] wrote for bottlenecks, on the model, with its
    /// `modules_to_save` in the place of the model's own.
    ///
    /// # Errors
    /// [`Error::Config`] naming the key of `adapter_config.json` that cannot be honoured (another
    /// method, ranks by layer); [`Error::Setting`] for modules that the model does not have;
    /// [`Error::TensorNames`] and [`Error::AdapterShape`] for tensors that do not fit;
    /// [`Error::TensorDtype`], [`Error::TensorNotFinite`], [`Error::Safetensors`], [`Error::Io`]. The
    /// model is then as it was.
    pub fn load_adapter(&mut self, dir: impl AsRef<Path>) -> Result<()> {
        let dir = dir.as_ref();
        let path = dir.join(ADAPTER_CONFIG);
        if peft_config::adapter_type(&path)?.as_deref() == Some(ADAPTER_TYPE) {
            return self.load_houlsby(dir);
        }
        let file = peft_config::read(&path)?;
        let plan = match &file.config {
            PeftConfig::AdaLora(config) => {
                self.plan(&config.target_modules, &config.modules_to_save)?
            }
            PeftConfig::Lora(config) => {
                self.plan(&config.target_modules, &config.modules_to_save)?
            }
            _ => return Err(Error::Internal { what: "the file's method has layers" }),
        };
        if let (Some(kept), PeftConfig::AdaLora(config)) = (&file.pattern, &file.config) {
            let layers: Vec<&str> = plan.layers.iter().map(|(layer, _)| layer.as_str()).collect();
            pattern::check(&path, kept, &layers, config.init_r)?;
        }
        let tensors = self.read_adapter(&dir.join(ADAPTER_WEIGHTS), &file, &plan)?;
        self.apply(&file.config)?;
        self.fill_adapter(tensors, &file)
    }

    /// Names and tensors of the file.
    fn adapter_tensors(&self, adapters: &Adapters) -> Result<Vec<(String, Tensor)>> {
        let saved = self.parameters().filter(|(name, _)| adapters.saved.iter().any(|s| s == name));
        let saved = saved.map(|(name, tensor)| (name.to_owned(), tensor.shallow_clone()));
        let all = adapters.stored()?.into_iter().chain(saved);
        Ok(all.map(|(name, tensor)| (format!("{PREFIX}{name}"), tensor)).collect())
    }

    /// The file's tensors by the model's names, exactly those of the plan.
    fn read_adapter(
        &self,
        path: &Path,
        file: &AdapterConfig,
        plan: &Plan,
    ) -> Result<BTreeMap<String, Tensor>> {
        let mut tensors = BTreeMap::new();
        let own = |name: &str| Some(name.strip_prefix(PREFIX).unwrap_or(name).to_owned());
        for (name, stored) in Stored::of_file(path, own)? {
            tensors.insert(name, stored.tensor()?);
        }
        let expected = self.expected(file, plan);
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
    fn expected(&self, file: &AdapterConfig, plan: &Plan) -> BTreeMap<String, Vec<i64>> {
        let adapters = plan.layers.iter().flat_map(|(layer, [outputs, inputs])| {
            let named = |part: &str, shape: Vec<i64>| (format!("{layer}.{part}"), shape);
            match &file.config {
                PeftConfig::AdaLora(config) => {
                    let kept = file.pattern.as_ref().and_then(|pattern| pattern.get(layer));
                    let left = |kept: &Vec<bool>| kept.iter().filter(|kept| **kept).count();
                    let rank = kept.map_or(config.init_r, left) as i64;
                    vec![
                        named("lora_A", vec![rank, *inputs]),
                        named("lora_B", vec![*outputs, rank]),
                        named("lora_E", vec![rank, 1]),
                    ]
                }
                PeftConfig::Lora(config) => {
                    let rank = config.r as i64;
                    let mut shapes = vec![
                        named("lora_A.weight", vec![rank, *inputs]),
                        named("lora_B.weight", vec![*outputs, rank]),
                    ];
                    if config.use_dora {
                        shapes.push(named("lora_magnitude_vector", vec![*outputs]));
                    }
                    shapes
                }
                PeftConfig::Houlsby(_) | PeftConfig::BitFit(_) | PeftConfig::Head(_) => Vec::new(),
            }
        });
        let saved = self.parameters().filter(|(name, _)| plan.saved.iter().any(|s| s == name));
        adapters.chain(saved.map(|(name, tensor)| (name.to_owned(), tensor.size()))).collect()
    }

    fn fill_adapter(
        &self,
        mut tensors: BTreeMap<String, Tensor>,
        file: &AdapterConfig,
    ) -> Result<()> {
        let _guard = tch::no_grad_guard();
        let adapters = self.some_adapters()?;
        for (name, target) in self.parameters().chain(self.adapter_parameters()) {
            let Some(source) = tensors.remove(name) else { continue };
            let source = match &file.pattern {
                Some(pattern) => adapters.enter(pattern, (name, source))?,
                None => source,
            };
            target.shallow_clone().f_copy_(&source).at("load_adapter")?;
        }
        Ok(())
    }
}
