//! Measures a checkpoint on a labelled file: `evaluate --help`.
#![allow(clippy::print_stdout, reason = "a command line")]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use tunewise_bert::task::evaluate_dataset;
use tunewise_data::{LabelUse, read_path};
use tunewise_examples::{ClassifierArgs, CliResult, ColumnArgs, run};

/// Measures a fine-tuned checkpoint on a labelled file and prints the report
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    #[command(flatten)]
    classifier: ClassifierArgs,
    /// Labelled rows: .csv, .tsv or .jsonl
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    #[command(flatten)]
    columns: ColumnArgs,
    /// Print loss and report as JSON
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    run(|| evaluate(&Args::parse()))
}

fn evaluate(args: &Args) -> CliResult {
    let classifier = args.classifier.load()?;
    let problem = classifier.config().problem();
    let options = args.columns.read_options(LabelUse::Required, Some(problem));
    let measured = evaluate_dataset(&classifier, &read_path(&args.input, &options)?)?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&measured.evaluation)?);
    } else {
        print!("{}", measured.evaluation);
    }
    Ok(ExitCode::SUCCESS)
}
