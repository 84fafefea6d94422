//! Held-out rows.

use std::collections::BTreeMap;

use crate::dataset::{Dataset, Label};
use crate::order::permutation_of;
use crate::{Error, Result};

/// Row numbers of the two sides, each ascending; together they are all rows, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// The rows that stay.
    pub train: Vec<usize>,
    /// The rows held out.
    pub held_out: Vec<usize>,
}

/// Holds out a share of every class, chosen by `seed`; rows of several labels or numbers count as one
/// class. A class gives `held_out` of its rows, rounded, but at least one and not all where it has
/// two or more.
///
/// # Errors
/// [`Error::Argument`] for a share outside (0, 1), or one that leaves a side empty.
///
/// ```
/// use tunewise_data::{Dataset, Example, Label, split};
///
/// # fn main() -> tunewise_data::Result<()> {
/// let row = |i: u64| Example {
///     text: format!("text {i}"), text_pair: None, label: Some(Label::Class((i % 2).to_string())), line: i,
/// };
/// let dataset = Dataset::new("memory", (0..10).map(row).collect(), None);
/// let split = split::stratified(&dataset, 0.2, 42)?;
/// assert_eq!((split.train.len(), split.held_out.len()), (8, 2));
/// # Ok(())
/// # }
/// ```
pub fn stratified(dataset: &Dataset, held_out: f64, seed: u64) -> Result<Split> {
    let fault =
        |expected| Error::Argument { name: "held_out", got: held_out.to_string(), expected };
    if !(held_out > 0.0 && held_out < 1.0) {
        return Err(fault("a share above 0 and below 1"));
    }
    let mut classes: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (row, example) in dataset.examples().iter().enumerate() {
        let class = match &example.label {
            Some(Label::Class(name)) => name,
            _ => "",
        };
        classes.entry(class).or_default().push(row);
    }
    let mut split = Split { train: Vec::new(), held_out: Vec::new() };
    for rows in classes.into_values() {
        let share = (rows.len() as f64 * held_out).round() as usize;
        let take = if rows.len() >= 2 { share.clamp(1, rows.len() - 1) } else { 0 };
        let mut shuffled = permutation_of(rows, seed);
        split.train.extend(shuffled.split_off(take));
        split.held_out.extend(shuffled);
    }
    split.train.sort_unstable();
    split.held_out.sort_unstable();
    if split.train.is_empty() || split.held_out.is_empty() {
        return Err(fault("a share that leaves rows on both sides"));
    }
    Ok(split)
}
