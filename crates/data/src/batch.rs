//! Rows padded to one length.

use crate::encoded::EncodedTexts;
use crate::labels::Targets;
use crate::{Error, Result};

/// The targets of a batch.
#[derive(Debug, Clone, PartialEq)]
pub enum BatchTargets {
    /// Rows without labels.
    None,
    /// Class ids `[batch]`.
    Classes(Vec<i64>),
    /// Marks of 0 and 1 `[batch, num_labels]`.
    MultiHot(Vec<f32>),
    /// Numbers `[batch]`.
    Values(Vec<f32>),
}

/// A batch on the host; matrices are row-major `[batch, seq]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// Token ids.
    pub input_ids: Vec<i64>,
    /// 1 at real tokens, 0 at padding.
    pub attention_mask: Vec<i64>,
    /// Segment ids.
    pub token_type_ids: Vec<i64>,
    /// The rows' numbers in their data set.
    pub rows: Vec<usize>,
    /// Tokens a row, padding included.
    pub seq_len: usize,
    /// Whether there is any padding.
    pub padded: bool,
    /// One target a row.
    pub targets: BatchTargets,
}

impl Batch {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Tokens that are not padding.
    #[must_use]
    pub fn real_tokens(&self) -> u64 {
        self.attention_mask.iter().map(|&mark| mark as u64).sum()
    }
}

/// Makes batches of rows.
///
/// ```
/// use tunewise_data::{Casing, Collator, Dataset, Example, Targets, Tokenizer};
///
/// # fn main() -> tunewise_data::Result<()> {
/// let vocab = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\ngood\nvery\n";
/// let tokenizer = Tokenizer::from_vocab_text(vocab, Casing::Uncased)?;
/// let row = |text: &str| Example { text: text.into(), text_pair: None, label: None, line: 0 };
/// let dataset = Dataset::new("memory", vec![row("Good"), row("very good")], None);
/// let texts = tokenizer.encode_dataset(&dataset, 16)?;
/// let collator = Collator { texts: &texts, targets: &Targets::None, pad_id: tokenizer.pad_id(), pad_to: None };
/// let batch = collator.collate(&[0, 1])?;
/// assert_eq!(batch.input_ids, [2, 5, 3, 0, 2, 6, 5, 3]); // [2, 4]
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Collator<'a> {
    /// Token ids.
    pub texts: &'a EncodedTexts,
    /// Targets of all rows.
    pub targets: &'a Targets,
    /// The padding token.
    pub pad_id: u32,
    /// The least length of a batch; `None` pads to its longest row only.
    pub pad_to: Option<usize>,
}

impl Collator<'_> {
    /// The batch of those rows, in their order.
    ///
    /// # Errors
    /// [`Error::Argument`] for a number that is not a row.
    pub fn collate(&self, rows: &[usize]) -> Result<Batch> {
        let texts = rows
            .iter()
            .map(|&row| self.texts.row(row).ok_or_else(|| no_row(row)))
            .collect::<Result<Vec<_>>>()?;
        let longest = texts.iter().map(|(ids, _)| ids.len()).max().unwrap_or_default();
        let seq_len = longest.max(self.pad_to.unwrap_or_default());
        let size = rows.len() * seq_len;
        let mut batch = Batch {
            input_ids: Vec::with_capacity(size),
            attention_mask: Vec::with_capacity(size),
            token_type_ids: Vec::with_capacity(size),
            rows: rows.to_vec(),
            seq_len,
            padded: texts.iter().any(|(ids, _)| ids.len() < seq_len),
            targets: self.targets(rows)?,
        };
        for (ids, types) in texts {
            let end = batch.input_ids.len() + seq_len;
            batch.input_ids.extend(ids.iter().map(|&id| i64::from(id)));
            batch.attention_mask.extend(ids.iter().map(|_| 1));
            batch.token_type_ids.extend(types.iter().map(|&id| i64::from(id)));
            batch.input_ids.resize(end, i64::from(self.pad_id));
            batch.attention_mask.resize(end, 0);
            batch.token_type_ids.resize(end, 0);
        }
        Ok(batch)
    }

    fn targets(&self, rows: &[usize]) -> Result<BatchTargets> {
        Ok(match self.targets {
            Targets::None => BatchTargets::None,
            Targets::Classes(all) => BatchTargets::Classes(gather(all, 1, rows)?),
            Targets::MultiHot { num_labels, values } => {
                BatchTargets::MultiHot(gather(values, *num_labels, rows)?)
            }
            Targets::Values(all) => BatchTargets::Values(gather(all, 1, rows)?),
        })
    }
}

/// The stretches of `width` values that belong to the rows.
fn gather<T: Copy>(all: &[T], width: usize, rows: &[usize]) -> Result<Vec<T>> {
    let mut out = Vec::with_capacity(rows.len() * width);
    for &row in rows {
        out.extend_from_slice(all.get(row * width..(row + 1) * width).ok_or_else(|| no_row(row))?);
    }
    Ok(out)
}

fn no_row(row: usize) -> Error {
    Error::Argument { name: "rows", got: row.to_string(), expected: "a row of the data set" }
}
