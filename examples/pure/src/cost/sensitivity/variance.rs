//! Where the spread of the answer comes from: Sobol indices and Morris screening.

use std::io::Write;
use std::process::ExitCode;

use serde_json::json;
use tunewise_cost::sensitivity::{
    Bootstrap, ElementaryEffects, Index, SobolIndices, SobolPlan, Trajectories,
};
use tunewise_cost::uncertainty::{MonteCarlo, Uncertainty};
use tunewise_cost::{Parameter, Scenario};
use tunewise_plot::{ChartText, Swing, Tornado};

use super::Sensitivity;
use crate::CliResult;
use crate::cost::fault::{Fault, write};
use crate::cost::format::{Format, digits, table, write_csv};

/// Probability left out at each end of a distribution by Morris screening.
const MORRIS_MARGIN: f64 = 0.01;

impl Sensitivity {
    pub(super) fn sobol(&self, out: &mut dyn Write) -> CliResult {
        let (scenario, factors) = self.factors()?;
        let experiment = experiment(&scenario, &factors)?;
        let plan = SobolPlan::new(factors.len(), self.samples)?.second_order().scrambled(self.seed);
        let values = experiment.evaluate(plan.coordinates()?)?;
        let bootstrap = Bootstrap { seed: self.seed, ..Bootstrap::default() };
        let indices = plan.analyze_with(&values, bootstrap)?;
        let names: Vec<Parameter> = factors.keys().copied().collect();
        match self.format {
            Format::Table => write_indices(out, &scenario.name, &names, &indices)?,
            Format::Csv => write_csv(out, index_rows(&names, &indices))?,
            Format::Json => {
                let answer = json!({ "method": "sobol", "rows": plan.rows(), "inputs": names, "indices": indices });
                writeln!(out, "{answer:#}")?;
            }
        }
        if let Some(path) = &self.svg {
            let totals: Vec<f64> = indices.total.iter().map(|index| index.value).collect();
            let axis = "share of variance, interactions included (ST)";
            write(path, &picture(&scenario.name, &names, (axis, &totals))?)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    pub(super) fn morris(&self, out: &mut dyn Write) -> CliResult {
        let (scenario, factors) = self.factors()?;
        let experiment = experiment(&scenario, &factors)?;
        let trajectories =
            Trajectories::random(factors.len(), self.levels, self.trajectories, self.seed)?;
        let values = experiment.evaluate(trajectories.coordinates(MORRIS_MARGIN))?;
        let effects = trajectories.effects(&values)?;
        let names: Vec<Parameter> = factors.keys().copied().collect();
        match self.format {
            Format::Table => write_effects(out, &scenario.name, &names, &effects)?,
            Format::Csv => write_csv(out, effect_rows(&names, &effects))?,
            Format::Json => {
                let answer = json!({ "method": "morris", "inputs": names, "effects": effects });
                writeln!(out, "{answer:#}")?;
            }
        }
        if let Some(path) = &self.svg {
            let sizes: Vec<f64> = effects.iter().map(|it| it.mu_star).collect();
            let axis = "mean size of the effects on effectiveness (mu*)";
            write(path, &picture(&scenario.name, &names, (axis, &sizes))?)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The scenario's own table; without one, and for what --vary names, uniform between the ranges' ends.
    fn factors(&self) -> CliResult<(Scenario, Uncertainty)> {
        let scenario = self.scenario.load()?;
        let named: Vec<Parameter> = self.vary.iter().map(|axis| axis.parameter).collect();
        let factors = scenario.factors(&self.ranges(&scenario)?, &named);
        if factors.is_empty() {
            return Err(Fault::Usage("no input varies").into());
        }
        Ok((scenario, factors))
    }
}

fn experiment(scenario: &Scenario, factors: &Uncertainty) -> tunewise_cost::Result<MonteCarlo> {
    MonteCarlo::new(&scenario.inputs).model(scenario.model).vary_all(factors)
}

fn name(parameter: Parameter) -> String {
    format!("{:<2} {}", parameter.letter(), parameter.name())
}

fn write_indices(
    out: &mut dyn Write,
    title: &str,
    names: &[Parameter],
    indices: &SobolIndices,
) -> CliResult<()> {
    writeln!(out, "{title}: shares of the variance of effectiveness, 95 % intervals")?;
    let cell = |index: &Index| {
        format!("{:.4} +- {:.4}", index.value, index.half_width.unwrap_or(f64::NAN))
    };
    let shares = names.iter().zip(&indices.first).zip(&indices.total);
    let rows = shares.map(|((parameter, s1), st)| vec![name(*parameter), cell(s1), cell(st)]);
    writeln!(out, "{}", table(&["input", "S1 alone", "ST with interactions"], rows))?;
    let letter = |input: usize| names.get(input).map_or("?", |parameter| parameter.letter());
    let rows: Vec<Vec<String>> = indices
        .seen_pairs()
        .map(|pair| {
            let (one, other) = pair.inputs;
            vec![format!("{} with {}", letter(one), letter(other)), cell(&pair.index)]
        })
        .collect();
    if !rows.is_empty() {
        writeln!(out, "{}", table(&["pair", "S2"], rows))?;
    }
    Ok(())
}

fn index_rows(names: &[Parameter], indices: &SobolIndices) -> Vec<Vec<String>> {
    let letter =
        |input: usize| names.get(input).map_or("", |parameter| parameter.letter()).to_owned();
    let row = |kind: &str, input: String, index: &Index| {
        let width = index.half_width.map(|width| width.to_string()).unwrap_or_default();
        vec![kind.to_owned(), input, index.value.to_string(), width]
    };
    let header = ["index", "input", "value", "half_width"].map(str::to_owned).to_vec();
    let first = indices.first.iter().enumerate().map(|(input, it)| row("S1", letter(input), it));
    let total = indices.total.iter().enumerate().map(|(input, it)| row("ST", letter(input), it));
    let second = indices.second.iter().map(|pair| {
        row("S2", format!("{} {}", letter(pair.inputs.0), letter(pair.inputs.1)), &pair.index)
    });
    [header].into_iter().chain(first).chain(total).chain(second).collect()
}

fn write_effects(
    out: &mut dyn Write,
    title: &str,
    names: &[Parameter],
    effects: &[ElementaryEffects],
) -> CliResult<()> {
    writeln!(out, "{title}: elementary effects on effectiveness, across each input's range")?;
    let mut order: Vec<_> = names.iter().zip(effects).collect();
    order.sort_by(|one, other| other.1.mu_star.total_cmp(&one.1.mu_star));
    let row = |(parameter, it): (&Parameter, &ElementaryEffects)| {
        vec![name(*parameter), digits(it.mu_star), digits(it.mu), digits(it.sigma)]
    };
    writeln!(out, "{}", table(&["input", "mu*", "mu", "sigma"], order.into_iter().map(row)))?;
    Ok(())
}

fn effect_rows(names: &[Parameter], effects: &[ElementaryEffects]) -> Vec<Vec<String>> {
    let header = ["input", "mu_star", "mu", "sigma"].map(str::to_owned).to_vec();
    let row = |(parameter, it): (&Parameter, &ElementaryEffects)| {
        let numbers = [it.mu_star, it.mu, it.sigma].map(|value| value.to_string());
        [parameter.letter().to_owned()].into_iter().chain(numbers).collect()
    };
    [header].into_iter().chain(names.iter().zip(effects).map(row)).collect()
}

/// A bar from 0 for each input.
fn picture(title: &str, names: &[Parameter], (axis, values): (&str, &[f64])) -> CliResult<String> {
    let texts: Vec<String> = values.iter().map(|value| format!("{value:.3}")).collect();
    let bars = names.iter().zip(values).zip(&texts);
    let swings: Vec<Swing<'_>> = bars
        .map(|((parameter, &high), high_text)| Swing {
            name: parameter.name(),
            low: 0.0,
            high,
            low_text: "",
            high_text,
        })
        .collect();
    let tornado = Tornado { base: 0.0, swings: &swings, low_name: "", high_name: "" };
    Ok(tornado.svg(ChartText { title, x_label: axis, y_label: "" })?)
}
