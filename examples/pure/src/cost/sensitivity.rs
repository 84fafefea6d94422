//! `cost sensitivity`: what moves the answer.

mod tornado;

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use tunewise_cost::Axis;

use super::format::Format;
use super::scenario::ScenarioArgs;
use crate::CliResult;

/// Which inputs move effectiveness, and by how much
#[derive(Debug, Args)]
pub(crate) struct Sensitivity {
    #[command(flatten)]
    scenario: ScenarioArgs,
    /// How it is measured
    #[arg(long, value_enum, default_value = "tornado")]
    method: Method,
    /// Each input goes from its value less this fraction to its value and this fraction
    #[arg(long, value_name = "FRACTION", default_value_t = 0.2)]
    spread: f64,
    /// Another range for an input: NAME=LOW,HIGH; repeats
    #[arg(long, value_name = "RANGE")]
    vary: Vec<Axis>,
    /// How the answer is written
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Draws the answer
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Method {
    /// One input at a time, to both ends of its range
    Tornado,
}

impl Sensitivity {
    pub(crate) fn run(&self, out: &mut dyn Write) -> CliResult {
        match self.method {
            Method::Tornado => self.tornado(out),
        }
    }
}
