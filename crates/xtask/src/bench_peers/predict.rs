//! Prediction of a fine-tuned checkpoint by ONNX Runtime, OpenVINO and this workspace, in turn.

use std::path::Path;
use std::process::Command;

use super::options::Options;
use super::table::{self, Contender};
use crate::fault::{At, Fault, Result};
use crate::process::{Workspace, must_succeed, output};

/// Who is asked: the name in the tables and, of a peer, that of `predict.py`, of ours the precision.
const PEERS: [(&str, &str); 4] = [
    ("ONNX Runtime, fp32", "ort"),
    ("the same after its transformers optimizer", "ort-fused"),
    ("OpenVINO, fp32", "openvino"),
    ("ONNX Runtime, int8", "ort-int8"),
];
const OURS: [(&str, &str); 3] =
    [("ours, fp32", "fp32"), ("ours, bf16", "bf16"), ("ours, int8", "int8")];

/// Runs every contender once a round; a table for each of ours beside the peers of its kind.
pub(super) fn run(workspace: &Workspace, options: &Options, python: &Path) -> Result<String> {
    let input = options.input.as_deref().ok_or_else(|| {
        Fault::new("no texts to predict", "give --input FILE and --checkpoint, a fine-tuned folder")
    })?;
    let build = ["build", "--release", "--package", "tunewise-benches", "--bin", "predict-speed"];
    must_succeed(&mut workspace.cargo(&build), "cargo build --release")?;
    forget_exports(workspace)?;
    let threads = options.threads.to_string();
    let peer = |engine: &str| {
        let mut command = Command::new(python);
        command.arg(workspace.path("benches/peers/predict.py")).args(["--engine", engine]);
        command.arg("--cache").arg(workspace.target().join("bench-peers/onnx"));
        command.args(["--max-seq-length", &options.max_seq_length.to_string()]);
        command
    };
    let ours = |precision: &str| {
        let mut command = Command::new(workspace.target().join("release/predict-speed"));
        command.args(["--precision", precision]);
        command
    };
    let has = |package: &str| {
        output(Command::new(python).args(["-c", &format!("import {package}; print(1)")])).is_some()
    };
    let mut contenders = Vec::new();
    for (name, engine) in PEERS {
        let package = if engine == "openvino" { "openvino" } else { "onnxruntime" };
        if has(package) {
            contenders.push((Contender::new(name), engine, false));
        } else {
            println!("left out, no Python package `{package}`: {name}");
        }
    }
    contenders.extend(OURS.map(|(name, precision)| (Contender::new(name), precision, true)));
    for _ in 0..options.rounds {
        for (contender, of, is_ours) in &mut contenders {
            let mut command = if *is_ours { ours(of) } else { peer(of) };
            command.arg("--model").arg(&options.checkpoint).arg("--input").arg(input);
            command.args(["--threads", &threads]).env("OMP_NUM_THREADS", &threads);
            let record = output(command.env("HF_HUB_OFFLINE", "1")).ok_or_else(|| {
                Fault::new(format!("{} failed", contender.name), format!("run {command:?}"))
            })?;
            contender.add(&record, "texts_per_s")?;
        }
    }
    let all: Vec<_> = contenders.into_iter().map(|(contender, ..)| contender).collect();
    let mut text = String::new();
    for (name, precision) in OURS {
        let int8 = precision == "int8";
        let of_its_kind = |it: &&Contender| {
            it.name == name || (!it.name.starts_with("ours") && it.name.contains("int8") == int8)
        };
        let some: Vec<&Contender> = all.iter().filter(of_its_kind).collect();
        text.push_str(&table::markdown(&options.describe(input), "texts/s", &some));
        text.push('\n');
    }
    Ok(text)
}

/// An exported model of an earlier comparison may be another checkpoint's.
fn forget_exports(workspace: &Workspace) -> Result<()> {
    let folder = workspace.target().join("bench-peers/onnx");
    match std::fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error).at(&folder),
        _ => Ok(()),
    }
}
