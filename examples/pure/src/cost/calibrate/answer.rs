//! A fit as tables for people and as rows for programs.

use std::io::Write;

use serde_json::{Map, Value, json};
use tunewise_cost::calibrate::{FitPoint, FitReport, LinearFit};

use crate::cost::format::{digits, table};

/// A fit with the words around it.
pub(super) struct Fitted {
    /// What JSON calls it.
    pub(super) key: &'static str,
    /// What is fitted to what.
    pub(super) title: String,
    /// The names of x and y.
    pub(super) axes: [String; 2],
    pub(super) fit: LinearFit,
    pub(super) report: FitReport,
    /// The fitted line, of one x.
    pub(super) line: Vec<FitPoint>,
    /// Where each row comes from.
    pub(super) rows: Vec<String>,
    pub(super) confidence: f64,
    /// What else is to be said.
    pub(super) notes: Vec<String>,
    /// The model's constants that the coefficients are: letter, key in a scenario, value.
    pub(super) found: Vec<(&'static str, &'static str, f64)>,
}

impl Fitted {
    pub(super) fn write_tables(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let report = &self.report;
        writeln!(out, "{}: {} rows, {} degrees of freedom", self.title, report.n, report.df)?;
        let percent = format!("{}", (self.confidence * 1e6).round() / 1e4);
        let [low, high] = ["low", "high"].map(|end| format!("{percent} % {end}"));
        let header = ["term", "coefficient", "standard error", "t", "p", &low, &high];
        writeln!(out, "{}", table(&header, self.terms(digits)))?;
        let rows = [
            ("R2", Some(report.r_squared)),
            ("adjusted R2", Some(report.adjusted_r_squared)),
            ("F", report.f),
            ("p of F", report.f_p_value),
            ("residual standard error", Some(report.residual_standard_error)),
            ("AIC", Some(report.aic)),
            ("BIC", Some(report.bic)),
            ("Durbin-Watson", Some(report.durbin_watson)),
            ("p of equal variances", report.breusch_pagan.map(|test| test.lm_p_value)),
        ];
        let rows = rows.map(|(name, value)| vec![name.to_owned(), digits(value)]);
        writeln!(out, "{}", table(&["fit", "value"], rows))?;
        if !self.found.is_empty() {
            let row = |&(letter, key, value): &(&str, &str, f64)| {
                vec![format!("{letter:<2} {key}"), digits(value)]
            };
            writeln!(out, "{}", table(&["scenario", "value"], self.found.iter().map(row)))?;
        }
        self.all_notes().iter().try_for_each(|note| writeln!(out, "note: {note}"))
    }

    fn all_notes(&self) -> Vec<String> {
        let report = &self.report;
        let outlier = |it: &tunewise_cost::calibrate::Outlier| {
            let place = self.rows.get(it.row.saturating_sub(1)).map_or("?", String::as_str);
            let kind = if it.influential { "decides much of the fit" } else { "does not fit" };
            format!("{place} {kind}: residual {}", digits(it.residual))
        };
        let mut notes: Vec<String> = report.outliers.iter().map(outlier).collect();
        if report.unequal_variances() {
            notes.push("the variances are not equal: --robust hc3 is called for".to_owned());
        }
        notes.extend(self.notes.iter().cloned());
        notes
    }

    /// Name, coefficient, standard error, t, p and the interval's ends, a term.
    fn terms(&self, cell: fn(f64) -> String) -> impl Iterator<Item = Vec<String>> {
        self.report.terms.iter().map(move |term| {
            let ends = [term.interval.low, term.interval.high];
            let values = [term.coefficient, term.standard_error, term.t, term.p_value];
            [term.name.clone()]
                .into_iter()
                .chain(values.into_iter().chain(ends).map(cell))
                .collect()
        })
    }

    pub(super) fn json(&self) -> Value {
        let found = self.found.iter().map(|&(_, key, value)| {
            (key.rsplit('.').next().unwrap_or(key).to_owned(), json!(value))
        });
        let mut object: Map<String, Value> = found.collect();
        object.insert("fit".to_owned(), json!(self.report));
        object.into()
    }
}

/// A row a term of every fit.
pub(super) fn csv_rows(fits: &[Fitted]) -> impl Iterator<Item = Vec<String>> {
    let header =
        ["relation", "term", "coefficient", "standard_error", "t", "p_value", "low", "high"];
    let rows = fits.iter().flat_map(|fitted| {
        fitted
            .terms(|value| value.to_string())
            .map(|row| [fitted.title.clone()].into_iter().chain(row).collect::<Vec<_>>())
    });
    [header.map(str::to_owned).to_vec()].into_iter().chain(rows)
}
