//! A desk that knows when to ask a person.

use std::process::Stdio;

use super::Tour;
use crate::fault::{At, Result};

/// A question of the shipped desk.
const QUESTION: &str = "Where is my order AB-204518?\n";

/// What the shipped support desk answers, and what it saves by not answering all.
pub(super) fn run(tour: &Tour<'_>) -> Result<()> {
    let data = |name: &str| tour.data(&format!("support/{name}"));
    let model = tour.head("support-model", |finetune| {
        finetune.arg("--train-file").arg(data("train.csv"));
        finetune.args(["--num-train-epochs", "10", "--learning-rate", "1e-4"]);
        finetune.args(["--max-seq-length", "64"]);
        Ok(())
    })?;
    let folder = tour.made("support")?;
    let desk = |action: &str| {
        let mut command = tour.command("support");
        command.arg(action).arg("--model").arg(&model);
        command.arg("--embedder").arg(tour.checkpoint());
        command.arg("--templates").arg(data("templates.toml"));
        command.arg("--knowledge").arg(data("knowledge.jsonl"));
        command
    };
    let mut evaluate = desk("evaluate");
    evaluate.arg("--prices").arg(data("prices.toml"));
    evaluate.arg("--calibration-file").arg(data("calibration.csv"));
    evaluate.arg("--input").arg(data("test.csv")).arg("--output-dir").arg(&folder);
    tour.show(&mut evaluate)?;
    let mut answer = desk("answer");
    answer.arg("--routing").arg(folder.join("routing.json")).stdin(Stdio::piped());
    tour.ask(&mut answer, QUESTION).at(&folder)?;
    println!("page to open in a browser: {}", folder.join("support.html").display());
    println!("picture: {}", folder.join("cost_coverage.svg").display());
    Ok(())
}
