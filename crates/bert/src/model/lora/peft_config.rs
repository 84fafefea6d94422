//! `adapter_config.json`.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{LoraConfig, TargetModules};
use crate::error::Context;
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

/// Keys that are honoured.
#[derive(Deserialize)]
struct Honoured {
    r: usize,
    lora_alpha: f64,
    #[serde(default)]
    lora_dropout: f64,
    #[serde(default)]
    use_rslora: bool,
    #[serde(default)]
    target_modules: Option<TargetModules>,
    #[serde(default)]
    modules_to_save: Option<Vec<String>>,
}

const HONOURED: [&str; 6] =
    ["r", "lora_alpha", "lora_dropout", "use_rslora", "target_modules", "modules_to_save"];

/// Reads the file; a key that would change the numbers and is not honoured is an error.
pub(super) fn read(path: &Path) -> Result<LoraConfig> {
    let bytes = std::fs::read(path).at(path)?;
    let keys: Map<String, Value> = serde_json::from_slice(&bytes).at(path)?;
    let fault = |key: &str, got: Option<&Value>, expected: &str| Error::Config {
        path: path.to_owned(),
        key: key.to_owned(),
        got: got.map_or("missing".to_owned(), Value::to_string),
        expected: expected.to_owned(),
    };
    let kind = keys.get("peft_type");
    if kind.and_then(Value::as_str) != Some("LORA") {
        return Err(fault("peft_type", kind, "\"LORA\""));
    }
    let task = keys.get("task_type");
    if task.is_some_and(|task| !task.is_null() && task != "SEQ_CLS") {
        return Err(fault("task_type", task, "\"SEQ_CLS\""));
    }
    for (key, value) in &keys {
        let known = HONOURED.contains(&key.as_str()) || NEUTRAL.contains(&key.as_str());
        if !known && !is_off(value) {
            return Err(fault(key, Some(value), "null or nothing, since it is not supported"));
        }
    }
    for key in ["r", "lora_alpha"] {
        if !keys.get(key).is_some_and(Value::is_number) {
            return Err(fault(key, keys.get(key), "a number"));
        }
    }
    let read: Honoured = serde_json::from_slice(&bytes).at(path)?;
    let usual = LoraConfig::default();
    // PEFT names both heads that sequence classifiers have; BERT has one of them.
    let mut saved = read.modules_to_save.unwrap_or_default();
    saved.retain(|name| name != "score");
    saved.sort();
    saved.dedup();
    let config = LoraConfig {
        r: read.r,
        lora_alpha: read.lora_alpha,
        lora_dropout: read.lora_dropout,
        use_rslora: read.use_rslora,
        target_modules: read.target_modules.unwrap_or(usual.target_modules),
        modules_to_save: saved,
        seed: usual.seed,
    };
    config.validate()?;
    Ok(config)
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

/// The file's contents. Names are sorted: PEFT's are a set.
pub(super) fn write(config: &LoraConfig, base_model_name_or_path: &str) -> Value {
    let target_modules = match &config.target_modules {
        TargetModules::Names(names) => {
            let mut names = names.clone();
            names.sort();
            json!(names)
        }
        TargetModules::Pattern(pattern) => json!(pattern),
    };
    let alpha = config.lora_alpha;
    json!({
        "peft_type": "LORA",
        "task_type": "SEQ_CLS",
        "base_model_name_or_path": base_model_name_or_path,
        "inference_mode": true,
        "r": config.r,
        "lora_alpha": if alpha.fract() == 0.0 { json!(alpha as u64) } else { json!(alpha) },
        "lora_dropout": config.lora_dropout,
        "use_rslora": config.use_rslora,
        "target_modules": target_modules,
        "modules_to_save": config.modules_to_save,
        "bias": "none",
        "fan_in_fan_out": false,
    })
}
