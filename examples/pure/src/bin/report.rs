//! scikit-learn's classification report of a file of predictions: `report --help`.

use std::io::{BufWriter, stdout};
use std::process::ExitCode;

use clap::Parser;
use tunewise_examples_pure::{report::ReportArgs, run};

fn main() -> ExitCode {
    run(|| ReportArgs::parse().run(&mut BufWriter::new(stdout().lock())))
}
