//! How good orders are, and whether better than none.

use std::collections::{BTreeMap, BTreeSet};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use serde::Serialize;
use tunewise_metrics::{
    BootstrapOptions, MultiLabel, RankOptions, Scores, Ties, bootstrap, hit_rate_at_k,
    mean_average_precision_at_k, mean_reciprocal_rank, ndcg_score,
};

use super::blend::Blend;
use super::candidate::Session;
use super::order::{Diversity, rank};
use crate::Result;
use crate::error::argument;

/// How orders are measured.
///
/// | field | default | range | meaning |
/// | --- | --- | --- | --- |
/// | `k` | 10 | 1 or more | positions that count |
/// | `n_resamples` | 2000 | 2 or more | of the bootstrap over sessions |
/// | `confidence_level` | 0.95 | (0, 1) | of the intervals |
/// | `seed` | 0 | | of the bootstrap and of the random order |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EvaluateOptions {
    /// Positions that count.
    pub k: usize,
    /// Resamples of the bootstrap.
    pub n_resamples: usize,
    /// Of the intervals.
    pub confidence_level: f64,
    /// Of all draws.
    pub seed: u64,
}

impl Default for EvaluateOptions {
    fn default() -> Self {
        Self { k: 10, n_resamples: 2000, confidence_level: 0.95, seed: 0 }
    }
}

/// A number with its bootstrap interval over sessions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// On all sessions.
    pub estimate: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// How good the orders of sessions are. A session without a relevant item counts 0.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// NDCG of the first k.
    pub ndcg: Interval,
    /// One over the rank of the first relevant item.
    pub mrr: Interval,
    /// Average precision of the first k.
    pub map: Interval,
    /// Share of sessions with a relevant item among the first k.
    pub hit_rate: Interval,
    /// Share of all candidate items that stand among the first k of some session; without an interval,
    /// since resampled sessions always show fewer items.
    pub coverage: f64,
    /// Sessions measured.
    pub sessions: usize,
    /// Those without a relevant item.
    pub without_relevant: usize,
    /// NDCG of each session.
    #[serde(skip)]
    pub ndcg_by_session: Vec<f64>,
}

/// A model's orders beside those of popularity and of chance.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// By the blend.
    pub model: Evaluation,
    /// By the count given for each item.
    pub popularity: Evaluation,
    /// In a random order.
    pub random: Evaluation,
    /// NDCG of the model less that of popularity, over the same sessions.
    pub over_popularity: Interval,
    /// NDCG of the model less that of chance.
    pub over_random: Interval,
}

/// Measures orders: `orders[i]` has the places of the candidates of session `i`, best first, all or the
/// first of them.
///
/// # Errors
/// [`Error::Argument`](crate::Error::Argument) without sessions, for one without relevance or candidates, an order of
/// places that are not there, or a `k` of 0; [`Error::Metric`](crate::Error::Metric) for negative relevance.
pub fn evaluate(
    sessions: &[Session],
    orders: &[Vec<usize>],
    options: &EvaluateOptions,
) -> Result<Evaluation> {
    if sessions.is_empty() || sessions.len() != orders.len() {
        let got = format!("{} for {} sessions", orders.len(), sessions.len());
        return Err(argument("orders", got, "one for each session, at least one"));
    }
    if options.k == 0 {
        return Err(argument("k", 0, "1 or more"));
    }
    let pairs = sessions.iter().zip(orders);
    let rows = pairs.map(|it| of_session(it, options.k)).collect::<Result<Vec<_>>>()?;
    let column = |of: fn(&Row) -> f64| rows.iter().map(of).collect::<Vec<f64>>();
    let ndcg_by_session = column(|row| row.ndcg);
    let shown = |(session, order): (&Session, &Vec<usize>)| {
        let items = order.iter().take(options.k).filter_map(|place| session.candidates.get(*place));
        items.map(|candidate| candidate.item.clone()).collect::<Vec<String>>()
    };
    let shown: Vec<Vec<String>> = sessions.iter().zip(orders).map(shown).collect();
    let all: BTreeSet<&str> =
        sessions.iter().flat_map(|it| &it.candidates).map(|it| it.item.as_str()).collect();
    let covered: BTreeSet<&String> = shown.iter().flatten().collect();
    Ok(Evaluation {
        ndcg: interval(&ndcg_by_session, options)?,
        mrr: interval(&column(|row| row.mrr), options)?,
        map: interval(&column(|row| row.map), options)?,
        hit_rate: interval(&column(|row| row.hit_rate), options)?,
        coverage: covered.len() as f64 / all.len() as f64,
        sessions: rows.len(),
        without_relevant: rows.iter().filter(|row| !row.relevant).count(),
        ndcg_by_session,
    })
}

/// Ranks every session by the blend, by how often its items were clicked before (`popularity`, 0 if not
/// known), and at random, and measures all three.
///
/// # Errors
/// As [`rank`](super::rank) and [`evaluate`].
pub fn compare(
    sessions: &[Session],
    (blend, diversity): (&Blend, &Diversity),
    popularity: &BTreeMap<String, u64>,
    options: &EvaluateOptions,
) -> Result<Comparison> {
    let by_model = orders_by_blend(sessions, (blend, diversity))?;
    let by_popularity = orders_by_popularity(sessions, popularity);
    let at_random = orders_at_random(sessions, options.seed);
    let model = evaluate(sessions, &by_model, options)?;
    let popularity = evaluate(sessions, &by_popularity, options)?;
    let random = evaluate(sessions, &at_random, options)?;
    let over_popularity = gain(&model, &popularity, options)?;
    let over_random = gain(&model, &random, options)?;
    Ok(Comparison { model, popularity, random, over_popularity, over_random })
}

/// Of every session all candidates, by the blend.
pub(super) fn orders_by_blend(
    sessions: &[Session],
    (blend, diversity): (&Blend, &Diversity),
) -> Result<Vec<Vec<usize>>> {
    let order = |session: &Session| {
        let ranked = rank(&session.candidates, blend, diversity, session.candidates.len())?;
        Ok(ranked.into_iter().map(|it| it.candidate).collect())
    };
    sessions.iter().map(order).collect()
}

/// The most clicked first.
pub(super) fn orders_by_popularity(
    sessions: &[Session],
    popularity: &BTreeMap<String, u64>,
) -> Vec<Vec<usize>> {
    let order = |session: &Session| {
        let clicks = |place: &usize| {
            session.candidates.get(*place).and_then(|it| popularity.get(&it.item)).copied()
        };
        let mut order: Vec<usize> = (0..session.candidates.len()).collect();
        order.sort_by_key(|place| std::cmp::Reverse(clicks(place).unwrap_or_default()));
        order
    };
    sessions.iter().map(order).collect()
}

pub(super) fn orders_at_random(sessions: &[Session], seed: u64) -> Vec<Vec<usize>> {
    let order = |(row, session): (usize, &Session)| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(row as u64);
        let mut order: Vec<usize> = (0..session.candidates.len()).collect();
        for last in (1..order.len()).rev() {
            order.swap(last, ((u128::from(rng.next_u64()) * (last as u128 + 1)) >> 64) as usize);
        }
        order
    };
    sessions.iter().enumerate().map(order).collect()
}

struct Row {
    ndcg: f64,
    mrr: f64,
    map: f64,
    hit_rate: f64,
    relevant: bool,
}

fn of_session((session, order): (&Session, &Vec<usize>), k: usize) -> Result<Row> {
    let items = session.candidates.len();
    let name = |what: &str| format!("{what} of reader {}", session.reader);
    let relevance = match &session.relevance {
        Some(relevance) if relevance.len() == items && items > 0 => relevance,
        Some(relevance) => {
            let expected = format!("one for each of the {items} candidates, at least one");
            return Err(argument(&name("relevance"), relevance.len(), &expected));
        }
        None => {
            return Err(argument(&name("relevance"), "not known", "a number for each candidate"));
        }
    };
    // Distinct scores that fall along the order; what the order leaves out comes last.
    let mut scores: Vec<f64> = (0..items).map(|place| -((place + 1) as f64)).collect();
    for (position, place) in order.iter().enumerate() {
        match scores.get_mut(*place) {
            Some(score) if *score < 0.0 => *score = (items - position) as f64,
            _ => return Err(argument(&name("order"), place, "places of candidates, each once")),
        }
    }
    let marks: Vec<u8> = relevance.iter().map(|r| u8::from(*r > 0.0)).collect();
    let (y_true, y_score) = (MultiLabel::new(&marks, items)?, Scores::new(&scores, items)?);
    let options = RankOptions { k: Some(k), ties: Ties::Ignore, sample_weight: None };
    let ndcg = match relevance.as_slice() {
        [only] => f64::from(u8::from(*only > 0.0)),
        _ => ndcg_score(relevance, &y_score, &options)?,
    };
    Ok(Row {
        ndcg,
        mrr: mean_reciprocal_rank(y_true, &y_score, None)?,
        map: mean_average_precision_at_k(y_true, &y_score, k, None)?,
        hit_rate: hit_rate_at_k(y_true, &y_score, k, None)?,
        relevant: marks.contains(&1),
    })
}

/// NDCG of the one less that of the other, over the same sessions.
pub(super) fn gain(
    one: &Evaluation,
    other: &Evaluation,
    options: &EvaluateOptions,
) -> Result<Interval> {
    let pairs = one.ndcg_by_session.iter().zip(&other.ndcg_by_session);
    interval(&pairs.map(|(a, b)| a - b).collect::<Vec<f64>>(), options)
}

/// The mean with its interval.
fn interval(values: &[f64], options: &EvaluateOptions) -> Result<Interval> {
    let mean = |rows: &[usize]| {
        rows.iter().filter_map(|row| values.get(*row)).sum::<f64>() / rows.len() as f64
    };
    let EvaluateOptions { n_resamples, confidence_level, seed, .. } = *options;
    let options =
        BootstrapOptions { n_resamples, confidence_level, seed, ..BootstrapOptions::default() };
    let interval = bootstrap(values.len(), mean, &options)?;
    Ok(Interval { estimate: interval.estimate, low: interval.low, high: interval.high })
}
