//! Which singular values of AdaLoRA's adapters stay.

use tch::{Device, Kind, TchError, Tensor};

use super::AdaLoraConfig;
use super::adapters::Adapted;
use super::layer::Form;
use crate::error::Context;
use crate::model::peft::setting;
use crate::model::{BertClassifier, PeftConfig};
use crate::{Error, Result};

/// Follows how much each triplet matters to the loss and prunes down to the budget of the step; see
/// [`AdaLoraConfig`].
///
/// # Formula
/// ```text
/// I = |w dL/dw|,  S = beta1 S + (1 - beta1) I,  U = beta2 U + (1 - beta2) |I - S|
/// score of a triplet = S U of its singular value + means of S U over its rows of A and Bᵀ
/// budget(t) = target + (initial - target) (1 - (t - tinit) / (total - tfinal - tinit))³, rounded down
/// ```
///
/// # Reference
/// Zhang et al. 2023, sections 3.2 and 3.3; PEFT 0.21, `RankAllocator`. Where scores are equal exactly as
/// many are pruned as the budget says; PEFT prunes all of them.
pub(crate) struct RankAllocator {
    config: AdaLoraConfig,
    layers: Vec<Triplets>,
    step: u64,
    total_steps: u64,
}

/// A layer's triplets.
struct Triplets {
    /// Names and tensors of A `[r, inputs]`, B `[outputs, r]` and E `[r, 1]`.
    parts: [Part; 3],
    kept: Tensor, // [r, 1]
}

struct Part {
    name: String,
    tensor: Tensor,
    /// Smoothed importance and its smoothed uncertainty, in the tensor's shape.
    sensitivity: Tensor,
    uncertainty: Tensor,
}

impl RankAllocator {
    /// The allocator of a model with AdaLoRA's adapters.
    pub(crate) fn of(model: &BertClassifier) -> Result<Option<Self>> {
        let Some(adapters) = model.adapters() else { return Ok(None) };
        let PeftConfig::AdaLora(config) = &adapters.config else { return Ok(None) };
        let layers = adapters.layers.iter().map(Triplets::new).collect::<Result<_>>()?;
        Ok(Some(Self { config: config.clone(), layers, step: 0, total_steps: 0 }))
    }

    /// The run has so many steps, of which some are done.
    pub(crate) fn set_length(&mut self, total_steps: u64, done: u64) -> Result<()> {
        let AdaLoraConfig { tinit, tfinal, .. } = self.config;
        if tinit.saturating_add(tfinal) >= total_steps {
            let got = format!("{tinit}, with adalora_tfinal {tfinal}");
            let expected = format!("less than the run's {total_steps} steps, together");
            return Err(setting("adalora_tinit", &got, &expected));
        }
        (self.step, self.total_steps) = (done, total_steps);
        Ok(())
    }

    pub(crate) fn begin_step(&mut self) {
        self.step += 1;
    }

    /// What the step's loss has more, `[]`: how far A and B are from orthogonal.
    pub(crate) fn penalty(&self) -> Result<Tensor> {
        let mut distances = Vec::new();
        for Triplets { parts: [a, b, _], .. } in &self.layers {
            let (a, b) = (a.tensor.shallow_clone(), b.tensor.f_transpose(0, 1).at("penalty")?);
            distances.push(distance(&a).at("penalty")?);
            distances.push(distance(&b).at("penalty")?);
        }
        Tensor::f_stack(&distances, 0)
            .and_then(|all| all.f_mean(Kind::Float))
            .and_then(|mean| mean.f_mul_scalar(self.config.orth_reg_weight))
            .at("penalty")
    }

    /// After the weights have moved, with the gradients that moved them.
    pub(crate) fn after_step(&mut self) -> Result<()> {
        let _guard = tch::no_grad_guard();
        let last = self.total_steps.saturating_sub(self.config.tfinal);
        if self.step < last {
            self.layers.iter_mut().flat_map(|layer| &mut layer.parts).try_for_each(|part| {
                part.follow(self.config.beta1, self.config.beta2).at("importance")
            })?;
            if self.step > self.config.tinit && self.step.is_multiple_of(self.config.delta_t) {
                self.prune(self.budget(self.step, last))?;
            }
            return Ok(());
        }
        if self.left()? == self.target() {
            return self.layers.iter().try_for_each(Triplets::zero);
        }
        self.prune(self.target())
    }

    /// Triplets that may be left at a step after `tinit` and before `last`.
    fn budget(&self, step: u64, last: u64) -> usize {
        let (initial, target) = (self.config.init_r * self.layers.len(), self.target());
        let tinit = self.config.tinit;
        let rest = 1.0 - (step - tinit) as f64 / (last - tinit) as f64;
        ((initial - target) as f64 * rest.powi(3) + target as f64) as usize
    }

    /// Triplets that are left at the end.
    fn target(&self) -> usize {
        self.config.target_r * self.layers.len()
    }

    /// Triplets that are left now.
    fn left(&self) -> Result<usize> {
        let mut left = 0.0;
        for layer in &self.layers {
            left += layer
                .kept
                .f_sum(Kind::Double)
                .and_then(|sum| sum.f_double_value(&[]))
                .at("rank pattern")?;
        }
        Ok(left as usize)
    }

    /// Sets all but the `budget` most important triplets to zero.
    fn prune(&self, budget: usize) -> Result<()> {
        let scores = self.layers.iter().map(|layer| layer.scores().at("importance"));
        let scores: Vec<f32> = scores.collect::<Result<Vec<_>>>()?.concat();
        let mut order: Vec<usize> = (0..scores.len()).collect();
        let score = |at: &usize| scores.get(*at).copied().unwrap_or_default();
        order.sort_by(|a, b| score(a).total_cmp(&score(b)));
        let mut kept = vec![1.0_f32; scores.len()];
        for at in order.into_iter().take(scores.len().saturating_sub(budget)) {
            if let Some(kept) = kept.get_mut(at) {
                *kept = 0.0;
            }
        }
        for (layer, kept) in self.layers.iter().zip(kept.chunks(self.config.init_r.max(1))) {
            let column = Tensor::f_from_slice(kept).and_then(|column| column.f_unsqueeze(1));
            layer.kept.shallow_clone().f_copy_(&column.at("rank pattern")?).at("rank pattern")?;
            layer.zero()?;
        }
        Ok(())
    }

    /// What it has to remember between steps, by name.
    pub(crate) fn state(&self) -> Vec<(String, Tensor)> {
        let parts = self.layers.iter().flat_map(|layer| &layer.parts);
        let both = parts
            .flat_map(|part| part.names().into_iter().zip([&part.sensitivity, &part.uncertainty]));
        both.map(|(name, tensor)| (name, tensor.shallow_clone())).collect()
    }

    /// Takes over what [`RankAllocator::state`] gave.
    pub(crate) fn load_state(&self, find: &dyn Fn(&str) -> Option<Tensor>) -> Result<()> {
        for part in self.layers.iter().flat_map(|layer| &layer.parts) {
            for (name, target) in part.names().iter().zip([&part.sensitivity, &part.uncertainty]) {
                let source = find(name).filter(|source| source.size() == target.size());
                let missing = Error::Internal { what: "a checkpoint has the allocator's state" };
                target.shallow_clone().f_copy_(&source.ok_or(missing)?).at("importance")?;
            }
        }
        Ok(())
    }
}

impl Triplets {
    fn new(adapted: &Adapted) -> Result<Self> {
        let missing = || Error::Internal { what: "AdaLoRA's adapters have A, B and E" };
        let Form::Singular { kept, .. } = &adapted.adapter.form else { return Err(missing()) };
        let parts: Vec<_> = adapted.parameters().map(Part::new).collect::<Result<_>>()?;
        let parts = <[Part; 3]>::try_from(parts).map_err(|_| missing())?;
        Ok(Self { parts, kept: kept.shallow_clone() })
    }

    /// How much each triplet matters.
    fn scores(&self) -> Result<Vec<f32>, TchError> {
        let [a, b, e] = &self.parts;
        let mean = |part: &Part, axis: i64| part.score()?.f_mean_dim(axis, false, Kind::Float);
        let sum = e.score()?.f_flatten(0, -1)?.f_add(&mean(a, 1)?.f_add(&mean(b, 0)?)?)?;
        Vec::try_from(sum.f_to_device(Device::Cpu)?)
    }

    /// Sets what is pruned to zero.
    fn zero(&self) -> Result<()> {
        let [_, _, e] = &self.parts;
        e.tensor.f_detach().and_then(|mut e| e.f_mul_(&self.kept)).at("rank pattern").map(|_| ())
    }
}

impl Part {
    fn new((name, tensor): (&str, &Tensor)) -> Result<Self> {
        let zeros = || tensor.f_detach().and_then(|tensor| tensor.f_zeros_like()).at("importance");
        let (sensitivity, uncertainty) = (zeros()?, zeros()?);
        Ok(Self { name: name.to_owned(), tensor: tensor.shallow_clone(), sensitivity, uncertainty })
    }

    fn names(&self) -> [String; 2] {
        ["sensitivity", "uncertainty"].map(|what| format!("{}.{what}", self.name))
    }

    fn follow(&mut self, beta1: f64, beta2: f64) -> Result<(), TchError> {
        let importance = self.tensor.f_mul(&self.tensor.f_grad()?)?.f_abs()?;
        let fresh = importance.f_mul_scalar(1.0 - beta1)?;
        self.sensitivity = self.sensitivity.f_mul_scalar(beta1)?.f_add(&fresh)?;
        let apart = importance.f_sub(&self.sensitivity)?.f_abs()?.f_mul_scalar(1.0 - beta2)?;
        self.uncertainty = self.uncertainty.f_mul_scalar(beta2)?.f_add(&apart)?;
        Ok(())
    }

    fn score(&self) -> Result<Tensor, TchError> {
        self.sensitivity.f_mul(&self.uncertainty)
    }
}

/// `|P Pᵀ - I|`, `[]`.
fn distance(p: &Tensor) -> Result<Tensor, TchError> {
    let product = p.f_matmul(&p.f_transpose(0, 1)?)?;
    let identity =
        Tensor::f_eye(p.size().first().copied().unwrap_or(0), (Kind::Float, p.device()))?;
    product.f_sub(&identity)?.f_norm()
}
