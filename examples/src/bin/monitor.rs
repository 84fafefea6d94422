//! Alerts from a stream of texts by fine-tuned models of topic and sentiment: `monitor --help`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Parser;
use tunewise_bert::task::DeviceChoice;
use tunewise_bert::{InferencePrecision, NewsHeads, exit_at_once};
use tunewise_decide::monitor::Scored;
use tunewise_examples::{CliResult, INTERRUPTED, load_classifier, run, say};
use tunewise_examples_pure::monitor::StreamArgs;

/// Watches texts and raises alerts where negative ones become more on a topic
///
/// Input: an object a line with time, text and, best, id; without --topic-model also topic. Into the output
/// folder go alerts.jsonl, skipped.jsonl (lines that do not count, and why), monitor.html and state.json, from
/// which a run that was stopped or killed goes on: nothing is lost, nothing said twice.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// Folder of the model of sentiment, or the id of a hub's model
    #[arg(long, value_name = "DIR_OR_ID")]
    sentiment_model: PathBuf,
    /// The same of the model of topics [default: texts say their topic themselves]
    #[arg(long, value_name = "DIR_OR_ID")]
    topic_model: Option<PathBuf>,
    /// The label of sentiment that counts as negative [default: negative or neg]
    #[arg(long, value_name = "LABEL")]
    negative_label: Option<String>,
    /// The most texts that are scored at a time
    #[arg(long, value_name = "N", default_value_t = 64)]
    batch_size: usize,
    /// fp32, bf16, int8 or auto (bf16 where it is faster)
    #[arg(long, value_name = "P", default_value_t = InferencePrecision::Fp32)]
    precision: InferencePrecision,
    /// Threads [default: the cores]
    #[arg(long, value_name = "N")]
    threads: Option<u16>,
    /// cpu, cuda:N or auto
    #[arg(long, value_name = "D", default_value_t = DeviceChoice::Auto)]
    device: DeviceChoice,
    #[command(flatten)]
    stream: StreamArgs,
}

fn main() -> ExitCode {
    run(|| watch(&Args::parse()))
}

fn watch(args: &Args) -> CliResult {
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if asked.swap(true, Ordering::Relaxed) {
            exit_at_once(INTERRUPTED); // the second time
        }
        say("stopping after these texts; once more to stop at once");
    })?;
    let load = || {
        let one =
            |model: &PathBuf| load_classifier(model, args.precision, args.device, args.threads);
        let sentiment = one(&args.sentiment_model)?;
        let topics = args.topic_model.as_ref().map(one).transpose()?;
        let heads = NewsHeads::new(sentiment, args.negative_label.as_deref(), topics)?;
        Ok(Scored::new(heads, args.batch_size))
    };
    args.stream.run(load, &stop)
}
