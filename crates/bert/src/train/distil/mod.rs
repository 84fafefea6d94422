//! Knowledge distillation: what a student's loss has of its teacher.

mod config;
#[cfg(test)]
mod fixture;
mod relations;
mod soft;

pub use config::{DistilConfig, Relations};
pub(crate) use relations::RelationTeacher;
use soft::SoftTargets;
use tch::Tensor;

use self::config::setting;
use super::config::TrainConfig;
use super::predictions::predict;
use super::source::Source;
use crate::error::Context;
use crate::{BertClassifier, BertConfig, Precision, Result};

/// What a student learns of its teacher.
#[derive(Debug)]
pub(super) struct Lesson<'t> {
    answers: SoftTargets,
    alpha: f64,
    pub(super) relations: Option<RelationTeacher<'t>>,
}

impl<'t> Lesson<'t> {
    /// Asks the teacher once for its answers to all rows, in fp32.
    pub(super) fn new(
        config: &TrainConfig,
        student: &BertClassifier,
        teacher: &'t BertClassifier,
        train: &Source<'_>,
    ) -> Result<Option<Self>> {
        let Some(distil) = &config.distil else { return Ok(None) };
        check_teacher(distil, student.config(), teacher)?;
        let batch_size = config.per_device_eval_batch_size;
        let answers = predict(teacher, train, batch_size, Precision::Fp32)?;
        Ok(Some(Self {
            answers: SoftTargets::new(&answers, student, distil)?,
            alpha: distil.alpha,
            relations: RelationTeacher::new(distil, student.config(), teacher)?,
        }))
    }

    /// Whether the rows' labels are not looked at.
    pub(super) fn is_whole(&self) -> bool {
        self.alpha == 1.0
    }

    /// The sum of the rows' losses: the teacher's share and, for the rest, that of the labels.
    pub(super) fn mix(
        &self,
        logits: &Tensor,
        rows: &[usize],
        hard: impl FnOnce() -> Result<Tensor>,
    ) -> Result<Tensor> {
        let soft = self.answers.sum(logits, rows)?;
        if self.is_whole() {
            return Ok(soft);
        }
        let hard = hard()?.f_mul_scalar(1.0 - self.alpha).at("share of the labels")?;
        soft.f_mul_scalar(self.alpha).and_then(|soft| soft.f_add(&hard)).at("share of the teacher")
    }
}

/// Refuses a teacher of other answers, or whose relations the student cannot learn.
pub(crate) fn check_teacher(
    distil: &DistilConfig,
    own: &BertConfig,
    teacher: &BertClassifier,
) -> Result<()> {
    let theirs = teacher.config();
    if own.problem() != theirs.problem() {
        return Err(setting("teacher", theirs.problem(), format!("a model of {}", own.problem())));
    }
    if own.id2label != theirs.id2label {
        let expected = format!("the student's labels: {}", own.id2label.join(", "));
        return Err(setting("teacher", theirs.id2label.join(", "), expected));
    }
    RelationTeacher::new(distil, own, teacher).map(|_| ())
}
