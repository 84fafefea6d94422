//! Predicts texts as JSON Lines: `predict --help`.

use std::io::{BufWriter, Write, stdin, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use tunewise_bert::task::{DeviceChoice, prediction_line};
use tunewise_bert::{Classifier, ClassifierOptions, Precision};
use tunewise_data::{LabelUse, read_lines, read_path};
use tunewise_examples::{CliResult, ColumnArgs, run};

/// Predicts texts: one JSON object a line, in the order of the input
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// Folder of the fine-tuned checkpoint
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// Texts: .csv, .tsv or .jsonl with a column of texts, .txt with a text a line, or - for a text a
    /// line on standard input
    #[arg(long, value_name = "FILE", default_value = "-")]
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
    /// Add each row's logits
    #[arg(long)]
    logits: bool,
    /// Threads of libtorch [default: the cores]
    #[arg(long, value_name = "N")]
    threads: Option<u16>,
    /// cpu, cuda:N or auto
    #[arg(long, value_name = "D", default_value_t = DeviceChoice::Auto)]
    device: DeviceChoice,
}

fn main() -> ExitCode {
    run(|| predict(&Args::parse()))
}

fn predict(args: &Args) -> CliResult {
    let options = ClassifierOptions {
        device: args.device.resolve()?,
        precision: args.precision,
        batch_size: args.batch_size,
        max_seq_length: args.max_seq_length,
    };
    if let Some(threads) = args.threads {
        tunewise_bert::set_num_threads(threads);
    }
    let classifier = Classifier::with_options(&args.model, options)?;
    let dataset = match args.input.to_str() {
        Some("-") => read_lines(stdin(), "standard input")?,
        Some(name) if name.ends_with(".txt") => read_lines(std::fs::File::open(name)?, name)?,
        _ => read_path(&args.input, &args.columns.read_options(LabelUse::Ignored, None))?,
    };
    let predictions = classifier.predict_dataset(&dataset)?;
    let mut out = BufWriter::new(stdout().lock());
    let named = classifier.name(&predictions);
    for ((example, prediction), logits) in
        dataset.examples().iter().zip(&named).zip(predictions.rows())
    {
        writeln!(out, "{}", prediction_line(example, prediction, args.logits.then_some(logits)))?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
