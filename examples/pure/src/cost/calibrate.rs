//! `cost calibrate`: constants from what was measured and paid.

mod answer;
mod picture;
mod relations;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use tunewise_cost::calibrate::{LinearFit, RobustKind};
use tunewise_cost::records::{Relation, Table};

use self::answer::Fitted;
use super::fault::{Fault, open, write};
use super::format::{Format, write_csv};
use crate::CliResult;

/// Points of a drawn line: its intervals are curves.
const LINE_POINTS: usize = 101;

/// Constants from a table, run records or invoices, by least squares
///
/// Either DATA.csv with --y and --x: any linear relation. Or --records and --invoices: l and m of
/// T = l*P + m, k1 and k2 of C = k1*D + k2.
#[derive(Debug, Args)]
pub(crate) struct Calibrate {
    /// A CSV file with a header
    #[arg(value_name = "DATA.csv", required_unless_present_any = ["records", "invoices"], requires_all = ["y", "x"])]
    data: Option<PathBuf>,
    /// The column to explain
    #[arg(long, value_name = "COL", requires = "data")]
    y: Option<String>,
    /// The columns to explain it with
    #[arg(long, value_name = "COL,...", value_delimiter = ',', requires = "data")]
    x: Vec<String>,
    /// A column of weights, proportional to 1/variance
    #[arg(long, value_name = "COL", requires = "data")]
    weights: Option<String>,
    /// Leaves the constant out
    #[arg(long, requires = "data")]
    no_intercept: bool,
    /// Run records (run.json of finetune) and logs (.csv: params,seconds[,tokens,gpus])
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with = "data")]
    records: Vec<PathBuf>,
    /// The number of tokens that hours are for: runs over other numbers count by their share
    #[arg(long, value_name = "N", requires = "records")]
    tokens: Option<f64>,
    /// Invoices (.csv: samples,amount)
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with = "data")]
    invoices: Vec<PathBuf>,
    /// Standard errors that hold with unequal variances
    #[arg(long, value_enum)]
    robust: Option<Robust>,
    /// Of the intervals
    #[arg(long, default_value_t = 0.95)]
    confidence: f64,
    /// How the answer is written
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Draws the data and the fitted line with its intervals; one --x, or records, or invoices
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Robust {
    Hc0,
    Hc1,
    Hc2,
    Hc3,
}

impl Robust {
    fn kind(self) -> RobustKind {
        match self {
            Self::Hc0 => RobustKind::Hc0,
            Self::Hc1 => RobustKind::Hc1,
            Self::Hc2 => RobustKind::Hc2,
            Self::Hc3 => RobustKind::Hc3,
        }
    }
}

impl Calibrate {
    pub(crate) fn run(&self, out: &mut dyn Write) -> CliResult {
        let fits = match &self.data {
            Some(path) => vec![self.relation(path)?],
            None => self.relations()?,
        };
        let picture = match (&self.svg, &fits[..]) {
            (None, _) => None,
            (Some(path), [fitted]) => Some((path, fitted.picture()?)),
            _ => return Err(Fault::Usage("--svg draws --records or --invoices, not both").into()),
        };
        match self.format {
            Format::Table => fits.iter().try_for_each(|fitted| fitted.write_tables(out))?,
            Format::Csv => write_csv(out, answer::csv_rows(&fits))?,
            Format::Json => writeln!(out, "{:#}", self.json(&fits))?,
        }
        if let Some((path, picture)) = picture {
            write(path, &picture)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The one relation of a table, its bare answer; or what was found by name.
    fn json(&self, fits: &[Fitted]) -> Value {
        match (&self.data, fits) {
            (Some(_), [fitted]) => json!(fitted.report),
            _ => fits.iter().map(|fitted| (fitted.key.to_owned(), fitted.json())).collect(),
        }
    }

    fn relation(&self, path: &Path) -> CliResult<Fitted> {
        let y = self.y.as_deref().unwrap_or_default();
        let x: Vec<&str> = self.x.iter().map(String::as_str).collect();
        let weights = self.weights.as_deref();
        let relation = Relation { y, x: &x, weights, intercept: !self.no_intercept };
        let fault = |source| Fault::Records { path: path.to_owned(), source };
        let table = Table::read(open(path)?, &relation.columns()).map_err(fault)?;
        let fit = table.fit(&relation).map_err(fault)?;
        let line = |row| format!("line {}", table.line(row).unwrap_or(0));
        let rows = (0..table.rows()).map(line).collect();
        let (x, y) = (x.join(", "), y.to_owned());
        Ok(Fitted { rows, ..self.fitted("relation", (format!("{y} on {x}"), [x, y]), fit)? })
    }

    /// A fit in words for its title and axes.
    fn fitted(
        &self,
        key: &'static str,
        (title, axes): (String, [String; 2]),
        fit: LinearFit,
    ) -> CliResult<Fitted> {
        let drawn = fit.df_model() == 1;
        let line = if drawn { fit.line(LINE_POINTS, self.confidence)? } else { Vec::new() };
        let report = fit.report(self.robust.map(Robust::kind), self.confidence)?;
        let (rows, notes, found) = Default::default();
        let confidence = self.confidence;
        Ok(Fitted { key, title, axes, fit, report, line, rows, confidence, notes, found })
    }
}
