//! `cost sensitivity`: what moves the answer.

mod tornado;
mod variance;

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
    /// Base points of the Sobol indices, best a power of 2
    #[arg(long, value_name = "N", default_value_t = 4096)]
    samples: usize,
    /// Trajectories of the Morris screening
    #[arg(long, value_name = "N", default_value_t = 20)]
    trajectories: usize,
    /// Values of each input in the Morris screening, an even number
    #[arg(long, value_name = "N", default_value_t = 4)]
    levels: u32,
    /// Seed of the Sobol and Morris designs
    #[arg(long, default_value_t = 0)]
    seed: u64,
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
    /// Shares of variance, over the scenario's table `uncertainty` or else the ranges
    Sobol,
    /// Elementary effects, over the same: the quick screening
    Morris,
}

impl Sensitivity {
    pub(crate) fn run(&self, out: &mut dyn Write) -> CliResult {
        match self.method {
            Method::Tornado => self.tornado(out),
            Method::Sobol => self.sobol(out),
            Method::Morris => self.morris(out),
        }
    }
}
