//! Sixteen callers of one classifier beside one caller and one list, as one JSON object:
//! `serve-speed --help`.
#![allow(clippy::print_stdout, reason = "a command line")]

use std::error::Error;
use std::thread;
use std::time::Instant;

use clap::Parser;
use serde_json::json;
use tunewise_benches::{SourceArgs, rates};
use tunewise_bert::{InferencePrecision, Result, ShareOptions, SharedClassifier, set_num_threads};

/// Times a file's texts, tokenizing included: a text a call after each other, a text a call by
/// several threads at once, and all texts in one call; the three in turn
#[derive(Debug, Parser)]
struct Args {
    #[command(flatten)]
    source: SourceArgs,
    /// fp32, bf16, int8 or auto
    #[arg(long, value_name = "P", default_value_t = InferencePrecision::Fp32)]
    precision: InferencePrecision,
    /// Threads that call
    #[arg(long, value_name = "N", default_value_t = 16)]
    callers: usize,
    /// Rounds that count, after one that does not
    #[arg(long, value_name = "N", default_value_t = 5)]
    rounds: usize,
    /// Threads that compute
    #[arg(long, value_name = "N", default_value_t = 2)]
    threads: u16,
}

/// Each caller asks for every so manieth text, one at a time.
fn by_callers(shared: &SharedClassifier, texts: &[String], callers: usize) -> Result<()> {
    thread::scope(|scope| {
        let ask = |first: usize| {
            let mut texts = texts.get(first..).unwrap_or_default().iter().step_by(callers);
            scope.spawn(move || texts.try_for_each(|text| shared.predict(&[text]).map(drop)))
        };
        let threads: Vec<_> = (0..callers).map(ask).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
    })
}

fn main() -> std::result::Result<(), Box<dyn Error>> {
    let args = Args::parse();
    set_num_threads(args.threads);
    let load = || args.source.classifier(args.precision);
    let (classifier, shared) = (load()?, load()?.share(ShareOptions::default())?);
    let dataset = args.source.dataset()?;
    let texts: Vec<String> =
        dataset.examples().iter().map(|example| example.text.clone()).collect();
    let (mut one, mut many, mut list) = (Vec::new(), Vec::new(), Vec::new());
    let time = |work: &dyn Fn() -> Result<()>| -> Result<f64> {
        let begin = Instant::now();
        work()?;
        Ok(begin.elapsed().as_secs_f64())
    };
    for _ in 0..=args.rounds {
        one.push(time(&|| {
            texts.iter().try_for_each(|text| classifier.predict(&[text]).map(drop))
        })?);
        many.push(time(&|| by_callers(&shared, &texts, args.callers.max(1)))?);
        list.push(time(&|| classifier.predict(&texts).map(drop))?);
    }
    let [one, many, list] =
        [one, many, list].map(|seconds| rates(seconds[1..].to_vec(), texts.len()));
    let measured = json!({
        "engine": classifier.backend().to_string(), "rows": texts.len(), "callers": args.callers,
        "one_by_one_texts_per_s": one, "callers_texts_per_s": many, "one_list_texts_per_s": list,
        "to_one_by_one": many[0].zip(one[0]).map(|(many, one)| many / one),
        "to_one_list": many[0].zip(list[0]).map(|(many, list)| many / list),
    });
    println!("{measured}");
    Ok(())
}
