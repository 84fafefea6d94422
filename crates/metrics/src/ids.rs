//! Labels numbered in the order in which they are first seen.

use std::collections::HashMap;

use ahash::RandomState;

use crate::Label;

/// The id of a label outside a closed set.
pub(crate) const OUTSIDE: u32 = u32::MAX;

/// Rows encoded at a time: both columns' ids stay in the first-level cache.
const BLOCK: usize = 1024;

/// Integers around the first one seen have their ids in a table; all other labels are hashed.
const WINDOW: usize = 4096;

/// The ids of labels: 0, 1, 2... Open, it gives every new label the next id; closed, a label that it
/// does not know is [`OUTSIDE`].
#[derive(Debug, Clone)]
pub(crate) struct Ids<L> {
    labels: Vec<L>,
    hashed: HashMap<L, u32, RandomState>,
    window: Vec<u32>, // the id + 1 of the integer `base + i`, 0 for none
    base: i64,
    closed: bool,
}

impl<L: Label> Ids<L> {
    pub(crate) fn open() -> Self {
        Self {
            labels: Vec::new(),
            hashed: HashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4)),
            window: Vec::new(),
            base: 0,
            closed: false,
        }
    }

    /// The places of labels in a list. Of equal labels the last is found, as in scikit-learn.
    pub(crate) fn closed(labels: &[L]) -> Self {
        let mut ids = Self::open();
        for label in labels {
            ids.add(label);
        }
        Self { closed: true, ..ids }
    }

    /// In the order of the ids.
    pub(crate) fn labels(&self) -> &[L] {
        &self.labels
    }

    #[inline]
    pub(crate) fn id(&mut self, label: &L) -> u32 {
        match self.known(label) {
            Some(id) => id,
            None if self.closed => OUTSIDE,
            None => self.add(label),
        }
    }

    #[inline]
    fn known(&self, label: &L) -> Option<u32> {
        match label.number().and_then(|number| self.window.get(self.slot(number))) {
            Some(id) => id.checked_sub(1),
            None => self.hashed.get(label).copied(),
        }
    }

    /// Beyond the window for a number that is not in it.
    #[inline]
    fn slot(&self, number: i64) -> usize {
        usize::try_from(number.wrapping_sub(self.base) as u64).unwrap_or(usize::MAX)
    }

    #[cold]
    fn add(&mut self, label: &L) -> u32 {
        let id = self.labels.len() as u32;
        self.labels.push(label.clone());
        let number = label.number();
        if let (Some(number), true) = (number, self.window.is_empty()) {
            self.base = number.wrapping_sub(WINDOW as i64 / 2);
            self.window = vec![0; WINDOW];
        }
        let slot = number.map(|number| self.slot(number));
        match slot.and_then(|slot| self.window.get_mut(slot)) {
            Some(place) => *place = id + 1,
            None => drop(self.hashed.insert(label.clone(), id)),
        }
        id
    }

    fn encode(&mut self, labels: &[L], ids: &mut [u32]) {
        for (id, label) in ids.iter_mut().zip(labels) {
            *id = self.id(label);
        }
    }

    /// Calls `each` with the number of labels so far and the ids of a block of rows, block by block.
    pub(crate) fn encode_rows(
        &mut self,
        y_true: &[L],
        y_pred: &[L],
        mut each: impl FnMut(usize, &[u32], &[u32]),
    ) {
        let (mut actual, mut predicted) = ([0; BLOCK], [0; BLOCK]);
        for (y_true, y_pred) in y_true.chunks(BLOCK).zip(y_pred.chunks(BLOCK)) {
            let rows = y_true.len().min(y_pred.len());
            let (Some(actual), Some(predicted)) =
                (actual.get_mut(..rows), predicted.get_mut(..rows))
            else {
                return;
            };
            self.encode(y_true, actual);
            self.encode(y_pred, predicted);
            each(self.labels.len(), actual, predicted);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_has_one_id_near_and_far() {
        let mut ids = Ids::open();
        let labels = [5_i64, i64::MIN, i64::MAX, -2043, 2052, 2053, 5, i64::MIN, 2053];
        let found: Vec<u32> = labels.iter().map(|label| ids.id(label)).collect();
        assert_eq!(found, [0, 1, 2, 3, 4, 5, 0, 1, 5]);
        assert_eq!(ids.labels(), &labels[..6]);
    }

    #[test]
    fn a_closed_set_stays() {
        let mut ids = Ids::closed(&["b", "a", "b"]);
        assert_eq!(["a", "b", "c"].map(|label| ids.id(&label)), [1, 2, OUTSIDE]);
        assert_eq!(ids.labels().len(), 3);
    }
}
