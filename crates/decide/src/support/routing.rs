//! From which confidence on questions are answered, chosen on labelled ones.

use serde::{Deserialize, Serialize};
use tunewise_metrics::{ClassOptions, Scores, fit_temperature, risk_coverage_curve};

use super::knowledge::{Article, Hit};
use super::prices::Prices;
use super::question::Truth;
use crate::error::argument;
use crate::{Error, Result};

/// Thresholds of intents that are tried at most.
const MOST_TRIED: usize = 512;
/// The precision that coverage is reported at.
pub(super) const REPORTED_PRECISION: f64 = 0.95;

/// What models say of a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// What is asked.
    pub text: String,
    /// A logit for each intent.
    pub logits: Vec<f64>,
    /// The article that fits best, if any does.
    pub hit: Option<Hit>,
}

/// What the thresholds are chosen for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aim {
    /// The least cost of a question at these prices.
    LeastCost,
    /// The most answers of which at least this share is right, by templates and by articles.
    Precision(f64),
}

/// How questions are routed; made by [`Routing::fit`], kept as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Routing {
    /// The intents, in the order of the logits.
    pub intents: Vec<String>,
    /// What logits are divided by.
    pub temperature: f64,
    /// The least confidence of an answer by template; `None`: there is none.
    pub intent_threshold: Option<f64>,
    /// The least score of an answer by article; `None`: there is none.
    pub article_threshold: Option<f64>,
    /// Whether articles' scores are of embeddings.
    pub reranked: bool,
    /// The confidence from which on 95 % of the calibration questions' intents were right, for the report.
    pub precise_threshold: Option<f64>,
    /// What the thresholds were chosen for.
    pub aim: Aim,
    /// What questions cost.
    pub prices: Prices,
    /// Questions that temperature and thresholds were chosen on.
    pub calibrated_on: usize,
}

/// What a [`Routing`] is for.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// The intents, in the order of the logits.
    pub intents: &'a [String],
    /// Those that have an answer: `[intents]`.
    pub answerable: &'a [bool],
    /// The articles; none: no answers by article.
    pub articles: &'a [Article],
    /// Whether their scores are of embeddings.
    pub reranked: bool,
    /// What questions cost.
    pub prices: &'a Prices,
}

/// One question of those that thresholds are chosen on.
#[derive(Debug, Clone, Copy)]
struct Row {
    /// Confidence of the answer by template, and whether that is right.
    template: Option<(f64, bool)>,
    /// Score of the answer by article, and whether that is right.
    article: Option<(f64, bool)>,
}

impl Routing {
    /// Chooses temperature and thresholds on labelled questions that the model was not trained on.
    ///
    /// The temperature is that of the least negative log-likelihood of the questions with an intent. For
    /// [`Aim::LeastCost`] the two thresholds are those that together cost least on these questions, of
    /// equals the higher ones; for [`Aim::Precision`] each is the lowest that keeps it, articles' among the
    /// questions that templates leave.
    ///
    /// # Errors
    /// [`Error::Argument`] for no questions, an intent that the model does not have, a number of logits that
    /// is not that of the intents, a precision outside (0, 1], impossible prices.
    pub fn fit(questions: &[(Scored, Truth)], setting: &Setting<'_>, aim: Aim) -> Result<Self> {
        setting.prices.validate()?;
        if let Aim::Precision(share) = aim
            && !(share > 0.0 && share <= 1.0)
        {
            return Err(argument("precision", share, "a share above 0, at most 1"));
        }
        if questions.is_empty() {
            return Err(argument("calibration questions", "none", "at least one"));
        }
        setting.check(questions)?;
        let mut routing = Self {
            intents: setting.intents.to_vec(),
            temperature: temperature(questions, setting)?,
            intent_threshold: None,
            article_threshold: None,
            precise_threshold: None,
            reranked: setting.reranked,
            aim,
            prices: setting.prices.clone(),
            calibrated_on: questions.len(),
        };
        let row = |(scored, truth): &(Scored, Truth)| setting.row(&routing, scored, truth);
        let rows: Vec<Row> = questions.iter().map(row).collect();
        (routing.intent_threshold, routing.article_threshold) = match aim {
            Aim::LeastCost => cheapest(&rows, setting.prices),
            Aim::Precision(share) => precise(&rows, share)?,
        };
        let top = |(scored, truth): &(Scored, Truth)| {
            let (intent, confidence) = routing.top(&scored.logits);
            (confidence, setting.is_right(intent, truth))
        };
        routing.precise_threshold =
            lowest(questions.iter().map(top).collect(), REPORTED_PRECISION)?;
        Ok(routing)
    }

    /// Reads what was kept as JSON; `source` names it in messages.
    ///
    /// # Errors
    /// [`Error::State`] for a text that is not that.
    pub fn from_json(text: &str, source: &str) -> Result<Self> {
        let fault = |what: String| Error::State { file: source.to_owned(), what };
        let routing: Self =
            serde_json::from_str(text).map_err(|error| fault(format!("no routing: {error}")))?;
        if !(routing.temperature.is_finite() && routing.temperature > 0.0) {
            return Err(fault(format!(
                "`temperature` is {}, expected a number above 0",
                routing.temperature
            )));
        }
        routing.prices.validate()?;
        Ok(routing)
    }

    /// The intent's place and its probability, the first of equals.
    pub(super) fn top(&self, logits: &[f64]) -> (usize, f64) {
        let peak = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = logits.iter().map(|logit| ((logit - peak) / self.temperature).exp()).sum();
        (logits.iter().position(|logit| *logit == peak).unwrap_or(0), 1.0 / sum)
    }
}

impl Setting<'_> {
    fn check(&self, questions: &[(Scored, Truth)]) -> Result<()> {
        for (scored, truth) in questions {
            if scored.logits.len() != self.intents.len()
                || scored.logits.iter().any(|it| !it.is_finite())
            {
                let expected =
                    format!("a finite number for each of {} intents", self.intents.len());
                return Err(argument("logits", format!("{:?}", scored.logits), &expected));
            }
            self.check_truth(truth)?;
        }
        Ok(())
    }

    /// Whether the label is an intent of the model, an article of the file, or a person.
    pub(super) fn check_truth(&self, truth: &Truth) -> Result<()> {
        let (known, expected) = match truth {
            Truth::Person => (true, String::new()),
            Truth::Intent(name) => (
                self.intents.contains(name),
                format!(
                    "`person`, `article:ID` or an intent of the model ({})",
                    self.intents.join(", ")
                ),
            ),
            Truth::Article(id) => (
                self.articles.is_empty() || self.articles.iter().any(|article| article.id == *id),
                "the id of an article".to_owned(),
            ),
        };
        if known { Ok(()) } else { Err(argument("label", truth, &expected)) }
    }

    fn row(&self, routing: &Routing, scored: &Scored, truth: &Truth) -> Row {
        let (intent, confidence) = routing.top(&scored.logits);
        let answerable = self.answerable.get(intent) == Some(&true);
        let template = answerable.then(|| (confidence, self.is_right(intent, truth)));
        let article = scored.hit.map(|hit| (hit.score, self.article_is_right(hit, truth)));
        Row { template, article }
    }

    /// Whether the intent's template answers the question.
    pub(super) fn is_right(&self, intent: usize, truth: &Truth) -> bool {
        matches!(truth, Truth::Intent(name) if self.intents.get(intent) == Some(name))
    }

    /// Whether the article answers the question.
    pub(super) fn article_is_right(&self, hit: Hit, truth: &Truth) -> bool {
        self.articles.get(hit.article).is_some_and(|article| match truth {
            Truth::Article(id) => article.id == *id,
            Truth::Intent(name) => article.intents.contains(name),
            Truth::Person => false,
        })
    }
}

/// 1 where no temperature is the best: every question right, or none of use.
fn temperature(questions: &[(Scored, Truth)], setting: &Setting<'_>) -> Result<f64> {
    let classes: Vec<usize> = (0..setting.intents.len()).collect();
    let (mut truths, mut logits) = (Vec::new(), Vec::new());
    for (scored, truth) in questions {
        if let Truth::Intent(name) = truth
            && let Some(class) = setting.intents.iter().position(|intent| intent == name)
        {
            truths.push(class);
            logits.extend(&scored.logits);
        }
    }
    if truths.is_empty() || classes.len() < 2 {
        return Ok(1.0);
    }
    let options = ClassOptions { labels: Some(&classes), sample_weight: None };
    match fit_temperature(&truths, &Scores::new(&logits, classes.len())?, &options) {
        Ok(scaling) => Ok(scaling.temperature),
        Err(tunewise_metrics::Error::Temperature { .. }) => Ok(1.0),
        Err(error) => Err(error.into()),
    }
}

/// The thresholds of the least cost, of equals the higher ones.
fn cheapest(rows: &[Row], prices: &Prices) -> (Option<f64>, Option<f64>) {
    let mut by_article: Vec<&Row> = rows.iter().collect();
    let score = |row: &&Row| row.article.map_or(f64::NEG_INFINITY, |(score, _)| score);
    by_article.sort_by(|a, b| score(b).total_cmp(&score(a)));
    let confidences = distinct(rows.iter().filter_map(|row| row.template).map(|it| it.0).collect());
    let every = confidences.len().div_ceil(MOST_TRIED).max(1);
    let tried = confidences.iter().step_by(every).chain(confidences.last());
    let tried = std::iter::once(None).chain(tried.copied().map(Some));
    let mut best = (f64::INFINITY, None, None);
    for intent in tried {
        let (cost, article) = cheapest_articles(rows, &by_article, intent, prices);
        if cost < best.0 {
            best = (cost, intent, article);
        }
    }
    (best.1, best.2)
}

/// The article threshold of the least cost when templates answer from `intent` on.
fn cheapest_articles(
    rows: &[Row],
    by_article: &[&Row],
    intent: Option<f64>,
    prices: &Prices,
) -> (f64, Option<f64>) {
    let is_template = |row: &Row| answers(row.template, intent);
    let cost = |row: &Row| match row.template {
        Some((_, right)) if is_template(row) => prices.of_answer(right),
        _ => prices.person,
    };
    let mut cost: f64 = rows.iter().map(cost).sum();
    let mut best = (cost, None);
    let mut left = by_article.iter().filter(|row| !is_template(row)).peekable();
    while let Some(row) = left.next() {
        let Some((score, right)) = row.article else { break };
        cost += prices.of_answer(right) - prices.person;
        // Questions of one score are answered together.
        let ends = left.peek().is_none_or(|next| next.article.map(|it| it.0) != Some(score));
        if ends && cost < best.0 - 1e-9 {
            best = (cost, Some(score));
        }
    }
    best
}

fn answers(answer: Option<(f64, bool)>, threshold: Option<f64>) -> bool {
    answer.zip(threshold).is_some_and(|((score, _), threshold)| score >= threshold)
}

/// The lowest thresholds that keep a precision.
fn precise(rows: &[Row], share: f64) -> Result<(Option<f64>, Option<f64>)> {
    let intent = lowest(rows.iter().filter_map(|row| row.template).collect(), share)?;
    let left = rows.iter().filter(|row| !answers(row.template, intent));
    let article = lowest(left.filter_map(|row| row.article).collect(), share)?;
    Ok((intent, article))
}

fn lowest(answers: Vec<(f64, bool)>, share: f64) -> Result<Option<f64>> {
    if answers.is_empty() {
        return Ok(None);
    }
    let (scores, right): (Vec<f64>, Vec<bool>) = answers.into_iter().unzip();
    let curve = risk_coverage_curve(&right, &scores, None)?;
    Ok(curve.coverage_at_accuracy(share).map(|point| point.threshold))
}

/// The distinct values, the highest first.
fn distinct(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(|a, b| b.total_cmp(a));
    values.dedup();
    values
}
