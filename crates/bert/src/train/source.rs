//! Where the trainer gets its batches.

use tunewise_data::{Batch, Batching, Collator, EncodedTexts, Order, Targets, plan};

use crate::Result;

/// Encoded texts with their targets.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Token ids, ragged.
    pub texts: &'a EncodedTexts,
    /// One target a row.
    pub targets: &'a Targets,
    /// The padding token.
    pub pad_id: u32,
    /// The length of every row under [`Batching::MaxLength`].
    pub max_seq_length: usize,
}

impl Source<'_> {
    /// The rows of each batch, in order.
    ///
    /// # Errors
    /// [`crate::Error::Data`] for a batch size of 0 or no rows.
    pub fn plan(
        &self,
        batch_size: usize,
        batching: Batching,
        order: Order,
    ) -> Result<Vec<Vec<usize>>> {
        Ok(plan(&self.texts.lengths(), batch_size, batching, order)?)
    }

    /// Tokens of the rows, padding not counted.
    pub(super) fn tokens(&self, rows: impl Iterator<Item = usize>) -> u64 {
        rows.filter_map(|row| self.texts.row(row)).map(|(ids, _)| ids.len() as u64).sum()
    }

    /// The batch of `rows`, padded by `batching`.
    ///
    /// # Errors
    /// [`crate::Error::Data`] for a row that does not exist.
    pub fn batch(&self, rows: &[usize], batching: Batching) -> Result<Batch> {
        let pad_to = (batching == Batching::MaxLength).then_some(self.max_seq_length);
        let collator =
            Collator { texts: self.texts, targets: self.targets, pad_id: self.pad_id, pad_to };
        Ok(collator.collate(rows)?)
    }
}
