//! Lists of items for readers by a fine-tuned click model: `recommend --help`.

use std::io::stdout;
use std::process::ExitCode;

use clap::Parser;
use tunewise_bert::ClickHead;
use tunewise_examples::{ClassifierArgs, run};
use tunewise_examples_pure::recommend::VisitArgs;

/// Ranks the items that readers were shown, by a fine-tuned model of clicks and other signals
///
/// The model is a classifier of pairs (profile, item), fine-tuned on what `recommend-pairs` writes. Signals
/// beside its click are popularity (of an item's clicks), recency (of published) and the item's own signals.
/// Every place in a list is explained; where clicks are known, the lists are measured against popularity and
/// chance.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    #[command(flatten)]
    classifier: ClassifierArgs,
    /// The model's label that means a click [default: 1, clicked, click or yes]
    #[arg(long, value_name = "LABEL")]
    clicked_label: Option<String>,
    #[command(flatten)]
    visits: VisitArgs,
}

fn main() -> ExitCode {
    run(|| {
        let args = Args::parse();
        let load = || Ok(ClickHead::new(args.classifier.load()?, args.clicked_label.as_deref())?);
        args.visits.run(load, &mut stdout().lock())
    })
}
