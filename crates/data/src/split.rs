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

/// Row numbers of three sides, each ascending; together they are all rows, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreeWay {
    /// The rows to train on.
    pub train: Vec<usize>,
    /// The rows that thresholds and temperatures are chosen on.
    pub calibration: Vec<usize>,
    /// The rows that nothing is chosen on.
    pub test: Vec<usize>,
}

/// Holds out a share `test` of every class, as [`stratified`] does with the same seed, and of every class
/// that is left a share `calibration` in the same way.
///
/// # Errors
/// Those of [`stratified`].
///
/// ```
/// use tunewise_data::{Dataset, Example, Label, split};
///
/// # fn main() -> tunewise_data::Result<()> {
/// let row = |i: u64| Example {
///     text: format!("text {i}"), text_pair: None, label: Some(Label::Class((i % 2).to_string())), line: i,
/// };
/// let dataset = Dataset::new("memory", (0..50).map(row).collect(), None);
/// let split = split::three_way(&dataset, 0.2, 0.1, 42)?;
/// assert_eq!((split.train.len(), split.calibration.len(), split.test.len()), (36, 4, 10));
/// # Ok(())
/// # }
/// ```
pub fn three_way(dataset: &Dataset, test: f64, calibration: f64, seed: u64) -> Result<ThreeWay> {
    let outer = stratified(dataset, test, seed)?;
    let inner = stratified(&dataset.select(&outer.train)?, calibration, seed)?;
    let rows = |places: &[usize]| {
        places.iter().filter_map(|&place| outer.train.get(place).copied()).collect()
    };
    Ok(ThreeWay {
        train: rows(&inner.train),
        calibration: rows(&inner.held_out),
        test: outer.held_out,
    })
}
