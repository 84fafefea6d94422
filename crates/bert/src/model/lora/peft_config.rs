//! `adapter_config.json`.

use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::adalora::RankPattern;
use super::pattern::SINGULAR;
use super::{AdaLoraConfig, LoraConfig, TargetModules};
use crate::error::Context;
use crate::model::PeftConfig;
use crate::{Error, Result};

/// Keys that do not change what an adapter computes once it is trained.
const NEUTRAL: [&str; 17] = [
    "auto_mapping",
    "base_model_name_or_path",
    "ensure_weight_tying",
    "eva_config",
    "inference_mode",
    "init_lora_weights",
    "layers_pattern",
    "loftq_config",
    "lora_ga_config",
    "megatron_core",
    "peft_type",
    "peft_version",
    "qalora_group_size",
    "revision",
    "runtime_config",
    "task_type",
    "corda_config",
];

/// Keys that both kinds have and that are honoured.
#[derive(Deserialize)]
struct Shared {
    lora_alpha: f64,
    #[serde(default)]
    lora_dropout: f64,
    #[serde(default)]
    target_modules: Option<TargetModules>,
    #[serde(default)]
    modules_to_save: Option<Vec<String>>,
}

const SHARED: [&str; 4] = ["lora_alpha", "lora_dropout", "target_modules", "modules_to_save"];

#[derive(Deserialize)]
struct Lora {
    r: usize,
    #[serde(default)]
    use_rslora: bool,
    #[serde(default)]
    use_dora: bool,
}

const LORA: [&str; 3] = ["r", "use_rslora", "use_dora"];

/// Its defaults are PEFT's.
#[derive(Deserialize)]
#[serde(default)]
struct AdaLora {
    init_r: usize,
    target_r: usize,
    tinit: u64,
    tfinal: u64,
    #[serde(rename = "deltaT")]
    delta_t: u64,
    beta1: f64,
    beta2: f64,
    orth_reg_weight: f64,
    rank_pattern: Option<RankPattern>,
}

/// `r` and `total_step` are of no consequence.
const ADALORA: [&str; 11] = [
    "init_r",
    "target_r",
    "tinit",
    "tfinal",
    "deltaT",
    "beta1",
    "beta2",
    "orth_reg_weight",
    "rank_pattern",
    "r",
    "total_step",
];

/// What a file says: the settings and, of AdaLoRA, which triplets are left of all.
pub(super) struct AdapterConfig {
    pub(super) config: PeftConfig,
    pub(super) pattern: Option<RankPattern>,
}

/// What kind of adapters a file says to be of that PEFT does not have.
pub(super) fn adapter_type(path: &Path) -> Result<Option<String>> {
    let keys: Map<String, Value> =
        serde_json::from_slice(&std::fs::read(path).at(path)?).at(path)?;
    Ok(keys.get("adapter_type").and_then(Value::as_str).map(str::to_owned))
}

/// Reads the file; a key that would change the numbers and is not honoured is an error.
pub(super) fn read(path: &Path) -> Result<AdapterConfig> {
    let bytes = std::fs::read(path).at(path)?;
    let keys: Map<String, Value> = serde_json::from_slice(&bytes).at(path)?;
    let file = File { path, keys, bytes };
    let task = file.keys.get("task_type");
    if task.is_some_and(|task| !task.is_null() && task != "SEQ_CLS") {
        return Err(file.fault("task_type", "\"SEQ_CLS\""));
    }
    match file.keys.get("peft_type").and_then(Value::as_str) {
        Some("LORA") => file.lora(),
        Some("ADALORA") => file.adalora(),
        _ => Err(file.fault("peft_type", "\"LORA\" or \"ADALORA\"")),
    }
}

struct File<'a> {
    path: &'a Path,
    keys: Map<String, Value>,
    bytes: Vec<u8>,
}

impl File<'_> {
    fn lora(&self) -> Result<AdapterConfig> {
        self.check(&LORA, &["r", "lora_alpha"])?;
        let (shared, own) = (self.shared()?, self.parse::<Lora>()?);
        let usual = LoraConfig::default();
        let config = LoraConfig {
            r: own.r,
            lora_alpha: shared.lora_alpha,
            lora_dropout: shared.lora_dropout,
            use_rslora: own.use_rslora,
            use_dora: own.use_dora,
            target_modules: shared.target_modules.unwrap_or(usual.target_modules),
            modules_to_save: shared.modules_to_save.unwrap_or_default(),
            seed: usual.seed,
        };
        config.validate()?;
        Ok(AdapterConfig { config: PeftConfig::Lora(config), pattern: None })
    }

    fn adalora(&self) -> Result<AdapterConfig> {
        self.check(&ADALORA, &["lora_alpha"])?;
        let (shared, own) = (self.shared()?, self.parse::<AdaLora>()?);
        let usual = AdaLoraConfig::default();
        let config = AdaLoraConfig {
            init_r: own.init_r,
            target_r: own.target_r,
            lora_alpha: shared.lora_alpha,
            lora_dropout: shared.lora_dropout,
            target_modules: shared.target_modules.unwrap_or(usual.target_modules),
            modules_to_save: shared.modules_to_save.unwrap_or_default(),
            tinit: own.tinit,
            tfinal: own.tfinal,
            delta_t: own.delta_t,
            beta1: own.beta1,
            beta2: own.beta2,
            orth_reg_weight: own.orth_reg_weight,
            seed: usual.seed,
        };
        config.validate()?;
        let layer = |key: String| key.strip_suffix(SINGULAR).map(str::to_owned).unwrap_or(key);
        let by_layer = |pattern: RankPattern| {
            pattern.into_iter().map(|(key, kept)| (layer(key), kept)).collect()
        };
        let pattern = own.rank_pattern.map(by_layer);
        Ok(AdapterConfig { config: PeftConfig::AdaLora(config), pattern })
    }

    /// Refuses keys that are on and unknown, and numbers that are missing.
    fn check(&self, own: &[&str], numbers: &[&str]) -> Result<()> {
        for (key, value) in &self.keys {
            let key = key.as_str();
            let known = SHARED.contains(&key) || own.contains(&key) || NEUTRAL.contains(&key);
            if !known && !is_off(value) {
                return Err(self.fault(key, "null or nothing, since it is not supported"));
            }
        }
        match numbers.iter().find(|key| !self.keys.get(**key).is_some_and(Value::is_number)) {
            Some(key) => Err(self.fault(key, "a number")),
            None => Ok(()),
        }
    }

    fn shared(&self) -> Result<Shared> {
        let mut shared: Shared = self.parse()?;
        if let Some(saved) = &mut shared.modules_to_save {
            // PEFT names both heads that sequence classifiers have; BERT has one of them.
            saved.retain(|name| name != "score");
            saved.sort();
            saved.dedup();
        }
        Ok(shared)
    }

    fn parse<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.bytes).at(self.path)
    }

    fn fault(&self, key: &str, expected: &str) -> Error {
        Error::Config {
            path: self.path.to_owned(),
            key: key.to_owned(),
            got: self.keys.get(key).map_or("missing".to_owned(), Value::to_string),
            expected: expected.to_owned(),
        }
    }
}

impl Default for AdaLora {
    fn default() -> Self {
        let usual = AdaLoraConfig::default();
        Self {
            init_r: usual.init_r,
            target_r: usual.target_r,
            tinit: usual.tinit,
            tfinal: usual.tfinal,
            delta_t: usual.delta_t,
            beta1: usual.beta1,
            beta2: usual.beta2,
            orth_reg_weight: usual.orth_reg_weight,
            rank_pattern: None,
        }
    }
}

/// Whether a value stands for the absence of a feature.
fn is_off(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text == "none",
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => entries.is_empty(),
        _ => false,
    }
}

/// The file's contents for adapters of that configuration, `pattern` of AdaLoRA's. Names are sorted:
/// PEFT's are a set.
pub(super) fn write(
    config: &PeftConfig,
    pattern: Option<RankPattern>,
    base_model_name_or_path: &str,
) -> Value {
    let mut keys = json!({
        "task_type": "SEQ_CLS",
        "base_model_name_or_path": base_model_name_or_path,
        "inference_mode": true,
        "bias": "none",
        "fan_in_fan_out": false,
    });
    let own = match config {
        PeftConfig::Lora(config) => json!({
            "peft_type": "LORA",
            "r": config.r,
            "lora_alpha": number(config.lora_alpha),
            "lora_dropout": config.lora_dropout,
            "use_rslora": config.use_rslora,
            "use_dora": config.use_dora,
            "target_modules": sorted(&config.target_modules),
            "modules_to_save": config.modules_to_save,
        }),
        PeftConfig::AdaLora(config) => json!({
            "peft_type": "ADALORA",
            "init_r": config.init_r,
            "target_r": config.target_r,
            "lora_alpha": number(config.lora_alpha),
            "lora_dropout": config.lora_dropout,
            "target_modules": sorted(&config.target_modules),
            "modules_to_save": config.modules_to_save,
            "tinit": config.tinit,
            "tfinal": config.tfinal,
            "deltaT": config.delta_t,
            "beta1": config.beta1,
            "beta2": config.beta2,
            "orth_reg_weight": config.orth_reg_weight,
            // PEFT wants one to load the file; training is over.
            "total_step": config.tinit + config.tfinal + 1,
            "rank_pattern": pattern.map(|pattern| {
                let key = |(layer, kept)| (format!("{layer}{SINGULAR}"), json!(kept));
                Value::Object(pattern.into_iter().map(key).collect())
            }),
        }),
        PeftConfig::Houlsby(_) | PeftConfig::BitFit(_) | PeftConfig::Head(_) => Value::Null,
    };
    if let (Value::Object(keys), Value::Object(own)) = (&mut keys, own) {
        keys.extend(own);
    }
    keys
}

/// A whole number without a point, as PEFT's own are.
fn number(x: f64) -> Value {
    if x.fract() == 0.0 { json!(x as u64) } else { json!(x) }
}

fn sorted(target_modules: &TargetModules) -> Value {
    match target_modules {
        TargetModules::Names(names) => {
            let mut names = names.clone();
            names.sort();
            json!(names)
        }
        TargetModules::Pattern(pattern) => json!(pattern),
    }
}
