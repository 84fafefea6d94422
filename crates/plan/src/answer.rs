//! The answer: what the pilots say, for people and programs.

use std::path::Path;

use serde::Serialize;
use tunewise_cost::{Report, Scenario};

use crate::curve::Forecast;
use crate::decide::{Decision, Question, decide, frontier};
use crate::forecast::{Candidate, ModelView};
use crate::handover::scenario;
use crate::journal::replace;
use crate::marginal::{Moves, next_moves};
use crate::pilot::PilotRecord;
use crate::time::Hours;
use crate::{Error, Result, html, text};

const FORMAT_VERSION: u32 = 1;
/// Points of a curve in pictures.
const CURVE_POINTS: u32 = 40;

/// The answer to a question, with everything it rests on; `plan.json` holds it.
#[derive(Debug, Clone, Serialize)]
pub struct Answer {
    format_version: u32,
    /// In a sentence.
    pub headline: String,
    /// What the rows are from.
    pub data: String,
    /// What quality is.
    pub metric: String,
    /// The quality of always guessing the most frequent label.
    pub guessing: f64,
    /// What amounts are in.
    pub currency: String,
    /// What was asked.
    pub question: Question,
    /// What is answered.
    #[serde(flatten)]
    pub decision: Decision,
    /// Each model on all rows that labelling could reach.
    pub full: Vec<Candidate>,
    /// Each model by itself.
    pub models: Vec<ModelSummary>,
    /// Plans that no other is both cheaper and better than.
    pub frontier: Vec<Candidate>,
    /// What the next step is worth, from the rows there are.
    pub now: Moves,
    /// What it is worth after the plan.
    pub after: Moves,
    /// What the pilots took.
    pub spent: Spent,
    /// The cost model's answer to the plan.
    pub equilibrium: Report,
    /// What was taken for granted.
    pub assumptions: Vec<String>,
    /// The pilots.
    pub pilots: Vec<PilotRecord>,
    #[serde(skip)]
    scenario: Scenario,
}

/// A model and its curve.
#[derive(Debug, Clone, Serialize)]
pub struct ModelSummary {
    /// Its name.
    pub name: String,
    /// P.
    pub parameters: f64,
    /// Rows of its largest slice.
    pub largest_slice: f64,
    /// Sizes of slices that were too small to learn from.
    pub left_out: Vec<usize>,
    /// How fast data helps: lower end, middle and upper end of the 80 % interval of the exponent.
    pub exponent: [f64; 3],
    /// The quality that no number of rows exceeds, likewise.
    pub ceiling: [f64; 3],
    /// The time law at the plan's tokens: hours per parameter, and fixed hours.
    pub hours_per_parameter: f64,
    /// Hours that any run takes.
    pub fixed_hours: f64,
    /// The curve, from the smallest slice to all rows, as if epochs did not have to be whole.
    pub curve: Vec<Forecast>,
    /// By cost, from the rows there are to all: cost, and quality likewise.
    pub by_cost: Vec<(f64, Forecast)>,
}

/// What the pilots took.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Spent {
    /// How many.
    pub pilots: usize,
    /// Rows that they used.
    pub rows: usize,
    /// Rows that they were measured on.
    pub validation_rows: usize,
    /// Hours of training.
    pub hours: f64,
    /// What these cost, currency.
    pub cost: f64,
    /// One standard deviation of a quality by the luck of the validation rows.
    pub validation_error: f64,
}

impl Answer {
    /// The files that [`write`](Self::write) makes.
    pub const FILES: [&'static str; 3] = ["plan.json", "report.html", "scenario.toml"];

    /// Answers a question. `metric` and `data` are what quality and rows are called.
    ///
    /// # Errors
    /// Those of [`decide`]; [`Error::Cost`] for a scenario without an answer.
    pub fn new(
        views: &[ModelView<'_>],
        question: &Question,
        metric: &str,
        data: &str,
    ) -> Result<Self> {
        let decision = decide(views, question)?;
        let none = || Error::Setting {
            name: "models".to_owned(),
            got: "none".to_owned(),
            expected: "at least one".to_owned(),
        };
        let chosen = views.iter().position(|view| view.name == decision.plan.model);
        let (at, view) = chosen.and_then(|at| Some((at, views.get(at)?))).ok_or_else(none)?;
        let setting = view.setting();
        let (owned, full) = (setting.owned as f64, question.full_rows);
        let scenario = scenario(view, &decision.plan);
        let equilibrium = Report::from(&scenario.solve()?);
        let pilots: Vec<PilotRecord> =
            views.iter().flat_map(|view| view.pilots.iter().cloned()).collect();
        let seconds: f64 = pilots.iter().map(|it| it.measured.training_seconds).sum();
        let spent = Spent {
            pilots: pilots.len(),
            rows: setting.owned,
            validation_rows: setting.validation_rows,
            hours: seconds / 3600.0,
            cost: setting.prices.machine.per_hour * seconds / 3600.0,
            validation_error: view.curve.validation_error(decision.plan.quality.quality),
        };
        let mut answer = Self {
            format_version: FORMAT_VERSION,
            headline: String::new(),
            data: data.to_owned(),
            metric: metric.to_owned(),
            guessing: setting.chance,
            currency: setting.prices.currency.clone(),
            question: *question,
            full: views.iter().map(|view| view.at(full as f64)).collect(),
            models: views.iter().map(|view| summary(view, question, &decision)).collect(),
            frontier: frontier(views, full),
            now: next_moves(views, best_now(views), owned, full).ok_or_else(none)?,
            after: next_moves(views, at, decision.plan.rows, full).ok_or_else(none)?,
            assumptions: assumptions(view, question),
            decision,
            spent,
            equilibrium,
            pilots,
            scenario,
        };
        answer.headline = text::headline(&answer);
        Ok(answer)
    }

    /// The plan as a scenario that `cost solve` reads.
    #[must_use]
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// The report for a manager: one page that needs nothing beside itself. Whatever names hold, it is
    /// shown as words. The same answer gives the same bytes.
    ///
    /// # Errors
    /// [`Error::Plot`] if a figure cannot be drawn.
    pub fn html(&self) -> Result<String> {
        html::page(self)
    }

    /// Writes `plan.json`, `report.html` and `scenario.toml` to a folder.
    ///
    /// # Errors
    /// [`Error::Io`], and those of [`html`](Self::html).
    pub fn write(&self, folder: &Path) -> Result<()> {
        let path = folder.join("plan.json");
        let json = serde_json::to_string_pretty(self)
            .map_err(|fault| Error::Io { path: path.clone(), source: fault.into() })?;
        replace(&path, &(json + "\n"))?;
        replace(&folder.join("report.html"), &self.html()?)?;
        replace(&folder.join("scenario.toml"), &self.scenario.to_toml())
    }
}

/// The best model on the rows there are.
fn best_now(views: &[ModelView<'_>]) -> usize {
    let quality = |view: &ModelView<'_>| view.forecast(view.setting().owned as f64).quality;
    let numbered = views.iter().map(quality).enumerate();
    numbered.max_by(|one, other| one.1.total_cmp(&other.1)).map_or(0, |(at, _)| at)
}

fn summary(view: &ModelView<'_>, question: &Question, decision: &Decision) -> ModelSummary {
    let (owned, full) = (view.setting().owned as f64, question.full_rows as f64);
    let smallest = view.pilots.iter().map(|it| it.rows).min().unwrap_or(1) as f64;
    let between = |low: f64, high: f64| {
        (0..CURVE_POINTS).map(move |step| {
            let along = f64::from(step) / f64::from(CURVE_POINTS - 1);
            low * (high / low).powf(along)
        })
    };
    let law = view.time.at(view.tokens(decision.plan.rows));
    ModelSummary {
        name: view.name.clone(),
        parameters: view.parameters,
        largest_slice: view.curve.reference(),
        left_out: view.curve.left_out().to_vec(),
        exponent: view.curve.exponent(),
        ceiling: view.curve.ceiling(),
        hours_per_parameter: law.per_parameter,
        fixed_hours: law.fixed,
        curve: between(smallest, full).map(|rows| view.trend(rows)).collect(),
        by_cost: between(owned, full).map(|rows| (view.cost(rows), view.trend(rows))).collect(),
    }
}

fn assumptions(view: &ModelView<'_>, question: &Question) -> Vec<String> {
    let (setting, prices) = (view.setting(), view.setting().prices);
    let currency = &prices.currency;
    let source =
        |words: &Option<String>| words.as_ref().map(|it| format!(" ({it})")).unwrap_or_default();
    let money = |amount: f64| text::money(amount, currency);
    let mut said = vec![
        format!(
            "A label costs {}{}; buying any at all costs {} more once.",
            money(prices.labels.per_label),
            source(&prices.labels.source),
            money(prices.labels.fixed)
        ),
        format!(
            "An hour of the machine costs {}{}. Times are those of the machine that the pilots ran on, as busy as it was then.",
            money(prices.machine.per_hour),
            source(&prices.machine.source)
        ),
        format!(
            "The {} rows of the pilots and the {} validation rows are labelled and paid; labelling could reach {} rows.",
            text::count(setting.owned as f64),
            text::count(setting.validation_rows as f64),
            text::count(question.full_rows as f64)
        ),
        "New rows are like those there are: same source, same labels, same care.".to_owned(),
        format!(
            "Every run trains alike: {} epochs, and at least {} steps of {} rows. Some pilots on the largest slices train for more epochs, to tell what steps are short of from what rows are.",
            setting.recipe.epochs, setting.recipe.least_steps, setting.recipe.batch
        ),
        "The error has a floor and falls by a power law in rows and one in steps, up to a drift that grows with the distance from the pilots.".to_owned(),
    ];
    match &prices.quality {
        Some(it) => said.push(format!(
            "A point of quality (0.01) is worth {}{}.",
            money(it.per_point),
            source(&it.source)
        )),
        None => said.push(
            "What a point of quality is worth is not said: steps are ranked by what a point costs."
                .to_owned(),
        ),
    }
    said
}

/// Hours with their interval, in the unit that suits them.
pub(crate) fn duration(hours: &Hours) -> String {
    let (unit, name, digits) = match hours.hours {
        it if it >= 1.0 => (1.0, "h", 1),
        it if it >= 1.0 / 60.0 => (60.0, "min", 1),
        _ => (3600.0, "s", 0),
    };
    let [mean, low, high] = [hours.hours, hours.low, hours.high].map(|it| it * unit);
    format!("{mean:.digits$} {name} ({low:.digits$} to {high:.digits$})")
}

#[cfg(test)]
mod tests;
