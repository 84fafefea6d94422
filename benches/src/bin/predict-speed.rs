//! Prediction end to end, tokenizing included, as one JSON object: `predict-speed --help`.
#![allow(clippy::print_stdout, reason = "a command line")]

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use clap::Parser;
use serde_json::json;
use tunewise_benches::{Agreement, peak_rss_mb, seconds_since_start};
use tunewise_bert::{Classifier, ClassifierOptions, InferencePrecision, set_num_threads};
use tunewise_data::{LabelUse, ReadOptions, read_path};

/// Times the prediction of a file's texts, and compares the logits with those in fp32
#[derive(Debug, Parser)]
struct Args {
    /// Folder of the fine-tuned checkpoint
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// .csv, .tsv or .jsonl
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// fp32, bf16, int8 or auto
    #[arg(long, value_name = "P", default_value_t = InferencePrecision::Fp32)]
    precision: InferencePrecision,
    /// Passes over all texts, of which the median counts, after one that does not
    #[arg(long, value_name = "N", default_value_t = 1)]
    passes: usize,
    #[arg(long, value_name = "N", default_value_t = 2)]
    threads: u16,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    set_num_threads(args.threads);
    let load = |precision| {
        let options = ClassifierOptions {
            precision,
            max_seq_length: Some(128),
            ..ClassifierOptions::default()
        };
        Classifier::with_options(&args.model, options)
    };
    let at_main = seconds_since_start();
    let classifier = load(args.precision)?;
    let loaded = seconds_since_start();
    classifier.predict(&["a first text"])?;
    let first_prediction = seconds_since_start();
    let read = ReadOptions { labels: LabelUse::Ignored, ..ReadOptions::default() };
    let dataset = read_path(&args.input, &read)?;
    let predictions = classifier.predict_dataset(&dataset)?;
    let mut seconds = Vec::new();
    for _ in 0..args.passes.max(1) {
        let begin = Instant::now();
        classifier.predict_dataset(&dataset)?;
        seconds.push(begin.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    let texts_per_s = dataset.len() as f64 / seconds[seconds.len() / 2];
    let rss = peak_rss_mb();
    let reference = load(InferencePrecision::Fp32)?.predict_dataset(&dataset)?;
    let measured = json!({
        "engine": classifier.backend().to_string(), "rows": dataset.len(),
        "texts_per_s": texts_per_s, "peak_rss_mb": rss, "seconds_to_main": at_main,
        "seconds_to_loaded": loaded, "seconds_to_first_prediction": first_prediction,
        "agreement_with_fp32": Agreement::new(&predictions, &reference),
    });
    println!("{measured}");
    Ok(())
}
