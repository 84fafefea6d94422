//! The command lines with models by id, from a hub that is a server in this process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "../../crates/data/tests/fake_hub/mod.rs"]
mod fake_hub;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use fake_hub::{COMMIT, Reply, Request, Server, description, reply};

const FINETUNE: &str = env!("CARGO_BIN_EXE_finetune");
const EVALUATE: &str = env!("CARGO_BIN_EXE_evaluate");
const PREDICT: &str = env!("CARGO_BIN_EXE_predict");
const SECRET: &str = "hf_a_secret";
const FILES: [&str; 4] =
    ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"];

/// A tiny random BERT.
fn checkpoint() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    root.join("crates/bert/tests/fixtures/single_label")
}

/// A hub that shows `owner/tiny` to those who know the secret.
fn answer(request: &Request) -> Reply {
    if request.header("Authorization") != Some(&format!("Bearer {SECRET}")) {
        return reply(401, b"", &[("X-Error-Code", "GatedRepo")]);
    }
    match request.path.strip_prefix(&format!("/owner/tiny/resolve/{COMMIT}/")) {
        Some(file) => {
            let bytes = fs::read(checkpoint().join(file)).unwrap();
            reply(200, &bytes, &[("ETag", &format!("\"of_{file}\""))])
        }
        None if request.path.starts_with("/api/models/owner/tiny/revision/main") => {
            reply(200, &description(&FILES), &[])
        }
        None => reply(404, b"", &[("X-Error-Code", "RevisionNotFound")]),
    }
}

/// A machine with its own home folder, which knows the hub.
struct Machine {
    home: tempfile::TempDir,
    endpoint: String,
}

impl Machine {
    fn command(&self, binary: &str, vars: &[(&str, &str)]) -> Command {
        let mut command = Command::new(binary);
        for name in
            ["HF_HUB_CACHE", "HF_TOKEN", "HF_TOKEN_PATH", "HF_HUB_OFFLINE", "XDG_CACHE_HOME"]
        {
            command.env_remove(name);
        }
        command.env("HOME", self.home.path()).env("HF_HOME", self.home.path().join("hf"));
        command.env("HF_ENDPOINT", &self.endpoint).envs(vars.iter().copied());
        command
    }

    fn out(&self) -> PathBuf {
        self.home.path().join("out")
    }

    fn finetune(&self, vars: &[(&str, &str)], more: &[&str]) -> Output {
        let mut command = self.command(FINETUNE, vars);
        command.args(["--model-name-or-path", "owner/tiny", "--num-train-epochs", "1"]);
        command.args(["--device", "cpu", "--threads", "1", "--save-steps", "1", "--train-file"]);
        command.arg(self.train_file()).arg("--output-dir").arg(self.out()).args(more);
        command.output().unwrap()
    }

    fn train_file(&self) -> PathBuf {
        let path = self.home.path().join("train.csv");
        fs::write(&path, "text,label\ngood,pos\nbad,neg\nfine,pos\nawful,neg\n").unwrap();
        path
    }

    fn predict(&self, vars: &[(&str, &str)], more: &[&str]) -> Output {
        let texts = self.home.path().join("texts.txt");
        fs::write(&texts, "good price\nbad service\n").unwrap();
        let mut command = self.command(PREDICT, vars);
        command.arg("--input").arg(texts).args(["--logits", "--model"]).args(more);
        command.output().unwrap()
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn succeeded(output: &Output) -> &Output {
    assert!(output.status.success(), "{}", stderr(output));
    let told = [&*output.stdout, &*output.stderr].concat();
    assert!(!String::from_utf8_lossy(&told).contains(SECRET));
    output
}

/// Exit code 2 and one error line that holds `expected` and not the secret.
fn refused(output: &Output, expected: &str) {
    let text = stderr(output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("error")).count(), 1, "{text}");
    assert!(text.contains(expected) && !text.contains(SECRET), "expected {expected:?} in {text}");
}

fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// All files below the folder, links followed.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn a_model_by_id_is_trained_resumed_and_measured_and_its_commit_recorded() {
    let server = Server::start(answer);
    let machine = Machine { home: tempfile::tempdir().unwrap(), endpoint: server.address.clone() };
    let token = [("HF_TOKEN", SECRET)];
    let output = machine.finetune(&token, &["--revision", "main", "--max-seq-length", "16"]);
    let text = stderr(succeeded(&output));
    assert!(text.contains(&format!("owner/tiny: a hub's model, at commit {COMMIT}")), "{text}");

    let record = json(&machine.out().join("run.json"));
    assert_eq!(record["model_commit"], COMMIT);
    assert_eq!(record["configuration"]["model_name_or_path"], "owner/tiny");
    assert_eq!(record["configuration"]["revision"], "main");
    let state = json(&machine.out().join("checkpoint-1/state.json"));
    assert_eq!(state["run"]["model_commit"], COMMIT);
    let written = files(machine.home.path());
    assert!(written.len() > 20, "{written:?}");
    for path in written {
        let bytes = fs::read(&path).unwrap();
        let hidden = !bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
        assert!(hidden, "the token is in {}", path.display());
    }

    // Without the hub from here on: what is cached is enough, and the run goes on with its commit.
    server.requests();
    let offline = [("HF_HUB_OFFLINE", "1")];
    let more = ["--revision", "main", "--max-seq-length", "16", "--resume"];
    succeeded(&machine.finetune(&offline, &more));
    let by_id = machine.predict(&offline, &["owner/tiny"]);
    let by_folder = machine.predict(&[], &[checkpoint().to_str().unwrap()]);
    assert_eq!(succeeded(&by_id).stdout, succeeded(&by_folder).stdout);
    assert!(!by_id.stdout.is_empty());
    let labelled = machine.home.path().join("labelled.csv");
    fs::write(&labelled, "text,label\ngood,label_0\nbad,label_1\n").unwrap();
    let mut evaluate = machine.command(EVALUATE, &offline);
    evaluate.args(["--model", "owner/tiny", "--revision", COMMIT, "--input"]).arg(labelled);
    succeeded(&evaluate.output().unwrap());
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn each_fault_is_one_line() {
    let server = Server::start(answer);
    let machine = Machine { home: tempfile::tempdir().unwrap(), endpoint: server.address.clone() };
    refused(&machine.finetune(&[], &[]), "the model is gated");
    refused(&machine.predict(&[], &["owner/tiny"]), "give one that may read it in HF_TOKEN");
    refused(&machine.predict(&[("HF_TOKEN", "hf_other")], &["owner/tiny"]), "may not read it");
    let token = ("HF_TOKEN", SECRET);
    refused(&machine.predict(&[token], &["owner/tiny", "--revision", "v2"]), "no revision \"v2\"");
    let offline = machine.finetune(&[token, ("HF_HUB_OFFLINE", "1")], &[]);
    refused(&offline, "owner/tiny@main: offline, and the cache lacks this revision (looked in ");
    refused(
        &machine.predict(&[token], &["./no/folder"]),
        "expected a folder that exists, or a model id",
    );
    let folder = checkpoint();
    let folder = folder.to_str().unwrap();
    refused(&machine.predict(&[], &[folder, "--revision", "v2"]), "the model is a folder");
    let both = ["--model-name-or-path", folder, "--revision", "v2"];
    refused(&machine.finetune(&[], &both), "the model is a folder");
    assert!(!machine.out().exists());
}
