//! `cost sweep`: answers over a grid of values.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::{Map, Value, json};
use tunewise_cost::{Axis, GridPoint, Report, Scenario, diagnose, grid};
use tunewise_plot::{ChartText, LineChart, Scale, Series};

use super::answers::{csv_header, csv_row};
use super::fault::{Fault, write};
use super::format::{Format, digits, table, write_csv};
use super::scenario::ScenarioArgs;
use crate::CliResult;

/// The answers over a grid of values of one or more inputs
#[derive(Debug, Args)]
pub(crate) struct Sweep {
    #[command(flatten)]
    scenario: ScenarioArgs,
    /// An input and its values: NAME=V1,V2,... or NAME=LOW..HIGH[:COUNT[:log]]; repeat for a grid
    #[arg(long, value_name = "AXIS", required = true)]
    vary: Vec<Axis>,
    /// How the answers are written
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Draws effectiveness over the last axis, a line for each combination of the others
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

impl Sweep {
    pub(crate) fn run(&self, out: &mut dyn Write) -> CliResult {
        let scenario = self.scenario.load()?;
        let points = grid(&scenario.model, &scenario.inputs, &self.vary)?;
        match self.format {
            Format::Table => self.write_table(out, &scenario, &points)?,
            Format::Csv => write_csv(out, self.csv(&scenario.name, &points))?,
            Format::Json => {
                let rows: Vec<Value> = points.iter().map(|point| self.json(point)).collect();
                writeln!(out, "{:#}", Value::from(rows))?;
            }
        }
        if let Some(path) = &self.svg {
            write(path, &self.picture(&scenario.name, &points)?)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn write_table(
        &self,
        out: &mut dyn Write,
        scenario: &Scenario,
        points: &[GridPoint],
    ) -> std::io::Result<()> {
        let axes = self.vary.iter().map(|axis| axis.parameter.name());
        let header: Vec<&str> =
            axes.chain(["status", "effectiveness", "feedback", "margin"]).collect();
        let row = |point: &GridPoint| {
            let answer = &point.answer;
            let values = point.values.iter().map(|&value| digits(value));
            let found = [
                answer.status.name().to_owned(),
                digits(answer.effectiveness()),
                digits(answer.feedback()),
                digits(answer.margin),
            ];
            values.chain(found).collect()
        };
        writeln!(out, "{}\n{}", scenario.name, table(&header, points.iter().map(row)))?;
        diagnose(&scenario.inputs).iter().try_for_each(|note| writeln!(out, "note: {note}"))
    }

    fn json(&self, point: &GridPoint) -> Value {
        let axes = self.vary.iter().zip(&point.values);
        let at: Map<String, Value> =
            axes.map(|(axis, value)| (axis.parameter.letter().to_owned(), json!(value))).collect();
        json!({ "at": at, "answer": Report::from(&point.answer) })
    }

    fn csv(&self, name: &str, points: &[GridPoint]) -> Vec<Vec<String>> {
        let axes = self.vary.iter().map(|axis| axis.parameter.letter().to_owned());
        let mut rows: Vec<Vec<String>> = vec![axes.chain(csv_header()).collect()];
        rows.extend(points.iter().map(|point| {
            let values = point.values.iter().map(f64::to_string);
            values.chain(csv_row(name, &Report::from(&point.answer))).collect()
        }));
        rows
    }

    fn picture(&self, title: &str, points: &[GridPoint]) -> CliResult<String> {
        let last = self.vary.last().ok_or(Fault::Usage("--svg needs an axis"))?;
        let lines: Vec<(String, Vec<(f64, f64)>)> =
            points.chunks(last.values.len().max(1)).map(|points| self.line(points)).collect();
        let series: Vec<Series<'_>> =
            lines.iter().map(|(name, points)| Series { name, points }).collect();
        let x_label = format!("{} ({})", last.parameter.name(), last.parameter.unit());
        let x_scale = if last.is_logarithmic() { Scale::Log } else { Scale::Linear };
        let chart = LineChart { series: &series, x_scale, ..LineChart::default() };
        Ok(chart.svg(ChartText { title, x_label: &x_label, y_label: "effectiveness" })?)
    }

    /// The points of one line, and what the other axes are on it.
    fn line(&self, points: &[GridPoint]) -> (String, Vec<(f64, f64)>) {
        let fixed = self.vary.len() - 1;
        let others = points.first().map_or(&[][..], |point| &point.values);
        let name = self.vary.iter().zip(others).take(fixed);
        let name =
            name.map(|(axis, value)| format!("{}={}", axis.parameter.letter(), digits(*value)));
        let at = |point: &GridPoint| {
            (
                point.values.last().copied().unwrap_or(f64::NAN),
                point.answer.effectiveness().unwrap_or(f64::NAN),
            )
        };
        (name.collect::<Vec<_>>().join(" "), points.iter().map(at).collect())
    }
}
