//! Bottleneck adapters (Houlsby et al. 2019, *Parameter-Efficient Transfer Learning for NLP*).
//!
//! ```text
//! y = LayerNorm(x + h + up(gelu(down(h))))     h is what attention or feed-forward gives, after dropout
//! ```

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use tch::{Device, Kind, TchError, Tensor};

use super::peft::setting;
use super::stored::Stored;
use super::{BertClassifier, weights};
use crate::error::Context;
use crate::files::{self, ADAPTER_CONFIG, ADAPTER_WEIGHTS};
use crate::{Error, Result};

/// Bottleneck adapters after attention and after the feed-forward block of every layer. The LayerNorms
/// are trained too, as in the paper.
///
/// | name | default | range | meaning |
/// | --- | --- | --- | --- |
/// | `bottleneck` | 64 | 1 or more | width between the two projections |
/// | `modules_to_save` | `classifier` | modules | trained whole, and saved with the adapter |
/// | `seed` | 42 | | seeds libtorch's generator for the first projection, N(0, 0.001); the second is zero |
///
/// The adapters are not linear: they cannot be merged. PEFT has no such adapters; a folder has
/// `adapter_config.json` with these settings and `"adapter_type": "houlsby"`, and
/// `adapter_model.safetensors` with `LAYER.attention.output.adapter.down.weight` and so on by the
/// model's own names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoulsbyConfig {
    /// Width between the two projections.
    pub bottleneck: usize,
    /// Modules that are trained whole.
    pub modules_to_save: Vec<String>,
    /// Of the new weights.
    pub seed: u64,
}

impl Default for HoulsbyConfig {
    fn default() -> Self {
        Self { bottleneck: 64, modules_to_save: vec!["classifier".to_owned()], seed: 42 }
    }
}

impl HoulsbyConfig {
    /// Checks what can be checked without a model.
    ///
    /// # Errors
    /// [`Error::Setting`] for a bottleneck of 0.
    pub fn validate(&self) -> Result<()> {
        match self.bottleneck {
            0 => Err(setting("bottleneck", "0", "1 or more")),
            _ => Ok(()),
        }
    }
}

/// The bottlenecks of a model.
#[derive(Debug)]
pub(super) struct Bottlenecks {
    config: HoulsbyConfig,
    /// By the module that they follow, in module order.
    adapters: Vec<(String, Bottleneck)>,
    /// Names of the base's parameters that are trained and saved.
    pub(super) saved: Vec<String>,
}

/// `h + up(gelu(down(h)))`.
#[derive(Debug)]
pub(super) struct Bottleneck {
    /// Names and tensors: weight `[bottleneck, hidden]` and bias of the way down, weight
    /// `[hidden, bottleneck]` and bias of the way up.
    parts: [(String, Tensor); 4],
}

const PARTS: [&str; 4] = ["down.weight", "down.bias", "up.weight", "up.bias"];

impl Bottleneck {
    fn new(module: &str, config: &HoulsbyConfig, hidden: i64, device: Device) -> Result<Self> {
        let (width, options) = (config.bottleneck as i64, (Kind::Float, device));
        let parts = || -> Result<[Tensor; 4], TchError> {
            let down = Tensor::f_empty([width, hidden], options)?.f_normal_(0.0, 1e-3)?;
            let zeros = |shape: &[i64]| Tensor::f_zeros(shape, options);
            let parts = [down, zeros(&[width])?, zeros(&[hidden, width])?, zeros(&[hidden])?];
            for part in &parts {
                let _ = part.f_set_requires_grad(true)?;
            }
            Ok(parts)
        };
        let mut names = PARTS.map(|part| format!("{module}.adapter.{part}")).into_iter();
        let named = parts().at("adapter")?.map(|tensor| (names.next().unwrap_or_default(), tensor));
        Ok(Self { parts: named })
    }

    fn handle(&self) -> Self {
        let handle = |(name, tensor): &(String, Tensor)| (name.clone(), tensor.shallow_clone());
        Self { parts: self.parts.each_ref().map(handle) }
    }

    /// `h` `[..., hidden]` changed.
    pub(super) fn forward(&self, h: &Tensor) -> Result<Tensor> {
        let [(_, down), (_, down_bias), (_, up), (_, up_bias)] = &self.parts;
        h.f_linear(down, Some(down_bias))
            .and_then(|low| low.f_gelu("none"))
            .and_then(|low| low.f_linear(up, Some(up_bias)))
            .and_then(|change| h.f_add(&change))
            .at("adapter")
    }
}

impl Bottlenecks {
    /// The adapter that follows the module of that name.
    pub(super) fn after(&self, module: &str) -> Option<Bottleneck> {
        let found = self.adapters.iter().find(|(name, _)| name == module);
        found.map(|(_, adapter)| adapter.handle())
    }

    /// Names and tensors.
    pub(super) fn parameters(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        let parts = self.adapters.iter().flat_map(|(_, adapter)| &adapter.parts);
        parts.map(|(name, tensor)| (name.as_str(), tensor))
    }
}

/// `adapter_config.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    adapter_type: String,
    base_model_name_or_path: String,
    bottleneck: usize,
    modules_to_save: Vec<String>,
}

/// What the file calls these adapters.
pub(super) const ADAPTER_TYPE: &str = "houlsby";

impl BertClassifier {
    /// Puts bottlenecks on the model: they, the LayerNorms and `modules_to_save` are trained.
    pub(super) fn apply_houlsby(&mut self, config: &HoulsbyConfig) -> Result<()> {
        config.validate()?;
        self.refuse_second()?;
        let mut saved = self.in_modules(&config.modules_to_save)?;
        let norms = self.parameters().map(|(name, _)| name.to_owned());
        let norms: Vec<_> = norms.filter(|name| name.contains("LayerNorm")).collect();
        saved.extend(norms.into_iter().filter(|name| !name.contains("embeddings")));
        tch::manual_seed(config.seed as i64);
        let hidden = self.config().hidden_size as i64;
        let layers = 0..self.config().num_hidden_layers;
        let modules = layers.flat_map(|layer| {
            ["attention.output", "output"].map(|part| format!("bert.encoder.layer.{layer}.{part}"))
        });
        let adapters = modules.map(|module| {
            let adapter = Bottleneck::new(&module, config, hidden, self.device())?;
            Ok((module, adapter))
        });
        let adapters = adapters.collect::<Result<Vec<_>>>()?;
        self.set_trainable(|name| saved.iter().any(|saved| saved == name))?;
        *self.bottlenecks_mut() = Some(Bottlenecks { config: config.clone(), adapters, saved });
        self.rebuild()
    }

    pub(super) fn save_houlsby(
        &self,
        dir: &Path,
        bottlenecks: &Bottlenecks,
        base_model_name_or_path: &str,
    ) -> Result<()> {
        let saved = |name: &str| bottlenecks.saved.iter().any(|saved| saved == name);
        let own = self.parameters().filter(|(name, _)| saved(name));
        let bytes = weights::serialize(bottlenecks.parameters().chain(own))?;
        let file = File {
            adapter_type: ADAPTER_TYPE.to_owned(),
            base_model_name_or_path: base_model_name_or_path.to_owned(),
            bottleneck: bottlenecks.config.bottleneck,
            modules_to_save: bottlenecks.config.modules_to_save.clone(),
        };
        files::write_json(&dir.join(ADAPTER_CONFIG), &file)?;
        files::write(&dir.join(ADAPTER_WEIGHTS), &bytes)
    }

    /// Reads the folder that [`BertClassifier::save_houlsby`] wrote; the model is as it was if that
    /// fails.
    pub(super) fn load_houlsby(&mut self, dir: &Path) -> Result<()> {
        let path = dir.join(ADAPTER_CONFIG);
        let bytes = std::fs::read(&path).at(&path)?;
        let file: File = serde_json::from_slice(&bytes).at(&path)?;
        let (bottleneck, modules_to_save) = (file.bottleneck, file.modules_to_save);
        let config = HoulsbyConfig { bottleneck, modules_to_save, ..HoulsbyConfig::default() };
        let path = dir.join(ADAPTER_WEIGHTS);
        let mut tensors = BTreeMap::new();
        for (name, stored) in Stored::of_file(&path, |name| Some(name.to_owned()))? {
            tensors.insert(name, stored.tensor()?);
        }
        let trainable: Vec<bool> = self.parameters().map(|(_, t)| t.requires_grad()).collect();
        self.apply_houlsby(&config)?;
        let filled = self.fill_houlsby(&path, tensors);
        if filled.is_err() {
            *self.bottlenecks_mut() = None;
            for ((_, tensor), trainable) in self.parameters().zip(trainable) {
                let _ = tensor.f_set_requires_grad(trainable).at("set_requires_grad")?;
            }
            self.rebuild()?;
        }
        filled
    }

    /// Checks all tensors before the first is copied.
    fn fill_houlsby(&self, path: &Path, mut tensors: BTreeMap<String, Tensor>) -> Result<()> {
        let _guard = tch::no_grad_guard();
        let (mut copies, mut missing) = (Vec::new(), Vec::new());
        for (name, target) in self.trainable_parameters() {
            match tensors.remove(name) {
                Some(source) if source.size() == target.size() => copies.push((target, source)),
                Some(source) => {
                    let sizes = |t: &Tensor| t.size().into_iter().map(|n| n as usize).collect();
                    let (got, expected) = (sizes(&source), sizes(target));
                    let (path, name) = (path.to_owned(), name.to_owned());
                    return Err(Error::AdapterShape { path, name, got, expected });
                }
                None => missing.push(name.to_owned()),
            }
        }
        let unexpected: Vec<String> = tensors.into_keys().collect();
        if !(missing.is_empty() && unexpected.is_empty()) {
            return Err(Error::TensorNames { path: path.to_owned(), missing, unexpected });
        }
        for (target, source) in copies {
            target.shallow_clone().f_copy_(&source).at("load_adapter")?;
        }
        Ok(())
    }
}
