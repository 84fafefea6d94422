//! Checkpoints in and out: every name in use, every fault by name.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, TensorView};
use serde_json::{Value, json};
use tch::Device;
use tempfile::TempDir;
use tunewise_bert::{BertClassifier, Head, LoadReport};
use tunewise_data::ProblemType;

type Tensors = HashMap<String, (Vec<usize>, Vec<f32>)>;

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/single_label")
}

fn tensors() -> Tensors {
    let bytes = fs::read(fixture().join("model.safetensors")).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let floats = |bytes: &[u8]| {
        bytes.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect()
    };
    file.iter()
        .map(|(name, view)| (name.to_owned(), (view.shape().to_vec(), floats(view.data()))))
        .collect()
}

fn file(tensors: &Tensors) -> Vec<u8> {
    let bytes: Vec<(&String, &Vec<usize>, Vec<u8>)> = tensors
        .iter()
        .map(|(name, (shape, data))| {
            (name, shape, data.iter().flat_map(|x| x.to_le_bytes()).collect())
        })
        .collect();
    let view = |(name, shape, data): &'_ (&String, &Vec<usize>, Vec<u8>)| {
        let (name, shape, data) = ((*name).clone(), (*shape).clone(), data.clone());
        (name, shape, data)
    };
    let owned: Vec<_> = bytes.iter().map(view).collect();
    let views = owned.iter().map(|(name, shape, data)| {
        (name.as_str(), TensorView::new(Dtype::F32, shape.clone(), data).unwrap())
    });
    safetensors::serialize(views, None).unwrap()
}

/// A folder with the fixture's configuration, changed, and these weights.
fn folder(weights: &[u8], change: impl Fn(&mut Value)) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut config: Value =
        serde_json::from_slice(&fs::read(fixture().join("config.json")).unwrap()).unwrap();
    change(&mut config);
    fs::write(dir.path().join("config.json"), config.to_string()).unwrap();
    fs::write(dir.path().join("model.safetensors"), weights).unwrap();
    dir
}

fn load(dir: &Path, head: &Head) -> tunewise_bert::Result<(BertClassifier, LoadReport)> {
    BertClassifier::load_pretrained(dir, head, Device::Cpu)
}

/// The error of loading the fixture with its tensors changed.
fn fault(change: impl Fn(&mut Tensors)) -> String {
    let mut changed = tensors();
    change(&mut changed);
    load(folder(&file(&changed), |_| ()).path(), &Head::Kept).unwrap_err().to_string()
}

fn fresh(labels: &[&str]) -> Head {
    let id2label = labels.iter().map(|label| (*label).to_owned()).collect();
    Head::Fresh { id2label, problem_type: ProblemType::SingleLabelClassification, seed: 1 }
}

#[test]
fn names_without_prefix_and_with_gamma_and_beta_are_understood() {
    let renamed: Tensors = tensors()
        .into_iter()
        .map(|(name, tensor)| {
            let name = name.trim_start_matches("bert.").to_owned();
            let name = name.replace("LayerNorm.weight", "LayerNorm.gamma");
            (name.replace("LayerNorm.bias", "LayerNorm.beta"), tensor)
        })
        .chain([("embeddings.position_ids".to_owned(), (vec![1], vec![0.0]))])
        .chain([("cls.predictions.bias".to_owned(), (vec![1], vec![0.0]))])
        .collect();
    let (model, report) = load(folder(&file(&renamed), |_| ()).path(), &Head::Kept).unwrap();
    let (original, _) = load(&fixture(), &Head::Kept).unwrap();
    assert_eq!(report, LoadReport::default());
    for ((name, a), (_, b)) in model.parameters().zip(original.parameters()) {
        assert!(a.equal(b), "{name}");
    }
}

#[test]
fn missing_unexpected_and_misshapen_tensors_are_named() {
    let missing = fault(|t| drop(t.remove("bert.encoder.layer.1.output.dense.bias")));
    assert!(
        missing.contains("missing tensors: bert.encoder.layer.1.output.dense.bias;"),
        "{missing}"
    );
    let headless = fault(|t| drop(t.remove("classifier.weight")));
    assert!(headless.contains("missing tensors: classifier.weight"), "{headless}");
    let unexpected = fault(|t| drop(t.insert("bert.adapter.weight".into(), (vec![1], vec![0.0]))));
    assert!(unexpected.contains("unexpected tensors: bert.adapter.weight"), "{unexpected}");
    // [1] would broadcast into [32].
    let shape = fault(|t| drop(t.insert("bert.pooler.dense.bias".into(), (vec![1], vec![0.0]))));
    assert!(shape.contains("`bert.pooler.dense.bias` has shape [1], expected [32]"), "{shape}");
}

#[test]
fn weights_that_are_not_finite_are_refused() {
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let error = fault(|t| t.get_mut("bert.pooler.dense.weight").unwrap().1[5] = value);
        assert!(error.contains("`bert.pooler.dense.weight` holds NaN or infinity"), "{error}");
    }
    // Two infinities cancel in no sum.
    let error = fault(|t| {
        let data = &mut t.get_mut("bert.pooler.dense.weight").unwrap().1;
        (data[0], data[1]) = (f32::INFINITY, f32::NEG_INFINITY);
    });
    assert!(error.contains("holds NaN or infinity"), "{error}");
}

#[test]
fn truncated_and_damaged_files_are_refused() {
    let whole = file(&tensors());
    for length in [0, 4, 100, whole.len() / 2, whole.len() - 1] {
        let dir = folder(&whole[..length], |_| ());
        let error = load(dir.path(), &Head::Kept).unwrap_err().to_string();
        assert!(error.contains("model.safetensors: "), "{length}: {error}");
    }
    let dir = folder(&whole, |_| ());
    fs::write(dir.path().join("config.json"), "{\"hidden_size\": ").unwrap();
    let error = load(dir.path(), &Head::Kept).unwrap_err().to_string();
    assert!(error.contains("config.json: "), "{error}");
}

#[test]
fn an_index_may_not_leave_its_folder() {
    let outside = tempfile::tempdir().unwrap();
    let stolen = outside.path().join("stolen.safetensors");
    fs::write(&stolen, file(&tensors())).unwrap();
    for shard in
        [stolen.to_str().unwrap(), "../stolen.safetensors", "a/b.safetensors", "..", "", "a\\b"]
    {
        let dir = folder(b"", |_| ());
        fs::remove_file(dir.path().join("model.safetensors")).unwrap();
        let index = json!({ "weight_map": { "classifier.weight": shard } });
        fs::write(dir.path().join("model.safetensors.index.json"), index.to_string()).unwrap();
        let error = load(dir.path(), &Head::Kept).unwrap_err().to_string();
        assert!(error.contains("is not a plain file name"), "{shard}: {error}");
    }
}

#[cfg(unix)]
#[test]
fn a_shard_may_be_a_link_into_its_own_cache_alone() {
    use std::os::unix::fs::symlink;

    let cache = tempfile::tempdir().unwrap();
    let (blobs, snapshot) = (cache.path().join("blobs"), cache.path().join("snapshots/abc"));
    for folder in [&blobs, &snapshot] {
        fs::create_dir_all(folder).unwrap();
    }
    fs::copy(fixture().join("config.json"), snapshot.join("config.json")).unwrap();
    fs::write(blobs.join("1"), file(&tensors())).unwrap();
    fs::write(cache.path().join("stolen.safetensors"), file(&tensors())).unwrap();
    let index = json!({ "weight_map": { "classifier.weight": "a.safetensors" } }).to_string();
    fs::write(snapshot.join("model.safetensors.index.json"), index).unwrap();
    let shard = snapshot.join("a.safetensors");
    symlink("../../blobs/1", &shard).unwrap();
    load(&snapshot, &Head::Kept).unwrap();
    fs::remove_file(&shard).unwrap();
    symlink("../../stolen.safetensors", &shard).unwrap();
    let error = load(&snapshot, &Head::Kept).unwrap_err().to_string();
    assert!(error.contains("`a.safetensors` is not a plain file name"), "{error}");
    fs::remove_file(&shard).unwrap();
    let error = load(&snapshot, &Head::Kept).unwrap_err().to_string();
    assert!(error.contains("a.safetensors: No such file"), "{error}");
}

#[test]
fn shards_are_read_together() {
    let (mut first, mut second) = (Tensors::new(), Tensors::new());
    for (place, (name, tensor)) in tensors().into_iter().enumerate() {
        if place.is_multiple_of(2) { &mut first } else { &mut second }.insert(name, tensor);
    }
    let dir = folder(b"", |_| ());
    fs::remove_file(dir.path().join("model.safetensors")).unwrap();
    let mut map = serde_json::Map::new();
    for (shard, tensors) in [("a.safetensors", &first), ("b.safetensors", &second)] {
        fs::write(dir.path().join(shard), file(tensors)).unwrap();
        map.extend(tensors.keys().map(|name| (name.clone(), json!(shard))));
    }
    let index = json!({ "weight_map": map }).to_string();
    fs::write(dir.path().join("model.safetensors.index.json"), index).unwrap();
    load(dir.path(), &Head::Kept).unwrap();
}

#[test]
fn folders_without_weights_say_what_is_missing() {
    let empty = tempfile::tempdir().unwrap();
    let error = load(empty.path(), &Head::Kept).unwrap_err().to_string();
    assert!(error.ends_with("not a checkpoint folder: config.json is missing"), "{error}");
    let dir = folder(b"", |_| ());
    fs::rename(dir.path().join("model.safetensors"), dir.path().join("pytorch_model.bin")).unwrap();
    let error = load(dir.path(), &Head::Kept).unwrap_err().to_string();
    assert!(
        error.contains("pickled weights are refused") && error.contains("safe_serialization"),
        "{error}"
    );
}

#[test]
fn a_new_head_is_normal_and_a_missing_pooler_is_reported() {
    let mut headless = tensors();
    headless.retain(|name, _| !name.contains("pooler") && !name.contains("classifier"));
    let labels: Vec<String> = (0..200).map(|i| format!("class {i}")).collect();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    let dir = folder(&file(&headless), |_| ());
    let (model, report) = load(dir.path(), &fresh(&labels)).unwrap();
    assert_eq!(
        report.fresh,
        [
            "bert.pooler.dense.weight",
            "bert.pooler.dense.bias",
            "classifier.weight",
            "classifier.bias"
        ]
    );
    let parameter = |wanted: &str| model.parameters().find(|(name, _)| *name == wanted).unwrap().1;
    let weight = parameter("classifier.weight");
    assert_eq!(weight.size(), [200, 32]);
    // 6400 draws of N(0, 0.02): the standard error of the deviation is 0.00018.
    let deviation = weight.std(true).double_value(&[]);
    approx::assert_abs_diff_eq!(deviation, 0.02, epsilon = 0.001);
    assert_eq!(parameter("classifier.bias").abs().max().double_value(&[]), 0.0);
}

#[test]
fn a_written_folder_reads_back_bit_for_bit() {
    let (model, _) = load(&fixture(), &fresh(&["bad", "good"])).unwrap();
    let dir = folder(&model.to_safetensors().unwrap(), |_| ());
    fs::write(dir.path().join("config.json"), model.config().to_json().to_string()).unwrap();
    let (again, _) = load(dir.path(), &Head::Kept).unwrap();
    assert_eq!(again.config().id2label, ["bad", "good"]);
    for ((name, a), (_, b)) in model.parameters().zip(again.parameters()) {
        assert!(a.equal(b), "{name}");
    }
}

#[test]
fn each_configured_number_changes_the_logits() {
    let weights = file(&tensors());
    let logits = |key: &str, value: Value| {
        let dir = folder(&weights, |config| {
            config["layer_norm_eps"] = json!(1e-5);
            config[key] = value.clone();
        });
        let (model, _) = load(dir.path(), &Head::Kept).unwrap();
        let ids = tch::Tensor::from_slice2(&[[2i64, 9, 30, 41, 3]]);
        let batch = tunewise_bert::DeviceBatch {
            token_type_ids: ids.zeros_like(),
            input_ids: ids,
            attention_mask: None,
            labels: None,
        };
        Vec::<f64>::try_from(model.forward(&batch, tunewise_bert::Mode::Eval).unwrap().view([-1]))
            .unwrap()
    };
    let base = logits("layer_norm_eps", json!(1e-5));
    for (key, value) in [
        ("layer_norm_eps", json!(1e-2)),
        ("hidden_act", json!("gelu_new")),
        ("hidden_act", json!("relu")),
        ("hidden_act", json!("silu")),
        ("num_attention_heads", json!(2)),
    ] {
        assert_ne!(logits(key, value.clone()), base, "{key} = {value}");
    }
    assert_eq!(logits("hidden_dropout_prob", json!(0.5)), base); // off outside training
}
