//! A support desk: answers by intent, by article, or a person's: `support --help`.

use std::io::{BufWriter, stdout};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tunewise_examples::{AnswerArgs, EvaluateArgs, SplitArgs, run};

/// Routes questions: the answer of their intent where the model is sure, an article where a search is, a
/// person where both are unsure
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant, reason = "made once")]
enum Command {
    Evaluate(EvaluateArgs),
    Answer(AnswerArgs),
    Split(SplitArgs),
}

fn main() -> ExitCode {
    run(|| {
        let mut out = BufWriter::new(stdout().lock());
        match Args::parse().command {
            Command::Evaluate(args) => args.run(&mut out),
            Command::Answer(args) => args.run(&mut out),
            Command::Split(args) => args.run(),
        }
    })
}
