//! Training data for a click model: `recommend-pairs --help`.

use std::process::ExitCode;

use clap::Parser;
use tunewise_examples_pure::{recommend::PairsArgs, run};

fn main() -> ExitCode {
    run(|| PairsArgs::parse().run())
}
