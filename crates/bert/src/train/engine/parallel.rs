//! The general engine in a group of processes that compute one window together.

use std::rc::Rc;

use tch::Tensor;
use tunewise_torch::ProcessGroup;

use super::general::GeneralEngine;
use super::{Measured, MicroBatch, StepEngine};
use crate::{BertClassifier, Result};

/// Computes every `world_size`-th micro-batch of a window and sums gradients and loss over the group.
/// As each row's loss was divided by the whole window's denominator, the sum is the window's mean, also
/// where a last window has fewer micro-batches than there are processes. Every process then clips and
/// moves the same weights by the same numbers.
pub(super) struct ParallelEngine {
    inner: GeneralEngine,
    group: Rc<ProcessGroup>,
    /// Micro-batches since the step began.
    micro_batches: usize,
}

impl ParallelEngine {
    pub(super) fn new(inner: GeneralEngine, group: Rc<ProcessGroup>) -> Self {
        Self { inner, group, micro_batches: 0 }
    }
}

impl StepEngine for ParallelEngine {
    fn begin_run(&mut self, total_steps: u64, done: u64) -> Result<()> {
        self.inner.begin_run(total_steps, done)
    }

    fn begin_step(&mut self, stream: i64) {
        self.micro_batches = 0;
        self.inner.begin_step(stream);
    }

    fn accumulate(&mut self, model: &BertClassifier, batch: &MicroBatch<'_>) -> Result<()> {
        let owner = self.micro_batches % self.group.world_size();
        self.micro_batches += 1;
        if owner == self.group.rank() {
            return self.inner.accumulate(model, batch);
        }
        self.inner.pass_over();
        Ok(())
    }

    fn clip_grad_norm(&mut self, max_grad_norm: f64) -> Result<Measured> {
        self.inner.reduce(&self.group)?;
        self.inner.clip_grad_norm(max_grad_norm)
    }

    fn step(&mut self, learning_rate: f64) -> Result<()> {
        self.inner.step(learning_rate)
    }

    fn zero_grad(&mut self) -> Result<()> {
        self.inner.zero_grad()
    }

    fn sync(&mut self, model: &BertClassifier) -> Result<()> {
        self.inner.sync(model)
    }

    /// The first process has a micro-batch of every window; others may have none.
    fn without_gradient(&self, model: &BertClassifier) -> Vec<String> {
        if self.group.rank() == 0 { self.inner.without_gradient(model) } else { Vec::new() }
    }

    fn state(&mut self) -> Result<Vec<(String, Tensor)>> {
        self.inner.state()
    }

    fn load_state(&mut self, find: &dyn Fn(&str) -> Option<Tensor>) -> Result<()> {
        self.inner.load_state(find)
    }
}
