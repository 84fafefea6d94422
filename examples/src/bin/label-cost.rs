//! Labels saved by choosing what to label: `label-cost --help`.
#![allow(clippy::print_stdout, reason = "a command line")]

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Parser;
use tunewise_bert::exit_at_once;
use tunewise_bert::label_cost::label_cost_report;
use tunewise_examples::{CliResult, INTERRUPTED, LabelCostArgs, run, say};

fn main() -> ExitCode {
    run(|| label_cost(LabelCostArgs::parse()))
}

fn label_cost(args: LabelCostArgs) -> CliResult {
    let config = args.resolve()?;
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if asked.swap(true, Ordering::SeqCst) {
            exit_at_once(INTERRUPTED); // the second time
        }
        say("stopping after this model; once more to stop at once");
    })?;
    let savings = label_cost_report(&config, &mut |point| {
        say(format!(
            "seed {} {:<8}{:>5} labels {:>5} guesses  macro F1 {:.4}",
            point.seed, point.strategy, point.labels, point.guesses, point.macro_f1
        ));
        !stop.load(Ordering::SeqCst)
    })?;
    for saving in &savings {
        println!("{saving}");
    }
    Ok(if stop.load(Ordering::SeqCst) { ExitCode::from(INTERRUPTED) } else { ExitCode::SUCCESS })
}
