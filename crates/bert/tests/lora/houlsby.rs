//! Bottleneck adapters against torch: `fixtures/houlsby`, written by `gen_houlsby.py`.

use std::collections::BTreeMap;
use std::fs;

use serde::Deserialize;
use serde_json::{Value, json};
use tch::Kind;
use tunewise_bert::{HoulsbyConfig, Mode};

use crate::{alone, assert_close, fixtures, load, logits};

#[derive(Deserialize)]
struct Expected {
    logits: Vec<Vec<f64>>,
    gradient_norms: BTreeMap<String, f64>,
}

fn expected() -> Expected {
    let text = fs::read(fixtures().join("houlsby/expected.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

#[test]
fn bottlenecks_compute_what_torch_computes() {
    let _alone = alone();
    let (mut model, expected) = (load("single_label"), expected());
    model.load_adapter(fixtures().join("houlsby")).unwrap();
    assert_close(&model, &expected.logits, "houlsby");
    logits(&model, Mode::Train(0)).square().sum(Kind::Float).f_backward().unwrap();
    let mut trained = 0;
    for (name, tensor) in model.trainable_parameters() {
        let (got, expected) =
            (tensor.grad().norm().double_value(&[]), expected.gradient_norms[name]);
        // Relative, but for what is nothing but rounding.
        assert!(
            (got - expected).abs() <= 1e-4 * expected.max(1e-3),
            "{name}: {got}, torch {expected}"
        );
        trained += 1;
    }
    assert_eq!(trained, expected.gradient_norms.len());
}

#[test]
fn a_folder_of_bottlenecks_is_read_again_and_cannot_be_merged() {
    let _alone = alone();
    let mut model = load("single_label");
    model.load_adapter(fixtures().join("houlsby")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    model.save_adapter(folder.path(), "single_label").unwrap();
    let mut again = load("single_label");
    again.load_adapter(folder.path()).unwrap();
    assert!(logits(&again, Mode::Eval).equal(&logits(&model, Mode::Eval)));
    for error in [model.to_safetensors().unwrap_err(), model.merge_adapter().unwrap_err()] {
        assert!(error.to_string().contains("`adapter` is "), "{error}");
    }
    let config = folder.path().join("adapter_config.json");
    let good: Value = serde_json::from_slice(&fs::read(&config).unwrap()).unwrap();
    for (key, value, expected) in [
        ("bottleneck", json!(5), "down.weight` has shape [6, 32], expected [5, 32]"),
        ("bottleneck", json!(0), "`bottleneck` is 0"),
        ("modules_to_save", json!(["pooler"]), "missing tensors: bert.pooler"),
        ("modules_to_save", json!(["score"]), "`modules_to_save` is score"),
        ("width", json!(3), "unknown field `width`"),
    ] {
        let mut bad = good.clone();
        bad[key] = value;
        fs::write(&config, bad.to_string()).unwrap();
        let (mut model, untouched) = (load("single_label"), load("single_label"));
        let error = model.load_adapter(folder.path()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(logits(&model, Mode::Eval).equal(&logits(&untouched, Mode::Eval)));
        assert_eq!(model.trainable_parameters().count(), untouched.trainable_parameters().count());
    }
}

#[test]
fn new_bottlenecks_change_nothing() {
    let _alone = alone();
    let (base, mut model) = (load("single_label"), load("single_label"));
    model.apply(&HoulsbyConfig { bottleneck: 4, ..HoulsbyConfig::default() }).unwrap();
    assert!(logits(&model, Mode::Eval).equal(&logits(&base, Mode::Eval)), "to the bit");
    // Weights [4, 32] and [32, 4] with biases, twice a layer; four LayerNorms; a head of three labels.
    assert_eq!(model.num_trainable(), 4 * (128 + 4 + 128 + 32) + 4 * 64 + 99);
    assert!(model.apply(&HoulsbyConfig::default()).is_err(), "one adapter at a time");
}
