//! Ranked items from scored candidates: `recommend-scored --help`.

use std::io::{BufWriter, stdout};
use std::process::ExitCode;

use clap::Parser;
use tunewise_examples_pure::{recommend::RecommendArgs, run};

fn main() -> ExitCode {
    run(|| RecommendArgs::parse().run(&mut BufWriter::new(stdout().lock())))
}
