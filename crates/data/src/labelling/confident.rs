//! Labels that are likely wrong.

use super::probabilities::{Probabilities, largest};
use crate::{Error, Result};

/// Room for rounding at a threshold, as cleanlab has it.
const SLACK: f64 = 1e-6;

/// Which rows are called errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Prune {
    /// Of each pair (label given, true label), as many rows as the joint says, by largest margin.
    #[default]
    NoiseRate,
    /// Of each label given, as many rows as the joint says, by lowest probability of that label.
    Class,
    /// Those that both of these call errors.
    Both,
    /// The rows counted off the diagonal of the joint.
    Confident,
}

/// A row whose label is likely wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LabelError {
    /// The row.
    pub row: usize,
    /// Its label.
    pub label: usize,
    /// What it likely is: the most probable label.
    pub suggestion: usize,
    /// Probability of the suggestion less that of the label, in (0, 1].
    pub margin: f64,
}

/// How labels given and true labels go together, counted over rows of which the model is sure.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfidentJoint {
    /// Mean probability of each label over the rows that have it, `[labels]`; infinite for a label
    /// that no row has.
    pub thresholds: Vec<f64>,
    /// Rows by label given (rows) and true label (columns), row-major `[labels, labels]`; the diagonal is
    /// at least 1.
    pub counts: Vec<u64>,
    /// The same scaled to all rows, `[labels, labels]`: each row sums to the rows of that label.
    pub estimated: Vec<f64>,
    /// The true label of each row of which the model is sure.
    true_labels: Vec<Option<usize>>,
}

impl ConfidentJoint {
    /// Counts. `probabilities` must be out of sample (each row's from a model that was trained without
    /// it): a model agrees with the labels that it has learnt by heart.
    ///
    /// # Errors
    /// [`Error::Count`] if labels and rows differ in number, [`Error::Argument`] for a label that is
    /// not a class, [`Error::Empty`].
    ///
    /// # Formula
    /// ```text
    /// t_j    = mean of p_j over the rows labelled j
    /// C[i,j] = |{rows labelled i : j = argmax of p_l over the l with p_l >= t_l}|
    /// Q[i,j] = C[i,j] / Σ_j' C[i,j'] · |rows labelled i|
    /// ```
    ///
    /// # Reference
    /// Northcutt, Jiang and Chuang (2021), Confident learning: estimating uncertainty in dataset labels,
    /// equations 1 to 3. cleanlab takes the most probable label of all where several pass their thresholds;
    /// this follows the paper.
    ///
    /// ```
    /// use tunewise_data::labelling::{ConfidentJoint, Probabilities, Prune};
    ///
    /// # fn main() -> tunewise_data::Result<()> {
    /// let p = [0.9, 0.1, 0.8, 0.2, 0.05, 0.95, 0.2, 0.8, 0.1, 0.9]; // [5, 2]
    /// let (labels, probabilities) = ([0, 0, 0, 1, 1], Probabilities::new(&p, 2)?);
    /// let joint = ConfidentJoint::new(&labels, &probabilities)?;
    /// let errors = joint.errors(&labels, &probabilities, Prune::NoiseRate)?;
    /// assert_eq!((errors[0].row, errors[0].suggestion), (2, 1));
    /// # Ok(())
    /// # }
    /// ```
    pub fn new(labels: &[usize], probabilities: &Probabilities<'_>) -> Result<Self> {
        check(labels, probabilities)?;
        let classes = probabilities.num_labels();
        let (mut sums, mut rows) = (vec![0.0; classes], vec![0_u64; classes]);
        for (&label, row) in labels.iter().zip(probabilities.rows()) {
            if let (Some(sum), Some(n), Some(p)) =
                (sums.get_mut(label), rows.get_mut(label), row.get(label))
            {
                *sum += p;
                *n += 1;
            }
        }
        let mean = |(sum, &n): (&f64, &u64)| if n > 0 { sum / n as f64 } else { f64::INFINITY };
        let thresholds: Vec<f64> = sums.iter().zip(&rows).map(mean).collect();
        let true_label = |row: &[f64]| {
            let sure = |(p, t): (&f64, &f64)| if *p >= t - SLACK { *p } else { -1.0 };
            let (label, p) = largest(&row.iter().zip(&thresholds).map(sure).collect::<Vec<_>>());
            (p >= 0.0).then_some(label)
        };
        let true_labels: Vec<Option<usize>> = probabilities.rows().map(true_label).collect();
        let mut counts = vec![0_u64; classes * classes];
        for (&given, sure) in labels.iter().zip(&true_labels) {
            let cell = sure.and_then(|sure| counts.get_mut(given * classes + sure));
            cell.into_iter().for_each(|n| *n += 1);
        }
        counts.iter_mut().step_by(classes + 1).for_each(|n| *n = (*n).max(1));
        let scaled = |(counts, &rows): (&[u64], &u64)| {
            let sum = counts.iter().sum::<u64>() as f64;
            counts.iter().map(|&n| n as f64 / sum * rows as f64).collect::<Vec<_>>()
        };
        let estimated = counts.chunks_exact(classes).zip(&rows).flat_map(scaled).collect();
        Ok(Self { thresholds, counts, estimated, true_labels })
    }

    /// The rows whose labels are likely wrong, by falling margin, then by row. Rows whose label is the
    /// most probable one are never among them.
    ///
    /// # Errors
    /// As [`ConfidentJoint::new`]; the arguments must be those that it was counted from.
    pub fn errors(
        &self,
        labels: &[usize],
        probabilities: &Probabilities<'_>,
        prune: Prune,
    ) -> Result<Vec<LabelError>> {
        check(labels, probabilities)?;
        let rows = Rows { labels, probabilities: probabilities.rows().collect() };
        let marked = match prune {
            Prune::NoiseRate => self.by_noise_rate(&rows),
            Prune::Class => self.by_class(&rows),
            Prune::Both => {
                let both = self.by_noise_rate(&rows).into_iter().zip(self.by_class(&rows));
                both.map(|(a, b)| a && b).collect()
            }
            Prune::Confident => {
                let wrong =
                    |(sure, label): (&Option<usize>, &usize)| sure.is_some_and(|s| s != *label);
                self.true_labels.iter().zip(labels).map(wrong).collect()
            }
        };
        let error = |(row, (&label, p)): (usize, (&usize, &[f64]))| {
            let (suggestion, most) = largest(p);
            let margin = most - p.get(label).copied().unwrap_or_default();
            let marked = marked.get(row) == Some(&true);
            (marked && margin > 0.0).then_some(LabelError { row, label, suggestion, margin })
        };
        let rows = labels.iter().zip(probabilities.rows()).enumerate();
        let mut errors: Vec<LabelError> = rows.filter_map(error).collect();
        errors.sort_by(|a, b| b.margin.total_cmp(&a.margin));
        Ok(errors)
    }

    /// The estimated counts as whole numbers: rows keep their sums, the largest remainders go up.
    fn whole(&self) -> Vec<usize> {
        let round = |row: &[f64]| {
            let mut whole: Vec<usize> = row.iter().map(|n| n.floor() as usize).collect();
            let sum = row.iter().sum::<f64>().round() as usize;
            let mut order: Vec<usize> = (0..row.len()).collect();
            let rest = |place: &usize| row.get(*place).map_or(0.0, |n| n.fract());
            order.sort_by(|a, b| rest(b).total_cmp(&rest(a)));
            let missing = sum.saturating_sub(whole.iter().sum());
            for place in order.into_iter().take(missing) {
                whole.get_mut(place).into_iter().for_each(|n| *n += 1);
            }
            whole
        };
        self.estimated.chunks_exact(self.thresholds.len().max(1)).flat_map(round).collect()
    }

    fn by_noise_rate(&self, rows: &Rows<'_>) -> Vec<bool> {
        let classes = self.thresholds.len();
        let mut marked = vec![false; rows.labels.len()];
        for (cell, take) in self.whole().into_iter().enumerate() {
            let (given, sure) = (cell / classes, cell % classes);
            if given != sure {
                let order = rows.sorted(given, |p| {
                    p.get(given).zip(p.get(sure)).map_or(0.0, |(given, sure)| given - sure)
                });
                mark(&mut marked, order.into_iter().take(take));
            }
        }
        marked
    }

    fn by_class(&self, rows: &Rows<'_>) -> Vec<bool> {
        let classes = self.thresholds.len();
        let right = self.whole().into_iter().step_by(classes + 1);
        let mut marked = vec![false; rows.labels.len()];
        for (given, right) in right.enumerate() {
            let order = rows.sorted(given, |p| p.get(given).copied().unwrap_or_default());
            let wrong = order.len().saturating_sub(right);
            mark(&mut marked, order.into_iter().take(wrong));
        }
        marked
    }
}

struct Rows<'a> {
    labels: &'a [usize],
    probabilities: Vec<&'a [f64]>,
}

impl Rows<'_> {
    /// The rows of a label by a rising number of their probabilities.
    fn sorted(&self, label: usize, key: impl Fn(&[f64]) -> f64) -> Vec<usize> {
        let rows = self.labels.iter().zip(&self.probabilities).enumerate();
        let rows = rows.filter(|(_, (given, _))| **given == label);
        let mut keyed: Vec<(f64, usize)> = rows.map(|(row, (_, p))| (key(p), row)).collect();
        keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
        keyed.into_iter().map(|(_, row)| row).collect()
    }
}

fn mark(marked: &mut [bool], rows: impl Iterator<Item = usize>) {
    for row in rows {
        marked.get_mut(row).into_iter().for_each(|mark| *mark = true);
    }
}

fn check(labels: &[usize], probabilities: &Probabilities<'_>) -> Result<()> {
    if labels.is_empty() {
        return Err(Error::Empty { file: "labels".to_owned() });
    }
    if labels.len() != probabilities.len() {
        let expected = format!("one for each of the {} rows", probabilities.len());
        return Err(Error::Count { what: "labels", got: labels.len(), expected });
    }
    match labels.iter().find(|label| **label >= probabilities.num_labels()) {
        None => Ok(()),
        Some(label) => Err(Error::Argument {
            name: "labels",
            got: label.to_string(),
            expected: "a column of the probabilities",
        }),
    }
}
