//! Where to spend.

use super::Tour;
use crate::fault::Result;

/// What it takes to classify the shipped reviews well, from twenty small pilots of two model sizes.
pub(super) fn run(tour: &Tour<'_>) -> Result<()> {
    let folder = tour.made("plan")?;
    let checkpoint = tour.checkpoint();
    let mut command = tour.command("plan");
    command.arg("--train-file").arg(tour.data("reviews/train.csv"));
    command.arg("--validation-file").arg(tour.data("reviews/test.csv"));
    command.arg("--model").arg(&checkpoint);
    command.arg("--model").arg(format!("{}@3", checkpoint.display()));
    command.arg("--prices").arg(tour.data("plan/prices.toml"));
    command.args(["--target", "macro_f1=0.85", "--slices", "3", "--seeds", "2"]);
    command.args(["--learning-rate", "1e-4", "--num-train-epochs", "3"]);
    // Quicker pilots than the defaults.
    command.args(["--max-seq-length", "64", "--least-steps", "120", "--longer", "2"]);
    if folder.exists() {
        println!("it goes on from {}; remove it to begin anew", folder.display());
        command.arg("--resume");
    }
    tour.show(command.arg("--output-dir").arg(&folder))?;
    println!("report to open in a browser: {}", folder.join("report.html").display());
    Ok(())
}
