//! One input at a time.

use std::io::Write;
use std::process::ExitCode;

use serde_json::json;
use tunewise_cost::{Axis, Bar, Range, Scenario, tornado};
use tunewise_plot::{ChartText, Swing, Tornado};

use super::Sensitivity;
use crate::CliResult;
use crate::cost::fault::{Fault, write};
use crate::cost::format::{Format, digits, table, write_csv};

impl Sensitivity {
    pub(super) fn tornado(&self, out: &mut dyn Write) -> CliResult {
        let scenario = self.scenario.load()?;
        let base = scenario.solve()?.effectiveness();
        let bars = tornado(&scenario.model, &scenario.inputs, &self.ranges(&scenario)?)?;
        match self.format {
            Format::Table => {
                writeln!(out, "{}: effectiveness {}", scenario.name, digits(base))?;
                let header = ["input", "low", "high", "E at low", "E at high", "swing"];
                writeln!(out, "{}", table(&header, bars.iter().map(table_row)))?;
            }
            Format::Csv => {
                let header =
                    ["input", "low", "high", "effectiveness_low", "effectiveness_high", "swing"];
                let header = header.map(str::to_owned).to_vec();
                write_csv(out, [header].into_iter().chain(bars.iter().map(csv_row)))?;
            }
            Format::Json => {
                let answer = json!({ "method": "tornado", "effectiveness": base, "bars": bars });
                writeln!(out, "{answer:#}")?;
            }
        }
        if let (Some(path), Some(base)) = (&self.svg, base) {
            write(path, &picture(&scenario.name, base, &bars)?)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The spread around every input that is not 0, but for those that --vary names.
    pub(super) fn ranges(&self, scenario: &Scenario) -> Result<Vec<Range>, Fault> {
        let named = |axis: &Axis| match axis.values[..] {
            [low, high] => Ok(Range { parameter: axis.parameter, low, high }),
            _ => Err(Fault::Usage("--vary takes two values here: NAME=LOW,HIGH")),
        };
        let named = self.vary.iter().map(named).collect::<Result<Vec<_>, _>>()?;
        Ok(Range::around_but(&scenario.inputs, self.spread, &named))
    }
}

fn table_row(bar: &Bar) -> Vec<String> {
    let name = format!("{:<2} {}", bar.range.parameter.letter(), bar.range.parameter.name());
    let numbers = [Some(bar.range.low), Some(bar.range.high), bar.low, bar.high, bar.swing()];
    [name].into_iter().chain(numbers.map(digits)).collect()
}

fn csv_row(bar: &Bar) -> Vec<String> {
    let numbers = [Some(bar.range.low), Some(bar.range.high), bar.low, bar.high, bar.swing()];
    let cell = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    [bar.range.parameter.letter().to_owned()].into_iter().chain(numbers.map(cell)).collect()
}

/// The bars with a root at both ends that move E at all.
fn picture(title: &str, base: f64, bars: &[Bar]) -> CliResult<String> {
    let texts: Vec<[String; 2]> =
        bars.iter().map(|bar| [digits(bar.range.low), digits(bar.range.high)]).collect();
    let swings: Vec<Swing<'_>> = bars
        .iter()
        .zip(&texts)
        .filter(|(bar, _)| bar.swing().is_some_and(|swing| swing > 0.0))
        .filter_map(|(bar, [low_text, high_text])| {
            let name = bar.range.parameter.name();
            Some(Swing { name, low: bar.low?, high: bar.high?, low_text, high_text })
        })
        .collect();
    let tornado = Tornado { base, swings: &swings, low_name: "low input", high_name: "high input" };
    Ok(tornado.svg(ChartText { title, x_label: "effectiveness", y_label: "" })?)
}
