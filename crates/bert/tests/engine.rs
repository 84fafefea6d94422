//! The engine against the model's own forward pass, which `parity.rs` holds against Transformers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::path::{Path, PathBuf};

use serde_json::Value;
use tch::Device;
use tunewise_bert::{BertClassifier, Engine, EnginePrecision, Error, Head};
use tunewise_data::{Dataset, EncodedTexts, Example, Tokenizer};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

struct Case {
    model: BertClassifier,
    texts: EncodedTexts,
    /// Transformers' logits, `[rows, num_labels]`.
    logits: Vec<f64>,
}

fn load(name: &str) -> Case {
    let (model, _) =
        BertClassifier::load_pretrained(folder(name), &Head::Kept, Device::Cpu).unwrap();
    let expected: Value =
        serde_json::from_slice(&std::fs::read(folder(name).join("expected.json")).unwrap())
            .unwrap();
    let batch = expected["forward"]["logits"].as_array().unwrap();
    let text = |key: &str, row: usize| expected[key][row].as_str().map(str::to_owned);
    let example = |row: usize| Example {
        text: text("texts", row).unwrap(),
        text_pair: text("text_pairs", row),
        label: None,
        line: row as u64 + 1,
    };
    let dataset = Dataset::new(name, (0..batch.len()).map(example).collect(), None);
    let length = expected["max_seq_length"].as_u64().unwrap() as usize;
    let texts =
        Tokenizer::from_dir(folder(name)).unwrap().encode_dataset(&dataset, length).unwrap();
    let logits = batch.iter().flat_map(|row| row.as_array().unwrap());
    Case { model, texts, logits: logits.map(|logit| logit.as_f64().unwrap()).collect() }
}

fn encode(tokenizer: &Tokenizer, texts: &[&str], length: usize) -> EncodedTexts {
    let example = |(row, text): (usize, &&str)| Example {
        text: (*text).to_owned(),
        text_pair: None,
        label: None,
        line: row as u64 + 1,
    };
    let examples = texts.iter().enumerate().map(example).collect();
    tokenizer.encode_dataset(&Dataset::new("memory", examples, None), length).unwrap()
}

const CASES: [&str; 5] =
    ["single_label", "binary_gelu_new", "multi_label", "regression", "distinct_ids"];

fn largest_error(case: &Case, precision: EnginePrecision) -> f64 {
    let got = Engine::new(&case.model, precision, 2).unwrap().logits(&case.texts, 64).unwrap();
    assert_eq!(got.len(), case.logits.len());
    let errors = got.iter().zip(&case.logits).map(|(got, want)| (f64::from(*got) - want).abs());
    errors.fold(0.0, f64::max)
}

#[test]
fn logits_are_those_of_transformers_within_the_precision() {
    for name in CASES {
        let case = load(name);
        let size = case.logits.iter().fold(0.0f64, |size, logit| size.max(logit.abs()));
        // fp32 rounds in another order; bf16 keeps 8 bits; int8 7 bits of each row and channel.
        for (precision, bound) in [
            (EnginePrecision::Fp32, 2e-6),
            (EnginePrecision::Bf16, 2e-2),
            (EnginePrecision::Int8, 5e-2),
        ] {
            let error = largest_error(&case, precision);
            assert!(error <= bound * size.max(1.0), "{name}, {precision:?}: {error} of {size}");
            // A precision that is not used would agree better than it can.
            assert!(precision == EnginePrecision::Fp32 || error > 1e-5, "{name}, {precision:?}");
        }
    }
}

#[test]
fn a_text_has_the_same_bits_alone_and_among_others_on_any_number_of_threads() {
    let case = load("distinct_ids");
    for precision in [EnginePrecision::Fp32, EnginePrecision::Bf16, EnginePrecision::Int8] {
        let one = Engine::new(&case.model, precision, 1).unwrap();
        let three = Engine::new(&case.model, precision, 3).unwrap();
        let together = one.logits(&case.texts, 64).unwrap();
        assert_eq!(three.logits(&case.texts, 64).unwrap(), together, "{precision:?}");
        let num_labels = together.len() / case.texts.len();
        let tokenizer = Tokenizer::from_dir(folder("distinct_ids")).unwrap();
        let again = encode(&tokenizer, &["the price was good"], 32);
        let alone = one.logits(&again, 64).unwrap();
        let among = ["late", "the price was good", "never broken and always late"];
        let among = encode(&tokenizer, &among, 32);
        let among = one.logits(&among, 1).unwrap();
        assert_eq!(among[num_labels..2 * num_labels], alone, "{precision:?}");
    }
}

#[test]
fn a_text_that_is_too_long_is_refused() {
    let case = load("regression");
    let tokenizer = Tokenizer::from_dir(folder("regression")).unwrap();
    let long = encode(&tokenizer, &["bad ".repeat(100).as_str()], 80);
    let engine = Engine::new(&case.model, EnginePrecision::Fp32, 1).unwrap();
    assert!(matches!(engine.logits(&long, 64), Err(Error::SequenceTooLong { length: 80, .. })));
    assert!(engine.logits(&encode(&tokenizer, &[], 8), 64).unwrap().is_empty());
}
