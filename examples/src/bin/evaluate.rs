//! Measures a checkpoint on a labelled file: `evaluate --help`.
#![allow(clippy::print_stdout, reason = "a command line")]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use tunewise_bert::task::{DeviceChoice, evaluate_dataset};
use tunewise_bert::{Classifier, ClassifierOptions, Precision};
use tunewise_data::{LabelUse, read_path};
use tunewise_examples::{CliResult, ColumnArgs, run};

/// Measures a fine-tuned checkpoint on a labelled file and prints the report
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// Folder of the fine-tuned checkpoint
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// Labelled rows: .csv, .tsv or .jsonl
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    #[command(flatten)]
    columns: ColumnArgs,
    /// Tokens that texts are truncated to [default: as trained]
    #[arg(long, value_name = "N")]
    max_seq_length: Option<usize>,
    /// Rows of a batch
    #[arg(long, value_name = "N", default_value_t = 64)]
    batch_size: usize,
    /// fp32, bf16 or auto
    #[arg(long, value_name = "P", default_value_t = Precision::Fp32)]
    precision: Precision,
    /// cpu, cuda:N or auto
    #[arg(long, value_name = "D", default_value_t = DeviceChoice::Auto)]
    device: DeviceChoice,
    /// Print loss and report as JSON
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    run(|| evaluate(&Args::parse()))
}

fn evaluate(args: &Args) -> CliResult {
    let options = ClassifierOptions {
        device: args.device.resolve()?,
        precision: args.precision,
        batch_size: args.batch_size,
        max_seq_length: args.max_seq_length,
    };
    let classifier = Classifier::with_options(&args.model, options)?;
    let problem = classifier.model().config().problem();
    let dataset =
        read_path(&args.input, &args.columns.read_options(LabelUse::Required, Some(problem)))?;
    let measured = evaluate_dataset(&classifier, &dataset)?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&measured.evaluation)?);
    } else {
        print!("{}", measured.evaluation);
    }
    Ok(ExitCode::SUCCESS)
}
