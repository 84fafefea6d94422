//! What the processes of a group settle with each other beside gradients. Alone, everything is as it is.

use std::rc::Rc;

use tch::Tensor;
use tunewise_torch::ProcessGroup;

use super::predictions::{Predictions, predict_batches};
use super::source::Source;
use super::state::StopReason;
use crate::error::Context;
use crate::{BertClassifier, Precision, Result};
use tunewise_data::{Batching, Order};

/// The group that trains, if it is more than this process.
#[derive(Debug, Clone, Default)]
pub(super) struct Ranks {
    pub(super) group: Option<Rc<ProcessGroup>>,
}

impl Ranks {
    /// How many processes compute a window.
    pub(super) fn count(&self) -> usize {
        self.group.as_ref().map_or(1, |group| group.world_size())
    }

    /// All begin with the first one's weights.
    pub(super) fn share_weights(&self, model: &BertClassifier) -> Result<()> {
        let Some(group) = &self.group else { return Ok(()) };
        for (_, tensor) in model.parameters().chain(model.adapter_parameters()) {
            group.broadcast(&mut tensor.f_detach().at("detach")?, 0)?;
        }
        Ok(())
    }

    /// Why all stop, if one has a reason to: of several reasons the last in [`StopReason`]'s order.
    pub(super) fn agree(&self, reason: Option<StopReason>) -> Result<Option<StopReason>> {
        let Some(group) = &self.group else { return Ok(reason) };
        let votes = StopReason::ALL.map(|each| i64::from(Some(each) == reason));
        let mut votes = Tensor::f_from_slice(&votes).at("votes")?;
        group.all_reduce(&mut votes)?;
        let votes = Vec::<i64>::try_from(votes).at("votes")?;
        let mut wanted = StopReason::ALL.into_iter().zip(votes).rev();
        Ok(wanted.find_map(|(reason, votes)| (votes > 0).then_some(reason)))
    }

    /// The logits of all rows, of which each process computes a share; every process gets all.
    pub(super) fn predict(
        &self,
        model: &BertClassifier,
        source: &Source<'_>,
        batch_size: usize,
    ) -> Result<Predictions> {
        let plan = source.plan(batch_size, Batching::ByLength, Order::Sequential)?;
        let Some(group) = &self.group else {
            return predict_batches(model, source, &plan, Precision::Fp32);
        };
        let own = plan.into_iter().skip(group.rank()).step_by(group.world_size());
        let part = predict_batches(model, source, &own.collect::<Vec<_>>(), Precision::Fp32)?;
        let logits: Vec<f32> = part.rows().flatten().copied().collect();
        let mut logits = Tensor::f_from_slice(&logits).at("logits")?; // zeros for others' rows
        group.all_reduce(&mut logits)?;
        Ok(part.with_logits(Vec::<f32>::try_from(logits).at("logits")?))
    }
}
