//! What the next step is worth: more labels, longer training, another model, or none.

use serde::Serialize;

use crate::curve::{LEVEL, mean, quantile, sorted};
use crate::forecast::ModelView;

/// Labels of a step.
pub const STEP: f64 = 1000.0;
/// Times the epochs of a step: the longer pilots have been there, and beyond it is a guess.
const TIMES: f64 = 2.0;
/// A smaller gain, in points, is none.
const LEAST_GAIN: f64 = 0.1;

/// One thing that could be done next.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Move {
    /// What it is.
    pub kind: MoveKind,
    /// The gain in points (0.01 of the metric): expected.
    pub points: f64,
    /// The lower end of its 80 % interval.
    pub points_low: f64,
    /// The upper end.
    pub points_high: f64,
    /// What it costs more, currency.
    pub cost: f64,
    /// What a point costs this way; none where nothing is gained.
    pub cost_a_point: Option<f64>,
    /// The points at their price less the cost, where the price list says what a point is worth.
    pub worth: Option<f64>,
}

/// What could be done next.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum MoveKind {
    /// So many more labels for the same model.
    Labels {
        /// How many.
        count: f64,
    },
    /// So many times the epochs on the same rows.
    Epochs {
        /// How many.
        times: f64,
    },
    /// Another model on the same rows.
    Model {
        /// Its name.
        name: String,
    },
    /// Nothing more.
    Stop,
}

/// The next steps from a model and a number of rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Moves {
    /// The model.
    pub model: String,
    /// The rows.
    pub rows: f64,
    /// What could be done; to stop is the last.
    pub moves: Vec<Move>,
    /// Which of them is the best buy, an index.
    pub best: usize,
}

/// The next steps from `views[from]` with so many rows.
#[must_use]
pub fn next_moves(
    views: &[ModelView<'_>],
    from: usize,
    rows: f64,
    full_rows: usize,
) -> Option<Moves> {
    let view = views.get(from)?;
    let here = view.expected(rows);
    let count = STEP.min(full_rows as f64 - rows);
    let mut moves = Vec::new();
    if count >= 1.0 {
        let there = view.expected(rows + count);
        let cost = view.cost(rows + count) - view.cost(rows);
        moves.push(step(view, MoveKind::Labels { count }, (&here, &there), cost));
    }
    let there = view.expected_longer(rows, TIMES);
    let cost =
        view.training_cost(TIMES * view.tokens(rows)) - view.training_cost(view.tokens(rows));
    moves.push(step(view, MoveKind::Epochs { times: TIMES }, (&here, &there), cost));
    for other in views.iter().filter(|other| other.name != view.name) {
        let there = other.expected(rows);
        let kind = MoveKind::Model { name: other.name.clone() };
        // The two curves' draws are in the order of their grids: paired at random they are independent.
        let (mixed, cost) = (rotated(&there), other.cost(rows) - view.cost(rows));
        moves.push(step(view, kind, (&here, &mixed), cost));
    }
    moves.push(step(view, MoveKind::Stop, (&here, &here), 0.0));
    let best = best(&moves);
    Some(Moves { model: view.name.clone(), rows, moves, best })
}

/// Every value once, far from where it was.
fn rotated(values: &[f64]) -> Vec<f64> {
    const STRIDE: usize = 1583; // prime, and no divisor of the number of draws
    let count = values.len().max(1);
    (0..values.len()).filter_map(|i| values.get(i * STRIDE % count).copied()).collect()
}

fn step(view: &ModelView<'_>, kind: MoveKind, (here, there): (&[f64], &[f64]), cost: f64) -> Move {
    let gains: Vec<f64> = here.iter().zip(there).map(|(a, b)| 100.0 * (b - a)).collect();
    let points = mean(&gains);
    let gains = sorted(gains);
    let tail = (1.0 - LEVEL) / 2.0;
    let price = view.setting().prices.quality.as_ref().map(|it| it.per_point);
    Move {
        points,
        points_low: quantile(&gains, tail),
        points_high: quantile(&gains, 1.0 - tail),
        cost,
        cost_a_point: (points >= LEAST_GAIN).then(|| cost / points),
        worth: price.map(|price| price * points - cost),
        kind,
    }
}

/// The step worth the most where points have a price, else that with the cheapest point; to stop where
/// no step gains anything.
fn best(moves: &[Move]) -> usize {
    let last = moves.len().saturating_sub(1);
    let numbered = || moves.iter().enumerate().take(last);
    let priced = moves.iter().all(|it| it.worth.is_some());
    let found = if priced {
        let worth = |it: &Move| it.worth.unwrap_or(0.0);
        let most = numbered().max_by(|a, b| worth(a.1).total_cmp(&worth(b.1)));
        most.filter(|(_, it)| worth(it) > 0.0)
    } else {
        let cost = |it: &Move| it.cost_a_point.unwrap_or(f64::INFINITY);
        let gaining = numbered().filter(|(_, it)| it.cost_a_point.is_some());
        gaining.min_by(|a, b| cost(a.1).total_cmp(&cost(b.1)))
    };
    found.map_or(last, |(index, _)| index)
}
