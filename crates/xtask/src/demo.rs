//! `cargo xtask demo`: from nothing to a report.

use std::process::Command;
use std::time::Instant;

use crate::fault::{At, Result};
use crate::process::{Workspace, megabytes, must_succeed};
use crate::setup;

const DATA: &str = "examples/data/recommendation";
const OUTPUT: &str = "target/demo";

/// What the demo trains with, beside the shipped files.
const SETTINGS: [&str; 10] = [
    "--num-train-epochs",
    "2",
    "--learning-rate",
    "1e-4",
    "--warmup-steps",
    "0.1",
    "--logging-steps",
    "25",
    "--max-seq-length",
    "128",
];

/// Sets up, builds what the tests build too, fine-tunes, prints the report and what each stage took.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let mut stages = Vec::new();
    let mut stage = |name: &'static str, action: &mut dyn FnMut() -> Result<()>| {
        println!("== {name}");
        let begin = Instant::now();
        action()?;
        stages.push((name, begin.elapsed().as_secs_f64()));
        Ok(())
    };
    stage("set-up", &mut || setup::run(workspace, &setup::Options::default()))?;
    stage("build", &mut || {
        // Just what `cargo xtask test` builds, so that nothing is compiled twice.
        must_succeed(
            &mut workspace.cargo(&["test", "--workspace", "--no-run"]),
            "cargo test --no-run",
        )
    })?;
    stage("fine-tuning", &mut || must_succeed(&mut finetune(workspace), "finetune"))?;

    let report = workspace.path(OUTPUT).join("report.txt");
    println!("\nTest report of the recommendation model (1: clicked, 0: not):\n");
    print!("{}", std::fs::read_to_string(&report).at(&report)?);
    println!("\nstage         seconds");
    for (name, seconds) in stages {
        println!("{name:<12} {seconds:>8.1}");
    }
    println!("\nthird_party   {} MB", megabytes(&workspace.third_party()));
    println!("target        {} MB", megabytes(&workspace.target()));
    println!("results       {}", workspace.path(OUTPUT).display());
    Ok(())
}

fn finetune(workspace: &Workspace) -> Command {
    let mut command = Command::new(workspace.target().join("debug/finetune"));
    command.arg("--model-name-or-path").arg(workspace.checkpoint());
    for part in ["train", "validation", "test"] {
        command.arg(format!("--{part}-file")).arg(workspace.path(&format!("{DATA}/{part}.csv")));
    }
    command
        .arg("--output-dir")
        .arg(workspace.path(OUTPUT))
        .arg("--overwrite-output-dir")
        .args(SETTINGS);
    command.stdout(std::process::Stdio::null()); // the report is printed at the end
    command
}
