//! Prediction end to end, tokenizing included, as one JSON object: `predict-speed --help`.
#![allow(clippy::print_stdout, reason = "a command line")]

use std::error::Error;
use std::time::Instant;

use clap::Parser;
use serde_json::json;
use tunewise_benches::{Agreement, SourceArgs, peak_rss_mb, rates, seconds_since_start};
use tunewise_bert::{InferencePrecision, set_num_threads};

/// Times the prediction of a file's texts, and compares the logits with those in fp32
#[derive(Debug, Parser)]
struct Args {
    #[command(flatten)]
    source: SourceArgs,
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
    let at_main = seconds_since_start();
    let classifier = args.source.classifier(args.precision)?;
    let loaded = seconds_since_start();
    classifier.predict(&["a first text"])?;
    let first_prediction = seconds_since_start();
    let dataset = args.source.dataset()?;
    let predictions = classifier.predict_dataset(&dataset)?;
    let mut seconds = Vec::new();
    for _ in 0..args.passes.max(1) {
        let begin = Instant::now();
        classifier.predict_dataset(&dataset)?;
        seconds.push(begin.elapsed().as_secs_f64());
    }
    let [texts_per_s, ..] = rates(seconds, dataset.len());
    let rss = peak_rss_mb();
    let reference = args.source.classifier(InferencePrecision::Fp32)?;
    let reference = reference.predict_dataset(&dataset)?;
    let measured = json!({
        "engine": classifier.backend().to_string(), "rows": dataset.len(),
        "texts_per_s": texts_per_s, "peak_rss_mb": rss, "seconds_to_main": at_main,
        "seconds_to_loaded": loaded, "seconds_to_first_prediction": first_prediction,
        "agreement_with_fp32": Agreement::new(&predictions, &reference),
    });
    println!("{measured}");
    Ok(())
}
