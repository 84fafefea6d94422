//! Checkpoints that PyTorch and Transformers 5.23 wrote, under every naming and dtype in use, against the
//! logits that Transformers reads from the same files; and the way back. Written by
//! `fixtures/gen_pytorch_written.py`, which also checks what is written here.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use approx::assert_abs_diff_eq;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tch::{Device, Kind, Tensor};
use tunewise_bert::{BertClassifier, DeviceBatch, Head, LoadReport, Mode};

/// Logits of size 1 or less, in 32 bits, summed in another order.
const TOLERANCE: f64 = 1e-6;

#[derive(Deserialize)]
struct Expected {
    inputs: Inputs,
    logits: BTreeMap<String, Vec<Vec<f64>>>,
    written: Written,
}

#[derive(Deserialize)]
struct Inputs {
    input_ids: Vec<Vec<i64>>,
    attention_mask: Vec<Vec<i64>>,
    token_type_ids: Vec<Vec<i64>>,
}

/// What Transformers reads from the folder that this crate writes.
#[derive(Deserialize)]
struct Written {
    sha256: String,
    logits: Vec<Vec<f64>>,
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pytorch")
}

fn expected() -> Expected {
    serde_json::from_slice(&fs::read(fixtures().join("expected.json")).unwrap()).unwrap()
}

fn load(folder: &Path) -> (BertClassifier, LoadReport) {
    BertClassifier::load_pretrained(folder, &Head::Kept, Device::Cpu).unwrap()
}

fn logits(model: &BertClassifier, inputs: &Inputs) -> Vec<f64> {
    let mask = Tensor::from_slice2(&inputs.attention_mask).to_kind(Kind::Bool);
    let batch = DeviceBatch {
        input_ids: Tensor::from_slice2(&inputs.input_ids),
        token_type_ids: Tensor::from_slice2(&inputs.token_type_ids),
        attention_mask: Some(mask.unsqueeze(1).unsqueeze(1)), // [batch, 1, 1, seq]
        labels: None,
    };
    let logits = model.forward(&batch, Mode::Eval).unwrap(); // [batch, num_labels]
    Vec::try_from(logits.view([-1])).unwrap()
}

fn assert_close(got: &[f64], expected: &[Vec<f64>], name: &str) {
    let expected: Vec<f64> = expected.iter().flatten().copied().collect();
    assert_eq!(got.len(), expected.len(), "{name}");
    for (got, expected) in got.iter().zip(&expected) {
        assert!((got - expected).abs() <= TOLERANCE, "{name}: {got}, Transformers {expected}");
    }
}

#[test]
fn what_python_wrote_gives_transformers_logits() {
    let expected = expected();
    assert_eq!(expected.logits.len(), 6);
    for (name, of_transformers) in &expected.logits {
        let (model, report) = load(&fixtures().join(name));
        let widened = if name.ends_with("16") { 25 } else { 0 };
        assert_eq!(report, LoadReport { fresh: Vec::new(), widened }, "{name}");
        assert!(model.parameters().all(|(_, tensor)| tensor.kind() == Kind::Float));
        assert_eq!(model.config().id2label, ["bad", "fine", "good"], "{name}");
        assert_close(&logits(&model, &expected.inputs), of_transformers, name);
    }
    // The 16-bit files do differ from the 32-bit one.
    let first = |name: &str| expected.logits[name][0][0];
    assert!((first("prefixed") - first("bfloat16")).abs() > 100.0 * TOLERANCE);
    assert_abs_diff_eq!(first("prefixed"), first("unprefixed"), epsilon = TOLERANCE);
}

/// The bytes written here are those whose logits Transformers told. To tell them anew:
/// `TUNEWISE_WRITTEN=folder cargo test --test pytorch`, then `gen_pytorch_written.py --check folder`.
#[test]
fn what_is_written_here_gives_the_same_logits_in_transformers() {
    let expected = expected();
    let (model, _) = load(&fixtures().join("bfloat16"));
    let spare = tempfile::tempdir().unwrap();
    let folder = std::env::var_os("TUNEWISE_WRITTEN").map_or(spare.path().into(), PathBuf::from);
    let bytes = model.to_safetensors().unwrap();
    fs::write(folder.join("config.json"), model.config().to_json().to_string()).unwrap();
    fs::write(folder.join("model.safetensors"), &bytes).unwrap();
    let sha256: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(sha256, expected.written.sha256);
    assert_close(&logits(&load(&folder).0, &expected.inputs), &expected.written.logits, "written");
}
