//! The engine's gradients and steps against libtorch's, tensor by tensor.

use std::collections::BTreeMap;

use tch::{Device, Tensor};
use tunewise_data::{Casing, Dataset, EncodedTexts, Example, Targets, Tokenizer};

use super::*;
use crate::train::objective::Objective;
use crate::train::{LossConfig, Source};
use crate::{DeviceBatch, Mode};

/// Of a gradient, as a share of its norm: factors have 8 bits, and a handful of products follow each
/// other on the way to the lowest layer.
const GRADIENT: f64 = 2e-2;
/// What is left of gradients that are 0 by symmetry, as a share of all gradients' norm.
const ZERO: f64 = 2e-3;

/// Widths that fill neither vectors nor tiles.
fn config(dropout: f64) -> BertConfig {
    BertConfig {
        vocab_size: 40,
        hidden_size: 60,
        num_hidden_layers: 3,
        num_attention_heads: 3,
        intermediate_size: 98,
        max_position_embeddings: 24,
        hidden_dropout_prob: dropout,
        attention_probs_dropout_prob: dropout,
        id2label: ["a", "b", "c"].map(str::to_owned).to_vec(),
        initializer_range: 0.15,
        ..BertConfig::default()
    }
}

/// Texts of a vocabulary of that many words, up to 30 tokens.
fn encoded(vocab_size: usize, texts: Vec<(String, Option<String>)>) -> EncodedTexts {
    let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].map(str::to_owned);
    let words = special.into_iter().chain((5..vocab_size).map(|id| format!("w{id}")));
    let vocab = words.collect::<Vec<_>>().join("\n") + "\n";
    let tokenizer = Tokenizer::from_vocab_text(&vocab, Casing::Uncased).unwrap();
    let row = |(line, (text, text_pair))| Example { text, text_pair, label: None, line };
    let rows = (1..).zip(texts).map(row).collect();
    tokenizer.encode_dataset(&Dataset::new("memory", rows, None), 30).unwrap()
}

/// Rows of 4 to 20 tokens of two segments, [PAD] among them.
fn rows(count: usize) -> (EncodedTexts, Targets) {
    let words = |row: usize, count: usize| {
        let word = |i: usize| match (row * 7 + i * 3) % 36 {
            35 => "[PAD]".to_owned(),
            word => format!("w{}", word + 5),
        };
        (0..count).map(word).collect::<Vec<_>>().join(" ")
    };
    let text = |row: usize| (words(row, 1 + row * 5 % 9), Some(words(row + 3, row * 3 % 8)));
    let targets = Targets::Classes((0..count).map(|row| (row % 3) as i64).collect());
    (encoded(40, (0..count).map(text).collect()), targets)
}

struct Bench {
    model: BertClassifier,
    texts: EncodedTexts,
    targets: Targets,
    loss: Objective<'static>,
}

impl Bench {
    fn new(dropout: f64, freeze: &[&str]) -> Self {
        let mut model = BertClassifier::new(config(dropout), Device::Cpu, 3).unwrap();
        if !freeze.is_empty() {
            model.freeze(freeze).unwrap();
        }
        let (texts, targets) = rows(11);
        let settings = LossConfig { label_smoothing_factor: 0.1, ..LossConfig::default() };
        let loss = settings.build(&model, &targets).unwrap().into();
        Self { model, texts, targets, loss }
    }

    fn engine(&self, isa: Isa, threads: usize) -> PackedEngine {
        PackedEngine::new(&self.model, &TrainConfig::default(), (isa, threads)).unwrap()
    }

    /// Accumulates these micro-batches.
    fn accumulate(&self, engine: &mut dyn StepEngine, batches: &[&[usize]]) {
        let source =
            Source { texts: &self.texts, targets: &self.targets, pad_id: 0, max_seq_length: 24 };
        engine.begin_step(5);
        for rows in batches {
            let batch = MicroBatch { source: &source, rows, objective: &self.loss, weight: 11.0 };
            engine.accumulate(&self.model, &batch).unwrap();
        }
    }

    /// Gradients and loss by libtorch in fp32.
    fn reference(&self) -> (BTreeMap<String, Vec<f32>>, f64) {
        let source =
            Source { texts: &self.texts, targets: &self.targets, pad_id: 0, max_seq_length: 24 };
        let rows: Vec<usize> = (0..11).collect();
        let batch = source.batch(&rows, Batching::Longest).unwrap();
        let batch = DeviceBatch::upload(&batch, Device::Cpu).unwrap();
        let logits = self.model.forward(&batch, Mode::Train(0)).unwrap();
        let loss = self.loss.sum(&logits, batch.labels.as_ref(), &rows).unwrap() / 11.0;
        loss.f_backward().unwrap();
        let gradient = |(name, tensor): (&str, &Tensor)| {
            (name.to_owned(), Vec::try_from(tensor.grad().view([-1])).unwrap())
        };
        (self.model.trainable_parameters().map(gradient).collect(), loss.double_value(&[]))
    }
}

/// The engine's gradients by name.
fn gradients(engine: &mut PackedEngine) -> BTreeMap<String, Vec<f32>> {
    let names = engine.names.clone();
    let words = engine.network.embeddings.words.dense_gradient();
    let named = |slot: &mut parameters::Slot| {
        let gradient = if slot.index == 0 { words.clone() } else { slot.gradient.clone() };
        slot.trains.then(|| (names[slot.index].clone(), gradient))
    };
    engine.network.slots_mut().into_iter().filter_map(named).collect()
}

fn norm(x: impl Iterator<Item = f64>) -> f64 {
    x.map(|x| x * x).sum::<f64>().sqrt()
}

fn assert_close(got: &BTreeMap<String, Vec<f32>>, expected: &BTreeMap<String, Vec<f32>>) {
    assert_eq!(got.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    let total = norm(expected.values().flatten().map(|x| f64::from(*x)));
    for (name, expected) in expected {
        let pairs = || got[name].iter().zip(expected);
        assert_eq!(got[name].len(), expected.len(), "{name}");
        let error = norm(pairs().map(|(a, b)| f64::from(a - b)));
        let size = norm(expected.iter().map(|x| f64::from(*x)));
        assert!(error <= GRADIENT * size + ZERO * total, "{name}: {error} of {size}, all {total}");
    }
}

#[test]
fn gradients_are_those_of_autograd_tensor_by_tensor() {
    let bench = Bench::new(0.0, &[]);
    let (expected, loss) = bench.reference();
    let all: Vec<usize> = (0..11).collect();
    for (isa, threads) in [(Isa::detect(), 1), (Isa::detect(), 3), (Isa::PORTABLE, 2)] {
        for batches in [vec![&all[..]], vec![&all[..4], &all[4..5], &all[5..]]] {
            let mut engine = bench.engine(isa, threads);
            bench.accumulate(&mut engine, &batches);
            assert_close(&gradients(&mut engine), &expected);
            let measured = engine.clip_grad_norm(1.0).unwrap();
            let total = norm(expected.values().flatten().map(|x| f64::from(*x)));
            approx::assert_relative_eq!(measured.grad_norm, total, max_relative = GRADIENT);
            approx::assert_relative_eq!(measured.loss, loss, max_relative = 5e-3);
        }
    }
}

#[test]
fn what_is_frozen_has_no_gradient_and_changes_nothing_above() {
    for freeze in [
        &["embeddings", r"layer\.0\."][..],
        &["word_embeddings"],
        &["^bert\\."],
        &["LayerNorm", r"bias$"],
        &["embeddings", r"attention\.self"],
    ] {
        let bench = Bench::new(0.0, freeze);
        let (expected, _) = bench.reference();
        let mut engine = bench.engine(Isa::detect(), 2);
        bench.accumulate(&mut engine, &[&(0..11).collect::<Vec<_>>()]);
        assert_close(&gradients(&mut engine), &expected);
        engine.sync(&bench.model).unwrap();
        let before: Vec<Tensor> =
            bench.model.parameters().map(|(_, tensor)| tensor.detach().copy()).collect();
        engine.clip_grad_norm(1.0).unwrap();
        engine.step(1e-3).unwrap();
        engine.sync(&bench.model).unwrap();
        for (before, (name, after)) in before.iter().zip(bench.model.parameters()) {
            assert_eq!(before.equal(after), !after.requires_grad(), "{name}");
        }
    }
}

#[test]
fn gradients_repeat_to_the_bit_and_dropout_does_not_depend_on_threads() {
    let bench = Bench::new(0.2, &[]);
    let all: Vec<usize> = (0..11).collect();
    let run = |threads| {
        let mut engine = bench.engine(Isa::detect(), threads);
        bench.accumulate(&mut engine, &[&all[..6], &all[6..]]);
        (gradients(&mut engine), engine.loss)
    };
    let (one, two) = (run(1), run(2));
    assert!(two == run(2));
    assert_close(&two.0, &one.0);
    approx::assert_relative_eq!(one.1, two.1, max_relative = 1e-5);
    let plain = Bench::new(0.0, &[]);
    let mut engine = plain.engine(Isa::detect(), 1);
    plain.accumulate(&mut engine, &[&all[..6], &all[6..]]);
    assert!((engine.loss - one.1).abs() > 1e-3, "dropout draws");
}

#[test]
fn words_that_catch_up_are_those_that_never_fell_behind() {
    let bench = Bench::new(0.1, &[]);
    let run = |sync: bool| {
        let copies: Vec<Tensor> =
            bench.model.parameters().map(|(_, tensor)| tensor.detach().copy()).collect();
        let mut engine = bench.engine(Isa::detect(), 2);
        for step in 0..40usize {
            bench.accumulate(&mut engine, &[&[step % 11], &[(step * 3 + 1) % 11]]);
            engine.clip_grad_norm(1.0).unwrap();
            engine.step(1e-3 / (1.0 + step as f64)).unwrap();
            engine.zero_grad().unwrap();
            if sync {
                engine.sync(&bench.model).unwrap();
            }
        }
        let state = engine.state().unwrap();
        let numbers = |tensor: &Tensor| Vec::<f32>::try_from(tensor.detach().view([-1])).unwrap();
        let mut all: Vec<Vec<f32>> = state.iter().map(|(_, tensor)| numbers(tensor)).collect();
        engine.sync(&bench.model).unwrap();
        let _guard = tch::no_grad_guard();
        for ((_, tensor), copy) in bench.model.parameters().zip(copies) {
            all.push(numbers(tensor));
            tensor.shallow_clone().copy_(&copy);
        }
        all
    };
    assert!(run(false) == run(true));
}

#[test]
fn a_synced_model_keeps_its_numbers_until_the_next_step_also_while_the_state_is_read() {
    let bench = Bench::new(0.1, &[]);
    let mut engine = bench.engine(Isa::detect(), 2);
    let finite = || {
        let sums =
            bench.model.parameters().map(|(_, t)| t.sum(tch::Kind::Double).double_value(&[]));
        sums.filter(|sum| sum.is_finite()).count()
    };
    let all = bench.model.parameters().count();
    for _ in 0..2 {
        bench.accumulate(&mut engine, &[&[0, 1, 2]]);
        assert_eq!(finite(), all - 3, "the tables are being read");
        engine.clip_grad_norm(1.0).unwrap();
        engine.step(1e-3).unwrap();
        engine.zero_grad().unwrap();
        assert_eq!(finite(), 0);
        engine.sync(&bench.model).unwrap();
        engine.state().unwrap();
        assert_eq!(finite(), all);
    }
    bench.accumulate(&mut engine, &[&[0, 1, 2]]);
    drop(engine);
    assert_eq!(finite(), all);
}

#[test]
fn texts_that_do_not_fit_the_tables_are_refused() {
    let bench = Bench::new(0.0, &[]);
    let fault = |text: String| {
        let texts = encoded(41, vec![(text, None)]);
        let targets = Targets::Classes(vec![0]);
        let source = Source { texts: &texts, targets: &targets, pad_id: 0, max_seq_length: 30 };
        let batch = MicroBatch { source: &source, rows: &[0], objective: &bench.loss, weight: 1.0 };
        bench.engine(Isa::PORTABLE, 1).accumulate(&bench.model, &batch).unwrap_err()
    };
    let unknown = fault("w5 w40".to_owned());
    assert!(matches!(unknown, Error::VocabularyTooSmall { id: 40, vocab_size: 40 }));
    assert!(matches!(fault("w5 ".repeat(23)), Error::SequenceTooLong { length: 25, .. }));
    let narrow = BertConfig { type_vocab_size: 1, ..config(0.0) };
    let text = Text { number: 0, input_ids: &[2, 5, 3, 6, 3], token_type_ids: &[0, 0, 0, 1, 1] };
    check(&text, &config(0.0)).unwrap();
    let fault = check(&text, &narrow).unwrap_err();
    assert!(matches!(fault, Error::SegmentTooLarge { segment: 1, type_vocab_size: 1 }));
}
