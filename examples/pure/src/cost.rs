//! The command line `cost`: a file each sub-command.

mod answers;
mod break_even;
mod calibrate;
mod fault;
mod format;
mod optimize;
mod pareto;
mod scenario;
mod sensitivity;
mod simulate;
mod solve;
mod sweep;

use std::io::Write;

use clap::{Parser, Subcommand};

use crate::CliResult;

/// Answers what the next point of quality costs, from a scenario file
///
/// The model is E = a*D/P + b*T + c*C + d*M/F with C = k1*D + k2, T = l*P + m, M = n1*D/P + n2 and
/// F = o*E + p; E and F are solved together. No equilibrium is an answer. Inputs are named as in
/// scenario files (weights.promotion) or by letter (d).
#[derive(Debug, Parser)]
#[command(name = "cost", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Solve(solve::Solve),
    Sweep(sweep::Sweep),
    Sensitivity(sensitivity::Sensitivity),
    Simulate(simulate::Simulate),
    Calibrate(calibrate::Calibrate),
    Optimize(optimize::Optimize),
    Pareto(pareto::Pareto),
    BreakEven(break_even::BreakEven),
}

impl Cli {
    /// Runs the sub-command, its answer to `out`.
    ///
    /// # Errors
    /// If a file cannot be read or written, or an input is bad.
    pub fn run(&self, out: &mut dyn Write) -> CliResult {
        match &self.command {
            Command::Solve(command) => command.run(out),
            Command::Sweep(command) => command.run(out),
            Command::Sensitivity(command) => command.run(out),
            Command::Simulate(command) => command.run(out),
            Command::Calibrate(command) => command.run(out),
            Command::Optimize(command) => command.run(out),
            Command::Pareto(command) => command.run(out),
            Command::BreakEven(command) => command.run(out),
        }
    }
}
