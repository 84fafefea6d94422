//! Folders and settings that cannot be honoured.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;
use tunewise_bert::{LoraConfig, Mode, TargetModules};

use crate::{alone, fixtures, load, logits};

/// The folder `lora` with its configuration changed.
fn folder(change: impl Fn(&mut Value)) -> TempDir {
    changed("lora", change)
}

fn changed(name: &str, change: impl Fn(&mut Value)) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let from = fixtures().join("peft").join(name);
    let mut config: Value =
        serde_json::from_slice(&fs::read(from.join("adapter_config.json")).unwrap()).unwrap();
    change(&mut config);
    fs::write(dir.path().join("adapter_config.json"), config.to_string()).unwrap();
    let name = "adapter_model.safetensors";
    fs::copy(from.join(name), dir.path().join(name)).unwrap();
    dir
}

/// The error of loading the folder on a model, which must be as it was afterwards.
fn fault(dir: &Path, base: &str) -> String {
    let (mut model, untouched) = (load(base), load(base));
    let error = model.load_adapter(dir).unwrap_err().to_string();
    assert!(logits(&model, Mode::Eval).equal(&logits(&untouched, Mode::Eval)));
    assert_eq!(model.trainable_parameters().count(), untouched.trainable_parameters().count());
    error
}

#[test]
fn settings_that_cannot_be_honoured_are_named() {
    let _alone = alone();
    for (key, value, expected) in [
        ("peft_type", json!("IA3"), "`peft_type` is \"IA3\", expected \"LORA\" or \"ADALORA\""),
        ("peft_type", json!(null), "`peft_type` is null, expected \"LORA\""),
        ("task_type", json!("CAUSAL_LM"), "`task_type` is \"CAUSAL_LM\", expected \"SEQ_CLS\""),
        ("use_qalora", json!(true), "`use_qalora` is true, expected null or nothing"),
        ("use_dora", json!(1), "invalid type: integer `1`, expected a boolean"),
        ("rank_pattern", json!({"query": 2}), "`rank_pattern` is {\"query\":2}"),
        ("bias", json!("all"), "`bias` is \"all\""),
        ("some_new_key", json!(1), "`some_new_key` is 1, expected null or nothing"),
        ("r", json!("8"), "`r` is \"8\", expected a number"),
        ("r", json!(0), "`lora_r` is 0, expected 1 or more"),
        ("lora_alpha", json!(null), "`lora_alpha` is null, expected a number"),
        ("target_modules", json!(["q_proj"]), "are called: classifier, dense, key, query, value"),
        ("modules_to_save", json!(["score", "head"]), "`modules_to_save` is head"),
        ("target_modules", json!(["query", "value", "classifier"]), "which gets an adapter"),
    ] {
        let error = fault(folder(|config| config[key] = value.clone()).path(), "single_label");
        assert!(error.contains(expected), "{key}: {error}");
    }
    let broken = folder(|_| ());
    fs::write(broken.path().join("adapter_config.json"), "{\"r\": ").unwrap();
    assert!(fault(broken.path(), "single_label").contains("adapter_config.json: EOF"));
}

#[test]
fn a_rank_pattern_that_does_not_fit_is_named() {
    let _alone = alone();
    let layer = "bert.encoder.layer.0.attention.self.query.lora_E";
    for (value, expected) in [
        (json!({"bert.layer.7.lora_E": [true, true, false, true]}), "of `bert.layer.7`"),
        (json!({layer: [true]}), "is of 1 triplets in `bert.encoder.layer.0.attention.self.query`"),
        (json!({layer: [true, true, true, true]}), "`rank_pattern` is without `bert"),
        (json!({layer: 3}), "invalid type"),
    ] {
        let dir = changed("adalora", |config| config["rank_pattern"] = value.clone());
        let error = fault(dir.path(), "single_label");
        assert!(error.contains(expected), "{error}");
    }
    let whole = changed("adalora", |config| config["rank_pattern"] = json!(null));
    let error = fault(whole.path(), "single_label");
    assert!(error.contains("expected [4, ") || error.contains("expected [32, 4]"), "{error}");
}

#[test]
fn tensors_that_do_not_fit_are_named() {
    let _alone = alone();
    let rank = fault(folder(|config| config["r"] = json!(2)).path(), "single_label");
    assert!(rank.contains("lora_A.weight` has shape [4, 32], expected [2, 32]"), "{rank}");
    let fewer = folder(|config| config["target_modules"] = json!(["query"]));
    let fewer = fault(fewer.path(), "single_label");
    let layer = "bert.encoder.layer.0.attention.self";
    assert!(fewer.contains(&format!("unexpected tensors: {layer}.value.lora_A.weight")), "{fewer}");
    let more = folder(|config| config["target_modules"] = json!(["query", "value", "key"]));
    let more = fault(more.path(), "single_label");
    assert!(more.contains(&format!("missing tensors: {layer}.key.lora_A.weight")), "{more}");
    let dora = fault(folder(|config| config["use_dora"] = json!(true)).path(), "single_label");
    assert!(dora.contains("missing tensors: ") && dora.contains("lora_magnitude_vector"), "{dora}");
    let base = fault(folder(|_| ()).path(), "multi_label"); // as wide, with four labels
    assert!(base.contains("`classifier.bias` has shape [3], expected [4]"), "{base}");
    let cut = folder(|_| ());
    let path = cut.path().join("adapter_model.safetensors");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let cut_error = fault(cut.path(), "single_label");
    assert!(cut_error.contains("adapter_model.safetensors: "), "{cut_error}");
    fs::remove_file(&path).unwrap();
    let missing = fault(cut.path(), "single_label");
    assert!(missing.contains("adapter_model.safetensors: No such file"), "{missing}");
    let empty = tempfile::tempdir().unwrap();
    let missing = fault(empty.path(), "single_label");
    assert!(missing.contains("adapter_config.json: No such file"), "{missing}");
}

#[test]
fn settings_out_of_range_are_refused_before_the_model_changes() {
    let _alone = alone();
    let usual = LoraConfig::default;
    for (config, expected) in [
        (LoraConfig { r: 0, ..usual() }, "`lora_r` is 0"),
        (LoraConfig { lora_alpha: 0.0, ..usual() }, "`lora_alpha` is 0"),
        (LoraConfig { lora_alpha: f64::NAN, ..usual() }, "`lora_alpha` is NaN"),
        (LoraConfig { lora_dropout: 1.0, ..usual() }, "`lora_dropout` is 1"),
        (
            LoraConfig { target_modules: TargetModules::Pattern("(".into()), ..usual() },
            "`lora_target_modules` is (",
        ),
    ] {
        let mut model = load("single_label");
        let error = model.apply(&config).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(model.adapter_parameters().next().is_none());
        assert!(model.merge_adapter().is_err());
    }
}
