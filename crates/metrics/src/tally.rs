//! Labels of rows counted by class, in one pass and in bounded memory.

use std::collections::BTreeSet;

use rayon::prelude::*;

use crate::Label;
use crate::counts::Counts;
use crate::ids::Ids;
use crate::joint::Joint;

/// Fewer rows are counted on the calling thread.
const PARALLEL_ROWS: usize = 1 << 17;
/// Parts a thread: enough that a slow thread can hand some over.
const PARTS: usize = 4;
/// Up to so many classes the pairs are counted, one cell a row; their table stays in the cache.
const JOINT_CLASSES: usize = 128;

/// Rows by class over the labels seen so far.
#[derive(Debug, Clone)]
pub(crate) struct Tally<L> {
    ids: Ids<L>,
    table: Table,
}

#[derive(Debug, Clone)]
struct Table {
    joint: Joint<u64>,
    /// Instead, of many classes or of rows with weights. Whole numbers below 2^53 add exactly.
    margins: Option<Vec<Counts>>,
}

/// Rows by class, the labels sorted.
#[derive(Debug, Clone)]
pub(crate) struct Observed<L> {
    pub(crate) labels: Vec<L>,
    counts: Vec<Counts>,
}

impl<L: Label> Tally<L> {
    pub(crate) fn new() -> Self {
        Self { ids: Ids::open(), table: Table { joint: Joint::new(), margins: None } }
    }

    /// Counts all rows: without weights on all threads, with weights in the rows' order, so that the
    /// sums round as NumPy's do.
    pub(crate) fn of(y_true: &[L], y_pred: &[L], weights: Option<&[f64]>) -> Self {
        let one = |y_true: &[L], y_pred: &[L]| {
            let mut tally = Self::new();
            tally.push(y_true, y_pred, weights);
            tally
        };
        if weights.is_some() || y_true.len() < PARALLEL_ROWS {
            return one(y_true, y_pred);
        }
        let part = y_true.len().div_ceil(rayon::current_num_threads() * PARTS);
        let parts = y_true.par_chunks(part).zip(y_pred.par_chunks(part));
        parts.map(|(y_true, y_pred)| one(y_true, y_pred)).reduce(Self::new, Self::merged)
    }

    pub(crate) fn push(&mut self, y_true: &[L], y_pred: &[L], weights: Option<&[f64]>) {
        let Self { ids, table } = self;
        let Some(weights) = weights else {
            return ids.encode_rows(y_true, y_pred, |classes, actual, predicted| {
                table.fit(classes);
                table.count(actual, predicted);
            });
        };
        let mut weights = weights.iter();
        ids.encode_rows(y_true, y_pred, |classes, actual, predicted| {
            let margins = table.margins(classes);
            for ((actual, predicted), weight) in actual.iter().zip(predicted).zip(&mut weights) {
                add(margins, (*actual, *predicted), *weight);
            }
        });
    }

    pub(crate) fn merged(mut self, other: Self) -> Self {
        if self.ids.labels().is_empty() {
            return other;
        }
        self.merge(&other);
        self
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        let theirs = other.ids.labels();
        let ours: Vec<u32> = theirs.iter().map(|label| self.ids.id(label)).collect();
        let classes = self.ids.labels().len();
        self.table.fit(classes);
        if self.table.margins.is_none() && other.table.margins.is_none() {
            self.table.joint.merge(&other.table.joint, &ours);
            return;
        }
        let margins = self.table.margins(classes);
        for (id, more) in ours.iter().zip(other.table.counts(theirs.len())) {
            if let Some(counts) = margins.get_mut(*id as usize) {
                counts.merge(more);
            }
        }
    }

    pub(crate) fn observed(&self) -> Observed<L> {
        let counts = self.table.counts(self.ids.labels().len());
        let mut rows: Vec<(&L, Counts)> = self.ids.labels().iter().zip(counts).collect();
        rows.sort_by_key(|(label, _)| *label);
        let (labels, counts) =
            rows.into_iter().map(|(label, counts)| (label.clone(), counts)).unzip();
        Observed { labels, counts }
    }
}

impl Table {
    /// Makes room for the ids below `classes`.
    fn fit(&mut self, classes: usize) {
        if self.margins.is_some() || classes > JOINT_CLASSES {
            self.margins(classes);
        } else {
            self.joint.fit(classes);
        }
    }

    fn count(&mut self, actual: &[u32], predicted: &[u32]) {
        let rows = actual.iter().copied().zip(predicted.iter().copied());
        match &mut self.margins {
            None => rows.for_each(|(actual, predicted)| self.joint.add(actual, predicted, 1)),
            Some(margins) => rows.for_each(|pair| add(margins, pair, 1.0)),
        }
    }

    /// From here on only margins are kept.
    fn margins(&mut self, classes: usize) -> &mut Vec<Counts> {
        let joint = &self.joint;
        let margins = self.margins.get_or_insert_with(|| margins_of(joint, classes));
        margins.resize(classes.max(margins.len()), Counts::default());
        margins
    }

    fn counts(&self, classes: usize) -> Vec<Counts> {
        self.margins.clone().unwrap_or_else(|| margins_of(&self.joint, classes))
    }
}

fn margins_of(joint: &Joint<u64>, classes: usize) -> Vec<Counts> {
    let mut margins = vec![Counts::default(); classes];
    for (actual, predicted, rows) in joint.pairs(classes) {
        add(&mut margins, (actual, predicted), rows as f64);
    }
    margins
}

fn add(margins: &mut [Counts], (actual, predicted): (u32, u32), weight: f64) {
    if let Some(counts) = margins.get_mut(actual as usize) {
        counts.add(true, actual == predicted, weight);
    }
    if actual != predicted
        && let Some(counts) = margins.get_mut(predicted as usize)
    {
        counts.add(false, true, weight);
    }
}

impl<L: Label> Observed<L> {
    /// The counts of these labels, in their order; 0 for one that does not occur.
    pub(crate) fn select(&self, labels: &[L]) -> Vec<Counts> {
        let counts = |label| self.counts.get(self.labels.binary_search(label).ok()?).copied();
        labels.iter().map(|label| counts(label).unwrap_or_default().through_misses()).collect()
    }

    /// Whether every label that occurs is one of these.
    pub(crate) fn all_in(&self, labels: &[L]) -> bool {
        let labels: BTreeSet<&L> = labels.iter().collect();
        self.labels.iter().all(|label| labels.contains(label))
    }

    /// Weight of the rows whose label is right.
    pub(crate) fn hits(&self) -> f64 {
        self.counts.iter().map(|counts| counts.hits).sum()
    }
}
