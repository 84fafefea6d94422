//! How tokens relate to each other in a layer, as a target.

use tch::{Kind, Tensor};

use super::DistilConfig;
use super::config::{Relations, setting};
use crate::error::Context;
use crate::model::Projections;
use crate::{BertClassifier, BertConfig, DeviceBatch, Result};

/// The score of a padded token: finite, so that a probability of 0 times its logarithm is 0.
const MASKED: f64 = -3e38;

/// A teacher whose relations are learnt.
#[derive(Debug)]
pub(crate) struct RelationTeacher<'t> {
    model: &'t BertClassifier,
    kind: Relations,
    layer: usize,
    heads: i64,
    weight: f64,
}

impl<'t> RelationTeacher<'t> {
    /// None if the settings ask for none.
    pub(super) fn new(
        config: &DistilConfig,
        student: &BertConfig,
        model: &'t BertClassifier,
    ) -> Result<Option<Self>> {
        let Some(kind) = config.relations else { return Ok(None) };
        let teacher = model.config();
        let layer = config.teacher_layer.unwrap_or(teacher.num_hidden_layers.saturating_sub(1));
        if layer >= teacher.num_hidden_layers {
            let expected = format!("below the teacher's {} layers", teacher.num_hidden_layers);
            return Err(setting("distil_teacher_layer", layer, expected));
        }
        let heads = match kind {
            Relations::Minilm if teacher.num_attention_heads != student.num_attention_heads => {
                let (theirs, own) = (teacher.num_attention_heads, student.num_attention_heads);
                let expected =
                    format!("minilm-v2, since the teacher has {theirs} heads, the student {own}");
                return Err(setting("distil_relations", kind, expected));
            }
            Relations::Minilm => student.num_attention_heads,
            Relations::MinilmV2 => config.relation_heads.unwrap_or(student.num_attention_heads),
        };
        let widths = [teacher.hidden_size, student.hidden_size];
        if widths.iter().any(|width| !width.is_multiple_of(heads)) {
            let expected = format!("a divisor of the widths {} and {}", widths[0], widths[1]);
            return Err(setting("distil_relation_heads", heads, expected));
        }
        let weight = config.relation_weight;
        Ok(Some(Self { model, kind, layer, heads: heads as i64, weight }))
    }

    /// The teacher's side of a batch.
    pub(crate) fn look(&self, batch: &DeviceBatch) -> Result<Projections> {
        let _guard = tch::no_grad_guard();
        self.model.projections(batch, self.layer)
    }

    /// The sum `[]` over the rows of a batch of how far the student's relations are from the teacher's.
    pub(crate) fn sum(
        &self,
        student: &Projections,
        teacher: &Projections,
        keep: Option<&Tensor>,
    ) -> Result<Tensor> {
        let of = |side: &Projections| -> Result<Vec<Tensor>> {
            let kinds = match self.kind {
                Relations::Minilm => vec![(&side.query, &side.key), (&side.value, &side.value)],
                Relations::MinilmV2 => {
                    [&side.query, &side.key, &side.value].map(|x| (x, x)).to_vec()
                }
            };
            kinds.into_iter().map(|(from, to)| relation(from, to, self.heads, keep)).collect()
        };
        let mut sums = Vec::new();
        for (student, teacher) in of(student)?.iter().zip(of(teacher)?) {
            sums.push(divergence(student, &teacher, keep)?);
        }
        Tensor::f_stack(&sums, 0)
            .and_then(|sums| sums.f_sum(Kind::Float))
            .and_then(|sum| sum.f_mul_scalar(self.weight))
            .at("distance of relations")
    }
}

/// Logarithms of how much each token of `from` `[batch, seq, hidden]` attends to each of `to`, `[batch,
/// heads, seq, seq]`; `keep` is `[batch, 1, 1, seq]`, true at real tokens.
fn relation(from: &Tensor, to: &Tensor, heads: i64, keep: Option<&Tensor>) -> Result<Tensor> {
    let split = |x: &Tensor| -> Result<Tensor> {
        let (batch, seq, hidden) = x.size3().at("projections")?;
        x.f_to_kind(Kind::Float)
            .and_then(|x| x.f_view([batch, seq, heads, hidden / heads]))
            .and_then(|x| x.f_transpose(1, 2)) // [batch, heads, seq, size]
            .at("relation heads")
    };
    let (from, to) = (split(from)?, split(to)?);
    let scale = (from.size().last().copied().unwrap_or(1) as f64).sqrt().recip();
    let mut scores = from
        .f_mul_scalar(scale)
        .and_then(|from| from.f_matmul(&to.f_transpose(-2, -1)?))
        .at("relation scores")?;
    if let Some(keep) = keep {
        let padding = keep.f_logical_not().at("relation mask")?;
        scores = scores.f_masked_fill(&padding, MASKED).at("relation mask")?;
    }
    scores.f_log_softmax(-1, Kind::Float).at("relation softmax")
}

/// The sum over texts of the mean over heads and real tokens of KL(teacher ‖ student), of logarithms.
fn divergence(student: &Tensor, teacher: &Tensor, keep: Option<&Tensor>) -> Result<Tensor> {
    let difference = teacher.f_sub(student).at("difference of relations")?;
    let tokens = teacher
        .f_exp()
        .and_then(|share| share.f_mul(&difference))
        .and_then(|kl| kl.f_sum_dim_intlist(-1, false, Kind::Float)) // [batch, heads, seq]
        .and_then(|kl| kl.f_mean_dim(1, false, Kind::Float)) // [batch, seq]
        .at("distance of relations")?;
    let Some(keep) = keep else {
        return tokens
            .f_mean_dim(1, false, Kind::Float)
            .and_then(|texts| texts.f_sum(Kind::Float))
            .at("distance of relations");
    };
    let real = keep
        .f_view(&*tokens.size())
        .and_then(|keep| keep.f_to_kind(Kind::Float))
        .at("relation mask")?; // [batch, seq]
    let counts = real.f_sum_dim_intlist(-1, false, Kind::Float).at("relation mask")?;
    tokens
        .f_mul(&real)
        .and_then(|tokens| tokens.f_sum_dim_intlist(-1, false, Kind::Float))
        .and_then(|texts| texts.f_div(&counts))
        .and_then(|texts| texts.f_sum(Kind::Float))
        .at("distance of relations")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::distil::fixture::{check, fixture, tensor};

    /// Expected from PyTorch in float64 (`tests/fixtures/gen_distil.py`): values and gradients, with a
    /// teacher of another width, padding and a batch without any.
    #[test]
    fn relations_are_as_far_apart_as_pytorch_says() {
        let fixture = fixture();
        for case in fixture["relations"].as_array().unwrap() {
            let name = case["name"].as_str().unwrap();
            let side = |key: &str| {
                let part = |part: &str| tensor(&case[key][part]);
                Projections { query: part("query"), key: part("key"), value: part("value") }
            };
            let (teacher, student) = (side("teacher"), side("student"));
            let parts = [&student.query, &student.key, &student.value]
                .map(|part| part.set_requires_grad(true));
            let keep = case["lengths"].as_array().map(|lengths| {
                let seq = parts[0].size()[1];
                let lengths: Vec<i64> = lengths.iter().map(|n| n.as_i64().unwrap()).collect();
                let lengths = Tensor::from_slice(&lengths).view([-1, 1, 1, 1]);
                Tensor::arange(seq, (Kind::Int64, tch::Device::Cpu))
                    .view([1, 1, 1, seq])
                    .lt_tensor(&lengths)
            });
            let config =
                BertConfig { num_hidden_layers: 1, vocab_size: 5, ..BertConfig::default() };
            let _turn = crate::runtime::generator();
            let model = BertClassifier::new(
                BertConfig { hidden_size: 12, intermediate_size: 4, ..config },
                tch::Device::Cpu,
                1,
            )
            .unwrap();
            let lesson = RelationTeacher {
                model: &model,
                kind: case["kind"].as_str().unwrap().parse().unwrap(),
                layer: 0,
                heads: case["heads"].as_i64().unwrap(),
                weight: case["weight"].as_f64().unwrap(),
            };
            let loss = lesson.sum(&student, &teacher, keep.as_ref()).unwrap();
            loss.f_backward().unwrap();
            check(&loss, &case["loss"], name);
            for (part, tensor) in ["query", "key", "value"].into_iter().zip(&parts) {
                check(&tensor.grad(), &case["gradient"][part], &format!("{name}: {part}"));
            }
        }
    }
}
