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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BertConfig;
    use crate::train::Evaluation;

    const LABELS: [&str; 3] = ["a", "b", "c"];

    fn predictions(problem: ProblemType, labels: usize, logits: Vec<f32>) -> Predictions {
        let id2label = LABELS.into_iter().take(labels).map(str::to_owned).collect();
        let config = BertConfig { id2label, problem_type: Some(problem), ..BertConfig::default() };
        Predictions::of_logits(logits, &config)
    }

    /// Numbers without a pattern that a metric would see.
    fn logits(count: usize, seed: usize) -> Vec<f32> {
        (0..count).map(|i| ((i * i * 7 + i * 13 + seed * 29) % 31) as f32 - 15.0).collect()
    }

    fn options() -> BootstrapOptions<'static> {
        BootstrapOptions { n_resamples: 199, ..BootstrapOptions::default() }
    }

    /// Each model's metrics are those of its evaluation, whose numbers are scikit-learn's, and the
    /// difference is theirs.
    fn are_those_of_evaluations(problem: ProblemType, labels: usize, targets: &Targets) {
        let both = [1, 3].map(|seed| predictions(problem, labels, logits(20 * labels, seed)));
        let outcome = Outcome::new(targets, &both[0], &both[1]).unwrap();
        let id2label = LABELS.map(str::to_owned);
        let of = |side: usize, name: &str| {
            let evaluation = Evaluation::new(&both[side], targets, &id2label[..labels]).unwrap();
            let metric = match name {
                "mean_squared_error" => "mse".parse().unwrap(),
                name => name.parse().unwrap(),
            };
            evaluation.metric(metric).unwrap()
        };
        let measures = outcome.measures(&options()).unwrap();
        assert_eq!(measures.len(), 2);
        for Measure { name, before, after, difference, .. } in measures {
            approx::assert_abs_diff_eq!(before.estimate, of(0, name), epsilon = 1e-12);
            approx::assert_abs_diff_eq!(after.estimate, of(1, name), epsilon = 1e-12);
            let apart = after.estimate - before.estimate;
            assert!(apart.abs() > 1e-3, "{name}: a difference to see");
            approx::assert_abs_diff_eq!(difference.estimate, apart, epsilon = 1e-12);
            for interval in [before, after, difference] {
                assert!(interval.low < interval.high, "{name}: {interval:?}");
            }
        }
    }

    #[test]
    fn metrics_are_those_of_an_evaluation() {
        use ProblemType::{MultiLabelClassification, Regression, SingleLabelClassification};
        let classes = Targets::Classes((0..20).map(|row| row * row % 3).collect());
        are_those_of_evaluations(SingleLabelClassification, 3, &classes);
        let values = (0..60).map(|i| f32::from(u8::from(i * i % 7 < 3))).collect();
        let marks = Targets::MultiHot { num_labels: 3, values };
        let both = [1, 2].map(|seed| predictions(MultiLabelClassification, 3, logits(60, seed)));
        let outcome = Outcome::new(&marks, &both[0], &both[1]).unwrap();
        let evaluation = Evaluation::new(&both[0], &marks, &LABELS.map(str::to_owned)).unwrap();
        let measures = outcome.measures(&options()).unwrap();
        for measure in &measures {
            let metric = measure.name.parse().unwrap();
            approx::assert_abs_diff_eq!(
                measure.before.estimate,
                evaluation.metric(metric).unwrap(),
                epsilon = 1e-12
            );
        }
        let numbers = Targets::Values((0..20).map(|row| (row * row % 11) as f32).collect());
        are_those_of_evaluations(Regression, 1, &numbers);
    }

    #[test]
    fn a_model_agrees_with_itself_and_differs_by_nothing() {
        let problem = ProblemType::SingleLabelClassification;
        let one = predictions(problem, 3, logits(60, 1));
        let targets = Targets::Classes((0..20).map(|row| row % 3).collect());
        let outcome = Outcome::new(&targets, &one, &one).unwrap();
        let agreement = outcome.agreement(&options()).unwrap().unwrap();
        assert_eq!((agreement.low, agreement.estimate, agreement.high), (1.0, 1.0, 1.0));
        for measure in outcome.measures(&options()).unwrap() {
            assert_eq!((measure.difference.low, measure.difference.high), (0.0, 0.0));
            assert_eq!(measure.p_value, 1.0);
        }
        let other = predictions(problem, 3, logits(60, 2));
        let outcome = Outcome::new(&targets, &one, &other).unwrap();
        assert!(outcome.agreement(&options()).unwrap().unwrap().estimate < 1.0);
    }
}
