//! Predicts texts as JSON Lines: `predict --help`.

use std::io::{BufWriter, Write, stdin, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use tunewise_bert::task::prediction_line;
use tunewise_data::{LabelUse, read_lines, read_path};
use tunewise_examples::{ClassifierArgs, CliResult, ColumnArgs, run};

/// Predicts texts: one JSON object a line, in the order of the input
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    #[command(flatten)]
    classifier: ClassifierArgs,
    /// Texts: .csv, .tsv or .jsonl with a column of texts, .txt with a text a line, or - for a text a
    /// line on standard input
    #[arg(long, value_name = "FILE", default_value = "-")]
    input: PathBuf,
    #[command(flatten)]
    columns: ColumnArgs,
    /// Add each row's logits
    #[arg(long)]
    logits: bool,
}

fn main() -> ExitCode {
    run(|| predict(&Args::parse()))
}

fn predict(args: &Args) -> CliResult {
    let classifier = args.classifier.load()?;
    let dataset = match args.input.to_str() {
        Some("-") => read_lines(stdin(), "standard input")?,
        Some(name) if name.ends_with(".txt") => read_lines(std::fs::File::open(name)?, name)?,
        _ => read_path(&args.input, &args.columns.read_options(LabelUse::Ignored, None))?,
    };
    let predictions = classifier.predict_dataset(&dataset)?;
    let named = classifier.name(&predictions);
    let mut out = BufWriter::new(stdout().lock());
    for ((example, prediction), logits) in
        dataset.examples().iter().zip(&named).zip(predictions.rows())
    {
        writeln!(out, "{}", prediction_line(example, prediction, args.logits.then_some(logits)))?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
