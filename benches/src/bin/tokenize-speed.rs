//! Tokenizing a file's texts, as one JSON object: `tokenize-speed --help`.
#![allow(clippy::print_stdout, reason = "a command line")]

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use clap::Parser;
use serde_json::json;
use tunewise_data::{LabelUse, ReadOptions, Tokenizer, read_path};

/// Times the encoding of all texts at once, on as many threads as RAYON_NUM_THREADS says
#[derive(Debug, Parser)]
struct Args {
    /// Folder of the checkpoint or its tokenizer
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// .csv, .tsv or .jsonl
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// Passes over all texts, of which the median counts, after one that does not
    #[arg(long, value_name = "N", default_value_t = 9)]
    passes: usize,
    #[arg(long, value_name = "N", default_value_t = 128)]
    max_seq_length: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let tokenizer = Tokenizer::from_dir(&args.model)?;
    let read = ReadOptions { labels: LabelUse::Ignored, ..ReadOptions::default() };
    let dataset = read_path(&args.input, &read)?;
    let rows = tokenizer.encode_dataset(&dataset, args.max_seq_length)?;
    let tokens: u32 = rows.lengths().iter().sum();
    let mut seconds = Vec::new();
    for _ in 0..args.passes.max(1) {
        let begin = Instant::now();
        std::hint::black_box(tokenizer.encode_dataset(&dataset, args.max_seq_length)?);
        seconds.push(begin.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    let texts_per_s = dataset.len() as f64 / seconds[seconds.len() / 2];
    println!("{}", json!({ "rows": dataset.len(), "tokens": tokens, "texts_per_s": texts_per_s }));
    Ok(())
}
