//! The rows of a plan: which train, which measure, and what their labels are.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};
use tunewise_data::{Dataset, Example, Label, ProblemType, ReadOptions, read_path, split};

use crate::task::FinetuneConfig;
use crate::train::MetricForBestModel;
use crate::{Error, Result, files};

/// The share that is held out where no validation rows are given.
const HELD_OUT: f64 = 0.2;

/// The rows of a plan.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) train: Dataset,
    pub(super) validation: Dataset,
    pub(super) problem: ProblemType,
    /// The label of every training row as a number; labels of several names by their combination.
    pub(super) classes: Vec<usize>,
}

impl Rows {
    pub(super) fn read(config: &FinetuneConfig) -> Result<Self> {
        let mut options = ReadOptions {
            text_column: config.text_column.clone(),
            text_pair_column: config.text_pair_column.clone(),
            label_column: config.label_column.clone(),
            problem_type: config.problem_type,
            label_separator: config.label_separator.clone(),
            ..ReadOptions::default()
        };
        let whole = read_path(&config.train_file, &options)?;
        options.problem_type = whole.problem_type();
        let problem = whole.problem_type().unwrap_or(ProblemType::SingleLabelClassification);
        if problem == ProblemType::Regression {
            return Err(Error::Setting {
                name: "problem_type",
                got: "regression".to_owned(),
                expected: "labels: quality is planned from 0 to 1".to_owned(),
            });
        }
        let (train, validation) = match &config.validation_file {
            Some(path) => (whole, read_path(path, &options)?),
            None => {
                let share = config.validation_split.unwrap_or(HELD_OUT);
                let rows = split::stratified(&whole, share, config.seed)?;
                (whole.select(&rows.train)?, whole.select(&rows.held_out)?)
            }
        };
        let classes = numbered(&train);
        Ok(Self { train, validation, problem, classes })
    }

    /// What always guessing the most frequent label comes to.
    pub(super) fn chance(&self, metric: MetricForBestModel) -> f64 {
        use MetricForBestModel as M;
        if self.problem != ProblemType::SingleLabelClassification {
            return 0.0;
        }
        let mut counts: BTreeMap<String, f64> = BTreeMap::new();
        for example in self.validation.examples() {
            *counts.entry(key(example)).or_default() += 1.0;
        }
        let most = counts.values().copied().fold(0.0, f64::max);
        let (share, labels) = (most / self.validation.len() as f64, counts.len() as f64);
        let f1 = 2.0 * share / (1.0 + share);
        match metric {
            M::MacroF1 => f1 / labels,
            M::WeightedF1 => share * f1,
            M::MacroPrecision => share / labels,
            M::MacroRecall => 1.0 / labels,
            _ => share,
        }
    }
}

/// The label as text.
fn key(example: &Example) -> String {
    match &example.label {
        Some(Label::Class(name)) => name.clone(),
        Some(Label::Classes(names)) => names.join("\u{1f}"),
        _ => String::new(),
    }
}

fn numbered(dataset: &Dataset) -> Vec<usize> {
    let keys: Vec<String> = dataset.examples().iter().map(key).collect();
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    for key in &keys {
        numbers.insert(key, 0);
    }
    for (number, place) in numbers.values_mut().enumerate() {
        *place = number;
    }
    keys.iter().map(|key| numbers.get(key.as_str()).copied().unwrap_or(0)).collect()
}

/// Writes rows as JSON Lines, for a run to read.
pub(super) fn write_rows<'a>(rows: impl Iterator<Item = &'a Example>, path: &Path) -> Result<()> {
    let mut text = String::new();
    for example in rows {
        let mut row = Map::new();
        row.insert("text".to_owned(), json!(example.text));
        if let Some(pair) = &example.text_pair {
            row.insert("text_pair".to_owned(), json!(pair));
        }
        let label = match &example.label {
            Some(Label::Class(name)) => json!(name),
            Some(Label::Classes(names)) => json!(names),
            _ => Value::Null,
        };
        row.insert("label".to_owned(), label);
        text.push_str(&Value::Object(row).to_string());
        text.push('\n');
    }
    files::write(path, text.as_bytes())
}
