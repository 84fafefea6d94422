//! Alerts from a stream.

use super::Tour;
use crate::fault::Result;

/// What becomes more negative in the shipped stream, told by two heads that never saw its phrases.
pub(super) fn run(tour: &Tour<'_>) -> Result<()> {
    let head = |column: &str| {
        tour.head(&format!("{column}-head"), |finetune| {
            for part in ["train", "validation"] {
                finetune.arg(format!("--{part}-file")).arg(tour.data(&format!("news/{part}.csv")));
            }
            finetune.args(["--label-column", column, "--num-train-epochs", "1"]);
            finetune.args(["--learning-rate", "1e-4", "--warmup-steps", "0.1"]);
            finetune.args(["--max-seq-length", "64"]);
            Ok(())
        })
    };
    let (topics, sentiment) = (head("topic")?, head("sentiment")?);
    let folder = tour.made("monitor")?;
    if folder.join("state.json").is_file() {
        println!("it goes on from {}", folder.join("state.json").display());
    }
    let mut command = tour.command("monitor");
    command.arg("--topic-model").arg(topics).arg("--sentiment-model").arg(sentiment);
    command.arg("--input").arg(tour.data("news/stream.jsonl"));
    command.arg("--config").arg(tour.data("news/monitor.toml"));
    command.arg("--bursts").arg(tour.data("news/bursts.jsonl"));
    command.args(["--title", "News of twelve days"]).arg("--output-dir").arg(&folder);
    tour.show(&mut command)?;
    println!("alerts: {}", folder.join("alerts.jsonl").display());
    println!("page to open in a browser: {}", folder.join("monitor.html").display());
    Ok(())
}
