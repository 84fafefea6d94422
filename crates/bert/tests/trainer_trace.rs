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
    Control, DistilConfig, EngineKind, Event, Observer, Relations, SchedulerType, Source,
    TrainConfig, TrainState, Trainer,
};
use tunewise_bert::{BertClassifier, Checkpoint, Head, Precision, Result};
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

#[derive(Deserialize)]
struct Lessons {
    texts: Vec<String>,
    labels: Vec<i64>,
    traces: Vec<Lesson>,
}

#[derive(Deserialize)]
struct Lesson {
    relations: Option<Relations>,
    heads: Option<usize>,
    alpha: f64,
    temperature: f64,
    teacher_layer: Option<usize>,
    losses: Vec<f64>,
    grad_norms: Vec<f64>,
}

impl Lesson {
    fn config(&self) -> DistilConfig {
        DistilConfig {
            temperature: self.temperature,
            alpha: self.alpha,
            relations: self.relations,
            relation_weight: 0.5,
            relation_heads: self.heads.filter(|heads| *heads > 0),
            teacher_layer: self.teacher_layer,
        }
    }
}

/// Losses and gradient norms of four steps of `distinct_ids` without its upper layer, taught by all of
/// it with its matrices times 4.
fn taught(lessons: &Lessons, distil: DistilConfig, change: fn(&mut TrainConfig)) -> Recorder {
    let (teacher, _) =
        BertClassifier::load_pretrained(folder("distinct_ids"), &Head::Kept, Device::Cpu).unwrap();
    let guard = tch::no_grad_guard();
    for (_, tensor) in teacher.parameters().filter(|(_, tensor)| tensor.dim() == 2) {
        let _ = tensor.shallow_clone().g_mul_scalar_(4.0);
    }
    drop(guard);
    let mut checkpoint = Checkpoint::open(folder("distinct_ids")).unwrap();
    checkpoint.keep_layers(&[0]).unwrap();
    let (mut student, _) =
        BertClassifier::from_checkpoint(checkpoint, &Head::Kept, Device::Cpu).unwrap();
    let tokenizer = Tokenizer::from_dir(folder("distinct_ids")).unwrap();
    let example = |(line, text): (u64, &String)| Example {
        text: text.clone(),
        text_pair: None,
        label: None,
        line,
    };
    let examples = (1..).zip(&lessons.texts).map(example).collect();
    let texts = tokenizer.encode_dataset(&Dataset::new("lessons", examples, None), 64).unwrap();
    // Where the teacher says all, rows need no labels.
    let targets = match distil.alpha == 1.0 {
        true => Targets::None,
        false => Targets::Classes(lessons.labels.clone()),
    };
    let source =
        Source { texts: &texts, targets: &targets, pad_id: tokenizer.pad_id(), max_seq_length: 64 };
    let mut config = TrainConfig {
        learning_rate: 1e-3,
        num_train_epochs: 2.0,
        per_device_train_batch_size: 3,
        max_grad_norm: 0.0,
        lr_scheduler_type: SchedulerType::Constant,
        logging_steps: 1,
        shuffle: false,
        batching: Batching::Longest,
        precision: Precision::Fp32,
        distil: Some(distil),
        ..TrainConfig::default()
    };
    change(&mut config);
    let mut recorder = Recorder::default();
    let mut trainer = Trainer::new(&mut student, config).unwrap();
    trainer = trainer.taught_by(&teacher).observe(&mut recorder);
    trainer.fit(&source, None).unwrap();
    drop(trainer);
    recorder
}

fn lessons() -> Lessons {
    serde_json::from_slice(&std::fs::read(folder("distil.json")).unwrap()).unwrap()
}

/// The largest relative difference of a loss and of a gradient norm.
fn apart(steps: &Recorder, lesson: &Lesson) -> (f64, f64) {
    assert_eq!(steps.0.len(), lesson.losses.len());
    let relative = |got: f64, expected: f64| (got - expected).abs() / expected;
    let expected = lesson.losses.iter().zip(&lesson.grad_norms);
    let each = steps.0.iter().zip(expected);
    each.fold((0.0, 0.0), |(loss, norm), (got, want)| {
        (f64::max(loss, relative(got.0, *want.0)), f64::max(norm, relative(got.1, *want.1)))
    })
}

/// Expected from torch 2.11 and Transformers 5.23 in float64 (`fixtures/gen_distil.py`).
#[test]
fn a_student_learns_as_in_pytorch_in_pieces_and_with_layers_computed_again_too() {
    let lessons = lessons();
    let ways: [fn(&mut TrainConfig); 3] = [
        |config| config.engine = EngineKind::General,
        |config| config.gradient_checkpointing = true,
        |config| {
            (config.per_device_train_batch_size, config.gradient_accumulation_steps) = (1, 3);
        },
    ];
    for lesson in &lessons.traces {
        for (number, way) in ways.into_iter().enumerate() {
            let (loss, norm) = apart(&taught(&lessons, lesson.config(), way), lesson);
            assert!(loss < 1e-5 && norm < 1e-4, "{number}: {loss}, {norm}, {:?}", lesson.relations);
        }
    }
    // What the comparison is worth.
    let lesson = &lessons.traces[2];
    for other in [
        DistilConfig { temperature: 2.01, ..lesson.config() },
        DistilConfig { relation_weight: 0.501, ..lesson.config() },
        DistilConfig { relation_heads: Some(4), ..lesson.config() },
        DistilConfig { teacher_layer: None, ..lesson.config() },
    ] {
        let (loss, norm) = apart(&taught(&lessons, other, |_| ()), lesson);
        assert!(loss > 1e-5 && norm > 1e-5, "{other:?}: {loss}, {norm}");
    }
}
