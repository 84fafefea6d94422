//! Checkpoints that PyTorch and Transformers 5.23 wrote, under every naming and dtype in use, against the
//! logits that Transformers reads from the same files; and the way back. Written by
//! `fixtures/gen_pytorch_written.py`, which also checks what is written here.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod python;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use approx::assert_abs_diff_eq;
use serde::Deserialize;
use tch::{Device, Kind};
use tunewise_bert::{BertClassifier, Head, LoadReport};

use python::{Inputs, sha256};

/// Logits of size 1 or less, in 32 bits, summed in another order.
const TOLERANCE: f64 = 1e-6;

#[derive(Deserialize)]
struct Expected {
    inputs: Inputs,
    logits: BTreeMap<String, Vec<Vec<f64>>>,
    written: Written,
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

fn assert_close(model: &BertClassifier, (expected, logits): (&Expected, &[Vec<f64>]), name: &str) {
    expected.inputs.assert_close(model, logits, (TOLERANCE, name));
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
        assert_close(&model, (&expected, of_transformers), name);
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
    assert_eq!(sha256(&bytes), expected.written.sha256);
    assert_close(&load(&folder).0, (&expected, &expected.written.logits), "written");
}
