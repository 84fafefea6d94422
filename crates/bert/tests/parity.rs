//! Logits, losses, gradient norms and weights against Transformers 5.23 with torch 2.11, fp32 on the
//! CPU. `fixtures/*/expected.json` is the output of `fixtures/gen_bert_fixtures.py`, or `gen_distinct_ids.py` for the last.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;
use tch::{Device, Kind, Tensor};
use tunewise_bert::train::{
    Control, Event, Loss, Observer, Schedule, SchedulerType, Source, TrainConfig, TrainState,
    Trainer, decays, predict,
};
use tunewise_bert::{BertClassifier, DeviceBatch, Head, Mode, Precision, Result};
use tunewise_data::{
    Batching, Dataset, EncodedTexts, Example, Label, LabelSet, Targets, Tokenizer, targets,
};
use tunewise_torch::{AdamW, AdamWConfig, ParameterGroup};

/// The first four hold only special and unknown tokens, the fifth ninety different ones, in pairs.
const CASES: [&str; 5] =
    ["single_label", "binary_gelu_new", "multi_label", "regression", "distinct_ids"];

/// Logits and losses are of size 1 to 10; fp32 has 24 bits.
const FORWARD: f64 = 1e-6;
/// Of losses, gradient norms and weights over twelve steps, relative.
const TRAINING: f64 = 1e-5;
/// The key's bias has no true gradient (softmax ignores a shift): AdamW blows rounding up to a step.
const KEY_BIAS: f64 = 1e-4;

#[derive(Deserialize)]
struct Expected {
    texts: Vec<String>,
    text_pairs: Option<Vec<String>>,
    labels: Vec<Value>,
    max_seq_length: usize,
    batch_size: usize,
    forward: Forward,
    training: Training,
    after_training_logits: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Forward {
    input_ids: Vec<Vec<i64>>,
    token_type_ids: Vec<Vec<i64>>,
    logits: Vec<Vec<f64>>,
    loss: f64,
    grad_norm: f64,
}

#[derive(Deserialize)]
struct Training {
    hyperparameters: Hyperparameters,
    steps: Vec<Step>,
    final_param_l2: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
struct Hyperparameters {
    learning_rate: f64,
    weight_decay: f64,
    max_grad_norm: f64,
    warmup_steps: f64,
}

#[derive(Deserialize)]
struct Step {
    loss: f64,
    grad_norm_before_clip: f64,
    learning_rate: f64,
}

struct Case {
    expected: Expected,
    model: BertClassifier,
    tokenizer: Tokenizer,
    texts: EncodedTexts,
    targets: Targets,
}

impl Case {
    fn load(name: &str) -> Self {
        let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
        let expected: Expected =
            serde_json::from_slice(&std::fs::read(dir.join("expected.json")).unwrap()).unwrap();
        let (model, report) =
            BertClassifier::load_pretrained(&dir, &Head::Kept, Device::Cpu).unwrap();
        assert!(report.fresh.is_empty() && report.widened == 0);
        let names = &model.config().id2label;
        let example = |row: usize| Example {
            text: expected.texts[row].clone(),
            text_pair: expected.text_pairs.as_ref().map(|pairs| pairs[row].clone()),
            label: Some(label(&expected.labels[row], names)),
            line: row as u64 + 1,
        };
        let examples = (0..expected.texts.len()).map(example).collect();
        let dataset = Dataset::new(name, examples, Some(model.config().problem()));
        let labels = LabelSet::from_names(names.clone()).unwrap();
        let targets = targets(&dataset, model.config().problem(), &labels).unwrap();
        let tokenizer = Tokenizer::from_dir(&dir).unwrap();
        let texts = tokenizer.encode_dataset(&dataset, expected.max_seq_length).unwrap();
        Self { expected, model, tokenizer, texts, targets }
    }

    fn source(&self) -> Source<'_> {
        Source {
            texts: &self.texts,
            targets: &self.targets,
            pad_id: self.tokenizer.pad_id(),
            max_seq_length: self.expected.max_seq_length,
        }
    }

    fn batch(&self, step: usize) -> DeviceBatch {
        let size = self.expected.batch_size;
        let rows: Vec<usize> = (step * size..(step + 1) * size).collect();
        let batch = self.source().batch(&rows, Batching::Longest).unwrap();
        DeviceBatch::upload(&batch, Device::Cpu).unwrap()
    }

    fn mean_loss(&self, step: usize, mode: Mode) -> Tensor {
        let batch = self.batch(step);
        let logits = self.model.forward(&batch, mode).unwrap();
        let sum =
            Loss::new(self.model.config().problem()).sum(&logits, batch.labels.as_ref().unwrap());
        sum.unwrap() / self.expected.batch_size as f64
    }

    fn check_logits(&self, expected: &[Vec<f64>], tolerance: f64) {
        let logits = self.model.forward(&self.batch(0), Mode::Eval).unwrap();
        for (row, expected) in expected.iter().enumerate() {
            for (column, expected) in expected.iter().enumerate() {
                let got = logits.double_value(&[row as i64, column as i64]);
                approx::assert_abs_diff_eq!(got, *expected, epsilon = tolerance);
            }
        }
    }

    /// The largest relative error of a parameter's norm, the key's biases apart and within their own
    /// bound.
    fn final_norm_error(&self) -> f64 {
        let error = |(name, tensor): (&str, &Tensor)| {
            let norm = tensor.to_kind(Kind::Double).norm().double_value(&[]);
            let expected = self.expected.training.final_param_l2[name];
            ((norm - expected) / expected).abs()
        };
        let is_key_bias = |name: &str| name.ends_with("attention.self.key.bias");
        let largest = |key_bias: bool| {
            let chosen = self.model.parameters().filter(|(name, _)| is_key_bias(name) == key_bias);
            chosen.map(error).fold(0.0, f64::max)
        };
        assert!(largest(true) <= KEY_BIAS, "{}", largest(true));
        largest(false)
    }
}

fn label(value: &Value, names: &[String]) -> Label {
    match value {
        Value::Array(marks) => {
            let marked = marks.iter().zip(names).filter(|(mark, _)| mark.as_i64() == Some(1));
            Label::Classes(marked.map(|(_, name)| name.clone()).collect())
        }
        Value::Number(number) if number.is_i64() => {
            Label::Class(names[number.as_i64().unwrap() as usize].clone())
        }
        number => Label::Value(number.as_f64().unwrap()),
    }
}

#[test]
fn token_ids_are_those_of_transformers() {
    for name in CASES {
        let case = Case::load(name);
        for (row, ids) in case.expected.forward.input_ids.iter().enumerate() {
            let (got, types) = case.texts.row(row).unwrap();
            let got: Vec<i64> = got.iter().map(|&id| i64::from(id)).collect();
            let types: Vec<i64> = types.iter().map(|&id| i64::from(id)).collect();
            assert_eq!(got, ids[..got.len()], "{name} row {row}");
            assert_eq!(
                types,
                case.expected.forward.token_type_ids[row][..got.len()],
                "{name} row {row}"
            );
            assert!(ids[got.len()..].iter().all(|&id| id == 0), "{name} row {row}");
        }
    }
}

#[test]
fn logits_loss_and_gradient_norm() {
    for name in CASES {
        let case = Case::load(name);
        case.check_logits(&case.expected.forward.logits, FORWARD);
        let loss = case.mean_loss(0, Mode::Eval);
        approx::assert_abs_diff_eq!(
            loss.double_value(&[]),
            case.expected.forward.loss,
            epsilon = FORWARD
        );
        loss.f_backward().unwrap();
        let squares: f64 = case
            .model
            .parameters()
            .map(|(_, t)| {
                t.grad().to_kind(Kind::Double).square().sum(Kind::Double).double_value(&[])
            })
            .sum();
        approx::assert_relative_eq!(
            squares.sqrt(),
            case.expected.forward.grad_norm,
            max_relative = TRAINING
        );
    }
}

#[test]
fn prediction_in_batches_gives_the_same_logits() {
    for name in CASES {
        let case = Case::load(name);
        let predictions = predict(&case.model, &case.source(), 5, Precision::Fp32).unwrap();
        for (got, expected) in predictions.rows().zip(&case.expected.forward.logits) {
            for (got, expected) in got.iter().zip(expected) {
                approx::assert_abs_diff_eq!(f64::from(*got), *expected, epsilon = FORWARD);
            }
        }
    }
}

struct Recorder(Vec<(f64, f64, f64)>);

impl Observer for Recorder {
    fn on_event(&mut self, event: &Event<'_>, _: &TrainState) -> Result<Control> {
        if let Event::Step { loss, grad_norm, learning_rate } = *event {
            self.0.push((loss, grad_norm, learning_rate));
        }
        Ok(Control::Continue)
    }
}

#[test]
fn twelve_steps_of_the_trainer() {
    for name in CASES {
        let mut case = Case::load(name);
        let hyper = &case.expected.training.hyperparameters;
        let config = TrainConfig {
            learning_rate: hyper.learning_rate,
            weight_decay: hyper.weight_decay,
            max_grad_norm: hyper.max_grad_norm,
            warmup_steps: hyper.warmup_steps,
            num_train_epochs: 1.0,
            per_device_train_batch_size: case.expected.batch_size,
            batching: Batching::Longest,
            shuffle: false,
            precision: Precision::Fp32,
            logging_steps: 1,
            ..TrainConfig::default()
        };
        let mut recorder = Recorder(Vec::new());
        let source = Source {
            texts: &case.texts,
            targets: &case.targets,
            pad_id: case.tokenizer.pad_id(),
            max_seq_length: case.expected.max_seq_length,
        };
        let mut trainer = Trainer::new(&mut case.model, config).unwrap().observe(&mut recorder);
        trainer.fit(&source, None).unwrap();
        drop(trainer);
        assert_eq!(recorder.0.len(), case.expected.training.steps.len());
        for ((loss, grad_norm, learning_rate), step) in
            recorder.0.iter().zip(&case.expected.training.steps)
        {
            approx::assert_relative_eq!(*loss, step.loss, max_relative = TRAINING);
            approx::assert_relative_eq!(
                *grad_norm,
                step.grad_norm_before_clip,
                max_relative = TRAINING
            );
            approx::assert_relative_eq!(*learning_rate, step.learning_rate, max_relative = 1e-12);
        }
        assert!(case.final_norm_error() <= TRAINING, "{name}: {}", case.final_norm_error());
        case.check_logits(&case.expected.after_training_logits, 1e-4);
    }
}

/// The same twelve steps by hand, with another decay rule; the error of the final norms.
fn error_with(name: &str, weight_decay: f64, decays: fn(&str) -> bool) -> f64 {
    let case = Case::load(name);
    let hyper = &case.expected.training.hyperparameters;
    let group = |decaying: bool| ParameterGroup {
        parameters: case
            .model
            .parameters()
            .filter(|(name, _)| decays(name) == decaying)
            .map(|(name, tensor)| (name.to_owned(), tensor.shallow_clone()))
            .collect(),
        weight_decay: if decaying { weight_decay } else { 0.0 },
        learning_rate_scale: 1.0,
    };
    let mut optimizer =
        AdamW::new(vec![group(true), group(false)], AdamWConfig::default()).unwrap();
    let steps = case.expected.training.steps.len();
    let schedule =
        Schedule::new(SchedulerType::Linear, hyper.learning_rate, hyper.warmup_steps, steps as u64);
    for step in 0..steps {
        case.mean_loss(step, Mode::Train(0)).f_backward().unwrap();
        let _ = optimizer.clip_grad_norm(hyper.max_grad_norm).unwrap();
        optimizer.step(schedule.learning_rate(step as u64)).unwrap();
        optimizer.zero_grad().unwrap();
    }
    case.final_norm_error()
}

#[test]
fn another_decay_rule_breaks_the_bound() {
    for name in CASES {
        let right = error_with(name, 0.01, decays);
        assert!(right <= TRAINING, "{name}: {right}");
        let dropped = error_with(name, 0.0, decays);
        assert!(dropped > TRAINING, "{name}: without decay {dropped}");
        let everything = error_with(name, 0.01, |name| !name.ends_with("key.bias"));
        assert!(everything > TRAINING, "{name}: biases and LayerNorm decayed {everything}");
    }
}
