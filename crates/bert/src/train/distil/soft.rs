//! The teacher's answers as targets.

use tch::{Kind, Reduction, Tensor};
use tunewise_data::ProblemType;

use super::DistilConfig;
use crate::error::Context;
use crate::train::Predictions;
use crate::{BertClassifier, Result};

/// The teacher's logits of all training rows, computed once.
#[derive(Debug)]
pub(crate) struct SoftTargets {
    logits: Tensor, // [rows, num_labels]
    problem: ProblemType,
    temperature: f64,
}

impl SoftTargets {
    /// `teacher` are its predictions of the training rows.
    pub(super) fn new(
        teacher: &Predictions,
        student: &BertClassifier,
        config: &DistilConfig,
    ) -> Result<Self> {
        let rows: Vec<f32> = teacher.rows().flatten().copied().collect();
        let logits = Tensor::f_from_slice(&rows)
            .and_then(|logits| logits.f_view([teacher.len() as i64, -1]))
            .and_then(|logits| logits.f_to_device(student.device()))
            .at("the teacher's logits")?;
        let (problem, temperature) = (teacher.problem(), config.temperature);
        Ok(Self { logits, problem, temperature })
    }

    /// The sum `[]` over `rows` of their distances from the teacher; `logits` `[batch, num_labels]` are
    /// the student's, a row each.
    pub(super) fn sum(&self, logits: &Tensor, rows: &[usize]) -> Result<Tensor> {
        let rows: Vec<i64> = rows.iter().map(|&row| row as i64).collect();
        let rows = Tensor::f_from_slice(&rows).and_then(|t| t.f_to_device(self.logits.device()));
        let teacher =
            self.logits.f_index_select(0, &rows.at("rows")?).at("the teacher's logits")?;
        distance(&teacher, logits, self.problem, self.temperature)
    }
}

/// The sum over rows of the distance of the student's logits from the teacher's, both `[batch,
/// num_labels]`.
fn distance(
    teacher: &Tensor,
    student: &Tensor,
    problem: ProblemType,
    temperature: f64,
) -> Result<Tensor> {
    let outputs = student.size().last().copied().unwrap_or(1).max(1) as f64;
    let cooled = |logits: &Tensor| logits.f_div_scalar(temperature).at("temperature");
    let squared = temperature * temperature;
    match problem {
        ProblemType::Regression => student
            .f_mse_loss(teacher, Reduction::Sum)
            .and_then(|sum| sum.f_div_scalar(outputs))
            .at("distance of outputs"),
        ProblemType::SingleLabelClassification => {
            let log =
                |logits: &Tensor| cooled(logits)?.f_log_softmax(-1, Kind::Float).at("softmax");
            log(student)?
                .f_kl_div(&log(teacher)?, Reduction::Sum, true)
                .and_then(|sum| sum.f_mul_scalar(squared))
                .at("distance of distributions")
        }
        ProblemType::MultiLabelClassification => {
            // KL(σ(t) ‖ σ(s)) = σ(t) (log σ(t) - log σ(s)) + the same of -t and -s, as σ(-x) = 1 - σ(x).
            let side = |sign: f64| -> Result<Tensor> {
                let log = |logits: &Tensor| {
                    cooled(logits)?.f_mul_scalar(sign).and_then(|x| x.f_log_sigmoid()).at("sigmoid")
                };
                log(student)?.f_kl_div(&log(teacher)?, Reduction::Sum, true).at("distance of marks")
            };
            side(1.0)?
                .f_add(&side(-1.0)?)
                .and_then(|sum| sum.f_mul_scalar(squared / outputs))
                .at("distance of marks")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::distil::fixture::{check, fixture, tensor};

    /// Expected from PyTorch in float64 (`tests/fixtures/gen_distil.py`): values and gradients.
    #[test]
    fn answers_are_as_far_apart_as_pytorch_says() {
        let fixture = fixture();
        for case in fixture["soft"].as_array().unwrap() {
            let problem = serde_json::from_value(case["problem"].clone()).unwrap();
            let student = tensor(&case["student"]).set_requires_grad(true);
            let temperature = case["temperature"].as_f64().unwrap();
            let loss = distance(&tensor(&case["teacher"]), &student, problem, temperature).unwrap();
            loss.f_backward().unwrap();
            check(&loss, &case["loss"], &format!("{problem} at {temperature}"));
            check(&student.grad(), &case["gradient"], &format!("gradient of {problem}"));
        }
    }
}
