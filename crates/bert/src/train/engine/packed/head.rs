//! Pooler, classifier and loss of a whole micro-batch.

use tch::Tensor;
use tunewise_kernels::train::{Finish, Pairs, Rows, padded, round};

use super::forward::{HEAD, Setting};
use super::parameters::Linear;
use super::part::{Part, size};
use crate::Result;
use crate::error::Context;
use crate::train::objective;

/// Pooler and classifier, with their buffers.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) pooler: Linear,
    pub(super) classifier: Linear,
    first: Vec<u16>,       // [batch, hidden]
    pooled: Vec<f32>,      // [batch, hidden]
    dropped_out: Vec<u16>, // [batch, hidden]
    gradient: Vec<f32>,    // [batch, hidden]
    /// Of pooler and classifier, outputs' and inputs' side of the weights' gradients.
    pub(super) sides: [[Pairs; 2]; 2],
}

/// What a micro-batch's loss is made of.
#[derive(Clone, Copy)]
pub(super) struct Objective<'a> {
    pub(super) loss: &'a objective::Objective<'a>,
    pub(super) weight: f64,
    /// Absent where the rows have none.
    pub(super) labels: Option<&'a Tensor>,
    /// The rows' numbers.
    pub(super) rows: &'a [usize],
}

impl Head {
    pub(super) fn new(pooler: Linear, classifier: Linear) -> Self {
        Self {
            pooler,
            classifier,
            first: Vec::new(),
            pooled: Vec::new(),
            dropped_out: Vec::new(),
            gradient: Vec::new(),
            sides: Default::default(),
        }
    }

    /// From the parts' first tokens to the loss and back to their gradients; the share of the loss.
    pub(super) fn run(
        &mut self,
        parts: &mut [Part],
        objective: Objective<'_>,
        set: Setting,
    ) -> Result<f64> {
        let logits = self.forward(parts, set)?;
        let (loss, gradient) = self.loss(&logits, objective)?;
        self.backward(&gradient, set)?;
        let hidden = set.hidden;
        for part in parts {
            size(&mut part.gradient, part.texts.len() * hidden);
            for (text, out) in part.texts.iter().zip(part.gradient.chunks_exact_mut(hidden)) {
                let from = text.number * hidden;
                out.copy_from_slice(&self.gradient[from..from + hidden]);
            }
        }
        Ok(loss)
    }

    /// Logits `[batch, num_labels]`.
    fn forward(&mut self, parts: &[Part], set: Setting) -> Result<Vec<f32>> {
        let hidden = set.hidden;
        let batch: usize = parts.iter().map(|part| part.texts.len()).sum();
        for buffer in [&mut self.pooled, &mut self.gradient] {
            size(buffer, batch * hidden);
        }
        for buffer in [&mut self.first, &mut self.dropped_out] {
            size(buffer, batch * hidden);
        }
        for part in parts {
            for (text, x) in part.texts.iter().zip(part.hidden.chunks_exact(hidden)) {
                let rows = text.number * hidden..(text.number + 1) * hidden;
                round(set.isa, x, hidden, &mut self.first[rows]);
            }
        }
        let pooler = &self.pooler;
        let mut to = Finish::Fp32 { bias: &pooler.bias.value, out: &mut self.pooled };
        pooler.packed.multiply(set.isa, &self.first, &mut to)?;
        tunewise_kernels::tanh(set.isa, &mut self.pooled);
        self.gradient.copy_from_slice(&self.pooled);
        self.drop(set);
        round(set.isa, &self.gradient, hidden, &mut self.dropped_out);
        let classifier = &self.classifier;
        let mut logits = vec![0.0; batch * classifier.outputs()];
        let mut to = Finish::Fp32 { bias: &classifier.bias.value, out: &mut logits };
        classifier.packed.multiply(set.isa, &self.dropped_out, &mut to)?;
        Ok(logits)
    }

    /// Dropout of `gradient`, by text.
    fn drop(&mut self, set: Setting) {
        let places: Vec<_> =
            (0..self.gradient.len() / set.hidden).map(|text| [text as u32, 0]).collect();
        set.head_dropout.at(HEAD).apply(set.isa, &mut self.gradient, &places);
    }

    /// The objective's own value and gradient, by libtorch.
    fn loss(&self, logits: &[f32], objective: Objective<'_>) -> Result<(f64, Vec<f32>)> {
        let labels = self.classifier.outputs() as i64;
        let logits = Tensor::f_from_slice(logits)
            .and_then(|logits| logits.f_view([-1, labels]))
            .and_then(|logits| logits.f_set_requires_grad(true))
            .at("logits")?;
        let sum = objective.loss.sum(&logits, objective.labels, objective.rows)?;
        let loss = sum.f_div_scalar(objective.weight).at("mean loss")?;
        loss.f_backward().at("backward")?;
        let gradient =
            logits.f_grad().and_then(|g| g.f_contiguous()).at("gradient of the logits")?;
        let value = loss.f_double_value(&[]).at("loss")?;
        let mut numbers = vec![0.0; gradient.numel()];
        let count = numbers.len();
        gradient.f_copy_data(&mut numbers, count).at("gradient of the logits")?;
        Ok((value, numbers))
    }

    /// From the gradient of the logits to that of first tokens, `gradient`.
    fn backward(&mut self, logits: &[f32], set: Setting) -> Result<()> {
        let hidden = set.hidden;
        let labels = self.classifier.outputs();
        let zeros = vec![0.0; hidden];
        let mut g = vec![0; logits.len() / labels * padded(labels)];
        round(set.isa, logits, labels, &mut g);
        let mut to = Finish::Fp32 { bias: &zeros, out: &mut self.gradient };
        self.classifier.packed.multiply_back(set.isa, &g, &mut to)?;
        sides(&mut self.sides[1], (&g, &self.dropped_out), &mut self.classifier, set);

        self.drop(set);
        for (g, y) in self.gradient.iter_mut().zip(&self.pooled) {
            *g *= 1.0 - y * y; // the slope of tanh
        }
        g.resize(self.gradient.len(), 0);
        round(set.isa, &self.gradient, hidden, &mut g);
        let mut to = Finish::Fp32 { bias: &zeros, out: &mut self.gradient };
        self.pooler.packed.multiply_back(set.isa, &g, &mut to)?;
        sides(&mut self.sides[0], (&g, &self.first), &mut self.pooler, set);
        Ok(())
    }
}

/// Both sides of a weight's gradient, and the bias's gradient.
fn sides(
    [outputs, inputs]: &mut [Pairs; 2],
    (g, x): (&[u16], &[u16]),
    linear: &mut Linear,
    set: Setting,
) {
    let mut sums = vec![0.0; linear.outputs()];
    outputs.fill_left(set.isa, Rows { x: g, width: linear.outputs() }, &mut sums);
    inputs.fill_right(set.isa, Rows { x, width: linear.inputs() });
    tunewise_kernels::train::add(set.isa, &sums, &mut linear.bias.slot.gradient);
}
