//! What a run must be for its checkpoints to be gone on from.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::config::FinetuneConfig;
use super::prepare::Prepared;
use crate::error::Context;
use crate::train::EngineChoice;
use crate::{Error, Result, files};

/// Everything that the result of a run depends on, beside its first weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Fingerprint {
    tunewise_version: String,
    libtorch_version: String,
    data_hash: String,
    validation_hash: Option<String>,
    tokenizer_hash: String,
    label_order: Vec<String>,
    /// Of a hub's model; a resumed run may take the same files from elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) model_commit: Option<String>,
    /// SHA-256 of the weights that stay as they are, where checkpoints do not have them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base_hash: Option<String>,
    /// SHA-256 of the teacher's weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    teacher_hash: Option<String>,
    model: Value,
    precision: String,
    engine: String,
    /// How many processes share a step; a checkpoint that does not say is of one.
    #[serde(default = "alone")]
    processes: usize,
    device: String,
    threads: i64,
    configuration: Map<String, Value>,
}

impl FinetuneConfig {
    /// Settings that a resumed run may change: where files are (their contents are compared), what is
    /// kept, and what is compared as it came out.
    pub(crate) const MAY_CHANGE: [&str; 20] = [
        "ddp_timeout",
        "distil_from",
        "student_config",
        "engine",
        "gradient_accumulation_steps", // compared together with the number of processes
        "gradient_checkpointing",
        "model_name_or_path",
        "train_file",
        "validation_file",
        "test_file",
        "output_dir",
        "overwrite_output_dir",
        "resume",
        "save_steps",
        "save_total_limit",
        "max_minutes",
        "price_per_hour",
        "threads",
        "device",
        "precision",
    ];
}

impl Fingerprint {
    /// Of a run by that many processes.
    pub(super) fn new(config: &FinetuneConfig, run: &Prepared, processes: usize) -> Result<Self> {
        let here = Path::new("configuration");
        let tokenizer_hash = run.writer.tokenizer_hash();
        let device = run.model.device();
        let choice = EngineChoice::shared(&run.model, &config.train_config(), processes);
        Ok(Self {
            tunewise_version: env!("CARGO_PKG_VERSION").to_owned(),
            libtorch_version: tunewise_torch::LIBTORCH_VERSION.to_owned(),
            data_hash: run.data_hash.clone(),
            validation_hash: config
                .validation_file
                .as_deref()
                .map(|path| files::sha256(path).map(|(hash, _)| hash))
                .transpose()?,
            tokenizer_hash,
            label_order: run.model.config().id2label.clone(),
            model_commit: run.model_commit.clone(),
            base_hash: run.base_hash.clone(),
            teacher_hash: run.teacher.as_ref().map(|teacher| teacher.hash.clone()),
            model: run.model.config().to_json(),
            precision: choice.precision.to_string(),
            engine: choice.name.to_owned(),
            processes,
            device: format!("{device:?}").to_lowercase(),
            threads: i64::from(tch::get_num_threads()),
            configuration: match serde_json::to_value(config).at(here)? {
                Value::Object(map) => map,
                _ => Map::new(),
            },
        })
    }

    /// Checks that a run with this fingerprint goes on as the checkpoint's would have.
    /// Another number of processes does, if a step has as many micro-batches.
    pub(super) fn check(&self, now: &Self, checkpoint: &Path) -> Result<()> {
        let (then, here) = (self.micro_batches(), now.micro_batches());
        if then != here {
            return Err(Error::ResumeMismatch {
                path: checkpoint.to_owned(),
                field: "processes times gradient_accumulation_steps".to_owned(),
                got: here.to_string(),
                expected: then.to_string(),
            });
        }
        let now = &Self { processes: self.processes, ..now.clone() };
        let whole = |fingerprint: &Self| serde_json::to_value(fingerprint).at(checkpoint);
        match difference(&whole(self)?, &whole(now)?, &["model_commit"]) {
            None => Ok(()),
            Some((field, expected, got)) => {
                let (expected, got) = (shown(&expected), shown(&got));
                Err(Error::ResumeMismatch { path: checkpoint.to_owned(), field, got, expected })
            }
        }
    }
}

impl Fingerprint {
    /// Micro-batches of a whole step.
    fn micro_batches(&self) -> u64 {
        let accumulation = self.configuration.get("gradient_accumulation_steps");
        accumulation.and_then(Value::as_u64).unwrap_or(1).saturating_mul(self.processes as u64)
    }

    pub(super) fn processes(&self) -> usize {
        self.processes
    }
}

fn alone() -> usize {
    1
}

/// The first field outside `free` in which two fingerprints differ, with both values.
pub(crate) fn difference(
    then: &Value,
    now: &Value,
    free: &[&str],
) -> Option<(String, Value, Value)> {
    let (Value::Object(a), Value::Object(b)) = (then, now) else { return None };
    let names = a.keys().chain(b.keys().filter(|name| !a.contains_key(*name)));
    names.filter(|name| !free.contains(&name.as_str())).find_map(|name| {
        let of = |map: &Map<String, Value>| map.get(name).cloned().unwrap_or_default();
        let (then, now) = (of(a), of(b));
        match name.as_str() {
            _ if then == now => None,
            "configuration" => difference(&then, &now, &FinetuneConfig::MAY_CHANGE),
            "model" => difference(&then, &now, &[]),
            _ => Some((name.clone(), then, now)),
        }
    })
}

/// A value that fits into a message.
pub(super) fn shown(value: &Value) -> String {
    const LONGEST: usize = 200;
    let text = value.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
