//! The trials as a table, the best first, and as a picture.

use std::fmt;

use serde_json::{Map, Value};
use tunewise_plot::{ChartText, Points, Scatter, Series};

use super::state::SearchState;
use super::trial::{Trial, TrialStatus};
use crate::{Error, Result};

impl TrialStatus {
    /// Its name in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Paused => "paused",
            Self::Finished => "finished",
            Self::Failed => "failed",
        }
    }
}

impl Trial {
    /// The settings as flags of `finetune`.
    #[must_use]
    pub fn settings_text(&self) -> String {
        let flag = |(name, value): (&String, &Value)| {
            format!("--{} {}", name.replace('_', "-"), plain(value))
        };
        self.settings.iter().map(flag).collect::<Vec<_>>().join(" ")
    }
}

/// A value without the quotes of JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A value in few characters.
fn short(value: &Value) -> String {
    match value {
        Value::Number(number) if number.is_f64() => {
            let x = number.as_f64().unwrap_or(f64::NAN);
            if x == 0.0 || (1e-2..1e4).contains(&x.abs()) {
                format!("{x:.4}")
            } else {
                format!("{x:.2e}")
            }
        }
        other => plain(other),
    }
}

impl SearchState {
    fn metric_name(&self) -> String {
        self.metric.map_or_else(|| "value".to_owned(), |metric| metric.to_string())
    }

    /// The table as CSV: a trial a row, the best first, numbers in full.
    ///
    /// # Errors
    /// [`Error::Internal`] if a row cannot be written to memory.
    pub fn table(&self) -> Result<String> {
        let fault = || Error::Internal { what: "a table is written to memory" };
        let settings: Vec<&String> = self.search.space.0.keys().collect();
        let mut writer = csv::Writer::from_writer(Vec::new());
        let metric = self.metric_name();
        let head = ["rank", "trial", "status", "rungs", "epochs", "step", &metric];
        let head = head.into_iter().chain(settings.iter().map(|name| name.as_str()));
        writer.write_record(head.chain(["seconds", "failure"])).map_err(|_| fault())?;
        for (rank, trial) in self.ranked().enumerate() {
            let last = trial.rungs.last();
            let number = |text: Option<String>| text.unwrap_or_default();
            let row = [
                (rank + 1).to_string(),
                trial.trial.to_string(),
                trial.status.as_str().to_owned(),
                trial.rungs.len().to_string(),
                number(last.map(|rung| rung.epochs.to_string())),
                number(last.map(|rung| rung.step.to_string())),
                number(trial.value().map(|value| value.to_string())),
            ];
            let row = row.into_iter().chain(drawn(&trial.settings, &settings, plain));
            let seconds = format!("{:.3}", trial.seconds);
            let row = row.chain([seconds, trial.failure.clone().unwrap_or_default()]);
            writer.write_record(row).map_err(|_| fault())?;
        }
        let bytes = writer.into_inner().map_err(|_| fault())?;
        String::from_utf8(bytes).map_err(|_| fault())
    }

    /// The metric by epochs as SVG: a point where a trial ended a rung, a line where it went on. None
    /// before the first result.
    ///
    /// # Errors
    /// [`Error::Plot`].
    pub fn picture(&self) -> Result<Option<String>> {
        let path = |trial: &Trial| -> Vec<(f64, f64)> {
            trial.rungs.iter().filter_map(|rung| Some((rung.epochs, rung.value?))).collect()
        };
        let Some(best) = self.best() else { return Ok(None) };
        let others = self.trials.iter().filter(|trial| trial.trial != best.trial);
        let other_points: Vec<(f64, f64)> = others.flat_map(path).collect();
        let best_points = path(best);
        let paths: Vec<_> = self.trials.iter().map(path).filter(|path| path.len() > 1).collect();
        let lines: Vec<_> = paths.iter().map(|points| Series { name: "", points }).collect();
        let name = format!("trial {}", best.trial);
        let scatter = Scatter {
            groups: &[
                Points { name: "other trials", points: &other_points, labels: &[] },
                Points { name: &name, points: &best_points, labels: &[] },
            ],
            lines: &lines,
            ..Scatter::default()
        };
        let metric = format!("best {} so far", self.metric_name());
        let text = ChartText { title: "Search", x_label: "epochs", y_label: &metric };
        Ok(Some(scatter.svg(text)?))
    }
}

/// The settings in the order of `names`; empty where a trial has none of that name.
fn drawn(
    settings: &Map<String, Value>,
    names: &[&String],
    text: fn(&Value) -> String,
) -> Vec<String> {
    names.iter().map(|name| settings.get(*name).map(text).unwrap_or_default()).collect()
}

/// The table in aligned columns, the best first, numbers shortened.
impl fmt::Display for SearchState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings: Vec<&String> = self.search.space.0.keys().collect();
        let head =
            ["trial".to_owned(), self.metric_name(), "epochs".to_owned(), "status".to_owned()];
        let mut rows = vec![Vec::from(head)];
        rows[0].extend(settings.iter().map(|name| (*name).clone()));
        for trial in self.ranked() {
            let epochs = trial.rungs.last().map_or(0.0, |rung| rung.epochs);
            let value = trial.value().map_or_else(|| "-".to_owned(), |value| format!("{value:.4}"));
            let status = trial.status.as_str().to_owned();
            let mut row = vec![trial.trial.to_string(), value, format!("{epochs:.2}"), status];
            row.extend(drawn(&trial.settings, &settings, short));
            rows.push(row);
        }
        let width = |column: usize| {
            rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
        };
        let widths: Vec<usize> = (0..4 + settings.len()).filter_map(width).collect();
        for row in &rows {
            let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:>width$}"));
            writeln!(f, "{}", cells.collect::<Vec<_>>().join("  "))?;
        }
        Ok(())
    }
}
