//! What the trainer promises beside parity.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tch::{Device, Tensor};
use tunewise_bert::train::{
    Cadence, Control, Event, MetricForBestModel, NonFinite, Observer, SchedulerType, Source,
    StopReason, TrainConfig, TrainState, Trainer, predict,
};
use tunewise_bert::{BertClassifier, BertConfig, DeviceBatch, Error, Mode, Precision, Result};
use tunewise_data::{Batching, Dataset, EncodedTexts, Example, Targets, Tokenizer};

const ROWS: usize = 24;

/// libtorch has one generator for the whole process: tests that draw from it take turns.
fn alone() -> MutexGuard<'static, ()> {
    static GENERATOR: Mutex<()> = Mutex::new(());
    GENERATOR.lock().unwrap_or_else(PoisonError::into_inner)
}

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/single_label")
}

fn texts() -> (EncodedTexts, Targets) {
    let vocab = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\ngood\nbad\nvery\nprice\nthe\nwas\n";
    let tokenizer = Tokenizer::from_vocab_text(vocab, tunewise_data::Casing::Uncased).unwrap();
    let text = |row: usize| {
        let padding = "the price was ".repeat(row % 5);
        format!("{padding}very {}", if row.is_multiple_of(2) { "good" } else { "bad" })
    };
    let example = |row| Example { text: text(row), text_pair: None, label: None, line: row as u64 };
    let dataset = Dataset::new("memory", (0..ROWS).map(example).collect(), None);
    let classes = (0..ROWS).map(|row| (row % 2) as i64).collect();
    (tokenizer.encode_dataset(&dataset, 32).unwrap(), Targets::Classes(classes))
}

fn source<'a>((texts, targets): &'a (EncodedTexts, Targets)) -> Source<'a> {
    Source { texts, targets, pad_id: 0, max_seq_length: 32 }
}

fn model(dropout: f64) -> BertClassifier {
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

fn config() -> TrainConfig {
    TrainConfig {
        learning_rate: 1e-3,
        num_train_epochs: 2.0,
        per_device_train_batch_size: 8,
        precision: Precision::Fp32,
        ..TrainConfig::default()
    }
}

fn weights(model: &BertClassifier) -> Vec<f64> {
    let flat = |t: &Tensor| {
        Vec::<f64>::try_from(t.detach().to_kind(tch::Kind::Double).view([-1])).unwrap()
    };
    model.parameters().flat_map(|(_, t)| flat(t)).collect()
}

fn trained(dropout: f64, config: TrainConfig) -> Vec<f64> {
    let (mut model, data) = (model(dropout), texts());
    Trainer::new(&mut model, config).unwrap().fit(&source(&data), None).unwrap();
    weights(&model)
}

#[test]
fn a_run_is_a_function_of_its_seed() {
    let _turn = alone();
    let run = |seed| trained(0.1, TrainConfig { seed, ..config() });
    assert!(run(5) == run(5));
    assert!(run(5) != run(6));
    assert!(trained(0.1, config()) != trained(0.0, config()), "dropout draws");
}

#[test]
fn a_stream_names_the_masks_of_a_pass() {
    let _turn = alone();
    let (model, data) = (model(0.1), texts());
    let batch = source(&data).batch(&[0, 1, 2], Batching::Longest).unwrap();
    let batch = DeviceBatch::upload(&batch, Device::Cpu).unwrap();
    let logits = |stream| model.forward(&batch, Mode::Train(stream)).unwrap();
    assert!(logits(1).equal(&logits(1)) && !logits(1).equal(&logits(2)));
}

#[test]
fn an_engine_that_pads_takes_packed_batches_by_length_and_says_so() {
    let _turn = alone();
    let run = |batching| trained(0.0, TrainConfig { batching, ..config() });
    assert!(run(Batching::Packed) == run(Batching::ByLength));
    assert!(run(Batching::TokenBudget) != run(Batching::ByLength));
    let (mut model, packed) = (model(0.0), Batching::Packed);
    let trainer = Trainer::new(&mut model, TrainConfig { batching: packed, ..config() }).unwrap();
    assert_eq!(trainer.engine().name, "general");
    assert!(trainer.engine().to_string().contains("packed batches go by length"));
}

#[test]
fn padding_does_not_change_logits() {
    let _turn = alone();
    let (model, data) = (model(0.1), texts());
    let source = source(&data);
    let forward = |rows: &[usize], batching| {
        let batch = source.batch(rows, batching).unwrap();
        model.forward(&DeviceBatch::upload(&batch, Device::Cpu).unwrap(), Mode::Eval).unwrap()
    };
    let (alone, padded) = (forward(&[0], Batching::Longest), forward(&[0], Batching::MaxLength));
    assert!((alone - padded).abs().max().double_value(&[]) < 1e-6);
}

#[test]
fn a_row_of_nothing_but_padding_gives_no_nan_in_either_precision() {
    let _turn = alone();
    let model = model(0.1);
    let ids = Tensor::zeros([1, 4], (tch::Kind::Int64, Device::Cpu));
    let batch = DeviceBatch {
        token_type_ids: ids.zeros_like(),
        input_ids: ids,
        attention_mask: Some(Tensor::from_slice(&[false; 4]).view([1, 1, 1, 4])),
        labels: None,
    };
    for (precision, mode) in [
        (Precision::Bf16, Mode::Eval),
        (Precision::Bf16, Mode::Train(0)),
        (Precision::Fp32, Mode::Train(0)),
    ] {
        let logits = precision.run(Device::Cpu, || model.forward(&batch, mode)).unwrap();
        assert!(logits.isfinite().all().int64_value(&[]) == 1, "{precision} {mode:?}");
    }
}

#[test]
fn bf16_is_near_fp32_and_not_equal() {
    let _turn = alone();
    let (model, data) = (model(0.1), texts());
    let logits = |precision| {
        let predictions = predict(&model, &source(&data), 8, precision).unwrap();
        predictions.rows().map(<[f32]>::to_vec).collect::<Vec<_>>().concat()
    };
    let (full, half) = (logits(Precision::Fp32), logits(Precision::Bf16));
    assert_ne!(full, half);
    for (a, b) in full.iter().zip(half) {
        approx::assert_abs_diff_eq!(*a, b, epsilon = 0.02); // eight bits of mantissa
    }
}

struct StopAt(u64);

impl Observer for StopAt {
    fn on_event(&mut self, event: &Event<'_>, state: &TrainState) -> Result<Control> {
        let reached = matches!(event, Event::StepEnd) && state.step >= self.0;
        Ok(if reached { Control::Stop } else { Control::Continue })
    }
}

#[test]
fn an_observer_stops_a_run_and_fractions_of_epochs_count() {
    let _turn = alone();
    let (mut model, data) = (model(0.0), texts());
    let mut stop = StopAt(2);
    let every = config(); // logs every ten steps, stops after any
    let outcome = Trainer::new(&mut model, every.clone())
        .unwrap()
        .observe(&mut stop)
        .fit(&source(&data), None);
    let outcome = outcome.unwrap();
    assert_eq!(
        (outcome.reason, outcome.state.step, outcome.state.total_steps),
        (StopReason::Stopped, 2, 6)
    );
    let part = TrainConfig { num_train_epochs: 1.5, ..every };
    let outcome = Trainer::new(&mut model, part).unwrap().fit(&source(&data), None).unwrap();
    assert_eq!(
        (outcome.reason, outcome.state.step, outcome.state.rows),
        (StopReason::Completed, 5, 40)
    );
}

#[test]
fn a_loss_that_is_not_finite_stops_with_step_and_rows() {
    let _turn = alone();
    let (mut model, data) = (model(0.0), texts());
    let wild = TrainConfig { learning_rate: 1e30, max_grad_norm: 0.0, ..config() };
    let error = Trainer::new(&mut model, wild).unwrap().fit(&source(&data), None).unwrap_err();
    let named = match &error {
        Error::LossNotFinite { step, rows, .. } | Error::GradientNotFinite { step, rows, .. } => {
            *step >= 2 && rows.len() == 8
        }
        _ => false,
    };
    assert!(named, "{error}");
}

#[test]
fn a_sequence_longer_than_the_positions_is_refused() {
    let _turn = alone();
    let (model, _) =
        BertClassifier::load_pretrained(fixture(), &tunewise_bert::Head::Kept, Device::Cpu)
            .unwrap();
    let ids = Tensor::zeros([1, 65], (tch::Kind::Int64, Device::Cpu));
    let batch = DeviceBatch {
        token_type_ids: ids.zeros_like(),
        input_ids: ids,
        attention_mask: None,
        labels: None,
    };
    let error = model.forward(&batch, Mode::Eval).unwrap_err().to_string();
    assert_eq!(
        error,
        "a sequence of 65 tokens exceeds the model's 64 positions (max_position_embeddings)"
    );
}

/// The largest change of a parameter in a run.
fn changes(config: TrainConfig, freeze: &[&str]) -> Vec<(String, f64)> {
    let mut model = model(0.0);
    model.freeze(freeze).unwrap();
    let before: Vec<Tensor> = model.parameters().map(|(_, t)| t.detach().copy()).collect();
    Trainer::new(&mut model, config).unwrap().fit(&source(&texts()), None).unwrap();
    let change = |((name, after), before): ((&str, &Tensor), &Tensor)| {
        (name.to_owned(), (after.detach() - before).abs().max().double_value(&[]))
    };
    model.parameters().zip(&before).map(change).collect()
}

#[test]
fn frozen_parameters_stay_to_the_bit_and_the_others_learn() {
    let _turn = alone();
    for (name, change) in changes(config(), &["embeddings", r"layer\.0\..*weight"]) {
        let frozen =
            name.contains("embeddings") || (name.contains("layer.0.") && name.ends_with("weight"));
        assert_eq!(change == 0.0, frozen, "{name} changed by {change}");
    }
}

#[test]
fn deeper_layers_move_less_under_layer_wise_decay() {
    let _turn = alone();
    // One step of AdamW moves every weight by its learning rate.
    let one = TrainConfig { num_train_epochs: 0.1, layer_wise_lr_decay: 0.5, ..config() };
    let changes = changes(one, &["position"]);
    let change = |wanted: &str| {
        changes.iter().find(|(name, _)| name.contains(wanted)).map(|(_, change)| *change).unwrap()
    };
    let top = change("classifier.weight");
    for (name, share) in [
        ("layer.1.output.dense.weight", 0.5),
        ("layer.0.output.dense.weight", 0.25),
        ("word_embeddings.weight", 0.125),
    ] {
        // Within AdamW's epsilon of the smallest gradients.
        approx::assert_relative_eq!(change(name), share * top, max_relative = 1e-2);
    }
}

#[test]
fn patterns_that_match_nothing_or_everything_are_named() {
    let _turn = alone();
    let mut model = model(0.0);
    let fault = |model: &mut BertClassifier, patterns: &[&str]| {
        model.freeze(patterns).unwrap_err().to_string()
    };
    assert!(fault(&mut model, &["bert", "embedings"]).contains("`freeze` is embedings"));
    assert!(fault(&mut model, &["("]).contains("a regular expression"));
    assert!(fault(&mut model, &["weight", "bias"]).contains("leave something to train"));
    assert_eq!(model.trainable_parameters().count(), model.parameters().count());
}

#[test]
fn every_choice_of_loss_and_schedule_changes_the_run() {
    let _turn = alone();
    let plain = trained(0.0, config());
    let choices: [fn(&mut TrainConfig); 7] = [
        |c| c.lr_scheduler_type = SchedulerType::Cosine,
        |c| c.lr_scheduler_type = SchedulerType::Constant,
        |c| (c.lr_scheduler_type, c.lr_scheduler_power) = (SchedulerType::Polynomial, 2.0),
        |c| c.layer_wise_lr_decay = 0.9,
        |c| c.loss.label_smoothing_factor = 0.1,
        |c| c.loss.focal_gamma = 2.0,
        |c| c.loss.class_weights = Some("LABEL_0=1,LABEL_1=3".parse().unwrap()),
    ];
    for (number, choose) in choices.into_iter().enumerate() {
        let mut config = config();
        choose(&mut config);
        assert!(trained(0.0, config) != plain, "choice {number}");
    }
}

/// Position, weights and the optimizer's named moments.
type Saved = (TrainState, Vec<Tensor>, Vec<(String, Tensor)>);

/// Keeps what a save gives, in memory.
#[derive(Default)]
struct Keep {
    saved: Option<Saved>,
    events: Vec<&'static str>,
}

impl Observer for Keep {
    fn on_event(&mut self, event: &Event<'_>, state: &TrainState) -> Result<Control> {
        match event {
            Event::SaveDue { model, optimizer } => {
                let copy = |tensor: &Tensor| tensor.detach().copy();
                let moments = optimizer.iter().map(|(name, t)| (name.clone(), copy(t)));
                let weights = model.parameters().map(|(_, t)| copy(t)).collect();
                self.saved = Some((*state, weights, moments.collect()));
                self.events.push("save");
            }
            Event::Evaluated { .. } => self.events.push("evaluated"),
            Event::EpochEnd { .. } => self.events.push("epoch"),
            Event::StepSkipped { .. } => self.events.push("skipped"),
            _ => {}
        }
        Ok(Control::Continue)
    }
}

#[test]
fn a_run_in_pieces_is_the_whole_run_bit_for_bit() {
    let _turn = alone();
    let data = texts();
    let whole = trained(0.1, config()); // 6 steps, 3 an epoch
    for stop in 1..6 {
        let (mut first, mut keep, mut at) = (model(0.1), Keep::default(), StopAt(stop));
        let mut trainer = Trainer::new(&mut first, config()).unwrap();
        trainer = trainer.observe(&mut keep).observe(&mut at);
        let outcome = trainer.fit(&source(&data), None).unwrap();
        assert_eq!((outcome.reason, outcome.state.step), (StopReason::Stopped, stop));
        let (state, saved, moments) = keep.saved.unwrap();
        let mut second = model(0.1);
        {
            let _guard = tch::no_grad_guard();
            for ((_, target), source) in second.parameters().zip(&saved) {
                target.shallow_clone().copy_(source);
            }
        }
        let find = |wanted: &str| {
            moments.iter().find(|(name, _)| name == wanted).map(|(_, t)| t.shallow_clone())
        };
        let trainer = Trainer::new(&mut second, config()).unwrap();
        let outcome = trainer.resume(state, find).unwrap().fit(&source(&data), None).unwrap();
        assert_eq!((outcome.reason, outcome.state.rows), (StopReason::Completed, 48));
        assert!(weights(&second) == whole, "in pieces at {stop}");
    }
}

#[test]
fn evaluations_saves_and_limits_come_when_they_are_due() {
    let _turn = alone();
    let data = texts();
    let run = |config: TrainConfig| {
        let (mut model, mut keep) = (model(0.0), Keep::default());
        let mut trainer = Trainer::new(&mut model, config).unwrap().observe(&mut keep);
        let outcome = trainer.fit(&source(&data), Some(&source(&data))).unwrap();
        (outcome.reason, outcome.state.step, keep.events.join(" "))
    };
    let by_steps =
        TrainConfig { eval_steps: Cadence::Steps(2), save_steps: Cadence::Epoch, ..config() };
    let expected = "evaluated epoch save evaluated epoch evaluated save";
    assert_eq!(run(by_steps.clone()), (StopReason::Completed, 6, expected.to_owned()));
    let short = TrainConfig { max_steps: Some(2), ..by_steps.clone() };
    let expected = "epoch evaluated save".to_owned();
    assert_eq!(run(short), (StopReason::Completed, 2, expected));
    let impatient = TrainConfig {
        eval_steps: Cadence::Steps(1),
        save_steps: Cadence::Never,
        metric_for_best_model: Some(MetricForBestModel::Loss),
        early_stopping_patience: Some(2),
        early_stopping_threshold: 1e9,
        ..config()
    };
    // The first evaluation is the first best; two more do not improve it by the threshold.
    let expected = "evaluated evaluated epoch evaluated".to_owned();
    assert_eq!(run(impatient), (StopReason::EarlyStopping, 3, expected));
    let timed = TrainConfig { max_minutes: Some(1e-12), ..config() };
    assert_eq!(run(timed), (StopReason::TimeLimit, 0, "save".to_owned()));
}

#[test]
fn a_diverging_step_is_skipped_when_asked_and_else_saved_before() {
    let _turn = alone();
    let data = texts();
    let run = |non_finite| {
        let (mut model, mut keep) = (model(0.0), Keep::default());
        let wild = TrainConfig { learning_rate: 1e30, max_grad_norm: 0.0, non_finite, ..config() };
        let mut trainer = Trainer::new(&mut model, wild).unwrap().observe(&mut keep);
        let result = trainer.fit(&source(&data), None);
        (result, keep, weights(&model))
    };
    let (result, keep, stopped) = run(NonFinite::Stop);
    let (Err(Error::LossNotFinite { step, .. }) | Err(Error::GradientNotFinite { step, .. })) =
        result
    else {
        panic!("{result:?}")
    };
    assert_eq!(keep.saved.unwrap().0.step, step - 1);
    let (result, keep, skipped) = run(NonFinite::Skip);
    let state = result.unwrap().state;
    assert_eq!((state.step, state.skipped_steps), (6, 7 - step));
    assert_eq!(keep.events.iter().filter(|event| **event == "skipped").count() as u64, 7 - step);
    assert!(skipped == stopped, "a skipped step leaves the weights");
}
