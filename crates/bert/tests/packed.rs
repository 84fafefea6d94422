//! What the packed engine promises through the trainer; on a processor without AVX-512 these runs
//! take the general engine, of which the same holds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use tch::{Device, Tensor};
use tunewise_bert::train::{
    Cadence, Control, EngineKind, Event, Observer, SchedulerType, Source, TrainConfig, TrainState,
    Trainer,
};
use tunewise_bert::{BertClassifier, BertConfig, Precision, Result};
use tunewise_data::{Casing, Dataset, EncodedTexts, Example, Targets, Tokenizer};

/// Threads of every run.
const THREADS: i32 = 2;
/// Of a loss over 100 steps, absolute, against fp32: both runs see the same rows without dropout, and
/// AdamW carries the rounding of bf16 factors on.
const LOSS: f64 = 1.5e-2;

/// libtorch has one generator for the whole process, which fresh weights come from: tests take turns.
fn alone() -> MutexGuard<'static, ()> {
    static GENERATOR: Mutex<()> = Mutex::new(());
    GENERATOR.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Data {
    texts: EncodedTexts,
    targets: Targets,
}

impl Data {
    fn new(rows: usize) -> Self {
        let vocab = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\ngood\nbad\nvery\nprice\nthe\nwas\nnot\n";
        let tokenizer = Tokenizer::from_vocab_text(vocab, Casing::Uncased).unwrap();
        let text = |row: usize| {
            let rest = ["the price was ", "not ", "very "][row % 3].repeat(row * 7 % 5);
            format!("{rest}{}", if row.is_multiple_of(2) { "good" } else { "bad" })
        };
        let example =
            |row| Example { text: text(row), text_pair: None, label: None, line: row as u64 };
        let dataset = Dataset::new("memory", (0..rows).map(example).collect(), None);
        let classes = (0..rows).map(|row| ((row + row / 5) % 2) as i64).collect();
        Self {
            texts: tokenizer.encode_dataset(&dataset, 32).unwrap(),
            targets: Targets::Classes(classes),
        }
    }

    fn source(&self) -> Source<'_> {
        Source { texts: &self.texts, targets: &self.targets, pad_id: 0, max_seq_length: 32 }
    }
}

fn model(dropout: f64) -> BertClassifier {
    tch::set_num_threads(THREADS);
    let config = BertConfig {
        vocab_size: 12,
        hidden_size: 48,
        num_hidden_layers: 3,
        num_attention_heads: 4,
        intermediate_size: 96,
        max_position_embeddings: 32,
        hidden_dropout_prob: dropout,
        attention_probs_dropout_prob: dropout,
        initializer_range: 0.08,
        ..BertConfig::default()
    };
    BertClassifier::new(config, Device::Cpu, 1).unwrap()
}

fn config() -> TrainConfig {
    TrainConfig {
        learning_rate: 1e-3,
        num_train_epochs: 3.0,
        per_device_train_batch_size: 4,
        gradient_accumulation_steps: 2,
        weight_decay: 0.01,
        warmup_steps: 3.0,
        lr_scheduler_type: SchedulerType::Cosine,
        layer_wise_lr_decay: 0.9,
        precision: Precision::Bf16,
        logging_steps: 1,
        eval_steps: Cadence::Never,
        ..TrainConfig::default()
    }
}

fn weights(model: &BertClassifier) -> Vec<u32> {
    let flat = |t: &Tensor| Vec::<f32>::try_from(t.detach().view([-1])).unwrap();
    model.parameters().flat_map(|(_, t)| flat(t)).map(f32::to_bits).collect()
}

#[derive(Default)]
struct Recorder {
    losses: Vec<f64>,
    grad_norms: Vec<f64>,
}

impl Observer for Recorder {
    fn on_event(&mut self, event: &Event<'_>, _: &TrainState) -> Result<Control> {
        if let Event::Step { loss, grad_norm, .. } = *event {
            self.losses.push(loss);
            self.grad_norms.push(grad_norm);
        }
        Ok(Control::Continue)
    }
}

fn run(dropout: f64, config: TrainConfig, data: &Data) -> (Vec<u32>, Recorder) {
    let mut model = model(dropout);
    let mut recorder = Recorder::default();
    let mut trainer = Trainer::new(&mut model, config).unwrap().observe(&mut recorder);
    trainer.fit(&data.source(), Some(&data.source())).unwrap();
    drop(trainer);
    (weights(&model), recorder)
}

#[test]
fn a_run_repeats_to_the_byte_also_beside_busy_threads() {
    let _turn = alone();
    let data = Data::new(50);
    let (weights, _) = run(0.1, config(), &data);
    assert!(weights == run(0.1, config(), &data).0);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        let again = run(0.1, config(), &data).0;
        done.store(true, Ordering::Relaxed);
        assert!(weights == again);
    });
    assert!(weights != run(0.1, TrainConfig { seed: 1, ..config() }, &data).0);
    assert!(weights != run(0.0, config(), &data).0, "dropout draws");
}

#[test]
fn a_hundred_steps_follow_the_general_engine_in_fp32() {
    let _turn = alone();
    let data = Data::new(40);
    let long = TrainConfig { max_steps: Some(100), gradient_accumulation_steps: 1, ..config() };
    let general =
        TrainConfig { precision: Precision::Fp32, engine: EngineKind::General, ..long.clone() };
    let ((_, fast), (_, exact)) = (run(0.0, long, &data), run(0.0, general, &data));
    assert_eq!((fast.losses.len(), exact.losses.len()), (100, 100));
    for (step, (fast, exact)) in fast.losses.iter().zip(&exact.losses).enumerate() {
        assert!((fast - exact).abs() < LOSS, "step {step}: {fast}, in fp32 {exact}");
    }
    approx::assert_relative_eq!(fast.grad_norms[0], exact.grad_norms[0], max_relative = 1e-2);
    assert!(exact.losses[99] < exact.losses[0] - 0.1, "the model learns");
}

#[test]
fn evaluations_on_the_way_change_nothing() {
    let _turn = alone();
    let data = Data::new(30);
    let with = TrainConfig { eval_steps: Cadence::Steps(1), ..config() };
    assert!(run(0.1, with, &data).0 == run(0.1, config(), &data).0);
}

#[test]
fn the_engine_and_its_reason_can_be_asked_for() {
    let _turn = alone();
    let mut model = model(0.1);
    let engine = |model: &mut BertClassifier, config| {
        let trainer = Trainer::new(model, config).unwrap();
        (trainer.engine().name, trainer.engine().reason.clone())
    };
    let (name, reason) =
        engine(&mut model, TrainConfig { engine: EngineKind::General, ..config() });
    assert_eq!(name, "general");
    assert!(reason.ends_with("as asked for"), "{reason}");
    let (name, reason) = engine(&mut model, TrainConfig { precision: Precision::Fp32, ..config() });
    assert_eq!(name, "general");
    assert!(reason.contains("fp32"), "{reason}");
}

/// Weights and optimizer state of a step.
#[derive(Default)]
struct Saved {
    weights: Vec<(String, Tensor)>,
    optimizer: Vec<(String, Tensor)>,
    state: Option<TrainState>,
}

impl Observer for Saved {
    fn on_event(&mut self, event: &Event<'_>, state: &TrainState) -> Result<Control> {
        if let Event::SaveDue { model, optimizer } = event {
            let copy = |(name, tensor): (&str, &Tensor)| (name.to_owned(), tensor.detach().copy());
            self.weights = model.parameters().map(copy).collect();
            self.optimizer = optimizer.iter().map(|(name, t)| copy((name, t))).collect();
            self.state = Some(*state);
            return Ok(Control::Stop);
        }
        Ok(Control::Continue)
    }
}

#[test]
fn a_run_goes_on_from_its_saved_state_to_the_same_byte() {
    let _turn = alone();
    let data = Data::new(50);
    let whole = run(0.1, config(), &data).0;
    let (mut first, mut saved) = (model(0.1), Saved::default());
    let saving = TrainConfig { save_steps: Cadence::Steps(7), ..config() };
    Trainer::new(&mut first, saving)
        .unwrap()
        .observe(&mut saved)
        .fit(&data.source(), Some(&data.source()))
        .unwrap();

    let mut second = model(0.1);
    {
        let _guard = tch::no_grad_guard();
        for ((_, tensor), (_, saved)) in second.parameters().zip(&saved.weights) {
            tensor.shallow_clone().copy_(saved);
        }
    }
    let find = |name: &str| {
        let found = saved.optimizer.iter().find(|(known, _)| known == name);
        found.map(|(_, tensor)| tensor.shallow_clone())
    };
    let mut trainer =
        Trainer::new(&mut second, config()).unwrap().resume(saved.state.unwrap(), find).unwrap();
    trainer.fit(&data.source(), Some(&data.source())).unwrap();
    drop(trainer);
    assert!(weights(&second) == whole);
}

#[test]
fn fixtures_of_other_activations_take_the_general_engine() {
    let _turn = alone();
    let folder: PathBuf =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/binary_gelu_new");
    let head = tunewise_bert::Head::Kept;
    let (mut model, _) = BertClassifier::load_pretrained(folder, &head, Device::Cpu).unwrap();
    let trainer = Trainer::new(&mut model, config()).unwrap();
    assert_eq!(trainer.engine().name, "general");
}
