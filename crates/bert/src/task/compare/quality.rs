//! What two models' predictions are worth, with intervals over rows.

use tunewise_data::{ProblemType, Targets};
use tunewise_metrics::{BootstrapOptions, bootstrap, paired_bootstrap};

use super::{Interval, Measure};
use crate::train::{Predictions, best};
use crate::{Error, Result};

/// The truth and what both models say of each row.
pub(super) enum Outcome {
    /// Sets of labels, sorted: one each of single labels.
    Labels {
        truth: Vec<Vec<usize>>,
        said: [Vec<Vec<usize>>; 2],
        always: usize,
    },
    Values {
        truth: Vec<f64>,
        said: [Vec<f64>; 2],
    },
}

/// A metric of one of the models on some rows.
type Metric = fn(&Outcome, usize, &[usize]) -> f64;

impl Outcome {
    pub(super) fn new(
        targets: &Targets,
        first: &Predictions,
        second: &Predictions,
    ) -> Result<Self> {
        match (first.problem(), targets) {
            (ProblemType::SingleLabelClassification, Targets::Classes(classes)) => {
                let said = [first, second]
                    .map(|side| side.scores().map(|scores| vec![best(&scores).0]).collect());
                let truth = classes.iter().map(|&class| vec![class as usize]).collect();
                Ok(Self::Labels { truth, said, always: 0 })
            }
            (ProblemType::MultiLabelClassification, Targets::MultiHot { num_labels, values }) => {
                let said = [first, second].map(|side| {
                    let threshold = side.calibration().label_threshold();
                    side.scores().map(|scores| places(scores, |p| *p >= threshold)).collect()
                });
                let truth = values
                    .chunks_exact((*num_labels).max(1))
                    .map(|marks| places(marks.iter(), |mark| **mark > 0.5))
                    .collect();
                Ok(Self::Labels { truth, said, always: *num_labels })
            }
            (ProblemType::Regression, Targets::Values(values)) => {
                let said = [first, second].map(|side| side.scores().flatten().collect());
                let truth = values.iter().copied().map(f64::from).collect();
                Ok(Self::Values { truth, said })
            }
            _ => Err(Error::Internal { what: "targets are of the model's problem" }),
        }
    }

    fn rows(&self) -> usize {
        match self {
            Self::Labels { truth, .. } => truth.len(),
            Self::Values { truth, .. } => truth.len(),
        }
    }

    fn metrics(&self) -> [(&'static str, Metric); 2] {
        match self {
            Self::Labels { .. } => [("accuracy", Self::accuracy), ("macro_f1", Self::macro_f1)],
            Self::Values { .. } => {
                [("mean_squared_error", Self::squared_error), ("pearson_r", Self::pearson)]
            }
        }
    }

    /// Every metric of the problem.
    pub(super) fn measures(&self, options: &BootstrapOptions<'_>) -> Result<Vec<Measure>> {
        let measure = |(name, metric): (&'static str, Metric)| -> Result<Measure> {
            let of = |side: usize| move |rows: &[usize]| metric(self, side, rows);
            let paired = paired_bootstrap(self.rows(), of(1), of(0), options)?;
            Ok(Measure {
                name,
                before: bootstrap(self.rows(), of(0), options)?.into(),
                after: bootstrap(self.rows(), of(1), options)?.into(),
                difference: paired.difference.into(),
                p_value: paired.p_value,
            })
        };
        self.metrics().into_iter().map(measure).collect()
    }

    /// Share of rows with the same labels.
    pub(super) fn agreement(&self, options: &BootstrapOptions<'_>) -> Result<Option<Interval>> {
        let Self::Labels { said: [first, second], .. } = self else { return Ok(None) };
        let same: Vec<bool> = first.iter().zip(second).map(|(a, b)| a == b).collect();
        let share = |rows: &[usize]| {
            rows.iter().filter(|&&row| same.get(row) == Some(&true)).count() as f64
                / rows.len() as f64
        };
        Ok(Some(bootstrap(same.len(), share, options)?.into()))
    }

    /// Truth and one model's labels of some rows.
    fn labels<'a>(
        &'a self,
        side: usize,
        rows: &'a [usize],
    ) -> impl Iterator<Item = (&'a [usize], &'a [usize])> {
        let (truth, said) = match self {
            Self::Labels { truth, said, .. } => (truth.as_slice(), said.get(side)),
            Self::Values { .. } => (&[][..], None),
        };
        let said = said.map_or(&[][..], Vec::as_slice);
        rows.iter().filter_map(|&row| Some((truth.get(row)?.as_slice(), said.get(row)?.as_slice())))
    }

    fn accuracy(&self, side: usize, rows: &[usize]) -> f64 {
        self.labels(side, rows).filter(|(want, got)| want == got).count() as f64 / rows.len() as f64
    }

    /// scikit-learn's: the plain mean of the F1 of every label, of single labels those that occur among
    /// the rows.
    fn macro_f1(&self, side: usize, rows: &[usize]) -> f64 {
        let always = match self {
            Self::Labels { always, .. } => *always,
            Self::Values { .. } => 0,
        };
        let mut counts: Vec<[u64; 2]> = vec![[0; 2]; always]; // right, and true plus said
        let mut count = |label: usize, place: usize| {
            if counts.len() <= label {
                counts.resize(label + 1, [0; 2]);
            }
            if let Some(count) = counts.get_mut(label).and_then(|counts| counts.get_mut(place)) {
                *count += 1;
            }
        };
        for (want, got) in self.labels(side, rows) {
            want.iter().chain(got).for_each(|&label| count(label, 1));
            want.iter().filter(|label| got.contains(label)).for_each(|&label| count(label, 0));
        }
        let occurring =
            counts.iter().enumerate().filter(|(label, [_, all])| *label < always || *all > 0);
        let scores: Vec<f64> =
            occurring.map(|(_, [right, all])| 2.0 * *right as f64 / (*all).max(1) as f64).collect();
        scores.iter().sum::<f64>() / scores.len() as f64
    }

    /// Truth and one model's values of some rows; with several outputs a row, all of them.
    fn values<'a>(
        &'a self,
        side: usize,
        rows: &'a [usize],
    ) -> impl Iterator<Item = (f64, f64)> + 'a {
        let (truth, said) = match self {
            Self::Values { truth, said } => (truth.as_slice(), said.get(side)),
            Self::Labels { .. } => (&[][..], None),
        };
        let said = said.map_or(&[][..], Vec::as_slice);
        rows.iter().filter_map(|&row| Some((*truth.get(row)?, *said.get(row)?)))
    }

    fn squared_error(&self, side: usize, rows: &[usize]) -> f64 {
        self.values(side, rows).map(|(want, got)| (want - got).powi(2)).sum::<f64>()
            / rows.len() as f64
    }

    fn pearson(&self, side: usize, rows: &[usize]) -> f64 {
        let (want, got): (Vec<f64>, Vec<f64>) = self.values(side, rows).unzip();
        tunewise_metrics::pearson_r(&want, &got).unwrap_or(f64::NAN)
    }
}

/// Where a condition holds.
fn places<T>(values: impl IntoIterator<Item = T>, holds: impl Fn(&T) -> bool) -> Vec<usize> {
    let values = values.into_iter().enumerate();
    values.filter(|(_, value)| holds(value)).map(|(place, _)| place).collect()
}
