//! Which rows belong to which optimizer step.

use tunewise_data::{Batching, Order};

use super::config::TrainConfig;
use super::source::Source;
use crate::{Error, Result};

/// Gives the window of any optimizer step; the rows are a function of seed and step alone, so a
/// resumed run goes on where it was.
#[derive(Debug)]
pub(super) struct Windows<'a> {
    source: &'a Source<'a>,
    batch_size: usize,
    accumulation: usize,
    batching: Batching,
    shuffle_seed: Option<u64>,
    per_epoch: u64,
    planned: Option<(u64, Vec<Vec<usize>>)>,
}

/// The micro-batches of one optimizer step; a window never crosses an epoch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window<'a> {
    /// The epoch, counted from 0.
    pub(super) epoch: u64,
    /// Its place in the epoch, counted from 0.
    pub(super) number: u64,
    /// Windows of an epoch.
    pub(super) per_epoch: u64,
    /// Row numbers by micro-batch.
    pub(super) batches: &'a [Vec<usize>],
}

impl<'a> Windows<'a> {
    /// `devices` compute a micro-batch each at the same time.
    pub(super) fn new(source: &'a Source<'a>, config: &TrainConfig, devices: usize) -> Self {
        let batch_size = config.per_device_train_batch_size;
        let accumulation = config.gradient_accumulation_steps.saturating_mul(devices);
        Self {
            source,
            batch_size,
            accumulation,
            batching: config.batching,
            shuffle_seed: config.shuffle.then_some(config.seed),
            per_epoch: source.texts.len().div_ceil(batch_size).div_ceil(accumulation) as u64,
            planned: None,
        }
    }

    pub(super) fn per_epoch(&self) -> u64 {
        self.per_epoch
    }

    /// The window of optimizer step `step`, counted from 0.
    pub(super) fn at(&mut self, step: u64) -> Result<Window<'_>> {
        let per_epoch = self.per_epoch.max(1);
        let (epoch, number) = (step / per_epoch, step % per_epoch);
        let planned = match self.planned.take() {
            Some(planned) if planned.0 == epoch => planned,
            _ => (epoch, self.source.plan(self.batch_size, self.batching, self.order(epoch))?),
        };
        let (_, plan) = self.planned.insert(planned);
        let batches = plan
            .chunks(self.accumulation)
            .nth(number as usize)
            .ok_or(Error::Internal { what: "an epoch has a window for each of its steps" })?;
        Ok(Window { epoch, number, per_epoch, batches })
    }

    fn order(&self, epoch: u64) -> Order {
        self.shuffle_seed.map_or(Order::Sequential, |seed| Order::Shuffled { seed, epoch })
    }
}

impl Window<'_> {
    /// All row numbers.
    pub(super) fn rows(&self) -> impl Iterator<Item = usize> {
        self.batches.iter().flatten().copied()
    }
}
