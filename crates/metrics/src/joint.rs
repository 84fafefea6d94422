//! A square table of rows by pair of class ids.

use std::ops::AddAssign;

/// What is counted: rows as `u64`, or their weight as `f64`.
pub trait Cell: Copy + Default + AddAssign + Send + Sync + PartialEq {
    /// A row.
    const ONE: Self;

    /// A row of this weight.
    fn of(weight: f64) -> Self;

    /// The count as a float.
    fn as_f64(self) -> f64;
}

impl Cell for u64 {
    const ONE: Self = 1;

    fn of(weight: f64) -> Self {
        weight as Self
    }

    fn as_f64(self) -> f64 {
        self as f64
    }
}

impl Cell for f64 {
    const ONE: Self = 1.0;

    fn of(weight: f64) -> Self {
        weight
    }

    fn as_f64(self) -> f64 {
        self
    }
}

/// Rows, or their weight, by true and predicted id.
#[derive(Debug, Clone)]
pub(crate) struct Joint<C> {
    stride: usize,
    cells: Vec<C>, // [stride, stride]
}

impl<C: Cell> Joint<C> {
    pub(crate) fn new() -> Self {
        Self { stride: 0, cells: Vec::new() }
    }

    /// Makes room for the ids below `classes`.
    pub(crate) fn fit(&mut self, classes: usize) {
        if classes <= self.stride {
            return;
        }
        let stride = classes.next_power_of_two();
        let mut cells = vec![C::default(); stride * stride];
        if self.stride > 0 {
            let rows = cells.chunks_exact_mut(stride).zip(self.cells.chunks_exact(self.stride));
            for (wider, row) in rows {
                for (cell, count) in wider.iter_mut().zip(row) {
                    *cell = *count;
                }
            }
        }
        (self.stride, self.cells) = (stride, cells);
    }

    fn place(&self, actual: u32, predicted: u32) -> usize {
        let (actual, predicted) = (actual as usize, predicted as usize);
        if actual.max(predicted) < self.stride {
            actual * self.stride + predicted
        } else {
            usize::MAX
        }
    }

    /// Adds to a pair; ids that there is no room for are left out.
    #[inline]
    pub(crate) fn add(&mut self, actual: u32, predicted: u32, by: C) {
        let place = self.place(actual, predicted);
        if let Some(cell) = self.cells.get_mut(place) {
            *cell += by;
        }
    }

    pub(crate) fn at(&self, actual: u32, predicted: u32) -> C {
        self.cells.get(self.place(actual, predicted)).copied().unwrap_or_default()
    }

    /// Adds the pairs of another table, whose id `i` is `ids[i]` here.
    pub(crate) fn merge(&mut self, other: &Self, ids: &[u32]) {
        for (theirs, actual) in (0..).zip(ids) {
            for (column, predicted) in (0..).zip(ids) {
                self.add(*actual, *predicted, other.at(theirs, column));
            }
        }
    }

    /// All pairs of the ids below `classes`.
    pub(crate) fn pairs(&self, classes: usize) -> impl Iterator<Item = (u32, u32, C)> {
        let ids = 0..classes as u32;
        ids.clone().flat_map(move |actual| {
            ids.clone().map(move |predicted| (actual, predicted, self.at(actual, predicted)))
        })
    }
}
