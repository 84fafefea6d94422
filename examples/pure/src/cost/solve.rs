//! `cost solve`: the equilibrium of a scenario.

use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;
use tunewise_cost::{Report, Scenario, SignConvention, diagnose};

use super::answers::{comparison, csv_header, csv_row, parts, sensitivities, steps};
use super::format::{Format, write_csv};
use super::scenario::{Kind, ScenarioArgs};
use crate::{BAD_INPUT, CliResult, say};

/// The equilibrium of a scenario, its parts, partials and elasticities
#[derive(Debug, Args)]
pub(crate) struct Solve {
    #[command(flatten)]
    scenario: ScenarioArgs,
    /// How the answer is written
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

impl Solve {
    pub(crate) fn run(&self, out: &mut dyn Write) -> CliResult {
        if matches!(self.scenario.kind()?, Kind::Lines) {
            return self.run_lines(out);
        }
        let scenario = self.scenario.load()?;
        let answer = scenario.solve()?;
        match self.format {
            Format::Json => serde_json::to_writer_pretty(&mut *out, &Report::from(&answer))?,
            Format::Csv => {
                let row = csv_row(&scenario.name, &Report::from(&answer));
                write_csv(out, [csv_header(), row])?;
                return Ok(ExitCode::SUCCESS);
            }
            Format::Table => write_tables(out, &scenario)?,
        }
        writeln!(out)?;
        Ok(ExitCode::SUCCESS)
    }

    /// A line of answer for a line of scenario; a bad one is answered with its fault.
    fn run_lines(&self, out: &mut dyn Write) -> CliResult {
        let lines = self.scenario.lines()?;
        let mut rows = vec![csv_header()];
        let mut bad = 0_usize;
        for (number, scenario) in lines {
            let report =
                scenario.and_then(|scenario| Ok((Report::from(&scenario.solve()?), scenario.name)));
            match (report, self.format) {
                (Ok((report, name)), Format::Csv) => rows.push(csv_row(&name, &report)),
                (Ok((report, _)), _) => writeln!(out, "{}", serde_json::to_string(&report)?)?,
                (Err(error), Format::Csv) => {
                    bad += 1;
                    say(format_args!("line {number}: {error}"));
                }
                (Err(error), _) => {
                    bad += 1;
                    writeln!(out, "{}", json!({ "error": error.to_string(), "line": number }))?;
                }
            }
        }
        if self.format == Format::Csv {
            write_csv(out, rows)?;
        }
        Ok(if bad == 0 { ExitCode::SUCCESS } else { ExitCode::from(BAD_INPUT) })
    }
}

fn write_tables(out: &mut dyn Write, scenario: &Scenario) -> CliResult<()> {
    let answer = scenario.solve()?;
    writeln!(out, "{}", scenario.name)?;
    if !scenario.description.is_empty() {
        writeln!(out, "{}", scenario.description)?;
    }
    writeln!(out, "\n{}", parts(&answer))?;
    let mut columns = vec![("as given", answer)];
    let given = SignConvention::of(&scenario.inputs.weights);
    for convention in SignConvention::ALL.into_iter().filter(|&other| Some(other) != given) {
        let mut other = scenario.clone();
        other.inputs.weights = convention.apply(&scenario.inputs.weights);
        columns.push((convention.name(), other.solve()?));
    }
    writeln!(out, "\n{}", comparison(&columns))?;
    for table in [sensitivities(&answer), steps(&answer)].into_iter().flatten() {
        writeln!(out, "\n{table}")?;
    }
    for note in diagnose(&scenario.inputs) {
        writeln!(out, "note: {note}")?;
    }
    Ok(())
}
