//! Accumulated gradients are those of one large batch, and so are those of several processes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::rc::Rc;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use tch::{Device, Kind, Tensor};
use tunewise_bert::train::{
    Cadence, Control, EngineKind, Event, Observer, SchedulerType, Source, TrainConfig, TrainState,
    Trainer,
};
use tunewise_bert::{BertClassifier, BertConfig, GroupOptions, Precision, ProcessGroup, Result};
use tunewise_data::{Batching, Casing, Dataset, EncodedTexts, Example, Targets, Tokenizer};

const ROWS: usize = 64;
/// Sums of fp32 in another order.
const SAME: f64 = 1e-6;

fn texts() -> (EncodedTexts, Targets) {
    let vocab = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\ngood\nbad\nvery\nprice\nthe\nwas\n";
    let tokenizer = Tokenizer::from_vocab_text(vocab, Casing::Uncased).unwrap();
    let text = |row: usize| {
        let padding = "the price was ".repeat(row % 5);
        format!("{padding}very {}", if row.is_multiple_of(4) { "good" } else { "bad" })
    };
    let example = |row| Example { text: text(row), text_pair: None, label: None, line: row as u64 };
    let dataset = Dataset::new("memory", (0..ROWS).map(example).collect(), None);
    let classes = (0..ROWS).map(|row| i64::from(row.is_multiple_of(4))).collect();
    (tokenizer.encode_dataset(&dataset, 32).unwrap(), Targets::Classes(classes))
}

fn model() -> BertClassifier {
    model_with(0.0)
}

fn model_with(dropout: f64) -> BertClassifier {
    let config = BertConfig {
        vocab_size: 11,
        hidden_size: 32,
        num_hidden_layers: 2,
        num_attention_heads: 4,
        intermediate_size: 64,
        max_position_embeddings: 32,
        hidden_dropout_prob: dropout,
        attention_probs_dropout_prob: dropout,
        ..BertConfig::default()
    };
    BertClassifier::new(config, Device::Cpu, 1).unwrap()
}

/// What a run shows.
#[derive(Default)]
struct Seen {
    losses: Vec<f64>,
    /// The gradients of the first step.
    gradients: BTreeMap<String, Tensor>,
    weights: BTreeMap<String, Tensor>,
    /// Of an evaluation after the last step.
    best: f64,
}

impl Observer for Seen {
    fn on_event(&mut self, event: &Event<'_>, state: &TrainState) -> Result<Control> {
        match event {
            Event::Step { loss, .. } => self.losses.push(*loss),
            Event::SaveDue { optimizer, .. } if state.step == 1 => {
                // The first moments start at 0: now they are the gradients times 1 - adam_beta1.
                self.gradients = optimizer
                    .iter()
                    .filter_map(|(name, moment)| {
                        Some((name.strip_prefix("exp_avg.")?.to_owned(), moment * 10.0))
                    })
                    .collect();
            }
            _ => {}
        }
        Ok(Control::Continue)
    }
}

/// libtorch has one generator for the whole process: tests that draw from it take turns.
fn alone() -> MutexGuard<'static, ()> {
    static GENERATOR: Mutex<()> = Mutex::new(());
    GENERATOR.lock().unwrap_or_else(PoisonError::into_inner)
}

fn run(batch: usize, accumulation: usize, steps: u64) -> Seen {
    run_in(None, model(), (batch, accumulation, steps))
}

/// A run by a group of processes, which threads play; each rank's.
fn run_shared(world_size: usize, job: (usize, usize, u64), dropout: f64) -> Vec<Seen> {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let models: Vec<_> = (0..world_size).map(|_| model_with(dropout)).collect();
    thread::scope(|scope| {
        let ranks: Vec<_> = models
            .into_iter()
            .enumerate()
            .map(|(rank, model)| {
                scope.spawn(move || {
                    let options = GroupOptions::new(("127.0.0.1", port), rank, world_size);
                    run_in(Some(ProcessGroup::join(&options).unwrap()), model, job)
                })
            })
            .collect();
        ranks.into_iter().map(|rank| rank.join().unwrap()).collect()
    })
}

fn run_in(
    group: Option<ProcessGroup>,
    mut model: BertClassifier,
    (batch, accumulation, steps): (usize, usize, u64),
) -> Seen {
    let (texts, targets) = texts();
    let config = TrainConfig {
        learning_rate: 1e-3,
        lr_scheduler_type: SchedulerType::Constant,
        per_device_train_batch_size: batch,
        gradient_accumulation_steps: accumulation,
        max_steps: Some(steps),
        batching: Batching::Longest,
        precision: Precision::Fp32,
        max_grad_norm: 0.0,
        logging_steps: 1,
        save_steps: Cadence::Steps(1),
        eval_steps: Cadence::Steps(steps),
        engine: EngineKind::General,
        ..TrainConfig::default()
    };
    let source = Source { texts: &texts, targets: &targets, pad_id: 0, max_seq_length: 32 };
    let mut seen = Seen::default();
    let mut trainer = Trainer::new(&mut model, config).unwrap();
    if let Some(group) = group {
        trainer = trainer.in_group(Rc::new(group)).unwrap();
    }
    let outcome = trainer.observe(&mut seen).fit(&source, Some(&source)).unwrap();
    seen.best = outcome.state.best.unwrap().value;
    let weight = |(name, tensor): (&str, &Tensor)| (name.to_owned(), tensor.detach().copy());
    seen.weights = model.parameters().map(weight).collect();
    seen
}

fn norm<'a>(tensors: impl IntoIterator<Item = &'a Tensor>) -> f64 {
    let square = |tensor: &Tensor| tensor.to_kind(Kind::Double).square().sum(Kind::Double);
    tensors.into_iter().map(|tensor| square(tensor).double_value(&[])).sum::<f64>().sqrt()
}

/// The norm of the difference by the norm.
fn relative(a: &BTreeMap<String, Tensor>, b: &BTreeMap<String, Tensor>) -> f64 {
    let differences: Vec<Tensor> = a.iter().map(|(name, tensor)| tensor - &b[name]).collect();
    norm(&differences) / norm(a.values())
}

/// Softmax does not see what is added to all keys, so in exact arithmetic the loss does not depend on
/// their biases: their gradients are rounding. AdamW divides a gradient by its own size, and so takes
/// steps of the full learning rate on that.
fn is_noise(name: &str) -> bool {
    name.ends_with("self.key.bias")
}

#[test]
fn accumulated_gradients_and_losses_are_those_of_one_batch() {
    let _turn = alone();
    let whole = run(32, 1, 20);
    assert!(relative(&run(16, 1, 1).gradients, &whole.gradients) > 1e-2, "other rows differ");
    for (batch, accumulation, steps) in [(16, 2, 20), (8, 4, 20), (1, 32, 10)] {
        let parts = run(batch, accumulation, steps);
        let gradients = relative(&parts.gradients, &whole.gradients);
        let losses = parts.losses.iter().zip(&whole.losses);
        let loss = losses.map(|(a, b)| (a - b).abs() / b).fold(0.0, f64::max);
        eprintln!("{accumulation} x {batch}: gradients {gradients:e}, losses {loss:e}");
        assert_eq!(parts.losses.len() as u64, steps);
        assert!(gradients <= SAME && loss <= SAME);
    }
}

#[test]
fn weights_are_the_same_but_for_those_that_only_rounding_moves() {
    let _turn = alone();
    let (whole, parts) = (run(32, 1, 20), run(8, 4, 20));
    for (name, weight) in whole.weights.iter().filter(|(name, _)| !is_noise(name)) {
        let difference = (weight - &parts.weights[name]).abs().max().double_value(&[]);
        assert!(difference <= SAME, "{name}: {difference}");
    }
    for (name, gradient) in whole.gradients.iter().filter(|(name, _)| is_noise(name)) {
        let beside = &whole.gradients[&name.replace("key", "query")];
        assert!(norm([gradient]) < 1e-4 * norm([beside]), "{name}");
    }
}

fn largest_deviation(of: &[f64], from: &[f64]) -> f64 {
    assert_eq!(of.len(), from.len());
    of.iter().zip(from).map(|(a, b)| (a - b).abs() / b).fold(0.0, f64::max)
}

#[test]
fn two_processes_are_one_with_twice_the_batch() {
    let _turn = alone();
    let whole = run(16, 1, 50);
    let ranks = run_shared(2, (8, 1, 50), 0.0);
    let loss = largest_deviation(&ranks[0].losses, &whole.losses);
    eprintln!("two ranks: losses {loss:e}");
    assert!(loss <= 1e-5);
    assert!(relative(&ranks[0].gradients, &whole.gradients) <= SAME);
    assert_eq!(ranks[0].best, whole.best, "an evaluation is of all rows");
    assert_eq!(ranks[0].losses, ranks[1].losses);
    assert_eq!(ranks[0].weights, ranks[1].weights, "to the bit");
}

/// 64 rows in batches of 10 are 7: three processes share windows of 3, 3 and 1.
#[test]
fn ragged_windows_and_dropout_are_as_if_one_process_accumulated() {
    let _turn = alone();
    let whole = run_in(None, model_with(0.1), (10, 3, 9));
    let ranks = run_shared(3, (10, 1, 9), 0.1);
    let loss = largest_deviation(&ranks[2].losses, &whole.losses);
    eprintln!("three ranks: losses {loss:e}");
    assert!(loss <= SAME);
    assert_eq!(ranks[0].weights, ranks[2].weights);
}
