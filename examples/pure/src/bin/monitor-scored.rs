//! Alerts from a stream of scored texts: `monitor-scored --help`.

use std::process::ExitCode;

use clap::Parser;
use tunewise_examples_pure::{monitor::MonitorArgs, run};

fn main() -> ExitCode {
    run(|| MonitorArgs::parse().run())
}
