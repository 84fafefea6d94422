//! What is odd about data before anyone trains on it.

use std::collections::{BTreeMap, HashMap};

use crate::dataset::{Dataset, Example, Label};

/// Counts of a data set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetStatistics {
    /// Rows.
    pub rows: usize,
    /// Rows of each label, by name, where rows have one label or several.
    pub classes: Vec<(String, usize)>,
    /// Rows whose text and second text stood in an earlier row.
    pub duplicate_rows: usize,
    /// Those of them whose label is not that of the first such row.
    pub conflicting_rows: usize,
}

type Key<'a> = (&'a str, Option<&'a str>);

fn key(example: &Example) -> Key<'_> {
    (&example.text, example.text_pair.as_deref())
}

impl DatasetStatistics {
    /// Counts.
    #[must_use]
    pub fn of(dataset: &Dataset) -> Self {
        let mut first: HashMap<Key<'_>, &Option<Label>> = HashMap::new();
        let mut classes: BTreeMap<&str, usize> = BTreeMap::new();
        let (mut duplicate_rows, mut conflicting_rows) = (0, 0);
        for example in dataset.examples() {
            match first.get(&key(example)) {
                None => {
                    first.insert(key(example), &example.label);
                }
                Some(label) => {
                    duplicate_rows += 1;
                    conflicting_rows += usize::from(**label != example.label);
                }
            }
            let names = match &example.label {
                Some(Label::Class(name)) => std::slice::from_ref(name),
                Some(Label::Classes(names)) => names,
                Some(Label::Value(_)) | None => &[],
            };
            for name in names {
                *classes.entry(name).or_default() += 1;
            }
        }
        let classes = classes.into_iter().map(|(name, rows)| (name.to_owned(), rows)).collect();
        Self { rows: dataset.len(), classes, duplicate_rows, conflicting_rows }
    }
}

/// Rows of a held-out set that also stand in the training set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leak {
    /// How many rows of the held-out set.
    pub rows: usize,
    /// Lines of the first few: in the training set, in the held-out set.
    pub first_lines: Vec<(u64, u64)>,
}

/// Finds rows of `held_out` whose text and second text are, to the letter, those of a row of `train`.
#[must_use]
pub fn leak(train: &Dataset, held_out: &Dataset) -> Leak {
    const SHOWN: usize = 5;
    let lines: HashMap<Key<'_>, u64> =
        train.examples().iter().rev().map(|example| (key(example), example.line)).collect();
    let found = held_out.examples().iter().filter_map(|e| Some((*lines.get(&key(e))?, e.line)));
    let found: Vec<(u64, u64)> = found.collect();
    Leak { rows: found.len(), first_lines: found.into_iter().take(SHOWN).collect() }
}
