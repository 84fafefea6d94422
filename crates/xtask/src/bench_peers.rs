//! `cargo xtask bench-peers`: fine-tuning or prediction by this workspace and by what a Python user
//! would run, in turn.

mod options;
mod predict;
mod table;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use self::options::{Options, Work};
use self::table::Contender;
use crate::fault::{At, Fault, Result};
use crate::process::{Workspace, must_succeed, output};

/// Runs every contender once a round, in turn, and writes medians, spreads and ratios to
/// `target/bench-peers.md`.
pub(crate) fn run(workspace: &Workspace, rest: &[String]) -> Result<()> {
    let options = Options::parse(workspace, rest)?;
    let python = python(options.python.as_deref())?;
    let text = match options.work {
        Work::Train => train(workspace, &options, &python)?,
        Work::Predict => predict::run(workspace, &options, &python)?,
    };
    let path = workspace.target().join("bench-peers.md");
    std::fs::write(&path, &text).at(&path)?;
    println!("\n{text}\nwritten to {}", path.display());
    Ok(())
}

/// Fine-tuning for an epoch.
fn train(workspace: &Workspace, options: &Options, python: &Path) -> Result<String> {
    let build = ["build", "--release", "--package", "tunewise-examples", "--bin", "finetune"];
    must_succeed(&mut workspace.cargo(&build), "cargo build --release")?;

    let mut contenders = vec![
        Contender::new("PyTorch, plain"),
        Contender::new("PyTorch, best"),
        Contender::new("ours"),
    ];
    for _ in 0..options.rounds {
        for contender in &mut contenders {
            let record = match contender.name {
                "PyTorch, plain" => peer(workspace, options, python, "plain")?,
                "PyTorch, best" => peer(workspace, options, python, "best")?,
                _ => ours(workspace, options)?,
            };
            contender.add(&record, "samples_per_second")?;
        }
    }
    let all: Vec<&Contender> = contenders.iter().collect();
    Ok(table::markdown(&options.describe(&options.train_file), "rows/s", &all))
}

/// The interpreter with the peers' packages: the one named, else the active virtual environment's.
fn python(named: Option<&Path>) -> Result<PathBuf> {
    let active = || Some(PathBuf::from(std::env::var_os("VIRTUAL_ENV")?).join("bin/python"));
    let python = named.map(Path::to_owned).or_else(active).ok_or_else(|| {
        Fault::new(
            "no Python for the peers",
            "activate a virtual environment or give --python, with what benches/peers/requirements.txt lists",
        )
    })?;
    match output(Command::new(&python).args(["-c", "import torch, transformers; print(1)"])) {
        Some(_) => Ok(python),
        None => Err(Fault::new(
            format!("{} cannot import torch and transformers", python.display()),
            format!("run: {} -m pip install -r benches/peers/requirements.txt", python.display()),
        )),
    }
}

/// The record that a peer's script prints.
fn peer(workspace: &Workspace, options: &Options, python: &Path, mode: &str) -> Result<String> {
    let mut command = Command::new(python);
    command
        .arg(workspace.path("benches/peers/train.py"))
        .args(["--mode", mode, "--threads", &options.threads.to_string()])
        .arg("--model")
        .arg(&options.checkpoint);
    options.shared(&mut command, "--batch-size");
    output(command.env("OMP_NUM_THREADS", options.threads.to_string()).env("HF_HUB_OFFLINE", "1"))
        .ok_or_else(|| Fault::new(format!("the peer `{mode}` failed"), format!("run {command:?}")))
}

/// The record that our run writes.
fn ours(workspace: &Workspace, options: &Options) -> Result<String> {
    let folder = workspace.target().join("bench-peers");
    let mut command = Command::new(workspace.target().join("release/finetune"));
    command
        .arg("--model-name-or-path")
        .arg(&options.checkpoint)
        .args(["--num-train-epochs", "1", "--overwrite-output-dir", "--output-dir"])
        .arg(&folder)
        .args(["--threads", &options.threads.to_string()])
        .args(&options.ours);
    options.shared(&mut command, "--per-device-train-batch-size");
    command.env("OMP_NUM_THREADS", options.threads.to_string());
    must_succeed(command.stdout(Stdio::null()).stderr(Stdio::null()), "finetune")?;
    let record = folder.join("run.json");
    std::fs::read_to_string(&record).at(&record)
}
