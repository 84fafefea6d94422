//! Tokenizing a file's texts, as one JSON object: `tokenize-speed --help`.
#![allow(clippy::print_stdout, reason = "a command line")]

use std::error::Error;
use std::time::Instant;

use clap::Parser;
use serde_json::json;
use tunewise_benches::{SourceArgs, rates};
use tunewise_data::Tokenizer;

/// Times the encoding of all texts at once, on as many threads as RAYON_NUM_THREADS says
#[derive(Debug, Parser)]
struct Args {
    #[command(flatten)]
    source: SourceArgs,
    /// Passes over all texts, of which the median counts, after one that does not
    #[arg(long, value_name = "N", default_value_t = 9)]
    passes: usize,
    #[arg(long, value_name = "N", default_value_t = 128)]
    max_seq_length: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let tokenizer = Tokenizer::from_dir(&args.source.model)?;
    let dataset = args.source.dataset()?;
    let rows = tokenizer.encode_dataset(&dataset, args.max_seq_length)?;
    let tokens: u32 = rows.lengths().iter().sum();
    let mut seconds = Vec::new();
    for _ in 0..args.passes.max(1) {
        let begin = Instant::now();
        std::hint::black_box(tokenizer.encode_dataset(&dataset, args.max_seq_length)?);
        seconds.push(begin.elapsed().as_secs_f64());
    }
    let [texts_per_s, ..] = rates(seconds, dataset.len());
    println!("{}", json!({ "rows": dataset.len(), "tokens": tokens, "texts_per_s": texts_per_s }));
    Ok(())
}
