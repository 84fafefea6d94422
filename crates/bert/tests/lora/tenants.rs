//! Several adapters on one base.

use std::fs;

use tch::Device;
use tunewise_bert::{
    AdapterClassifier, BertClassifier, Classifier, ClassifierOptions, Head, LoraConfig, Prediction,
    ShareOptions,
};
use tunewise_data::ProblemType;

use crate::{alone, fixtures, load, with_adapter};

const TEXTS: [&str; 3] = ["good price fast delivery", "the battery is broken", "boring"];

/// Every label's name and score.
fn scores(prediction: &Prediction) -> Vec<(String, f64)> {
    match prediction {
        Prediction::Label { scores, .. } => scores.clone(),
        other => panic!("{other:?} has not one label"),
    }
}

fn answers(tenants: &AdapterClassifier, name: &str) -> Vec<Vec<(String, f64)>> {
    let predictions = tenants.predict_with(name, &TEXTS).unwrap();
    predictions.iter().map(scores).collect()
}

#[test]
fn three_tenants_answer_in_turn_on_one_base() {
    let _alone = alone();
    // The third has labels of its own.
    let own = tempfile::tempdir().unwrap();
    let head = Head::Fresh {
        id2label: ["no", "yes"].map(str::to_owned).to_vec(),
        problem_type: ProblemType::SingleLabelClassification,
        seed: 5,
    };
    let base = fixtures().join("single_label");
    let (mut model, _) = BertClassifier::load_pretrained(&base, &head, Device::Cpu).unwrap();
    model.apply(&LoraConfig::default()).unwrap();
    model.save_adapter(own.path(), "single_label").unwrap();

    let options = ClassifierOptions::default();
    let mut tenants = AdapterClassifier::new(&base, options).unwrap();
    let nobody = tenants.predict_with("a", &TEXTS).unwrap_err().to_string();
    assert!(nobody.contains("`adapter` is a, expected one that was added"), "{nobody}");
    tenants.add("a", fixtures().join("peft/lora")).unwrap();
    tenants.add("b", fixtures().join("peft/adalora")).unwrap();
    tenants.add("c", own.path()).unwrap();
    assert_eq!(tenants.names().collect::<Vec<_>>(), ["a", "b", "c"]);
    for (name, dir) in [("a", fixtures().join("peft/lora")), ("c", own.path().to_owned())] {
        let size = fs::metadata(dir.join("adapter_model.safetensors")).unwrap().len();
        assert_eq!(tenants.file_size(name).unwrap(), size);
    }
    assert!(tenants.file_size("d").is_err());

    let first: Vec<_> = ["a", "b", "c"].map(|name| answers(&tenants, name)).into();
    for name in ["c", "a", "b", "a"] {
        let at = ["a", "b", "c"].iter().position(|known| *known == name).unwrap();
        assert_eq!(answers(&tenants, name), first[at], "{name}");
    }
    assert!(first[0] != first[1]);
    // By the adapters alone, each loaded on a base of its own and merged into a checkpoint.
    for (name, adapter) in [("a", "lora"), ("b", "adalora")] {
        let folder = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(&base).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
        }
        let merged = with_adapter(adapter).to_safetensors().unwrap();
        fs::write(folder.path().join("model.safetensors"), merged).unwrap();
        let alone = Classifier::from_pretrained(folder.path()).unwrap();
        let at = usize::from(name == "b");
        for (ours, alone) in first[at].iter().zip(alone.predict(&TEXTS).unwrap()) {
            for ((label, ours), (known, alone)) in ours.iter().zip(scores(&alone)) {
                assert!(*label == known && (ours - alone).abs() < 1e-5, "{name}: {ours}, {alone}");
            }
        }
    }
    let labels: Vec<&str> = first[2][0].iter().map(|(label, _)| label.as_str()).collect();
    assert_eq!(labels, ["no", "yes"]);

    let error = tenants.add("a", fixtures().join("single_label")).unwrap_err().to_string();
    assert!(error.contains("adapter_config.json"), "{error}");
    assert_eq!(answers(&tenants, "a"), first[0], "a fault leaves the adapters as they were");
    let shared = tenants.take("a").unwrap().share(ShareOptions::default()).unwrap();
    assert_eq!(scores(&shared.predict(&TEXTS[..1]).unwrap()[0]).len(), first[0][0].len());
    assert!(tenants.adapter("a").is_err() && tenants.take("a").is_none());
}

#[test]
fn what_an_adapter_does_not_replace_is_the_bases_own_memory() {
    let _alone = alone();
    let base = load("single_label");
    let folder = fixtures().join("peft/rslora"); // with the pooler among modules_to_save
    let models = [0, 1].map(|_| base.with_adapter(&folder).unwrap());
    for model in &models {
        for ((name, shared), (_, own)) in base.parameters().zip(model.parameters()) {
            let replaced = name.starts_with("classifier.") || name.starts_with("bert.pooler.");
            assert_eq!(shared.data_ptr() == own.data_ptr(), !replaced, "{name}");
            assert!(shared.requires_grad(), "{name}: the base can be trained as before");
        }
    }
    let more = models[0].with_adapter(&folder).unwrap_err().to_string();
    assert!(more.contains("the model has an adapter"), "{more}");
}
