//! `cost break-even`: what brings a wanted effectiveness, how far collapse is, where two scenarios
//! cross.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::json;
use tunewise_cost::{Axis, BreakEven as Solution, Crossover, FoldPoint, FoldReport, Parameter};

use super::fault::Fault;
use super::format::{Format, digits, table, write_csv};
use super::scenario::ScenarioArgs;
use crate::CliResult;

/// What brings a wanted effectiveness, how far collapse is, where two scenarios cross
#[derive(Debug, Args)]
pub(crate) struct BreakEven {
    #[command(flatten)]
    scenario: ScenarioArgs,
    /// The wanted effectiveness
    #[arg(long, value_name = "E", allow_negative_numbers = true, conflicts_with = "against")]
    target: Option<f64>,
    /// An input to find the value of; repeats; without it all
    #[arg(long, value_name = "NAME", requires = "target")]
    by: Vec<Parameter>,
    /// Another scenario: where both are worth the same, over --vary
    #[arg(long, value_name = "SCENARIO", requires = "vary")]
    against: Option<PathBuf>,
    /// The input and the grid of values to look for crossings on, as for `sweep`
    #[arg(long, value_name = "AXIS", requires = "against")]
    vary: Option<Axis>,
    /// How the answer is written
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

impl BreakEven {
    pub(crate) fn run(&self, out: &mut dyn Write) -> CliResult {
        match (&self.against, &self.vary, self.target) {
            (Some(other), Some(axis), _) => self.crossings(out, other, axis)?,
            (_, _, Some(target)) => self.values(out, target)?,
            _ => self.folds(out)?,
        }
        Ok(ExitCode::SUCCESS)
    }

    fn values(&self, out: &mut dyn Write, target: f64) -> CliResult<()> {
        let scenario = self.scenario.load()?;
        let wanted = if self.by.is_empty() { &Parameter::ALL[..] } else { &self.by };
        let mut rows: Vec<Solution> = Vec::new();
        for &parameter in wanted {
            rows.extend(scenario.model.break_even(&scenario.inputs, parameter, target)?);
        }
        match self.format {
            Format::Table => {
                let header = ["input", "now", "needed", "feedback", "economic", "feasible"];
                let row = |solution: &Solution| {
                    let parameter = solution.parameter;
                    let now = scenario.inputs.get(parameter);
                    let numbers = [now, solution.value, solution.feedback].map(digits);
                    let marks = [solution.economic, solution.feasible].map(yes_or_no);
                    let name = format!("{:<2} {}", parameter.letter(), parameter.name());
                    [name].into_iter().chain(numbers).chain(marks).collect()
                };
                writeln!(
                    out,
                    "{}: one input at a time for an effectiveness of {}",
                    scenario.name,
                    digits(target)
                )?;
                writeln!(out, "{}", table(&header, rows.iter().map(row)))?;
            }
            Format::Csv => {
                let header = ["input", "value", "feedback", "economic", "feasible"];
                let row = |solution: &Solution| {
                    let numbers =
                        [solution.value, solution.feedback].map(|value| value.to_string());
                    let marks = [solution.economic, solution.feasible].map(|mark| mark.to_string());
                    [solution.parameter.letter().to_owned()]
                        .into_iter()
                        .chain(numbers)
                        .chain(marks)
                        .collect::<Vec<_>>()
                };
                write_csv(
                    out,
                    [header.map(str::to_owned).to_vec()].into_iter().chain(rows.iter().map(row)),
                )?;
            }
            Format::Json => {
                writeln!(out, "{:#}", json!({ "target": target, "solutions": rows }))?;
            }
        }
        Ok(())
    }

    fn folds(&self, out: &mut dyn Write) -> CliResult<()> {
        let scenario = self.scenario.load()?;
        let report = FoldReport::from(&scenario.solve()?);
        match self.format {
            Format::Table => {
                writeln!(
                    out,
                    "{}: margin {} (1 is far from collapse, below 0 past it)",
                    scenario.name,
                    digits(report.margin)
                )?;
                let row = |point: &FoldPoint| {
                    let folds: Vec<String> = point.folds.iter().copied().map(digits).collect();
                    let folds = if folds.is_empty() { "none".to_owned() } else { folds.join(", ") };
                    vec![point.quantity.to_owned(), digits(point.now), folds]
                };
                let header = ["quantity", "now", "at the fold"];
                writeln!(out, "{}", table(&header, report.points.iter().map(row)))?;
            }
            Format::Csv => {
                let header = ["quantity", "now", "fold"].map(str::to_owned).to_vec();
                let row = |point: &FoldPoint| {
                    let (name, now) = (point.quantity.to_owned(), point.now.to_string());
                    let line = |fold: &f64| vec![name.clone(), now.clone(), fold.to_string()];
                    point.folds.iter().map(line).collect::<Vec<_>>()
                };
                write_csv(out, [header].into_iter().chain(report.points.iter().flat_map(row)))?;
            }
            Format::Json => writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?,
        }
        Ok(())
    }

    fn crossings(&self, out: &mut dyn Write, other: &Path, axis: &Axis) -> CliResult<()> {
        let one = self.scenario.load()?;
        let other = ScenarioArgs { path: other.to_owned(), policy: self.scenario.policy }.load()?;
        if axis.values.len() < 2 {
            return Err(Fault::Usage("--vary needs at least two values to look between").into());
        }
        let found = one.model.crossover(&one.inputs, &other.inputs, axis)?;
        let (letter, name) = (axis.parameter.letter(), axis.parameter.name());
        match self.format {
            Format::Table => {
                writeln!(out, "{} against {}: {} crossing(s)", one.name, other.name, found.len())?;
                let row = |at: &Crossover| vec![digits(at.value), digits(at.effectiveness)];
                writeln!(
                    out,
                    "{}",
                    table(&[name, "effectiveness of both"], found.iter().map(row))
                )?;
            }
            Format::Csv => {
                let header = vec![letter.to_owned(), "effectiveness".to_owned()];
                let row = |at: &Crossover| vec![at.value.to_string(), at.effectiveness.to_string()];
                write_csv(out, [header].into_iter().chain(found.iter().map(row)))?;
            }
            Format::Json => {
                writeln!(out, "{:#}", json!({ "input": letter, "crossings": found }))?;
            }
        }
        Ok(())
    }
}

fn yes_or_no(mark: bool) -> String {
    if mark { "yes" } else { "no" }.to_owned()
}
