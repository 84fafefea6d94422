//! Prediction on the CPU without libtorch's operators: texts side by side without padding, each batch
//! on one thread, products on the processor's own instructions.
//!
//! The same model as [`BertClassifier`]'s forward pass in `Mode::Eval`. A text's logits do not depend
//! on the texts beside it, nor on the number of threads.

mod backend;
mod embed;
mod layer;
mod load;
mod sentence;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;

use rayon::prelude::*;
use tunewise_data::EncodedTexts;
use tunewise_kernels::{Isa, Operand, Weights};

pub use tunewise_kernels::Precision as EnginePrecision;

pub use self::backend::{Backend, Fallback, InferencePrecision};
pub use self::sentence::SentenceEmbedder;

use self::embed::Embeddings;
use self::layer::{Layer, Packed, Scratch};
use crate::{BertClassifier, BertConfig, Checkpoint, Error, Result};

/// Tokens of a batch: enough to reuse what is read of the weights, few enough to stay in the cache.
const BATCH_TOKENS: usize = 512;

/// A model's weights packed for prediction in one precision.
pub struct Engine {
    isa: Isa,
    precision: EnginePrecision,
    embeddings: Embeddings,
    layers: Vec<Layer>,
    pooler: Weights,
    classifier: Weights,
    hidden_size: usize,
    num_labels: usize,
    max_positions: usize,
    pool: rayon::ThreadPool,
}

impl Engine {
    /// Packs the model's weights; `threads` texts' batches run at a time.
    ///
    /// # Errors
    /// [`Error::Torch`] if a weight cannot be copied, [`Error::Kernel`] if one has not the shape that
    /// the configuration says, [`Error::Pool`] if threads cannot be started.
    pub fn new(model: &BertClassifier, precision: EnginePrecision, threads: usize) -> Result<Self> {
        Self::of(&load::Named::Model(model), model.config(), precision, threads)
    }

    /// Packs a folder's weights as they are read, without a model of libtorch's.
    ///
    /// # Errors
    /// Those of [`BertClassifier::from_checkpoint`] with [`Head::Kept`](crate::Head::Kept); a pooler
    /// must be there too.
    pub fn from_checkpoint(
        checkpoint: Checkpoint,
        precision: EnginePrecision,
        threads: usize,
    ) -> Result<Self> {
        let (config, tensors) = checkpoint.into_tensors()?;
        Self::of(&load::Named::Stored(tensors), &config, precision, threads)
    }

    fn of(
        names: &load::Named<'_>,
        config: &BertConfig,
        precision: EnginePrecision,
        threads: usize,
    ) -> Result<Self> {
        let last = config.num_hidden_layers.saturating_sub(1);
        let layers = (0..config.num_hidden_layers)
            .map(|layer| Layer::new(names, config, (layer, layer == last), precision))
            .collect::<Result<_>>()?;
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|thread| format!("tunewise-predict-{thread}"))
            .build()
            .map_err(|source| Error::Pool { threads, source })?;
        Ok(Self {
            isa: Isa::detect(),
            precision,
            embeddings: Embeddings::new(names, config)?,
            layers,
            pooler: names.linear("bert.pooler.dense", EnginePrecision::Fp32)?,
            classifier: names.linear("classifier", EnginePrecision::Fp32)?,
            hidden_size: config.hidden_size,
            num_labels: config.num_labels(),
            max_positions: config.max_position_embeddings,
            pool,
        })
    }

    /// Logits `[rows, num_labels]` of all rows, in order; at most `batch_size` rows pass through the
    /// layers together.
    ///
    /// # Errors
    /// [`Error::SequenceTooLong`] for a row of more tokens than the model has positions,
    /// [`Error::VocabularyTooSmall`] for an id without an embedding.
    pub fn logits(&self, rows: &EncodedTexts, batch_size: usize) -> Result<Vec<f32>> {
        let batches = batches(&rows.lengths(), self.pool.current_num_threads(), batch_size);
        let done: Vec<(Vec<usize>, Vec<f32>)> = self.pool.install(|| {
            let run = |scratch: &mut Scratch, batch: Vec<usize>| {
                let logits = self.batch(rows, &batch, scratch)?;
                Ok((batch, logits))
            };
            batches.into_par_iter().map_init(Scratch::default, run).collect::<Result<_>>()
        })?;
        let mut logits = vec![0.0; rows.len() * self.num_labels];
        for (batch, values) in done {
            for (row, values) in batch.into_iter().zip(values.chunks_exact(self.num_labels.max(1)))
            {
                let place = logits.get_mut(row * self.num_labels..(row + 1) * self.num_labels);
                place
                    .ok_or(Error::Internal { what: "a batch names rows" })?
                    .copy_from_slice(values);
            }
        }
        Ok(logits)
    }

    /// Logits `[batch, num_labels]` of a few rows, on this thread.
    fn batch(
        &self,
        rows: &EncodedTexts,
        batch: &[usize],
        scratch: &mut Scratch,
    ) -> Result<Vec<f32>> {
        let texts = texts_of(rows, batch, self.max_positions)?;
        let lengths: Vec<usize> = texts.iter().map(|(ids, _)| ids.len()).collect();
        let mut packed = Packed { hidden: Vec::new(), lengths };
        self.embeddings.forward(self.isa, &texts, &mut packed.hidden)?;
        for layer in &self.layers {
            layer.forward(self.isa, &mut packed, scratch)?;
        }
        self.head(&packed.hidden)
    }

    /// Logits `[batch, num_labels]` of the first tokens `[batch, hidden]`.
    fn head(&self, first: &[f32]) -> Result<Vec<f32>> {
        let rows = first.len() / self.hidden_size.max(1);
        let product = |weights: &Weights, x: &[f32]| -> Result<Vec<f32>> {
            let mut operand = Operand::new(EnginePrecision::Fp32, self.hidden_size);
            operand.fill(self.isa, x);
            let mut out = vec![0.0; rows * weights.outputs()];
            weights.multiply(self.isa, &operand, &mut out)?;
            Ok(out)
        };
        let mut pooled = product(&self.pooler, first)?;
        tunewise_kernels::tanh(self.isa, &mut pooled);
        product(&self.classifier, &pooled)
    }
}

/// Token ids and segments of the rows of a batch.
fn texts_of<'r>(
    rows: &'r EncodedTexts,
    batch: &[usize],
    max_position_embeddings: usize,
) -> Result<Vec<(&'r [u32], &'r [u8])>> {
    let row = |row: &usize| {
        let text = rows.row(*row).ok_or(Error::Internal { what: "a batch names rows" })?;
        match text.0.len() {
            length if length > max_position_embeddings => {
                Err(Error::SequenceTooLong { length, max_position_embeddings })
            }
            _ => Ok(text),
        }
    };
    batch.iter().map(row).collect()
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { isa, precision, .. } = self;
        f.debug_struct("Engine")
            .field("precision", precision)
            .field("isa", isa)
            .finish_non_exhaustive()
    }
}

/// Rows in batches of about as many tokens each, as many for every thread, so that the threads end
/// together; each thread gets one where there are as many rows.
///
/// The longest row first, each goes to the batch with the fewest tokens (R. L. Graham 1969, *Bounds on
/// Multiprocessing Timing Anomalies*).
fn batches(lengths: &[u32], threads: usize, batch_size: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<(u32, usize)> = lengths.iter().copied().zip(0..).collect();
    order.sort_unstable_by_key(|&(length, row)| (Reverse(length), row));
    let total: usize = lengths.iter().map(|&length| length as usize).sum();
    let (threads, batch_size) = (threads.max(1), batch_size.max(1));
    let needed = total.div_ceil(BATCH_TOKENS).max(lengths.len().div_ceil(batch_size));
    let count = needed.next_multiple_of(threads).max(threads).min(lengths.len());
    let mut batches = vec![Vec::new(); count];
    let mut least: BinaryHeap<_> = (0..count).map(|batch| Reverse((0, batch))).collect();
    for (length, row) in order {
        let Some(Reverse((tokens, place))) = least.pop() else { break }; // there is room for every row
        let Some(batch) = batches.get_mut(place) else { break };
        batch.push(row);
        if batch.len() < batch_size {
            least.push(Reverse((tokens + length as usize, place)));
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_row_stands_once_and_no_thread_waits_longer_than_for_one_row(
            lengths in prop::collection::vec(2u32..513, 0..200),
            threads in 1usize..9,
            batch_size in 1usize..65,
        ) {
            let batches = batches(&lengths, threads, batch_size);
            let mut rows = batches.concat();
            rows.sort_unstable();
            prop_assert_eq!(rows, (0..lengths.len()).collect::<Vec<_>>());
            prop_assert!(batches.iter().all(|batch| (1..=batch_size).contains(&batch.len())));
            let tokens = |batch: &Vec<usize>| batch.iter().map(|&row| lengths[row]).sum::<u32>();
            let open = batches.iter().filter(|batch| batch.len() < batch_size).map(tokens);
            if let (Some(most), Some(least)) = (batches.iter().map(tokens).max(), open.min()) {
                prop_assert!(most - least.min(most) <= lengths.iter().copied().max().unwrap_or(0));
            }
            if lengths.len() >= threads {
                prop_assert!(batches.len().is_multiple_of(threads) || batches.len() == lengths.len());
            }
        }
    }
}
