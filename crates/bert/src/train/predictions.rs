//! Logits of many rows, and what they say.

use tch::{Device, Kind, Tensor};
use tunewise_data::{Batching, Order, ProblemType, Targets};

use super::loss::Loss;
use super::source::Source;
use crate::calibration::Calibration;
use crate::error::Context;
use crate::{BertClassifier, BertConfig, DeviceBatch, Error, Mode, Precision, Result};

/// The logits of rows, in their order.
#[derive(Debug, Clone, PartialEq)]
pub struct Predictions {
    logits: Vec<f32>, // [rows, num_labels]
    num_labels: usize,
    problem: ProblemType,
    calibration: Calibration,
}

/// Runs the model over all rows of `source`, in batches of like length.
///
/// # Errors
/// [`Error::SequenceTooLong`], [`Error::Torch`] such as out of memory, [`Error::Data`] for a batch
/// size of 0.
pub fn predict(
    model: &BertClassifier,
    source: &Source<'_>,
    batch_size: usize,
    precision: Precision,
) -> Result<Predictions> {
    let batches = source.plan(batch_size, Batching::ByLength, Order::Sequential)?;
    predict_batches(model, source, &batches, precision)
}

/// Runs the model over the rows of each batch; the logits of other rows are zeros.
pub(crate) fn predict_batches(
    model: &BertClassifier,
    source: &Source<'_>,
    batches: &[Vec<usize>],
    precision: Precision,
) -> Result<Predictions> {
    let _guard = tch::no_grad_guard();
    let num_labels = model.config().num_labels();
    let mut logits = vec![0.0; source.texts.len() * num_labels];
    for rows in batches {
        let batch = DeviceBatch::upload(&source.batch(rows, Batching::ByLength)?, model.device())?;
        let output = precision.run(model.device(), || model.forward(&batch, Mode::Eval))?;
        let host: Vec<f32> = output
            .f_to_device(Device::Cpu)
            .and_then(|host| host.f_contiguous())
            .and_then(|host| host.f_view([-1]))
            .and_then(Vec::try_from)
            .at("download logits")?;
        for (row, values) in rows.iter().zip(host.chunks_exact(num_labels)) {
            let place = logits.get_mut(row * num_labels..(row + 1) * num_labels);
            place
                .ok_or(Error::Internal { what: "a plan names rows of its source" })?
                .copy_from_slice(values);
        }
    }
    Ok(Predictions::of_logits(logits, model.config()))
}

impl Predictions {
    /// The logits `[rows, num_labels]` of a model of that configuration.
    pub(crate) fn of_logits(logits: Vec<f32>, config: &BertConfig) -> Self {
        let (num_labels, problem) = (config.num_labels(), config.problem());
        Self { logits, num_labels, problem, calibration: Calibration::default() }
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.logits.len().checked_div(self.num_labels).unwrap_or(0)
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.logits.is_empty()
    }

    /// The problem that the model solves.
    #[must_use]
    pub fn problem(&self) -> ProblemType {
        self.problem
    }

    /// Regression outputs `[rows, 1]`.
    #[cfg(test)]
    pub(crate) fn of_values(logits: Vec<f32>) -> Self {
        let (problem, calibration) = (ProblemType::Regression, Calibration::default());
        Self { logits, num_labels: 1, problem, calibration }
    }

    /// The same logits, whose scores follow `calibration`.
    pub(crate) fn calibrated(self, calibration: Calibration) -> Self {
        Self { calibration, ..self }
    }

    /// How logits become scores and scores labels.
    pub(crate) fn calibration(&self) -> Calibration {
        self.calibration
    }

    /// Other logits of the same kind, `[rows, num_labels]`.
    pub(crate) fn with_logits(&self, logits: Vec<f32>) -> Self {
        Self { logits, ..*self }
    }

    /// Cuts the rows into stretches of that many rows each.
    pub(crate) fn split(&self, counts: impl Iterator<Item = usize>) -> Vec<Self> {
        let mut rest = self.logits.as_slice();
        let stretch = |count: usize| {
            let (head, tail) = rest.split_at(rest.len().min(count * self.num_labels));
            rest = tail;
            self.with_logits(head.to_vec())
        };
        counts.map(stretch).collect()
    }

    /// The rows of all parts, of which the `i`-th belongs at place `order[i]`.
    pub(crate) fn scattered(parts: &[Self], order: &[usize]) -> Result<Self> {
        let broken = || Error::Internal { what: "parts have a row for every place" };
        let first = parts.first().ok_or_else(broken)?;
        let mut logits = vec![0.0; order.len() * first.num_labels];
        for (&place, row) in order.iter().zip(parts.iter().flat_map(Self::rows)) {
            let span = place * first.num_labels..(place + 1) * first.num_labels;
            logits.get_mut(span).ok_or_else(broken)?.copy_from_slice(row);
        }
        Ok(first.with_logits(logits))
    }

    /// Each row's logits `[num_labels]`.
    pub fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.logits.chunks_exact(self.num_labels.max(1))
    }

    /// Each row's scores `[num_labels]`: probabilities by softmax for a single label, by the
    /// logistic function for several, the plain outputs for regression. A [`Classifier`](crate::Classifier)
    /// whose checkpoint has a temperature divides the logits by it first.
    pub fn scores(&self) -> impl Iterator<Item = Vec<f64>> {
        self.rows().map(|logits| scores(logits, self.problem, self.calibration.temperature))
    }

    /// The mean loss over all rows.
    ///
    /// # Errors
    /// [`Error::Internal`] for a data set without targets, [`Error::Torch`] where they do not fit.
    pub fn loss(&self, targets: &Targets) -> Result<f64> {
        let shape = [self.len() as i64, self.num_labels as i64];
        let logits =
            Tensor::f_from_slice(&self.logits).and_then(|t| t.f_view(shape)).at("logits")?;
        let labels = match targets {
            Targets::Classes(classes) => Tensor::f_from_slice(classes),
            Targets::MultiHot { values, .. } | Targets::Values(values) => {
                Tensor::f_from_slice(values).and_then(|t| t.f_view(shape))
            }
            _ => return Err(Error::Internal { what: "evaluated rows have labels" }),
        };
        let logits = logits.f_to_kind(Kind::Double).at("logits")?;
        let labels = labels.at("labels")?;
        let labels = if labels.kind() == Kind::Float {
            labels.f_to_kind(Kind::Double).at("labels")?
        } else {
            labels
        };
        let sum = Loss::new(self.problem).sum(&logits, &labels)?;
        Ok(sum.f_double_value(&[]).at("loss")? / self.len().max(1) as f64)
    }
}

/// The scores of one row's logits.
pub(crate) fn scores(logits: &[f32], problem: ProblemType, temperature: f64) -> Vec<f64> {
    let logits = logits.iter().map(|&logit| f64::from(logit) / temperature);
    match problem {
        ProblemType::Regression => logits.collect(),
        ProblemType::MultiLabelClassification => logits.map(|x| 1.0 / (1.0 + (-x).exp())).collect(),
        ProblemType::SingleLabelClassification => {
            let peak = logits.clone().fold(f64::NEG_INFINITY, f64::max);
            let powers: Vec<f64> = logits.map(|x| (x - peak).exp()).collect();
            let sum: f64 = powers.iter().sum();
            powers.into_iter().map(|power| power / sum).collect()
        }
    }
}

/// The index of the largest score, the first of equals, and the score.
pub(crate) fn best(scores: &[f64]) -> (usize, f64) {
    let first = (0, f64::NEG_INFINITY);
    let scores = scores.iter().copied().enumerate();
    scores.fold(first, |best, next| if next.1 > best.1 { next } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_follow_their_definitions_even_for_huge_logits() {
        let soft = scores(&[1000.0, 1000.0, -1000.0], ProblemType::SingleLabelClassification, 1.0);
        assert_eq!(soft, [0.5, 0.5, 0.0]);
        assert_eq!(best(&soft), (0, 0.5));
        let logistic = scores(&[0.0, -1000.0, 1000.0], ProblemType::MultiLabelClassification, 1.0);
        assert_eq!(logistic, [0.5, 0.0, 1.0]);
        assert_eq!(scores(&[1.5], ProblemType::Regression, 1.0), [1.5]);
    }

    #[test]
    fn a_temperature_divides_the_logits() {
        let halved = scores(&[2.0, 0.0], ProblemType::SingleLabelClassification, 2.0);
        let odds = halved[0] / halved[1]; // e^(2/2)
        approx::assert_relative_eq!(odds, std::f64::consts::E, max_relative = 1e-15);
    }
}
