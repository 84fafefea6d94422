//! Which rows share a batch, and in which order; pure functions of their arguments.

use std::fmt;
use std::str::FromStr;

use rand_mt::Mt;
use serde::{Deserialize, Serialize};

use crate::budget::cut_evenly;
use crate::{Error, Result};

/// How rows are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Batching {
    /// In order, every row padded to the maximum length.
    MaxLength,
    /// In order, every row padded to the longest of its batch.
    Longest,
    /// Rows of like length together, padded to the longest of the batch.
    ByLength,
    /// The same, but the longer its rows, the fewer a batch has: all take about as many tokens, padding
    /// included, and an epoch as many batches as otherwise.
    TokenBudget,
    /// In order, rows side by side without padding. Only what takes rows of any length can use it.
    Packed,
}

impl Batching {
    const NAMES: [(Self, &str); 5] = [
        (Self::MaxLength, "max-length"),
        (Self::Longest, "longest"),
        (Self::ByLength, "by-length"),
        (Self::TokenBudget, "token-budget"),
        (Self::Packed, "packed"),
    ];
}

impl fmt::Display for Batching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            Self::NAMES.iter().find(|(known, _)| known == self).map_or("", |(_, name)| name),
        )
    }
}

impl FromStr for Batching {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let found =
            Self::NAMES.iter().find(|(_, known)| *known == name).map(|(batching, _)| *batching);
        found.ok_or_else(|| Error::Argument {
            name: "batching",
            got: name.to_owned(),
            expected: "by-length, token-budget, packed, longest or max-length",
        })
    }
}

/// The order of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// As they are; with [`Batching::ByLength`] and [`Batching::TokenBudget`] sorted, the longest first, so that a lack of memory
    /// shows at once.
    Sequential,
    /// That of Transformers' `Trainer`: [`transformers_permutation`] of `seed + epoch`.
    Shuffled {
        /// The run's seed.
        seed: u64,
        /// Epochs done.
        epoch: u64,
    },
}

/// `torch.randperm(n)` of a generator seeded with `seed`, of which PyTorch's Mersenne Twister uses
/// the low 32 bits.
///
/// # Reference
/// `SeedableRandomSampler` of accelerate, which `Trainer` uses, and `randperm_cpu` of PyTorch.
///
/// ```
/// // torch.randperm(5, generator=torch.Generator().manual_seed(42))
/// assert_eq!(tunewise_data::transformers_permutation(5, 42), [2, 4, 3, 0, 1]);
/// ```
#[must_use]
pub fn transformers_permutation(n: usize, seed: u64) -> Vec<usize> {
    permutation_of((0..n).collect(), seed)
}

/// The items in the order of [`transformers_permutation`].
pub(crate) fn permutation_of<T>(mut items: Vec<T>, seed: u64) -> Vec<T> {
    let mut generator = Mt::new(seed as u32);
    let n = items.len();
    for i in 0..n.saturating_sub(1) {
        items.swap(i, i + generator.next_u32() as usize % (n - i));
    }
    items
}

/// Batches of a pool of this many rows each are cut from rows sorted by length: enough for little
/// padding, few enough that an epoch's order stays random.
const POOL: usize = 50;

/// The rows of each batch; every row stands in one batch, the last may be short.
///
/// # Errors
/// [`Error::Argument`] for a batch size of 0.
///
/// ```
/// use tunewise_data::{Batching, Order, plan};
///
/// # fn main() -> tunewise_data::Result<()> {
/// let lengths = [3, 9, 4, 8];
/// let batches = plan(&lengths, 2, Batching::ByLength, Order::Sequential)?;
/// assert_eq!(batches, [[1, 3], [2, 0]]);
/// # Ok(())
/// # }
/// ```
pub fn plan(
    lengths: &[u32],
    batch_size: usize,
    batching: Batching,
    order: Order,
) -> Result<Vec<Vec<usize>>> {
    if batch_size == 0 {
        return Err(Error::Argument {
            name: "batch_size",
            got: "0".to_owned(),
            expected: "1 or more",
        });
    }
    let rows: Vec<usize> = match order {
        Order::Sequential => (0..lengths.len()).collect(),
        Order::Shuffled { seed, epoch } => {
            transformers_permutation(lengths.len(), seed.wrapping_add(epoch))
        }
    };
    if !matches!(batching, Batching::ByLength | Batching::TokenBudget) {
        return Ok(rows.chunks(batch_size).map(<[usize]>::to_vec).collect());
    }
    let pool_size = match order {
        Order::Sequential => rows.len().max(1),
        Order::Shuffled { .. } => batch_size.saturating_mul(POOL),
    };
    let batches = rows.chunks(pool_size).flat_map(|pool| {
        let mut pool: Vec<(u32, usize)> =
            pool.iter().map(|&row| (lengths.get(row).copied().unwrap_or_default(), row)).collect();
        pool.sort_by_key(|&(length, _)| std::cmp::Reverse(length));
        match batching {
            Batching::TokenBudget => cut_evenly(&pool, pool.len().div_ceil(batch_size)),
            _ => pool.chunks(batch_size).map(|rows| rows.iter().map(|r| r.1).collect()).collect(),
        }
    });
    Ok(match order {
        Order::Sequential => batches.collect(),
        Order::Shuffled { seed, epoch } => {
            permutation_of(batches.collect(), seed.wrapping_add(epoch))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back() {
        for (batching, name) in Batching::NAMES {
            assert_eq!(
                (name.parse::<Batching>().unwrap(), batching.to_string()),
                (batching, name.to_owned())
            );
        }
    }

    #[test]
    fn a_token_budget_makes_as_many_batches_of_like_size() {
        let lengths: Vec<u32> = (0..1000).map(|row| 5 + row * 37 % 120).collect();
        let plan =
            |batching| plan(&lengths, 16, batching, Order::Shuffled { seed: 1, epoch: 2 }).unwrap();
        let (even, plain) = (plan(Batching::TokenBudget), plan(Batching::ByLength));
        assert_eq!(even.len(), plain.len());
        let mut rows = even.concat();
        rows.sort_unstable();
        assert_eq!(rows, (0..1000).collect::<Vec<_>>());
        let largest = |batches: &[Vec<usize>]| {
            let size = |rows: &Vec<usize>| {
                rows.len() as u32 * rows.iter().map(|&row| lengths[row]).max().unwrap()
            };
            batches.iter().map(size).max().unwrap()
        };
        assert!(largest(&even) * 3 < largest(&plain) * 2, "{} {}", largest(&even), largest(&plain));
    }
}
