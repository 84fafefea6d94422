//! What a routing does to labelled questions, and what that costs.

use std::collections::BTreeMap;

use serde::Serialize;
use tunewise_metrics::{
    Bins, BootstrapOptions, RiskCoverageCurve, bootstrap, expected_calibration_error,
    risk_coverage_curve,
};

use super::desk::{Decision, Desk, Route};
use super::question::{Question, Truth};
use super::routing::{REPORTED_PRECISION, Routing, Scored, Setting};
use crate::Result;
use crate::error::argument;

/// Bins of the calibration error.
const BINS: usize = 15;
/// Confusions that the report lists.
const LISTED: usize = 10;

/// How an evaluation is made.
///
/// | field | default | meaning |
/// | --- | --- | --- |
/// | `n_resamples` | 2000 | resamples of the intervals |
/// | `seed` | 0 | of the resamples |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the table has them")]
pub struct EvaluationOptions {
    pub n_resamples: usize,
    pub seed: u64,
}

impl Default for EvaluationOptions {
    fn default() -> Self {
        Self { n_resamples: 2000, seed: 0 }
    }
}

/// A number with its 95 % bootstrap interval over questions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Between {
    /// On the questions.
    pub estimate: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// The questions of one route.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct RouteCount {
    /// How many.
    pub questions: usize,
    /// Of these, answered right; a person always is.
    pub right: usize,
    /// What they cost together.
    pub cost: f64,
}

/// Questions of one kind that were answered as another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Confusion {
    /// What would have been right.
    pub truth: String,
    /// What was answered.
    pub answered: String,
    /// How many.
    pub questions: usize,
    /// What they cost together.
    pub cost: f64,
    /// The one that the desk was surest of.
    pub example: String,
}

/// How many questions the intents answer at a precision that was asked for, all others abstained from.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Coverage {
    /// The precision asked for.
    pub asked: f64,
    /// The confidence that reached it on the calibration questions.
    pub threshold: Option<f64>,
    /// Share of these questions that are answered from there on.
    pub coverage: f64,
    /// Share of those that are right; `None` if there are none.
    pub precision: Option<f64>,
    /// The share that a threshold chosen on these questions would answer: no choice could do better.
    pub at_best: f64,
}

/// What a routing does to labelled questions. `Display` is the report's text, serde its numbers.
#[derive(Debug, Clone, Serialize)]
pub struct Evaluation {
    /// The routing.
    pub routing: Routing,
    /// Questions.
    pub questions: usize,
    /// Of these, with an intent of the model.
    pub with_intent: usize,
    /// Share of those whose most probable intent is the right one; `None` without any.
    pub accuracy: Option<f64>,
    /// Gap between confidence and accuracy of those (ECE, 15 bins), before the temperature and after it.
    pub calibration_error: Option<(f64, f64)>,
    /// Coverage by templates of all questions, on these.
    pub coverage: Coverage,
    /// Share of questions that are not left to a person.
    pub answered: f64,
    /// Share of the answers that are right; `None` without answers.
    pub precision: Option<f64>,
    /// By route.
    pub routes: BTreeMap<Route, RouteCount>,
    /// Cost of a question.
    pub cost: Between,
    /// Cost of a question if the most probable intent always answers.
    pub cost_without_abstention: Between,
    /// What abstention saves against that, a question.
    pub saved_by_abstention: Between,
    /// What the desk saves against a person for every question, a question.
    pub saved_against_persons: Between,
    /// What was answered wrong, the dearest first.
    pub confusions: Vec<Confusion>,
    /// Questions that would have been answered wrong, had the desk not abstained.
    pub kept_from_wrong: usize,
    /// Risk of the templates over the share of questions that they answer.
    #[serde(skip)]
    pub curve: RiskCoverageCurve,
    /// What became of each question.
    #[serde(skip)]
    pub decisions: Vec<Decision>,
}

/// One question's fate in numbers.
struct Fate {
    cost: f64,
    without: f64,
    confidence: f64,
    top_right: bool,
    right: bool,
}

impl Desk<'_> {
    /// Routes labelled questions and counts what that costs.
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) for no questions, or a label that is no intent of the model;
    /// those of [`Desk::check`].
    pub fn evaluate(
        &self,
        routing: &Routing,
        questions: &[(Scored, Truth)],
        options: &EvaluationOptions,
    ) -> Result<Evaluation> {
        self.check(routing, "routing")?;
        if questions.is_empty() {
            return Err(argument("questions", "none", "at least one"));
        }
        let answerable = self.answerable()?;
        let setting = self.setting(&answerable, &routing.prices);
        let (mut decisions, mut fates) = (Vec::new(), Vec::new());
        for (scored, truth) in questions {
            setting.check_truth(truth)?;
            let question = Question { id: None, text: scored.text.clone() };
            let decision = self.decide(routing, question, scored);
            fates.push(fate(&setting, routing, (scored, truth), decision.route));
            decisions.push(decision);
        }
        let between =
            |of: &dyn Fn(&Fate) -> f64| mean_between(fates.iter().map(of).collect(), options);
        let person = routing.prices.person;
        let (top, confidence): (Vec<bool>, Vec<f64>) =
            fates.iter().map(|fate| (fate.top_right, fate.confidence)).unzip();
        let curve = risk_coverage_curve(&top, &confidence, None)?;
        let coverage = Coverage::of(routing, &curve, &fates);
        let known: Vec<usize> = (0..questions.len())
            .filter(|row| matches!(questions.get(*row), Some((_, Truth::Intent(_)))))
            .collect();
        let right = known.iter().filter(|row| top.get(**row) == Some(&true)).count();
        let answered = decisions.iter().filter(|it| it.route != Route::Person).count();
        let answered_right = decisions
            .iter()
            .zip(&fates)
            .filter(|(it, fate)| it.route != Route::Person && fate.right);
        let precision = (answered > 0).then(|| answered_right.count() as f64 / answered as f64);
        let kept = decisions
            .iter()
            .zip(&fates)
            .filter(|(it, fate)| it.route != Route::Template && !fate.top_right && fate.right);
        Ok(Evaluation {
            routing: routing.clone(),
            questions: questions.len(),
            with_intent: known.len(),
            accuracy: (!known.is_empty()).then(|| right as f64 / known.len() as f64),
            calibration_error: calibration_error(routing, questions, &known, &top)?,
            coverage,
            answered: answered as f64 / questions.len() as f64,
            precision,
            routes: routes(&decisions, &fates),
            cost: between(&|fate| fate.cost)?,
            cost_without_abstention: between(&|fate| fate.without)?,
            saved_by_abstention: between(&|fate| fate.without - fate.cost)?,
            saved_against_persons: between(&|fate| person - fate.cost)?,
            confusions: confusions(questions, &decisions, &fates),
            kept_from_wrong: kept.count(),
            curve,
            decisions,
        })
    }
}

impl Coverage {
    fn of(routing: &Routing, curve: &RiskCoverageCurve, fates: &[Fate]) -> Self {
        let from = routing.precise_threshold.unwrap_or(f64::INFINITY);
        let answered = fates.iter().filter(|fate| fate.confidence >= from);
        let (count, right) = answered.fold((0_usize, 0_usize), |(count, right), fate| {
            (count + 1, right + usize::from(fate.top_right))
        });
        Self {
            asked: REPORTED_PRECISION,
            threshold: routing.precise_threshold,
            coverage: count as f64 / fates.len() as f64,
            precision: (count > 0).then(|| right as f64 / count as f64),
            at_best: curve.coverage_at_accuracy(REPORTED_PRECISION).map_or(0.0, |it| it.coverage),
        }
    }
}

fn fate(
    setting: &Setting<'_>,
    routing: &Routing,
    (scored, truth): (&Scored, &Truth),
    route: Route,
) -> Fate {
    let (intent, confidence) = routing.top(&scored.logits);
    let top_right = setting.is_right(intent, truth);
    let right = match route {
        Route::Template => top_right,
        Route::Article => scored.hit.is_some_and(|hit| setting.article_is_right(hit, truth)),
        Route::Person => true,
    };
    let prices = setting.prices;
    let cost = if route == Route::Person { prices.person } else { prices.of_answer(right) };
    Fate { cost, without: prices.of_answer(top_right), confidence, top_right, right }
}

fn mean_between(values: Vec<f64>, options: &EvaluationOptions) -> Result<Between> {
    let mean = |rows: &[usize]| {
        rows.iter().filter_map(|row| values.get(*row)).sum::<f64>() / rows.len() as f64
    };
    let rows: Vec<usize> = (0..values.len()).collect();
    let estimate = mean(&rows);
    // Of equal values every resample is the same, and an interval of no width is right.
    if values.iter().all(|value| Some(value) == values.first()) {
        return Ok(Between { estimate, low: estimate, high: estimate });
    }
    let EvaluationOptions { n_resamples, seed } = *options;
    let options = BootstrapOptions { n_resamples, seed, ..BootstrapOptions::default() };
    let interval = bootstrap(values.len(), mean, &options)?;
    Ok(Between { estimate: interval.estimate, low: interval.low, high: interval.high })
}

fn calibration_error(
    routing: &Routing,
    questions: &[(Scored, Truth)],
    known: &[usize],
    top: &[bool],
) -> Result<Option<(f64, f64)>> {
    if known.is_empty() {
        return Ok(None);
    }
    let right: Vec<bool> = known.iter().filter_map(|row| top.get(*row).copied()).collect();
    let error = |routing: &Routing| {
        let confidence = |row: &usize| Some(routing.top(&questions.get(*row)?.0.logits).1);
        let confidence: Vec<f64> = known.iter().filter_map(confidence).collect();
        expected_calibration_error(&right, &confidence, Bins::EqualWidth(BINS), None)
    };
    let plain = Routing { temperature: 1.0, ..routing.clone() };
    Ok(Some((error(&plain)?, error(routing)?)))
}

fn routes(decisions: &[Decision], fates: &[Fate]) -> BTreeMap<Route, RouteCount> {
    let mut routes: BTreeMap<Route, RouteCount> = BTreeMap::new();
    for (decision, fate) in decisions.iter().zip(fates) {
        let count = routes.entry(decision.route).or_default();
        count.questions += 1;
        count.right += usize::from(fate.right);
        count.cost += fate.cost;
    }
    routes
}

fn confusions(
    questions: &[(Scored, Truth)],
    decisions: &[Decision],
    fates: &[Fate],
) -> Vec<Confusion> {
    let mut found: BTreeMap<(String, String), (usize, f64, f64, String)> = BTreeMap::new();
    for (((_, truth), decision), fate) in questions.iter().zip(decisions).zip(fates) {
        if fate.right {
            continue;
        }
        let answered = match decision.route {
            Route::Article => format!("article:{}", decision.article.clone().unwrap_or_default()),
            _ => decision.intent.clone().unwrap_or_default(),
        };
        let entry = found.entry((truth.to_string(), answered)).or_insert((
            0,
            0.0,
            f64::NEG_INFINITY,
            String::new(),
        ));
        (entry.0, entry.1) = (entry.0 + 1, entry.1 + fate.cost);
        if fate.confidence > entry.2 {
            (entry.2, entry.3) = (fate.confidence, decision.text.clone());
        }
    }
    let confusion = |((truth, answered), (questions, cost, _, example))| Confusion {
        truth,
        answered,
        questions,
        cost,
        example,
    };
    let mut confusions: Vec<Confusion> = found.into_iter().map(confusion).collect();
    confusions.sort_by(|a, b| b.cost.total_cmp(&a.cost));
    confusions
}

impl Evaluation {
    /// The ten confusions that cost most.
    #[must_use]
    pub fn dearest(&self) -> &[Confusion] {
        self.confusions.get(..LISTED).unwrap_or(&self.confusions)
    }

    /// The cost of a question when templates answer from each confidence on and all else goes to a person,
    /// over the share that is answered; from nothing answered to everything.
    #[must_use]
    pub fn cost_curve(&self) -> Vec<(f64, f64)> {
        let prices = &self.routing.prices;
        let cost = |coverage: f64, risk: f64| {
            coverage * (prices.answered + risk * prices.wrong) + (1.0 - coverage) * prices.person
        };
        let points = self.curve.points.iter().map(|it| (it.coverage, cost(it.coverage, it.risk)));
        std::iter::once((0.0, prices.person)).chain(points).collect()
    }
}
