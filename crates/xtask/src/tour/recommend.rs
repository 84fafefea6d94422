//! Lists for readers.

use super::Tour;
use crate::fault::Result;

/// Items that readers of the shipped sessions would like best.
pub(super) fn run(tour: &Tour<'_>) -> Result<()> {
    let items = tour.data("recommendation/items.jsonl");
    let sessions = |part: &str| tour.data(&format!("recommendation/sessions-{part}.jsonl"));
    // Trained on what readers say they enjoy, asked of what the terms of a history say.
    let model = tour.head("click-model", |finetune| {
        for part in ["train", "validation"] {
            let pairs = tour.data(&format!("recommendation/{part}.csv"));
            finetune.arg(format!("--{part}-file")).arg(pairs);
        }
        finetune.args(["--num-train-epochs", "2", "--learning-rate", "1e-4"]);
        finetune.args(["--warmup-steps", "0.1", "--max-seq-length", "96"]);
        Ok(())
    })?;
    let folder = tour.made("recommend")?;
    let mut command = tour.command("recommend");
    command.arg("--model").arg(model).arg("--items").arg(&items);
    command.arg("--sessions").arg(sessions("test")).arg("--fit").arg(sessions("validation"));
    command.args(["--profile", "terms"]);
    command.args(["--weights", "click=1,popularity=0,recency=0,price=0"]);
    tour.show(command.arg("--output-dir").arg(&folder))?;
    println!("lists with reasons: {}", folder.join("recommendations.txt").display());
    println!("picture: {}", folder.join("ndcg.svg").display());
    Ok(())
}
