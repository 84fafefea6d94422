//! A binary score of every column, averaged.

use rayon::prelude::*;

use crate::probability::classes::Classes;
use crate::weighted::{average, check_weights};
use crate::{Error, MultiLabel, Result, Scores, Warned, pairwise};

/// How the scores of columns become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ScoreAverage {
    /// The plain mean of the columns' scores.
    #[default]
    Macro,
    /// Their mean by the weight of the positives; a column without positives does not count.
    Weighted,
    /// One score of all entries together.
    Micro,
    /// The mean of the rows' scores, by the weight of the rows.
    Samples,
}

/// Marks of the true columns, and scores, each `[rows, columns]`, and weights of rows.
pub(super) struct Columns<'a> {
    marks: Vec<bool>,
    scores: &'a Scores<'a>,
    sample_weight: Option<&'a [f64]>,
}

/// A binary score: rows marked, their scores, their weights.
pub(super) trait Metric:
    Fn(&[bool], &[f64], Option<&[f64]>) -> Result<Warned<f64>> + Sync
{
}
impl<F: Fn(&[bool], &[f64], Option<&[f64]>) -> Result<Warned<f64>> + Sync> Metric for F {}

impl<'a> Columns<'a> {
    pub(super) fn of_marks(
        y_true: MultiLabel<'a>,
        scores: &'a Scores<'a>,
        sample_weight: Option<&'a [f64]>,
    ) -> Result<Self> {
        crate::error::same_length("y_score", scores.len(), y_true.len())?;
        if scores.num_classes() != y_true.num_labels() {
            return Err(Error::Shape {
                what: "y_score",
                got: format!("{} columns", scores.num_classes()),
                expected: format!("the {} columns of y_true", y_true.num_labels()),
            });
        }
        check_weights(sample_weight, y_true.len())?;
        let marks = y_true.rows().flatten().map(|&mark| mark == 1).collect();
        Ok(Self { marks, scores, sample_weight })
    }

    /// A mark in the column of each row's class.
    pub(super) fn one_hot(
        classes: &Classes,
        scores: &'a Scores<'a>,
        sample_weight: Option<&'a [f64]>,
    ) -> Self {
        let row = |&truth: &usize| (0..scores.num_classes()).map(move |column| column == truth);
        Self { marks: classes.columns.iter().flat_map(row).collect(), scores, sample_weight }
    }

    pub(super) fn score<M: Metric>(&self, metric: M, how: ScoreAverage) -> Result<Warned<f64>> {
        match how {
            ScoreAverage::Micro => {
                let columns = self.scores.num_classes();
                let repeat = |weight: &f64| std::iter::repeat_n(*weight, columns);
                let weights = self.sample_weight.map(|w| w.iter().flat_map(repeat).collect());
                let weights: Option<Vec<f64>> = weights;
                metric(&self.marks, self.scores.values(), weights.as_deref())
            }
            ScoreAverage::Samples => {
                let row = |(marks, scores): (&[bool], &[f64])| metric(marks, scores, None);
                let rows = self.marks.chunks_exact(self.scores.num_classes());
                let scores = rows.zip(self.scores.rows()).map(row).collect::<Result<Vec<_>>>()?;
                mean(scores, self.sample_weight)
            }
            ScoreAverage::Macro => mean(self.each(metric)?, None),
            ScoreAverage::Weighted => {
                let weights = self.positive_weights();
                if pairwise::sum(&weights).abs() <= 1e-8 {
                    return Ok(Warned { value: 0.0, warnings: Vec::new() });
                }
                mean(self.each(metric)?, Some(&weights))
            }
        }
    }

    /// The score of each column.
    pub(super) fn each<M: Metric>(&self, metric: M) -> Result<Vec<Warned<f64>>> {
        let column =
            |column| metric(&self.marked(column), &self.scores.column(column), self.sample_weight);
        (0..self.scores.num_classes()).into_par_iter().map(column).collect()
    }

    fn marked(&self, column: usize) -> Vec<bool> {
        let rows = self.marks.chunks_exact(self.scores.num_classes());
        rows.map(|row| row.get(column) == Some(&true)).collect()
    }

    fn positive_weights(&self) -> Vec<f64> {
        let weight = |row| self.sample_weight.and_then(|w| w.get(row)).copied().unwrap_or(1.0);
        let column = |column| {
            let marked = self.marked(column).into_iter().enumerate();
            marked.filter(|&(_, mark)| mark).map(|(row, _)| weight(row)).sum()
        };
        (0..self.scores.num_classes()).map(column).collect()
    }
}

/// The mean; what weighs nothing counts as 0, so that it does not make the mean NaN.
fn mean(scores: Vec<Warned<f64>>, weights: Option<&[f64]>) -> Result<Warned<f64>> {
    let mut values: Vec<f64> = scores.iter().map(|score| score.value).collect();
    for (value, weight) in values.iter_mut().zip(weights.unwrap_or_default()) {
        *value = if *weight == 0.0 { 0.0 } else { *value };
    }
    let value = average(&values, weights)?;
    Ok(Warned { value, warnings: scores.into_iter().flat_map(|score| score.warnings).collect() })
}
