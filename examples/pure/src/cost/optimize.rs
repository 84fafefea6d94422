//! `cost optimize`: the best plan for the money and the time.

mod answer;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;
use tunewise_cost::decide::{AllocationReport, Bounds, Budget, allocate};
use tunewise_cost::{Axis, Range, Scenario};
use tunewise_plot::{ChartText, Series, line_chart};

use super::fault::{Fault, write};
use super::format::{Format, write_csv};
use super::scenario::ScenarioArgs;
use crate::CliResult;

/// The data volume, model size and promotion that bring the most effectiveness for a budget
///
/// What C + M + rate*T costs must not exceed the budget, and T not the deadline. Inputs that --vary does
/// not name stay as they are.
#[derive(Debug, Args)]
pub(crate) struct Optimize {
    #[command(flatten)]
    scenario: ScenarioArgs,
    /// What annotation, promotion and training may cost together; several give a plan each
    #[arg(long, value_name = "MONEY,...", value_delimiter = ',', required = true)]
    budget: Vec<f64>,
    /// What training may take, hours
    #[arg(long, value_name = "HOURS")]
    deadline: Option<f64>,
    /// The price of an hour of training
    #[arg(long, value_name = "MONEY", default_value_t = 0.0)]
    rate: f64,
    /// A free input and its bounds: D=LOW,HIGH, P=LOW,HIGH or n2=LOW,HIGH; repeats
    #[arg(long, value_name = "BOUNDS", required = true)]
    vary: Vec<Axis>,
    /// How the answer is written
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Draws effectiveness over the budgets
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

impl Optimize {
    pub(crate) fn run(&self, out: &mut dyn Write) -> CliResult {
        let scenario = self.scenario.load()?;
        let reports = self.reports(&scenario)?;
        let picture = self.svg.as_ref().map(|path| Ok((path, picture(&scenario.name, &reports)?)));
        let picture = picture.transpose().map_err(|fault: Box<dyn std::error::Error>| fault)?;
        match (self.format, &reports[..]) {
            (Format::Table, [report]) => answer::write_one(out, &scenario, report)?,
            (Format::Table, _) => answer::write_many(out, &scenario, &reports)?,
            (Format::Csv, _) => write_csv(out, answer::csv_rows(&reports))?,
            (Format::Json, _) => {
                let answer = json!({ "name": scenario.name, "plans": reports });
                writeln!(out, "{answer:#}")?;
            }
        }
        if let Some((path, picture)) = picture {
            write(path, &picture)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn reports(&self, scenario: &Scenario) -> CliResult<Vec<AllocationReport>> {
        let ranges: Vec<Range> = self.vary.iter().map(Range::from).collect();
        let bounds = Bounds::of(&scenario.inputs, &ranges)?;
        let report = |&cost: &f64| {
            let deadline = self.deadline.unwrap_or(f64::INFINITY);
            let budget = Budget { cost, deadline, rate: self.rate };
            let answer = allocate(&scenario.model, &scenario.inputs, &budget, &bounds);
            Ok(AllocationReport::new(&budget, answer)?)
        };
        self.budget.iter().map(report).collect()
    }
}

fn picture(title: &str, reports: &[AllocationReport]) -> CliResult<String> {
    if reports.len() < 2 {
        return Err(Fault::Usage("--svg needs several budgets").into());
    }
    let point = |it: &AllocationReport| it.effectiveness.map(|value| (it.budget, value));
    let points: Vec<(f64, f64)> = reports.iter().filter_map(point).collect();
    let text = ChartText { title, x_label: "budget", y_label: "effectiveness of the best plan" };
    Ok(line_chart(text, &[Series { name: "", points: &points }])?)
}
