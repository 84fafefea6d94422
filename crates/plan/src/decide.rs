//! The cheapest plan to a quality, or the best quality for a budget.

use serde::{Deserialize, Serialize};

use crate::curve::{LEVEL, quantile, sorted};
use crate::forecast::{Candidate, ModelView};
use crate::{Error, Result};

/// Sizes of data that are weighed.
const SIZES: u32 = 81;
/// A smaller chance than this at all rows is out of reach.
const HOPELESS: f64 = 0.1;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// A quality, 0 to 1.
    Target(f64),
    /// An amount to spend, currency.
    Budget(f64),
}

/// A question to the pilots.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// What is asked for.
    pub goal: Goal,
    /// Rows that labelling could reach.
    pub full_rows: usize,
    /// How probable it must be that the plan reaches its target; 0.8 by default.
    pub confidence: f64,
}

/// How the question is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The rows that are labelled do.
    Reached,
    /// There is a plan.
    WithinReach,
    /// All rows may do, but not with the confidence asked for.
    Doubtful,
    /// Even all rows will hardly do.
    OutOfReach,
    /// The budget does not pay for one training.
    TooLittleMoney,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Decision {
    /// In a word.
    pub verdict: Verdict,
    /// The plan; where the target is doubtful or out of reach, what comes nearest to it.
    pub plan: Candidate,
    /// How probable it is that one run of the plan reaches the target; none for a budget.
    pub chance: Option<f64>,
    /// Rows that the plan's model needs for the target: the lower end, middle and upper end of the 80 %
    /// interval; none where the curve never gets there within the rows there are.
    pub rows_needed: Option<[Option<f64>; 3]>,
}

/// Answers a question.
///
/// # Errors
/// [`Error::Setting`] for a goal, confidence or number of rows that cannot be, or no models.
pub fn decide(views: &[ModelView<'_>], question: &Question) -> Result<Decision> {
    check(views, question)?;
    let sizes = sizes(views, question.full_rows);
    let decision = match question.goal {
        Goal::Target(target) => cheapest(views, &sizes, target, question.confidence),
        Goal::Budget(amount) => best(views, &sizes, amount),
    };
    decision.ok_or_else(|| fault("models", "none".to_owned(), "at least one model with pilots"))
}

/// The plans with the best quality at their cost, cheapest first: no other is both cheaper and better.
#[must_use]
pub fn frontier(views: &[ModelView<'_>], full_rows: usize) -> Vec<Candidate> {
    let sizes = sizes(views, full_rows);
    let all = views.iter().flat_map(|view| sizes.iter().map(|&rows| view.at(rows)));
    let mut all: Vec<Candidate> = all.collect();
    all.sort_by(|one, other| one.cost.total_cmp(&other.cost));
    let mut best = f64::NEG_INFINITY;
    all.retain(|it| {
        let better = it.quality.quality > best;
        best = best.max(it.quality.quality);
        better
    });
    all
}

fn check(views: &[ModelView<'_>], question: &Question) -> Result<()> {
    let owned = views.first().map_or(0, |view| view.setting().owned);
    if !(question.confidence > 0.0 && question.confidence < 1.0) {
        let got = question.confidence.to_string();
        return Err(fault("confidence", got, "a probability above 0 and below 1"));
    }
    if question.full_rows < owned {
        let expected = format!("at least the {owned} that are labelled");
        return Err(fault("full_rows", question.full_rows.to_string(), &expected));
    }
    match question.goal {
        Goal::Target(target) if !(target > 0.0 && target <= 1.0) => {
            Err(fault("target", target.to_string(), "a quality above 0 and at most 1"))
        }
        Goal::Budget(amount) if !(amount.is_finite() && amount >= 0.0) => {
            Err(fault("budget", amount.to_string(), "a finite amount of at least 0"))
        }
        _ => Ok(()),
    }
}

fn fault(name: &str, got: String, expected: &str) -> Error {
    Error::Setting { name: name.to_owned(), got, expected: expected.to_owned() }
}

/// From the rows there are to all, a like ratio apart.
fn sizes(views: &[ModelView<'_>], full_rows: usize) -> Vec<f64> {
    let owned = views.first().map_or(1, |view| view.setting().owned).max(1) as f64;
    let ratio = full_rows as f64 / owned;
    let at = |step: u32| (owned * ratio.powf(f64::from(step) / f64::from(SIZES - 1))).round();
    let mut sizes: Vec<f64> = (0..SIZES).map(at).collect();
    sizes.dedup();
    sizes
}

fn cheapest(
    views: &[ModelView<'_>],
    sizes: &[f64],
    target: f64,
    confidence: f64,
) -> Option<Decision> {
    let enough = |view: &&ModelView<'_>, rows: &&f64| view.chance(**rows, target) >= confidence;
    let plans = views.iter().filter_map(|view| {
        let rows = sizes.iter().find(|rows| enough(&view, rows))?;
        Some((view, *rows))
    });
    let plan = plans.min_by(|one, other| one.0.cost(one.1).total_cmp(&other.0.cost(other.1)));
    let last = sizes.last().copied()?;
    let (view, rows, verdict) = match plan {
        Some((view, rows)) if sizes.first() == Some(&rows) => (view, rows, Verdict::Reached),
        Some((view, rows)) => (view, rows, Verdict::WithinReach),
        None => {
            let chance = |view: &&ModelView<'_>| view.chance(last, target);
            let quality = |view: &&ModelView<'_>| view.forecast(last).quality;
            let key = |view: &&ModelView<'_>| (chance(view), quality(view));
            let order = |one: &&ModelView<'_>, other: &&ModelView<'_>| {
                let (one, other) = (key(one), key(other));
                one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1))
            };
            let view = views.iter().max_by(order)?;
            let hopeless = chance(&view) < HOPELESS;
            (view, last, if hopeless { Verdict::OutOfReach } else { Verdict::Doubtful })
        }
    };
    Some(Decision {
        verdict,
        plan: view.at(rows),
        chance: Some(view.chance(rows, target)),
        rows_needed: Some(rows_needed(view, sizes, target)),
    })
}

/// The first size at which each curve is at the target, as quantiles over the curves.
fn rows_needed(view: &ModelView<'_>, sizes: &[f64], target: f64) -> [Option<f64>; 3] {
    let mut first: Vec<f64> = Vec::new();
    for &rows in sizes {
        let expected = view.expected(rows);
        first.resize(expected.len(), f64::INFINITY);
        for (first, quality) in first.iter_mut().zip(expected) {
            if quality >= target {
                *first = first.min(rows);
            }
        }
    }
    let first = sorted(first);
    let tail = (1.0 - LEVEL) / 2.0;
    [tail, 0.5, 1.0 - tail].map(|share| Some(quantile(&first, share)).filter(|it| it.is_finite()))
}

fn best(views: &[ModelView<'_>], sizes: &[f64], amount: f64) -> Option<Decision> {
    let all = || views.iter().flat_map(|view| sizes.iter().map(move |&rows| (view, rows)));
    let affordable = all().filter(|(view, rows)| view.cost(*rows) <= amount);
    let plan = affordable.map(|(view, rows)| view.at(rows)).max_by(|one, other| {
        let by_quality = one.quality.quality.total_cmp(&other.quality.quality);
        by_quality.then(other.cost.total_cmp(&one.cost))
    });
    let (verdict, plan) = match plan {
        Some(plan) => (Verdict::WithinReach, plan),
        None => {
            let (view, rows) =
                all().min_by(|one, other| one.0.cost(one.1).total_cmp(&other.0.cost(other.1)))?;
            (Verdict::TooLittleMoney, view.at(rows))
        }
    };
    Some(Decision { verdict, plan, chance: None, rows_needed: None })
}

#[cfg(test)]
mod tests;
