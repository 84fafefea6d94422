//! Writes a fine-tuned checkpoint with its weights in 8 bits: `export --help`.
#![allow(clippy::print_stdout, reason = "a command line")]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use tunewise_bert::{WordEmbeddings, export_int8};
use tunewise_examples::{CliResult, locate_model, run, say};

/// Writes a fine-tuned checkpoint as a folder with its weights in 8 bits, which `predict`, `evaluate` and
/// `compare` load
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// Folder of the fine-tuned checkpoint, or the id of a hub's model
    #[arg(long, value_name = "DIR_OR_ID")]
    model: PathBuf,
    /// Branch, tag or commit of the hub's model [default: main]
    #[arg(long, value_name = "REVISION")]
    revision: Option<String>,
    /// Folder to write, new or empty
    #[arg(long, value_name = "DIR")]
    output_dir: PathBuf,
    /// fp32: predictions are, to the bit, those of the checkpoint in int8; int8: a scale a word, smaller
    #[arg(long, value_name = "KIND", default_value_t = WordEmbeddings::Fp32)]
    word_embeddings: WordEmbeddings,
}

fn main() -> ExitCode {
    run(|| export(&Args::parse()))
}

fn export(args: &Args) -> CliResult {
    let folder = locate_model(&args.model, args.revision.as_deref())?;
    let exported = export_int8(folder, &args.output_dir, args.word_embeddings)?;
    say(format!("results in {}", args.output_dir.display()));
    println!("{}", serde_json::to_string_pretty(&exported)?);
    Ok(ExitCode::SUCCESS)
}
