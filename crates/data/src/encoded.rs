//! Token ids of many texts, without padding.

use crate::{Error, Result};

/// Token ids and segment ids of texts, ragged: each row has its own length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedTexts {
    input_ids: Vec<u32>,
    token_type_ids: Vec<u8>,
    /// Row `i` is `offsets[i]..offsets[i + 1]`.
    offsets: Vec<usize>,
    truncated: usize,
}

/// Token lengths of rows, after truncation.
#[derive(Debug, Clone, PartialEq)]
pub struct LengthStatistics {
    /// The shortest.
    pub min: u32,
    /// The mean.
    pub mean: f64,
    /// The median.
    pub p50: u32,
    /// The 90th percentile.
    pub p90: u32,
    /// The 99th percentile.
    pub p99: u32,
    /// The longest.
    pub max: u32,
    /// All tokens.
    pub total: u64,
    /// Rows that truncation shortened.
    pub truncated: usize,
}

/// One row on its way in.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) input_ids: Vec<u32>,
    pub(crate) token_type_ids: Vec<u8>,
    pub(crate) truncated: bool,
}

impl FromIterator<Row> for EncodedTexts {
    fn from_iter<I: IntoIterator<Item = Row>>(rows: I) -> Self {
        let mut texts = Self {
            input_ids: Vec::new(),
            token_type_ids: Vec::new(),
            offsets: vec![0],
            truncated: 0,
        };
        for row in rows {
            texts.input_ids.extend(row.input_ids);
            texts.token_type_ids.extend(row.token_type_ids);
            texts.offsets.push(texts.input_ids.len());
            texts.truncated += usize::from(row.truncated);
        }
        texts
    }
}

impl EncodedTexts {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds the rows of `other` after its own.
    pub fn append(&mut self, other: &Self) {
        let start = self.input_ids.len();
        self.input_ids.extend_from_slice(&other.input_ids);
        self.token_type_ids.extend_from_slice(&other.token_type_ids);
        self.offsets.extend(other.offsets.iter().skip(1).map(|end| start + end));
        self.truncated += other.truncated;
    }

    /// The rows of those numbers, in their order.
    ///
    /// # Errors
    /// [`Error::Argument`] for a number that is not a row.
    pub fn select(&self, rows: &[usize]) -> Result<Self> {
        let row = |&row: &usize| {
            let fault =
                || Error::Argument { name: "rows", got: row.to_string(), expected: "a row number" };
            let (input_ids, token_type_ids) = self.row(row).ok_or_else(fault)?;
            let (input_ids, token_type_ids) = (input_ids.to_vec(), token_type_ids.to_vec());
            Ok(Row { input_ids, token_type_ids, truncated: false })
        };
        rows.iter().map(row).collect()
    }

    /// Token ids and segment ids of a row.
    #[must_use]
    pub fn row(&self, row: usize) -> Option<(&[u32], &[u8])> {
        let span = *self.offsets.get(row)?..*self.offsets.get(row + 1)?;
        Some((self.input_ids.get(span.clone())?, self.token_type_ids.get(span)?))
    }

    /// Tokens of each row.
    #[must_use]
    pub fn lengths(&self) -> Vec<u32> {
        self.offsets.iter().zip(self.offsets.iter().skip(1)).map(|(a, b)| (b - a) as u32).collect()
    }

    /// Tokens of all rows.
    #[must_use]
    pub fn total_tokens(&self) -> u64 {
        self.input_ids.len() as u64
    }

    /// The largest id; `None` without tokens.
    #[must_use]
    pub fn max_id(&self) -> Option<u32> {
        self.input_ids.iter().copied().max()
    }

    /// Statistics of the rows' lengths, percentiles by nearest rank.
    #[must_use]
    pub fn statistics(&self) -> LengthStatistics {
        let mut lengths = self.lengths();
        lengths.sort_unstable();
        let rank = |share: f64| {
            let rank = (share * lengths.len() as f64).ceil() as usize;
            lengths.get(rank.saturating_sub(1)).copied().unwrap_or_default()
        };
        LengthStatistics {
            min: rank(0.0),
            mean: self.total_tokens() as f64 / lengths.len().max(1) as f64,
            p50: rank(0.5),
            p90: rank(0.9),
            p99: rank(0.99),
            max: rank(1.0),
            total: self.total_tokens(),
            truncated: self.truncated,
        }
    }
}
