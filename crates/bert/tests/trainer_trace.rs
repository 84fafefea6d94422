//! A hundred steps of the trainer against Transformers' own, shuffled order included.
//! `fixtures/trainer/traces.json` is the output of `gen_traces.py` beside it (Transformers 5.23, torch
//! 2.11, fp32 on the CPU, dropout off).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use tch::Device;
use tunewise_bert::train::{
    Control, Event, Observer, SchedulerType, Source, TrainConfig, TrainState, Trainer,
};
use tunewise_bert::{BertClassifier, Head, Precision, Result};
use tunewise_data::{Batching, Dataset, Example, ProblemType, Targets, Tokenizer};

/// Of losses, relative: fp32 rounds in another order, and AdamW carries that on for a hundred steps.
const LOSS: f64 = 1e-5;
/// Of gradient norms, relative: a norm of differences that the loss averages out.
const GRAD_NORM: f64 = 1e-4;

#[derive(Deserialize)]
struct Traces {
    texts: Vec<String>,
    cases: BTreeMap<String, Trace>,
}

#[derive(Deserialize)]
struct Trace {
    lr_scheduler_type: SchedulerType,
    labels: Vec<Value>,
    losses: Vec<f64>,
    grad_norms: Vec<f64>,
    learning_rates: Vec<f64>,
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn targets(problem: ProblemType, labels: &[Value]) -> Targets {
    let numbers = || labels.iter().map(|label| label.as_f64().unwrap());
    match problem {
        ProblemType::SingleLabelClassification => {
            Targets::Classes(numbers().map(|class| class as i64).collect())
        }
        ProblemType::Regression => Targets::Values(numbers().map(|value| value as f32).collect()),
        ProblemType::MultiLabelClassification => {
            let marks = |row: &Value| serde_json::from_value::<Vec<f32>>(row.clone()).unwrap();
            let rows: Vec<Vec<f32>> = labels.iter().map(marks).collect();
            Targets::MultiHot { num_labels: rows[0].len(), values: rows.concat() }
        }
    }
}

#[derive(Default)]
struct Recorder(Vec<(f64, f64, f64)>);

impl Observer for Recorder {
    fn on_event(&mut self, event: &Event<'_>, _: &TrainState) -> Result<Control> {
        if let Event::Step { loss, grad_norm, learning_rate, .. } = *event {
            self.0.push((loss, grad_norm, learning_rate));
        }
        Ok(Control::Continue)
    }
}

#[test]
fn a_hundred_steps_follow_transformers_trainer() {
    let text = std::fs::read_to_string(folder("trainer/traces.json")).unwrap();
    let traces: Traces = serde_json::from_str(&text).unwrap();
    let tokenizer = Tokenizer::from_dir(folder("distinct_ids")).unwrap();
    let example = |(line, text): (usize, &String)| Example {
        text: text.clone(),
        text_pair: None,
        label: None,
        line: line as u64 + 1,
    };
    let examples = traces.texts.iter().enumerate().map(example).collect();
    let texts = tokenizer.encode_dataset(&Dataset::new("traces", examples, None), 64).unwrap();
    for (name, trace) in &traces.cases {
        let (mut model, _) =
            BertClassifier::load_pretrained(folder(name), &Head::Kept, Device::Cpu).unwrap();
        let targets = targets(model.config().problem(), &trace.labels);
        let source = Source {
            texts: &texts,
            targets: &targets,
            pad_id: tokenizer.pad_id(),
            max_seq_length: 64,
        };
        let config = TrainConfig {
            learning_rate: 5e-4,
            weight_decay: 0.01,
            warmup_steps: 10.0,
            num_train_epochs: 5.0,
            per_device_train_batch_size: 8,
            logging_steps: 1,
            batching: Batching::Longest,
            precision: Precision::Fp32,
            lr_scheduler_type: trace.lr_scheduler_type,
            lr_scheduler_power: 2.0,
            ..TrainConfig::default()
        };
        let mut recorder = Recorder::default();
        Trainer::new(&mut model, config)
            .unwrap()
            .observe(&mut recorder)
            .fit(&source, None)
            .unwrap();

        assert_eq!((recorder.0.len(), trace.losses.len()), (100, 100), "{name}");
        for (step, (loss, grad_norm, learning_rate)) in recorder.0.iter().enumerate() {
            let close = |got: f64, expected: f64, tolerance: f64| {
                let error = (got - expected).abs() / expected.abs();
                assert!(error <= tolerance, "{name}, step {step}: {got}, expected {expected}");
            };
            close(*loss, trace.losses[step], LOSS);
            close(*grad_norm, trace.grad_norms[step], GRAD_NORM);
            approx::assert_abs_diff_eq!(
                *learning_rate,
                trace.learning_rates[step],
                epsilon = 1e-16
            );
        }
    }
}
