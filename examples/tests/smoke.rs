//! The command lines run as processes on a tiny checkpoint; bad input ends in one message, exit code 2
//! and nothing written.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

#[path = "smoke/support.rs"]
mod support;

const FINETUNE: &str = env!("CARGO_BIN_EXE_finetune");
const EVALUATE: &str = env!("CARGO_BIN_EXE_evaluate");
const PREDICT: &str = env!("CARGO_BIN_EXE_predict");
const EXPORT: &str = env!("CARGO_BIN_EXE_export");
const COMPARE: &str = env!("CARGO_BIN_EXE_compare");
const MONITOR: &str = env!("CARGO_BIN_EXE_monitor");
const RECOMMEND: &str = env!("CARGO_BIN_EXE_recommend");

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

const ITEMS: &str = r#"{"item": "a", "title": "good price", "terms": ["price"], "published": "2026-03-01", "clicks": 3}
{"item": "b", "title": "late & <script>again", "terms": ["time"], "published": "2026-03-09", "clicks": 9}
{"item": "c", "title": "fast delivery", "terms": ["time"], "published": "2026-03-05", "clicks": 1}
"#;
const SESSIONS: &str = r#"{"reader": "r1", "time": "2026-04-02T00:00:00Z", "history": ["a", "gone"], "shown": ["b", "c", "lost"], "clicked": ["c"]}
{"reader": "r2", "time": "2026-04-01T00:00:00Z", "history": [], "shown": ["a", "b"], "clicked": ["b"]}
"#;

#[test]
fn a_click_model_ranks_explains_and_is_measured() {
    let dir = tempfile::tempdir().unwrap();
    let items = write(dir.path(), "items.jsonl", ITEMS.as_bytes());
    let recommend = |sessions: &str, out: &Path, more: &[&str]| {
        let sessions = write(dir.path(), "sessions.jsonl", sessions.as_bytes());
        let mut command = Command::new(RECOMMEND);
        command.arg("--model").arg(checkpoint()).arg("--items").arg(&items);
        command.arg("--sessions").arg(sessions).arg("--output-dir").arg(out);
        command.args(["--threads", "1", "--device", "cpu"]).args(more).output().unwrap()
    };
    let label = ["--clicked-label", "label_1"];
    let out = dir.path().join("lists");
    let weights = ["--weights", "click=1,popularity=0.5,recency=0.1"];
    let output = recommend(SESSIONS, &out, &[label, weights].concat());
    let said = stderr(&output);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("line 1, reader r1: not in the catalogue, so not ranked: lost"),
        "{said}"
    );
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.starts_with("order") && table.contains("popularity"), "{table}");
    let read = |name: &str| fs::read_to_string(out.join(name)).unwrap();
    assert_eq!(read("metrics.txt"), table);
    let lines = read("recommendations.jsonl");
    let lists: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lists.len(), &lists[1]["reader"]), (2, &"r2".into()));
    let [first, second] = &lists[0]["items"].as_array().unwrap()[..] else { panic!("{lines}") };
    assert_eq!((&first["item"], &first["title"]), (&"b".into(), &"late & <script>again".into()));
    let sum: f64 =
        first["effects"].as_object().unwrap().values().filter_map(serde_json::Value::as_f64).sum();
    let mean = (first["score"].as_f64().unwrap() + second["score"].as_f64().unwrap()) / 2.0;
    assert!((first["score"].as_f64().unwrap() - mean - sum).abs() < 1e-9);
    assert!(read("recommendations.txt").contains("nothing known: the model is not asked"));
    let metrics: serde_json::Value = serde_json::from_str(&read("metrics.json")).unwrap();
    assert!(metrics["rows"][0]["ndcg"]["low"].is_number());
    assert!(read("ndcg.svg").starts_with("<svg"));

    let other = dir.path().join("refused");
    for (sessions, more, expected) in [
        (
            SESSIONS,
            &[][..],
            "`clicked_label` is not given, expected one of the model's labels: label_0",
        ),
        (SESSIONS, &["--weights", "popularity=1"], "`click` first"),
        (
            SESSIONS,
            &["--weights", "click=1,price=1", "--clicked-label", "label_1"],
            "items.jsonl:2: `signals.price`",
        ),
        ("{oops\n", &label, "sessions.jsonl:1: no JSON object"),
        ("", &label, "sessions.jsonl: no sessions"),
        (
            &SESSIONS.replacen(", \"clicked\": [\"c\"]", "", 1),
            &label,
            "`clicked` is in 1 of 2 sessions",
        ),
    ] {
        refused(&recommend(sessions, &other, more), &other, expected);
    }
    let unknown =
        SESSIONS.replace(", \"clicked\": [\"c\"]", "").replace(", \"clicked\": [\"b\"]", "");
    let output = recommend(&unknown, &other, &label);
    assert!(output.status.success() && output.stdout.is_empty(), "{}", stderr(&output));
    assert!(!other.join("metrics.json").exists() && other.join("recommendations.txt").exists());
}

/// The probability of `label_0` of a text, by `predict`.
fn first_label(text: &str) -> f64 {
    let dir = tempfile::tempdir().unwrap();
    let texts = write(dir.path(), "texts.txt", text.as_bytes());
    let output = Command::new(PREDICT)
        .args(["--threads", "1", "--device", "cpu", "--model"])
        .arg(checkpoint())
        .arg("--input")
        .arg(texts)
        .output()
        .unwrap();
    let line: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    line["scores"]["label_0"].as_f64().unwrap()
}

/// Twenty texts an hour for 60 hours; of hours 30 to 42 twelve are the second text, else two.
fn stream((calm, bad): (&str, &str)) -> String {
    let line = |number: usize| {
        let (hour, place) = (number / 20, number % 20);
        let bad_ones = if (30..42).contains(&hour) { 12 } else { 2 };
        let text = if place < bad_ones { bad } else { calm };
        let time = hour * 3600 + place * 180;
        format!(
            "{{\"id\": {number}, \"time\": {time}, \"topic\": \"<script>fees\", \"text\": \"{text}\"}}\n"
        )
    };
    (0..20 * 60).map(line).collect()
}

fn monitor(input: &Path, out: &Path, config: &Path) -> Command {
    let mut command = Command::new(MONITOR);
    command.arg("--sentiment-model").arg(checkpoint()).args(["--negative-label", "label_0"]);
    command.arg("--input").arg(input).arg("--output-dir").arg(out).arg("--config").arg(config);
    command.args(["--threads", "1", "--device", "cpu", "--save-lines", "64"]);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

#[test]
fn a_watched_stream_survives_kills_and_hostile_words() {
    let dir = tempfile::tempdir().unwrap();
    let (calm, bad) = ("<script>good price</script>", "<script>bad service again</script>");
    let (of_calm, of_bad) = (first_label(calm), first_label(bad));
    // Which of the two the random model likes less does not matter.
    let texts = if of_calm < of_bad { (calm, bad) } else { (bad, calm) };
    let negative_at = (of_calm + of_bad) / 2.0;
    assert!((of_calm - of_bad).abs() > 1e-4, "{of_calm} {of_bad}");
    let config = format!("baseline = 0.1\nnegative_at = {negative_at}\n");
    let config = write(dir.path(), "monitor.toml", config.as_bytes());
    // A repeated text, broken JSON, no text, no time, and one that is too late.
    let good = stream(texts);
    let first = good.lines().next().unwrap();
    let lines = good.replacen(
        '\n',
        &format!("\n{first}\n{{oops\n{{\"time\": 0}}\n{{\"text\": \"x\"}}\n\n"),
        1,
    ) + &first.replace("\"id\": 0", "\"id\": \"late\"");
    let input = write(dir.path(), "stream.jsonl", lines.as_bytes());
    let (whole, killed, live) =
        (dir.path().join("whole"), dir.path().join("killed"), dir.path().join("live"));
    let output = monitor(&input, &whole, &config).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stderr(&output).contains("1200 texts, 1 repeated, 1 late"), "{}", stderr(&output));
    let read = |out: &Path| {
        ["alerts.jsonl", "skipped.jsonl", "monitor.html"]
            .map(|name| fs::read_to_string(out.join(name)).unwrap())
    };
    let [alerts, skipped, html] = read(&whole);
    let kinds: Vec<serde_json::Value> =
        alerts.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&kinds[0]["kind"], &kinds[0]["topic"]), (&"opened".into(), &"<script>fees".into()));
    assert_eq!(kinds[0]["evidence"][0]["text"], texts.1);
    assert_eq!(kinds.last().unwrap()["kind"], "cleared");
    assert_eq!(skipped.lines().count(), 5, "{skipped}");
    assert!(html.contains("&lt;script&gt;fees") && !html.contains("<script"));

    for lines_saved in [64, 320, 704] {
        let mut child = monitor(&input, &killed, &config).spawn().unwrap();
        let saved = || {
            let state = fs::read(killed.join("state.json")).ok()?;
            serde_json::from_slice::<serde_json::Value>(&state).ok()?["lines"].as_u64()
        };
        while saved().is_none_or(|lines| lines < lines_saved) {
            assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
    }
    assert!(monitor(&input, &killed, &config).status().unwrap().success());
    assert_eq!(read(&killed), [alerts.clone(), skipped.clone(), html.clone()]);

    let mut command = monitor(Path::new("-"), &live, &config);
    let output = command.stdin(Stdio::from(fs::File::open(&input).unwrap())).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(read(&live)[..2], [alerts, skipped]);
}

#[test]
fn a_monitor_is_refused_before_anything_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("watch");
    let input = write(dir.path(), "stream.jsonl", b"{\"time\": 0, \"text\": \"x\"}\n");
    let config = |text: &str| write(dir.path(), "monitor.toml", text.as_bytes());
    let refuse = |config: &Path, more: &[&str], expected: &str| {
        let output = monitor(&input, &out, config).args(more).output().unwrap();
        refused(&output, &out, expected);
    };
    refuse(&config("windows = 3"), &[], "unknown field `windows`");
    refuse(&config("window = 0"), &[], "`window` is 0");
    refuse(&config(""), &["--bursts", "nowhere.jsonl"], "nowhere.jsonl: ");
    let mut command = Command::new(MONITOR);
    command.arg("--sentiment-model").arg(checkpoint()).arg("--input").arg(&input);
    let output = command.arg("--output-dir").arg(&out).output().unwrap();
    refused(
        &output,
        &out,
        "`negative_label` is not given, expected one of the model's labels: label_0",
    );
    // Without a model of topics, and without a topic, a text does not count: nothing is lost.
    let output = monitor(&input, &out, &config("")).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(fs::read_to_string(out.join("skipped.jsonl")).unwrap().contains("no `topic`"));
}
