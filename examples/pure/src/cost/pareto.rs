//! `cost pareto`: the plans that no other plan beats.

mod answer;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use tunewise_cost::decide::Bounds;
use tunewise_cost::decide::pareto::{Front, Objective, Planner, Plans, Search, explore};
use tunewise_cost::{Axis, Range, Scenario};

use self::answer::Answer;
use super::fault::write;
use super::format::{Format, write_csv};
use super::scenario::ScenarioArgs;
use crate::CliResult;

/// The plans that no other plan beats by cost, time and effectiveness
///
/// The cost is C + M + rate*T. The hypervolume is what the front is worth: the volume between it and a
/// reference that is worse in every objective.
#[derive(Debug, Args)]
pub(crate) struct Pareto {
    #[command(flatten)]
    scenario: ScenarioArgs,
    /// A free input: values as for `sweep` make a grid, their ends the ranges of the other designs; repeats
    #[arg(long, value_name = "AXIS", required = true)]
    vary: Vec<Axis>,
    /// How plans are made
    #[arg(long, value_enum, default_value = "grid")]
    design: Design,
    /// Plans of the Sobol design
    #[arg(long, value_name = "N", default_value_t = 1024)]
    points: usize,
    /// Seed of the search
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// What plans are judged by
    #[arg(
        long,
        value_name = "NAME,...",
        value_delimiter = ',',
        default_value = "cost,effectiveness"
    )]
    objectives: Vec<Objective>,
    /// The reference of the hypervolume, a number an objective [default: the worst of all plans]
    #[arg(long, value_name = "VALUE,...", value_delimiter = ',', allow_negative_numbers = true)]
    reference: Option<Vec<f64>>,
    /// The price of an hour of training
    #[arg(long, value_name = "MONEY", default_value_t = 0.0)]
    rate: f64,
    /// How the answer is written
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Draws the front by cost and effectiveness, or by the first two objectives
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Design {
    /// Every combination of the values
    Grid,
    /// The first points of a Sobol sequence; D and P on logarithmic axes
    Sobol,
    /// A search by NSGA-II over D, P and n2
    Search,
}

impl Pareto {
    pub(crate) fn run(&self, out: &mut dyn Write) -> CliResult {
        let scenario = self.scenario.load()?;
        let plans = self.plans(&scenario)?;
        let front: Front = plans.front(&self.objectives, self.reference.as_deref())?;
        let axes: Vec<_> = self.vary.iter().map(|axis| axis.parameter).collect();
        let answer = Answer { scenario: &scenario, axes: &axes, plans: &plans, front: &front };
        let picture = self.svg.as_ref().map(|_| answer.picture()).transpose()?;
        match self.format {
            Format::Table => answer.write_table(out)?,
            Format::Csv => write_csv(out, answer.csv_rows())?,
            Format::Json => writeln!(out, "{:#}", answer.json())?,
        }
        if let (Some(path), Some(picture)) = (&self.svg, picture) {
            write(path, &picture)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn ranges(&self) -> Vec<Range> {
        self.vary.iter().map(Range::from).collect()
    }

    fn plans(&self, scenario: &Scenario) -> CliResult<Plans> {
        let (model, inputs, rate) = (&scenario.model, &scenario.inputs, self.rate);
        let planner = Planner { model, inputs, rate };
        Ok(match self.design {
            Design::Grid => planner.grid(&self.vary)?,
            Design::Sobol => planner.sobol(&self.ranges(), self.points)?,
            Design::Search => {
                let search = Search { rate, seed: self.seed, ..Search::default() };
                let bounds = Bounds::of(inputs, &self.ranges())?;
                let plans = explore(model, inputs, &bounds, &search)?;
                Plans { plans, without_equilibrium: 0 }
            }
        })
    }
}
