//! The command lines run as processes on a tiny checkpoint; bad input ends in one message, exit code 2
//! and nothing written.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

#[path = "smoke/monitor.rs"]
mod monitor;
#[path = "smoke/recommend.rs"]
mod recommend;
#[path = "smoke/support.rs"]
mod support;

const FINETUNE: &str = env!("CARGO_BIN_EXE_finetune");
const EVALUATE: &str = env!("CARGO_BIN_EXE_evaluate");
const PREDICT: &str = env!("CARGO_BIN_EXE_predict");
const EXPORT: &str = env!("CARGO_BIN_EXE_export");
const COMPARE: &str = env!("CARGO_BIN_EXE_compare");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A tiny random BERT (2 layers of width 32, 64 positions).
fn checkpoint() -> PathBuf {
    root().join("crates/bert/tests/fixtures/single_label")
}

fn write(dir: &Path, name: &str, contents: &[u8]) -> PathBuf {
    let path = dir.join(name);
    fs::write(&path, contents).unwrap();
    path
}

fn train_file(dir: &Path) -> PathBuf {
    let row = |i: usize| {
        if i.is_multiple_of(2) {
            format!("good price {i},pos\n")
        } else {
            format!("bad service {i},neg\n")
        }
    };
    let rows: String = (0..20).map(row).collect();
    write(dir, "train.csv", format!("text,label\n{rows}").as_bytes())
}

fn finetune(train: &Path, out: &Path, more: &[&str]) -> Output {
    Command::new(FINETUNE)
        .arg("--model-name-or-path")
        .arg(checkpoint())
        .arg("--train-file")
        .arg(train)
        .arg("--output-dir")
        .arg(out)
        .args(["--max-seq-length", "32", "--num-train-epochs", "1", "--device", "cpu"])
        .args(more)
        .output()
        .unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The run fails with exit code 2 and one error line that holds `expected`; the output folder is not
/// there, or as it was.
fn refused(output: &Output, out: &Path, expected: &str) {
    let text = stderr(output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("error")).count(), 1, "{text}");
    assert!(text.contains(expected), "expected {expected:?} in {text}");
    assert!(!out.exists(), "{} was made", out.display());
}

#[test]
fn a_run_leaves_every_output_and_the_checkpoint_predicts() {
    let dir = tempfile::tempdir().unwrap();
    let (train, out) = (train_file(dir.path()), dir.path().join("out"));
    let more =
        ["--validation-split", "0.2", "--save-steps", "1", "--per-device-train-batch-size", "8"];
    let output = finetune(&train, &out, &more);
    assert!(output.status.success(), "{}", stderr(&output));
    for name in [
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tunewise.json",
        "log.jsonl",
        "metrics.json",
        "report.txt",
        "predictions.csv",
        "run.json",
        "loss_curve.svg",
        "confusion_matrix.svg",
        "checkpoint-1/model.safetensors",
        "checkpoint-2/optimizer.safetensors",
        "checkpoint-2/state.json",
    ] {
        assert!(out.join(name).is_file(), "{name}");
    }
    let report = fs::read_to_string(out.join("report.txt")).unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).ends_with(&report));
    let record: serde_json::Value =
        serde_json::from_slice(&fs::read(out.join("run.json")).unwrap()).unwrap();
    assert_eq!(
        (&record["train_rows"], &record["configuration"]["max_seq_length"]),
        (&16.into(), &32.into())
    );
    let predictions =
        csv::Reader::from_path(out.join("predictions.csv")).unwrap().into_records().count();
    assert_eq!(predictions, 4);

    let evaluate = Command::new(EVALUATE)
        .arg("--model")
        .arg(&out)
        .arg("--input")
        .arg(&train)
        .output()
        .unwrap();
    assert!(
        String::from_utf8_lossy(&evaluate.stdout).contains("macro avg"),
        "{}",
        stderr(&evaluate)
    );
    let json = Command::new(EVALUATE)
        .args(["--json", "--model"])
        .arg(&out)
        .arg("--input")
        .arg(&train)
        .output();
    let json: serde_json::Value = serde_json::from_slice(&json.unwrap().stdout).unwrap();
    assert_eq!(json["rows"], 20);
    assert!(json["report"]["macro avg"]["f1-score"].is_number());

    let texts = write(dir.path(), "texts.txt", "good price\n很好\n".as_bytes());
    let predict = Command::new(PREDICT)
        .args(["--logits", "--model"])
        .arg(&out)
        .stdin(Stdio::from(fs::File::open(texts).unwrap()))
        .output()
        .unwrap();
    let lines = String::from_utf8(predict.stdout).unwrap();
    let lines: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines.len(), &lines[1]["text"]), (2, &"很好".into()));
    assert_eq!(lines[0]["logits"].as_array().unwrap().len(), 2);
    let scores = lines[0]["scores"].as_object().unwrap();
    let sum: f64 = scores.values().map(|score| score.as_f64().unwrap()).sum();
    assert!((sum - 1.0).abs() < 1e-12 && scores.contains_key("pos"));
}

#[test]
fn an_export_predicts_and_is_compared_with_its_original() {
    let dir = tempfile::tempdir().unwrap();
    let small = dir.path().join("small");
    let export = |model: &Path, out: &Path| {
        let mut command = Command::new(EXPORT);
        command.arg("--model").arg(model).arg("--output-dir").arg(out);
        command.args(["--word-embeddings", "int8"]).output().unwrap()
    };
    let output = export(&checkpoint(), &small);
    assert!(output.status.success(), "{}", stderr(&output));
    let sizes: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(sizes["bytes_after"].as_u64() < sizes["bytes_before"].as_u64());
    let out = dir.path().join("again");
    refused(&export(&small, &out), &out, "not in 8 bits already");

    let rows = (0..12).map(|i| format!("good price {i},label_{}\n", i % 3)).collect::<String>();
    let input = write(dir.path(), "rows.csv", format!("text,label\n{rows}").as_bytes());
    let compare = |after: &Path, more: &[&str]| {
        let mut command = Command::new(COMPARE);
        command.arg("--before").arg(checkpoint()).arg("--after").arg(after);
        command.arg("--input").arg(&input).args(["--rounds", "2", "--resamples", "99"]);
        command.args(more).output().unwrap()
    };
    let table = compare(&small, &[]);
    let table = String::from_utf8_lossy(&table.stdout).into_owned();
    assert!(table.contains("macro_f1") && table.contains("same labels"), "{table}");
    let json = compare(&small, &["--json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["before"]["weights_bytes"], sizes["bytes_before"]);
    assert_eq!(json["after"]["weights_bytes"], sizes["bytes_after"]);
    let other = root().join("crates/bert/tests/fixtures/regression");
    refused(&compare(&other, &[]), &out, "`after` is regression, expected a model of");
}

#[test]
fn a_small_random_student_learns_from_texts_without_labels() {
    let dir = tempfile::tempdir().unwrap();
    let (train, teacher) = (train_file(dir.path()), dir.path().join("teacher"));
    assert!(finetune(&train, &teacher, &[]).status.success());
    let rows: String = (0..20).map(|i| format!("good service {i}\n")).collect();
    let texts = write(dir.path(), "texts.csv", format!("text\n{rows}").as_bytes());
    let config = fs::read_to_string(checkpoint().join("config.json")).unwrap();
    let narrow = config.replace("\"hidden_size\": 32", "\"hidden_size\": 16");
    let config = write(dir.path(), "narrow.json", narrow.as_bytes());
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    let (from, config, valid) = (path(&teacher), path(&config), path(&train));
    let taught = ["--distil-from", &from, "--student-config", &config, "--distil-relations"];
    let whole = [&taught[..], &["minilm-v2", "--distil-alpha", "1"]].concat();
    let out = dir.path().join("student");
    let output = finetune(&texts, &out, &[&whole[..], &["--validation-file", &valid]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let config = fs::read_to_string(out.join("config.json")).unwrap();
    assert!(
        config.contains("\"hidden_size\": 16") && config.contains("\"0\": \"neg\""),
        "{config}"
    );

    let out = dir.path().join("refused");
    refused(
        &finetune(&texts, &out, &whole),
        &out,
        "`validation_file` is missing, expected rows with",
    );
    let half = [&taught[..], &["minilm", "--validation-file", &valid]].concat();
    refused(&finetune(&texts, &out, &half), &out, "texts.csv: ");
}

#[test]
fn every_kind_of_label_trains() {
    let dir = tempfile::tempdir().unwrap();
    let rows = |label: fn(usize) -> String| -> String {
        (0..12).map(|i| format!("{{\"text\":\"good {i}\",\"label\":{}}}\n", label(i))).collect()
    };
    for (name, rows, expected) in [
        (
            "multi",
            rows(|i| if i % 3 == 0 { "[]".into() } else { format!("[\"a\",\"b{}\"]", i % 2) }),
            "samples avg",
        ),
        ("regression", rows(|i| format!("{}.5", i % 4)), "mean squared error"),
        ("integers", rows(|i| (i % 3 + 8).to_string()), "10"),
    ] {
        let train = write(dir.path(), &format!("{name}.jsonl"), rows.as_bytes());
        let out = dir.path().join(name);
        let output = finetune(&train, &out, &[]);
        assert!(output.status.success(), "{name}: {}", stderr(&output));
        assert!(fs::read_to_string(out.join("report.txt")).unwrap().contains(expected), "{name}");
    }
}

#[test]
fn bad_data_is_refused_before_anything_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    for (contents, expected) in [
        (&b""[..], "no rows"),
        (b"text,label\n", "no rows"),
        (b"words,more,label\na,b,c\n", "no column for the text"),
        (b"text,label\na,x\nb\n", "train.csv:3: expected 2 fields, got 1"),
        (b"text,label\na,x\nb\xff,y\n", "byte 0xff"),
        (b"text,label\na,x\nb,x\n", "all 2 rows have the label `x`"),
    ] {
        refused(&finetune(&write(dir.path(), "train.csv", contents), &out, &[]), &out, expected);
    }
    let train = train_file(dir.path());
    let unseen = write(dir.path(), "test.csv", b"text,label\ngood,neutral\n");
    let output = finetune(&train, &out, &["--test-file", unseen.to_str().unwrap()]);
    refused(&output, &out, "label `neutral` is not one of the 2 labels of training (neg, pos)");
    refused(&finetune(&dir.path().join("no.csv"), &out, &[]), &out, "no.csv: No such file");
}

/// A copy of the tiny checkpoint, to be spoilt.
fn copy(dir: &Path) -> PathBuf {
    let copy = dir.join("checkpoint");
    fs::create_dir_all(&copy).unwrap();
    for name in ["config.json", "model.safetensors", "vocab.txt", "tokenizer.json"] {
        fs::copy(checkpoint().join(name), copy.join(name)).unwrap();
    }
    copy
}

#[test]
fn bad_checkpoints_are_refused_before_anything_is_written() {
    type Spoil = (fn(&Path), &'static str);
    let spoils: [Spoil; 7] = [
        (poison, "holds NaN or infinity"),
        (leave_the_folder, "shard `../model.safetensors` is not a plain file name"),
        (|dir| truncate(&dir.join("model.safetensors")), "model.safetensors: "),
        (|dir| fs::remove_file(dir.join("config.json")).unwrap(), "config.json is missing"),
        (
            |dir| replace(&dir.join("config.json"), "\"hidden_size\": 32", "\"hidden_size\": 64"),
            "has shape",
        ),
        (
            |dir| replace(&dir.join("config.json"), "\"gelu\"", "\"mish\""),
            "`hidden_act` is \"mish\"",
        ),
        (
            |dir| {
                replace(&dir.join("config.json"), "\"is_decoder\": false", "\"is_decoder\": true")
            },
            "`is_decoder`",
        ),
    ];
    for (spoil, expected) in spoils {
        let dir = tempfile::tempdir().unwrap();
        let (train, out, model) =
            (train_file(dir.path()), dir.path().join("out"), copy(dir.path()));
        spoil(&model);
        let output = finetune(&train, &out, &["--model-name-or-path", model.to_str().unwrap()]);
        refused(&output, &out, expected);
    }
}

/// The last weight becomes NaN.
fn poison(dir: &Path) {
    let path = dir.join("model.safetensors");
    let mut bytes = fs::read(&path).unwrap();
    let last = bytes.len() - 4;
    bytes[last..].copy_from_slice(&f32::NAN.to_le_bytes());
    fs::write(path, bytes).unwrap();
}

fn leave_the_folder(dir: &Path) {
    fs::rename(dir.join("model.safetensors"), dir.join("../model.safetensors")).unwrap();
    let index = r#"{"weight_map": {"classifier.weight": "../model.safetensors"}}"#;
    fs::write(dir.join("model.safetensors.index.json"), index).unwrap();
}

fn truncate(path: &Path) {
    let bytes = fs::read(path).unwrap();
    fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
}

fn replace(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{from}");
    fs::write(path, text.replace(from, to)).unwrap();
}

#[test]
fn a_vocabulary_smaller_than_an_id_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (train, out, model) = (train_file(dir.path()), dir.path().join("out"), copy(dir.path()));
    fs::remove_file(model.join("tokenizer.json")).unwrap();
    let mut vocab = fs::read_to_string(model.join("vocab.txt")).unwrap();
    vocab = vocab.replace("price\n", "prices\n") + "extra\nprice\n"; // ids 207 and 208 of 207
    fs::write(model.join("vocab.txt"), vocab).unwrap();
    let output = finetune(&train, &out, &["--model-name-or-path", model.to_str().unwrap()]);
    refused(&output, &out, "token id 208 is outside the model's vocabulary of 207");
}

#[test]
fn bad_settings_are_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let (train, out) = (train_file(dir.path()), dir.path().join("out"));
    for (more, expected) in [
        (
            &["--max-seq-length", "100"][..],
            "a sequence of 100 tokens exceeds the model's 64 positions",
        ),
        (&["--learning-rate", "0"], "`learning_rate`"),
        (&["--validation-split", "1.5"], "`validation_split`"),
        (&["--device", "cuda:9"], "`device`"),
        (&["--batching", "random"], "by-length, token-budget, packed, longest or max-length"),
        (&["--metric-for-best-model", "f1"], "macro_f1"),
    ] {
        refused(&finetune(&train, &out, more), &out, expected);
    }
    let numbers = write(dir.path(), "numbers.csv", b"text,label\na,0.5\nb,1.5\n");
    let output = finetune(&numbers, &out, &["--metric-for-best-model", "macro_f1"]);
    refused(
        &output,
        &out,
        "expected loss, mse, mae, r2 or pearson_r, since the problem is regression",
    );
    let config = write(dir.path(), "run.toml", b"learning_rate = 1e-4\nepochs = 3\n");
    let output = finetune(&train, &out, &["--config", config.to_str().unwrap()]);
    refused(&output, &out, "unknown field `epochs`");
}

#[test]
fn a_flag_wins_over_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let (train, out) = (train_file(dir.path()), dir.path().join("out"));
    let config = write(dir.path(), "run.toml", b"seed = 5\nnum_train_epochs = 3\n");
    let output = finetune(&train, &out, &["--config", config.to_str().unwrap()]);
    assert!(output.status.success(), "{}", stderr(&output));
    let record: serde_json::Value =
        serde_json::from_slice(&fs::read(out.join("run.json")).unwrap()).unwrap();
    assert_eq!(record["configuration"]["seed"], 5);
    assert_eq!(record["configuration"]["num_train_epochs"], 1.0);
}

fn kept(out: &Path, expected: &str, train: &Path) {
    let output = finetune(train, out, &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains(expected), "{}", stderr(&output));
}

#[test]
fn an_occupied_or_unwritable_output_folder_is_refused_and_kept() {
    let dir = tempfile::tempdir().unwrap();
    let train = train_file(dir.path());
    let out = dir.path().join("out");
    fs::create_dir(&out).unwrap();
    write(&out, "thesis.txt", b"mine");
    kept(&out, "the output folder is not empty", &train);
    assert_eq!(fs::read(out.join("thesis.txt")).unwrap(), b"mine");
    // A file stands where the folder should be: unwritable for root too.
    let file = write(dir.path(), "file", b"");
    kept(&file, "file: ", &train);
    kept(&file.join("out"), "Not a directory", &train);
    let model = copy(dir.path());
    let own = ["--overwrite-output-dir", "--model-name-or-path", model.to_str().unwrap()];
    let output = finetune(&train, &model, &own);
    assert!(
        stderr(&output).contains("another folder than the checkpoint's"),
        "{}",
        stderr(&output)
    );
    assert!(model.join("model.safetensors").exists());
}
