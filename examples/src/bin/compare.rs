//! Compares two checkpoints on a labelled file: `compare --help`.
#![allow(clippy::print_stdout, reason = "a command line")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use tunewise_bert::task::{Candidate, CompareOptions, compare};
use tunewise_bert::{Classifier, ClassifierOptions, InferencePrecision, set_num_threads};
use tunewise_data::{LabelUse, read_path};
use tunewise_examples::{CliResult, ColumnArgs, run};

/// Compares two fine-tuned checkpoints on a labelled file: size, speed and quality, with intervals
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// Folder of the first checkpoint
    #[arg(long, value_name = "DIR")]
    before: PathBuf,
    /// Folder of the second, such as a distilled or an exported one
    #[arg(long, value_name = "DIR")]
    after: PathBuf,
    /// Labelled rows: .csv, .tsv or .jsonl
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    #[command(flatten)]
    columns: ColumnArgs,
    /// Precision of the first: stored, fp32, bf16, int8 or auto
    #[arg(long, value_name = "P", default_value_t = InferencePrecision::Stored)]
    before_precision: InferencePrecision,
    /// Precision of the second
    #[arg(long, value_name = "P", default_value_t = InferencePrecision::Stored)]
    after_precision: InferencePrecision,
    /// Times that each predicts all rows, in turn
    #[arg(long, value_name = "N", default_value_t = CompareOptions::default().rounds)]
    rounds: usize,
    /// Resamples of the bootstrap
    #[arg(long, value_name = "N", default_value_t = CompareOptions::default().n_resamples)]
    resamples: usize,
    /// Threads [default: the cores]
    #[arg(long, value_name = "N")]
    threads: Option<u16>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    run(|| compare_command(&Args::parse()))
}

fn compare_command(args: &Args) -> CliResult {
    if let Some(threads) = args.threads {
        set_num_threads(threads);
    }
    let load = |folder: &Path, precision| {
        Classifier::with_options(folder, ClassifierOptions { precision, ..Default::default() })
    };
    let first = load(&args.before, args.before_precision)?;
    let second = load(&args.after, args.after_precision)?;
    let problem = first.config().problem();
    let options = args.columns.read_options(LabelUse::Required, Some(problem));
    let dataset = read_path(&args.input, &options)?;
    let before = Candidate { folder: &args.before, classifier: &first };
    let after = Candidate { folder: &args.after, classifier: &second };
    let options =
        CompareOptions { rounds: args.rounds, n_resamples: args.resamples, ..Default::default() };
    let compared = compare(before, after, &dataset, &options)?;
    match args.json {
        true => println!("{}", serde_json::to_string_pretty(&compared)?),
        false => print!("{compared}"),
    }
    Ok(ExitCode::SUCCESS)
}
