//! `cost simulate`: effectiveness under uncertain inputs.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::json;
use tunewise_cost::Scenario;
use tunewise_cost::uncertainty::{
    Comparison, Correlation, Design, Estimate, MonteCarlo, Sample, Summary,
};
use tunewise_plot::{ChartText, Histogram, Mark};

use super::fault::{Fault, write};
use super::format::{Format, digits, signed, table, write_csv};
use super::scenario::ScenarioArgs;
use crate::CliResult;

/// How effectiveness is spread when inputs are uncertain: the scenario's table `uncertainty`
#[derive(Debug, Args)]
pub(crate) struct Simulate {
    #[command(flatten)]
    scenario: ScenarioArgs,
    /// Points, a multiple of the replicates
    #[arg(long, value_name = "N", default_value_t = 65_536)]
    samples: usize,
    /// How points are chosen
    #[arg(long, value_enum, default_value = "scrambled-sobol")]
    design: DesignName,
    /// Independent randomisations, whose spread gives the standard errors; 1 for --design sobol
    #[arg(long, value_name = "N")]
    replicates: Option<usize>,
    /// Seed of everything random
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Reports the probability of an effectiveness above this; repeats
    #[arg(long, value_name = "E", allow_negative_numbers = true)]
    threshold: Vec<f64>,
    /// Another scenario to beat, with its own table `uncertainty` or else this one's; the same random
    /// numbers go to both, column by column
    #[arg(long, value_name = "SCENARIO")]
    against: Option<PathBuf>,
    /// How the answer is written
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Draws the distribution
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum DesignName {
    /// Independent random points
    Prng,
    /// A Latin hypercube
    Lhs,
    /// The Sobol sequence as it is
    Sobol,
    /// The Sobol sequence, Owen-scrambled
    ScrambledSobol,
}

impl From<DesignName> for Design {
    fn from(name: DesignName) -> Self {
        match name {
            DesignName::Prng => Self::Prng,
            DesignName::Lhs => Self::Lhs,
            DesignName::Sobol => Self::Sobol,
            DesignName::ScrambledSobol => Self::ScrambledSobol,
        }
    }
}

/// Everything that is written.
struct Answer {
    scenario: Scenario,
    sample: Sample,
    summary: Summary,
    correlations: Vec<Correlation>,
    comparison: Option<(String, Comparison)>,
}

impl Simulate {
    pub(crate) fn run(&self, out: &mut dyn Write) -> CliResult {
        let answer = self.answer()?;
        match self.format {
            Format::Table => answer.write_tables(out)?,
            Format::Csv => write_csv(out, answer.csv_rows())?,
            Format::Json => writeln!(out, "{:#}", answer.json())?,
        }
        if let Some(path) = &self.svg {
            write(path, &answer.picture()?)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn answer(&self) -> CliResult<Answer> {
        let scenario = self.scenario.load()?;
        if scenario.uncertainty.is_empty() {
            return Err(Fault::Usage("the scenario has no table `uncertainty`").into());
        }
        let experiment = self.experiment(&scenario, &scenario)?;
        let sample = experiment.sample(self.samples)?;
        let summary = sample.summary(&experiment)?;
        let correlations = experiment.correlations(&sample)?;
        let comparison = match &self.against {
            None => None,
            Some(path) => {
                let rival =
                    ScenarioArgs { path: path.clone(), policy: self.scenario.policy }.load()?;
                let other = self.experiment(&rival, &scenario)?.sample(self.samples)?;
                Some((rival.name, sample.compare(&other)?))
            }
        };
        Ok(Answer { scenario, sample, summary, correlations, comparison })
    }

    /// The experiment on a scenario, with the distributions of another where it has none.
    fn experiment(&self, scenario: &Scenario, other: &Scenario) -> CliResult<MonteCarlo> {
        let own = &scenario.uncertainty;
        let uncertainty = if own.is_empty() { &other.uncertainty } else { own };
        let design = Design::from(self.design);
        let replicates = self.replicates.unwrap_or(if design == Design::Sobol { 1 } else { 16 });
        Ok(MonteCarlo::new(&scenario.inputs)
            .model(scenario.model)
            .vary_all(uncertainty)?
            .design(design)
            .replicates(replicates)
            .seed(self.seed)
            .thresholds(&self.threshold))
    }
}

impl Answer {
    fn write_tables(&self, out: &mut dyn Write) -> CliResult<()> {
        let made = &self.summary.provenance;
        let base = self.scenario.solve()?.effectiveness();
        writeln!(
            out,
            "{}: effectiveness {} as it stands; {} points, design {}, {} replicates, seed {}",
            self.scenario.name,
            digits(base),
            made.points,
            made.design.name(),
            made.replicates,
            made.seed
        )?;
        let row = |(name, it): (String, Estimate)| {
            vec![name, digits(it.value), digits(it.standard_error)]
        };
        let header = ["effectiveness", "value", "standard error"];
        writeln!(out, "{}", table(&header, self.summary.statistics().into_iter().map(row)))?;
        let row = |it: &Correlation| {
            let name = format!("{:<2} {}", it.parameter.letter(), it.parameter.name());
            vec![name, signed(it.pearson), signed(it.spearman)]
        };
        let header = ["correlation with E", "Pearson", "Spearman"];
        writeln!(out, "{}", table(&header, self.correlations.iter().map(row)))?;
        if let Some((rival, comparison)) = &self.comparison {
            let rows = [
                ("beats it, same random numbers", comparison.wins_paired),
                ("beats it, random numbers of its own", comparison.wins_independent),
                ("mean difference of E", comparison.mean_difference),
                ("sd of the difference", comparison.sd_difference),
            ];
            let header = format!("against {rival}");
            let rows = rows.map(|(name, value)| vec![name.to_owned(), digits(value)]);
            writeln!(out, "{}", table(&[&header, "value"], rows))?;
        }
        Ok(())
    }

    fn csv_rows(&self) -> impl Iterator<Item = Vec<String>> {
        let header = ["statistic", "value", "standard_error"].map(str::to_owned).to_vec();
        let row = |(name, it): (String, Estimate)| {
            let error = it.standard_error.map(|error| error.to_string()).unwrap_or_default();
            vec![name, it.value.to_string(), error]
        };
        [header].into_iter().chain(self.summary.statistics().into_iter().map(row))
    }

    fn json(&self) -> serde_json::Value {
        json!({
            "name": self.scenario.name,
            "summary": self.summary,
            "correlations": self.correlations,
            "against": self.comparison.as_ref().map(|(rival, comparison)| {
                json!({ "name": rival, "comparison": comparison })
            }),
        })
    }

    fn picture(&self) -> CliResult<String> {
        let marked = [0.05, 0.5, 0.95];
        let quantiles = self.summary.quantiles.iter().filter(|it| marked.contains(&it.p));
        let named: Vec<(String, f64)> = quantiles
            .map(|it| {
                (format!("P{:.0} {}", it.p * 100.0, digits(it.quantile.value)), it.quantile.value)
            })
            .collect();
        let marks: Vec<Mark<'_>> =
            named.iter().map(|(name, value)| Mark { name, value: *value }).collect();
        let histogram =
            Histogram { values: &self.sample.effectiveness, marks: &marks, bins: Some(60) };
        let text =
            ChartText { title: &self.scenario.name, x_label: "effectiveness", y_label: "points" };
        Ok(histogram.svg(text)?)
    }
}
