//! All that a step makes small.

use tch::Tensor;
use tunewise_data::Targets;

use super::config::TrainConfig;
use super::distil::Lesson;
use super::loss::Loss;
use super::source::Source;
use crate::model::Projections;
use crate::{BertClassifier, DeviceBatch, Error, Result, Tape};

/// The loss of the rows' labels and, of a student, that of its teacher. Sums over rows.
#[derive(Debug)]
pub(super) struct Objective<'t> {
    labels: Loss,
    lesson: Option<Lesson<'t>>,
}

impl<'t> Objective<'t> {
    pub(super) fn new(
        config: &TrainConfig,
        model: &BertClassifier,
        teacher: Option<&'t BertClassifier>,
        train: &Source<'_>,
    ) -> Result<Self> {
        let labels = config.loss.build(model, train.targets)?;
        let lesson = match (teacher, &config.distil) {
            (Some(teacher), Some(_)) => Lesson::new(config, model, teacher, train)?,
            (None, None) => None,
            (given, _) => {
                let (got, expected) = match given {
                    Some(_) => ("given", "nothing without the settings `distil`"),
                    None => ("missing", "a model, since the settings have `distil`"),
                };
                let (got, expected) = (got.to_owned(), expected.to_owned());
                return Err(Error::Setting { name: "teacher", got, expected });
            }
        };
        Ok(Self { labels, lesson })
    }

    /// See [`Loss::denominator`].
    pub(super) fn denominator(&self, targets: &Targets, rows: impl Iterator<Item = usize>) -> f64 {
        self.labels.denominator(targets, rows)
    }

    /// The sum `[]` over `rows` of what their logits `[batch, num_labels]` cost.
    pub(super) fn sum(
        &self,
        logits: &Tensor,
        labels: Option<&Tensor>,
        rows: &[usize],
    ) -> Result<Tensor> {
        let hard = || {
            let labels = labels.ok_or(Error::Internal { what: "training rows have labels" })?;
            self.labels.sum(logits, labels)
        };
        match &self.lesson {
            None => hard(),
            Some(lesson) => lesson.mix(logits, rows, hard),
        }
    }

    /// The forward pass: logits and, where relations are learnt, those of both models.
    pub(super) fn forward<'m>(
        &self,
        model: &'m BertClassifier,
        tape: &Tape<'m>,
        (batch, stream): (&DeviceBatch, u64),
    ) -> Result<(Tensor, Option<[Projections; 2]>)> {
        let Some(teacher) = self.lesson.as_ref().and_then(|lesson| lesson.relations.as_ref())
        else {
            return Ok((model.forward_on(tape, batch, stream)?, None));
        };
        let (logits, own) = model.forward_with_projections(tape, batch, stream)?;
        Ok((logits, Some([own, teacher.look(batch)?])))
    }

    /// What relations cost, a sum `[]` over the batch's rows.
    pub(super) fn of_relations(
        &self,
        relations: Option<[Projections; 2]>,
        batch: &DeviceBatch,
    ) -> Result<Option<Tensor>> {
        let teacher = self.lesson.as_ref().and_then(|lesson| lesson.relations.as_ref());
        let Some((teacher, [own, theirs])) = teacher.zip(relations) else { return Ok(None) };
        teacher.sum(&own, &theirs, batch.attention_mask.as_ref()).map(Some)
    }
}

#[cfg(test)]
impl From<Loss> for Objective<'_> {
    fn from(labels: Loss) -> Self {
        Self { labels, lesson: None }
    }
}
