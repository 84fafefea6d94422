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
/// Of learning rates, relative: the same formula in double precision.
const LEARNING_RATE: f64 = 1e-12;

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

/// The largest relative differences of a run from its trace.
#[derive(Debug, Default)]
struct Deviation {
    loss: f64,
    grad_norm: f64,
    learning_rate: f64,
}

impl Deviation {
    fn follows(&self) -> bool {
        self.loss <= LOSS && self.grad_norm <= GRAD_NORM && self.learning_rate <= LEARNING_RATE
    }
}

/// Of every case, by name: a run with the trace's settings, changed.
fn deviations(change: fn(&mut TrainConfig)) -> Vec<(String, Deviation)> {
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
    let deviation = |(name, trace): (&String, &Trace)| {
        let (mut model, _) =
            BertClassifier::load_pretrained(folder(name), &Head::Kept, Device::Cpu).unwrap();
        let targets = targets(model.config().problem(), &trace.labels);
        let source = Source {
            texts: &texts,
            targets: &targets,
            pad_id: tokenizer.pad_id(),
            max_seq_length: 64,
        };
        let mut config = settings(trace);
        change(&mut config);
        let mut recorder = Recorder::default();
        let mut trainer = Trainer::new(&mut model, config).unwrap().observe(&mut recorder);
        trainer.fit(&source, None).unwrap();
        (name.clone(), deviation(&recorder.0, trace))
    };
    traces.cases.iter().map(deviation).collect()
}

fn settings(trace: &Trace) -> TrainConfig {
    TrainConfig {
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
    }
}

fn deviation(steps: &[(f64, f64, f64)], trace: &Trace) -> Deviation {
    assert_eq!((steps.len(), trace.losses.len()), (100, 100));
    let relative = |got: f64, expected: f64| (got - expected).abs() / expected.abs().max(1e-12);
    let mut worst = Deviation::default();
    for (step, &(loss, grad_norm, learning_rate)) in steps.iter().enumerate() {
        assert!(loss.is_finite() && grad_norm.is_finite());
        worst.loss = worst.loss.max(relative(loss, trace.losses[step]));
        worst.grad_norm = worst.grad_norm.max(relative(grad_norm, trace.grad_norms[step]));
        worst.learning_rate =
            worst.learning_rate.max(relative(learning_rate, trace.learning_rates[step]));
    }
    worst
}

#[test]
fn a_hundred_steps_follow_transformers_trainer() {
    let deviations = deviations(|_| ());
    let names: Vec<&str> = deviations.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["distinct_ids", "multi_label", "regression"]); // the first: a single label
    for (name, deviation) in &deviations {
        assert!(deviation.follows(), "{name}: {deviation:?}");
    }
    eprintln!("{deviations:?}");
}

/// What the comparison is worth: a run that differs in any of these is told from the trace, by its
/// losses as by its norms.
#[test]
fn a_run_of_other_settings_does_not_follow() {
    let changes: [fn(&mut TrainConfig); 5] = [
        |c| c.seed = 43, // the order of the rows
        |c| c.weight_decay = 0.0,
        |c| c.warmup_steps = 9.0,
        |c| c.max_grad_norm = 0.1,
        |c| c.learning_rate *= 1.001,
    ];
    for (number, change) in changes.into_iter().enumerate() {
        for (name, deviation) in deviations(change) {
            let differs = deviation.loss > LOSS && deviation.grad_norm > GRAD_NORM;
            assert!(differs, "change {number}, {name}: {deviation:?}");
        }
    }
}
