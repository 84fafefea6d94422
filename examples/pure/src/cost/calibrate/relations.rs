//! The model's own relations, from run records and invoices.

use std::path::{Path, PathBuf};

use tunewise_cost::calibrate::{TimeLaw, compare_time_laws};
use tunewise_cost::records::{Difference, Invoice, RecordError, Run, annotation, training_time};

use super::{Calibrate, Fitted};
use crate::CliResult;
use crate::cost::fault::{Fault, open};
use crate::cost::format::digits;

impl Calibrate {
    pub(super) fn relations(&self) -> CliResult<Vec<Fitted>> {
        let mut fits = Vec::with_capacity(2);
        if !self.records.is_empty() {
            fits.push(self.time()?);
        }
        if !self.invoices.is_empty() {
            fits.push(self.labels()?);
        }
        Ok(fits)
    }

    /// T = l*P + m.
    fn time(&self) -> CliResult<Fitted> {
        let (runs, rows) = read_all(&self.records, runs)?;
        let fit = training_time(&runs, self.tokens).map_err(at(&self.records))?;
        let mut differences = Run::differences(&runs);
        differences.retain(|it| self.tokens.is_none() || !matches!(it, Difference::Tokens { .. }));
        let mut notes: Vec<String> = differences.iter().map(ToString::to_string).collect();
        let (sizes, hours) = (fit.predictor("param_count").unwrap_or_default(), hours(&runs));
        if let Ok(laws) = compare_time_laws(sizes, &hours)
            && laws.preferred() == TimeLaw::Power
        {
            let (power, by) = (digits(laws.power.exponent), digits(laws.aic_difference));
            notes.push(format!("hours grow as P^{power}: AIC prefers that to the line by {by}"));
        }
        let found = vec![
            ("l", "training_time.per_parameter", fit.coefficients().get(1).copied().unwrap_or(0.0)),
            ("m", "training_time.fixed", fit.intercept()),
        ];
        let at_tokens = self.tokens.map(|tokens| format!(" at {} tokens", digits(tokens)));
        let title = format!("T = l*P + m{}", at_tokens.unwrap_or_default());
        let axes = ["parameters".to_owned(), "hours".to_owned()];
        let fitted = self.fitted("training_time", (title, axes), fit)?;
        Ok(Fitted { rows, notes, found, ..fitted })
    }

    /// C = k1*D + k2.
    fn labels(&self) -> CliResult<Fitted> {
        let (invoices, rows) = read_all(&self.invoices, invoices)?;
        let fit = annotation(&invoices).map_err(at(&self.invoices))?;
        let found = vec![
            ("k1", "annotation.per_sample", fit.coefficients().get(1).copied().unwrap_or(0.0)),
            ("k2", "annotation.fixed", fit.intercept()),
        ];
        let axes = ["samples".to_owned(), "amount".to_owned()];
        let words = ("C = k1*D + k2".to_owned(), axes);
        Ok(Fitted { rows, found, ..self.fitted("annotation", words, fit)? })
    }
}

/// The records of all files, and where each comes from.
fn read_all<T>(
    paths: &[PathBuf],
    read: fn(&Path) -> Result<Vec<T>, Fault>,
) -> Result<(Vec<T>, Vec<String>), Fault> {
    let (mut all, mut rows) = (Vec::new(), Vec::new());
    for path in paths {
        let records = read(path)?;
        let name = |number: usize| match records.len() {
            1 => path.display().to_string(),
            _ => format!("{}, row {number}", path.display()),
        };
        rows.extend((1..=records.len()).map(name));
        all.extend(records);
    }
    Ok((all, rows))
}

fn runs(path: &Path) -> Result<Vec<Run>, Fault> {
    let fault = |source| Fault::Records { path: path.to_owned(), source };
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("json") => Ok(vec![Run::from_json(open(path)?).map_err(fault)?]),
        Some("csv") => Run::log(open(path)?).map_err(fault),
        _ => Err(Fault::Extension { path: path.to_owned(), expected: ".json or .csv" }),
    }
}

fn invoices(path: &Path) -> Result<Vec<Invoice>, Fault> {
    Invoice::read(open(path)?).map_err(|source| Fault::Records { path: path.to_owned(), source })
}

fn hours(runs: &[Run]) -> Vec<f64> {
    runs.iter().map(Run::hours).collect()
}

/// A fault of all files together, under the first one's name.
fn at(paths: &[PathBuf]) -> impl Fn(RecordError) -> Fault {
    let path = paths.first().cloned().unwrap_or_default();
    move |source| Fault::Records { path: path.clone(), source }
}
