//! Low-rank adapters (LoRA, rsLoRA, DoRA, AdaLoRA) against PEFT 0.21: folders that it wrote, with the logits that it computes from them,
//! and folders written here, whose bytes it was shown. Written by `fixtures/gen_peft.py`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod adalora;
mod bad_input;
mod houlsby;
mod kinds;
#[path = "../python/mod.rs"]
mod python;
mod tenants;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Deserialize;
use tch::{Device, Kind, Tensor};
use tunewise_bert::{BertClassifier, Head, LoraConfig, Mode};

use python::{Inputs, sha256};

/// Logits of size 1, in 32 bits, summed in another order.
const TOLERANCE: f64 = 1e-5;

#[derive(Deserialize)]
struct Expected {
    inputs: Inputs,
    base: Vec<Vec<f64>>,
    cases: BTreeMap<String, Case>,
    written: BTreeMap<String, Written>,
    trace: Trace,
}

/// AdaLoRA's training by PEFT, from the folder `trace`.
#[derive(Deserialize)]
struct Trace {
    texts: Vec<String>,
    labels: Vec<i64>,
    losses: Vec<f64>,
    kept: BTreeMap<String, Vec<bool>>,
}

#[derive(Deserialize)]
struct Case {
    logits: Vec<Vec<f64>>,
    merged: Vec<Vec<f64>>,
    trainable: u64,
}

/// What PEFT reads from a folder written here.
#[derive(Deserialize)]
struct Written {
    sha256: String,
    logits: Vec<Vec<f64>>,
}

/// Adapters and dropout draw from libtorch's generator, of which the process has one.
fn alone() -> MutexGuard<'static, ()> {
    static GENERATOR: Mutex<()> = Mutex::new(());
    GENERATOR.lock().unwrap_or_else(PoisonError::into_inner)
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn expected() -> Expected {
    serde_json::from_slice(&fs::read(fixtures().join("peft/expected.json")).unwrap()).unwrap()
}

fn load(name: &str) -> BertClassifier {
    BertClassifier::load_pretrained(fixtures().join(name), &Head::Kept, Device::Cpu).unwrap().0
}

fn with_adapter(name: &str) -> BertClassifier {
    let mut model = load("single_label");
    model.load_adapter(fixtures().join("peft").join(name)).unwrap();
    model
}

fn logits(model: &BertClassifier, mode: Mode) -> Tensor {
    expected().inputs.logits(model, mode)
}

fn assert_close(model: &BertClassifier, logits: &[Vec<f64>], what: &str) {
    expected().inputs.assert_close(model, logits, (TOLERANCE, what));
}

#[test]
fn an_adapter_of_peft_gives_its_logits() {
    let _alone = alone();
    let expected = expected();
    let names: Vec<&str> = expected.cases.keys().map(String::as_str).collect();
    assert_eq!(names, ["adalora", "dora", "lora", "rslora"]);
    assert_close(&load("single_label"), &expected.base, "base");
    for (name, case) in &expected.cases {
        let model = with_adapter(name);
        assert_close(&model, &case.logits, name);
        assert_eq!(model.num_trainable(), case.trainable, "{name}");
    }
}

#[test]
fn merged_weights_give_the_same_and_unmerging_is_exact() {
    let _alone = alone();
    let expected = expected();
    for (name, case) in &expected.cases {
        let mut model = with_adapter(name);
        let (beside, before) = (logits(&model, Mode::Eval), model.to_safetensors().unwrap());
        model.merge_adapter().unwrap();
        assert_close(&model, &case.merged, name);
        assert_eq!(model.to_safetensors().unwrap(), before, "what is written is merged either way");
        assert!(model.merge_adapter().is_err());

        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("model.safetensors"), &before).unwrap();
        let config = model.config().to_json().to_string();
        fs::write(folder.path().join("config.json"), config).unwrap();
        let plain = BertClassifier::load_pretrained(folder.path(), &Head::Kept, Device::Cpu);
        assert_close(&plain.unwrap().0, &case.merged, name);

        model.unmerge_adapter().unwrap();
        assert!(logits(&model, Mode::Eval).equal(&beside));
        assert!(model.unmerge_adapter().is_err());
        let base = load("single_label");
        let saved = |name: &str| name.starts_with("classifier") || name.starts_with("bert.pooler");
        for ((name, a), (_, b)) in base.parameters().zip(model.parameters()) {
            assert!(saved(name) || a.equal(b), "{name} is no longer the base's");
        }
    }
}

#[test]
fn a_new_adapter_changes_nothing_and_is_what_is_trained() {
    let _alone = alone();
    let base = load("single_label");
    let mut model = load("single_label");
    let config = LoraConfig { r: 4, use_rslora: true, ..LoraConfig::default() };
    model.apply(&config).unwrap();
    assert!(logits(&model, Mode::Eval).equal(&logits(&base, Mode::Eval)), "to the bit");
    assert!(model.apply(&config).is_err(), "one adapter at a time");

    logits(&model, Mode::Train(0)).square().sum(Kind::Float).f_backward().unwrap();
    for (name, tensor) in model.parameters().chain(model.adapter_parameters()) {
        let trained = name.contains("lora") || name.starts_with("classifier.");
        assert_eq!(tensor.grad().defined(), trained, "{name}");
    }
    let bound = 1.0 / 32f64.sqrt();
    for (name, tensor) in model.adapter_parameters() {
        let largest = tensor.abs().max().double_value(&[]);
        let gradient = tensor.grad().abs().max().double_value(&[]);
        match name.contains("lora_A") {
            // 128 draws of U(-1/sqrt(32), 1/sqrt(32)); B is zero, so A has no gradient yet.
            true => assert!(largest <= bound && largest > 0.8 * bound && gradient == 0.0, "{name}"),
            false => assert!(largest == 0.0 && gradient > 0.0, "{name}"),
        }
    }
}

#[test]
fn dropout_is_of_training_alone() {
    let _alone = alone();
    let mut model = load("single_label");
    let config = LoraConfig { lora_dropout: 0.5, ..LoraConfig::default() };
    model.apply(&config).unwrap();
    let _guard = tch::no_grad_guard();
    for (name, tensor) in model.adapter_parameters() {
        if name.contains("lora_B") {
            let _ = tensor.shallow_clone().f_fill_(0.1).unwrap();
        }
    }
    let draw = |stream| logits(&model, Mode::Train(stream));
    assert!(!draw(1).equal(&draw(2)) && draw(1).equal(&draw(1)));
    assert!(logits(&model, Mode::Eval).equal(&logits(&model, Mode::Eval)));
}

/// The bytes written here are those whose logits PEFT told. To tell them anew:
/// `TUNEWISE_WRITTEN=folder cargo test --test lora`, then `gen_peft.py --check folder`.
#[test]
fn what_is_written_here_gives_the_same_logits_in_peft() {
    let _alone = alone();
    let expected = expected();
    let spare = tempfile::tempdir().unwrap();
    let root = std::env::var_os("TUNEWISE_WRITTEN").map_or(spare.path().into(), PathBuf::from);
    for name in expected.cases.keys() {
        let folder = root.join(name);
        fs::create_dir_all(&folder).unwrap();
        with_adapter(name).save_adapter(&folder, "single_label").unwrap();
    }
    assert_eq!(expected.written.len(), expected.cases.len());
    for (name, written) in &expected.written {
        let bytes = fs::read(root.join(name).join("adapter_model.safetensors")).unwrap();
        assert_eq!(sha256(&bytes), written.sha256, "{name}");
        let mut again = load("single_label");
        again.load_adapter(root.join(name)).unwrap();
        assert_close(&again, &written.logits, name);
    }
}
