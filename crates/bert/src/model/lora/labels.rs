//! The labels of an adapter's head, of which PEFT's files say nothing.

use std::path::Path;

use serde::{Deserialize, Serialize};
use tunewise_data::ProblemType;

use crate::error::Context;
use crate::files::{self, ADAPTER_LABELS, ADAPTER_WEIGHTS};
use crate::model::{BertConfig, Stored};
use crate::{Error, Result};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Labels {
    id2label: Vec<String>,
    problem_type: Option<ProblemType>,
}

/// Writes `labels.json`.
pub(super) fn write(dir: &Path, config: &BertConfig) -> Result<()> {
    let (id2label, problem_type) = (config.id2label.clone(), config.problem_type);
    files::write_json(&dir.join(ADAPTER_LABELS), &Labels { id2label, problem_type })
}

/// The base's configuration with the adapter's labels: those of `labels.json`, else `LABEL_0` and so on
/// for a head of another size than the base's.
pub(super) fn read(dir: &Path, base: &BertConfig) -> Result<BertConfig> {
    let mut config = base.clone();
    let path = dir.join(ADAPTER_LABELS);
    match std::fs::read(&path) {
        Ok(bytes) => {
            let labels: Labels = serde_json::from_slice(&bytes).at(&path)?;
            (config.id2label, config.problem_type) = (labels.id2label, labels.problem_type);
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let rows = head_size(&dir.join(ADAPTER_WEIGHTS))?;
            if let Some(rows) = rows.filter(|&rows| rows != base.num_labels()) {
                config.id2label = (0..rows).map(|label| format!("LABEL_{label}")).collect();
                config.problem_type = None;
            }
        }
        Err(source) => return Err(Error::Io { path, source }),
    }
    Ok(config)
}

/// Rows of the head that the file has, if it has one.
fn head_size(file: &Path) -> Result<Option<usize>> {
    let wanted = |name: &str| name.ends_with("classifier.weight").then(String::new);
    let found = Stored::of_file(file, wanted)?;
    Ok(found.first().and_then(|(_, head)| head.shape().first().copied()))
}
