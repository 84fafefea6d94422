//! A ranking beside the simpler ones.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use tunewise_plot::{ChartText, Estimate, Estimates};

use super::blend::Blend;
use super::candidate::Session;
use super::evaluate::{
    EvaluateOptions, Evaluation, Interval, evaluate, gain, orders_at_random, orders_by_blend,
    orders_by_popularity,
};
use super::order::Diversity;
use crate::Result;

/// An order and how good it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StudyRow {
    /// What orders.
    pub name: String,
    /// How good it is.
    #[serde(flatten)]
    pub evaluation: Evaluation,
    /// NDCG less that of popularity, over the same sessions.
    pub over_popularity: Interval,
}

/// What each part of a recommender gives: all of it, the blend without diversity, the click model alone,
/// popularity, chance.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Study {
    /// Positions that count.
    pub k: usize,
    /// Confidence level of the intervals.
    pub confidence_level: f64,
    /// The orders, the fullest first; a blend that orders as the next plainer one is left out.
    pub rows: Vec<StudyRow>,
}

impl Study {
    /// Measures them on sessions whose clicks are known.
    ///
    /// # Errors
    /// As [`compare`](super::compare).
    pub fn new(
        sessions: &[Session],
        (blend, diversity): (&Blend, &Diversity),
        popularity: &BTreeMap<String, u64>,
        options: &EvaluateOptions,
    ) -> Result<Self> {
        let zeros = blend.names().iter().skip(1).map(|name| (name.as_str(), 0.0));
        let click: Vec<(&str, f64)> = std::iter::once(("click", 1.0)).chain(zeros).collect();
        let (click, by_score) = (Blend::fixed(&click)?, Diversity { relevance: 1.0 });
        let orders = [
            ("blend, diversified", orders_by_blend(sessions, (blend, diversity))?),
            ("blend", orders_by_blend(sessions, (blend, &by_score))?),
            ("click model", orders_by_blend(sessions, (&click, &by_score))?),
            ("popularity", orders_by_popularity(sessions, popularity)),
            ("random", orders_at_random(sessions, options.seed)),
        ];
        let [.., (_, by_popularity), _] = &orders;
        let by_popularity = evaluate(sessions, by_popularity, options)?;
        let mut rows = Vec::new();
        for (place, (name, order)) in orders.iter().enumerate() {
            // Of the blend's orders that are the same the plainer name is the truer one.
            let plainer = orders.get(place + 1).filter(|_| place < 2);
            if plainer.is_some_and(|(_, other)| other == order) {
                continue;
            }
            let evaluation = evaluate(sessions, order, options)?;
            let over_popularity = gain(&evaluation, &by_popularity, options)?;
            rows.push(StudyRow { name: (*name).to_owned(), evaluation, over_popularity });
        }
        Ok(Self { k: options.k, confidence_level: options.confidence_level, rows })
    }

    /// The NDCG of each with its interval.
    ///
    /// # Errors
    /// [`Error::Plot`](crate::Error::Plot) if it cannot be drawn.
    pub fn svg(&self) -> Result<String> {
        let row = |row: &'_ StudyRow| {
            let Interval { estimate, low, high } = row.evaluation.ndcg;
            (row.name.clone(), estimate, low, high)
        };
        let rows: Vec<_> = self.rows.iter().map(row).collect();
        let estimates: Vec<Estimate<'_>> = rows
            .iter()
            .map(|(name, value, low, high)| Estimate {
                name,
                value: *value,
                low: *low,
                high: *high,
            })
            .collect();
        let sessions = self.rows.first().map_or(0, |row| row.evaluation.sessions);
        let (k, level) = (self.k, 100.0 * self.confidence_level);
        let x_label = format!("NDCG@{k} over {sessions} sessions, {level:.0} % intervals");
        let text = ChartText { title: "How good the lists are", x_label: &x_label, y_label: "" };
        Ok(Estimates { rows: &estimates }.svg(text)?)
    }
}

impl fmt::Display for Study {
    /// A table: NDCG with its interval, its gain over popularity, and the other metrics.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (k, level) = (self.k, 100.0 * self.confidence_level);
        let names = [
            format!("NDCG@{k} [{level:.0} %]"),
            "over popularity".to_owned(),
            "MRR".to_owned(),
            format!("MAP@{k}"),
            format!("hits@{k}"),
            "coverage".to_owned(),
        ];
        let [ndcg, gain, mrr, map, hits, coverage] = names;
        writeln!(
            f,
            "{:<19} {ndcg:<21} {gain:<24} {mrr:>5} {map:>7} {hits:>7} {coverage:>9}",
            "order"
        )?;
        for row in &self.rows {
            let it = &row.evaluation;
            let Interval { estimate, low, high } = it.ndcg;
            let gain = row.over_popularity;
            let ndcg = format!("{estimate:.3} [{low:.3}, {high:.3}]");
            let gain = format!("{:+.3} [{:+.3}, {:+.3}]", gain.estimate, gain.low, gain.high);
            writeln!(
                f,
                "{:<19} {ndcg:<21} {gain:<24} {:>5.3} {:>7.3} {:>7.3} {:>9.3}",
                row.name, it.mrr.estimate, it.map.estimate, it.hit_rate.estimate, it.coverage
            )?;
        }
        if let Some(StudyRow { evaluation: it, .. }) = self.rows.first() {
            write!(f, "{} sessions", it.sessions)?;
            if it.without_relevant > 0 {
                write!(f, ", {} of them without a click", it.without_relevant)?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
