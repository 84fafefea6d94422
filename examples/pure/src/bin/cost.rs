//! The cost model on a scenario file: `cost --help`.

use std::io;
use std::process::ExitCode;

use clap::Parser;
use tunewise_examples_pure::{cost, run};

fn main() -> ExitCode {
    run(|| cost::Cli::parse().run(&mut io::stdout().lock()))
}
