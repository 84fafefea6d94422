//! The word embeddings, of which a step touches few: rows catch up with AdamW when they are next
//! needed, to the bit what moving all of them at every step gives.

use rayon::prelude::*;
use tunewise_kernels::Isa;
use tunewise_kernels::train::{AdamStep, Moving, adamw, adamw_idle, add, shrink};

use super::parameters::Slot;

/// The table's optimizer state and this step's gradient.
#[derive(Debug)]
pub(super) struct Words {
    /// Without numbers: see `rows` and `gradient`.
    pub(super) slot: Slot,
    hidden: usize,
    /// The word whose embedding gets no gradient.
    padding: Option<u32>,
    rows: Vec<Row>,
    /// The steps after number `base` that some row has not made.
    steps: Vec<AdamStep>,
    base: u64,
    /// Words of the window in the order of their first tokens, and their gradients.
    used: Vec<u32>,
    gradient: Vec<f32>,
}

/// A word's row.
#[derive(Debug, Clone, Default)]
struct Row {
    /// How many steps it has made.
    steps: u64,
    /// First and second moments, `[2, hidden]`; none while they are 0, which they are before the first
    /// gradient.
    moments: Vec<f32>,
    /// Its place among the window's words.
    place: Option<u32>,
}

/// A row and its embedding.
struct RowMut<'a> {
    row: &'a mut Row,
    parameter: &'a mut [f32],
}

impl RowMut<'_> {
    /// The numbers of a row that has moments.
    fn moving(&mut self) -> Moving<'_> {
        let (exp_avg, exp_avg_sq) = self.row.moments.split_at_mut(self.parameter.len());
        Moving { parameter: &mut *self.parameter, exp_avg, exp_avg_sq }
    }
}

impl Words {
    pub(super) fn new(slot: Slot, (vocab, hidden): (usize, usize), padding: Option<u32>) -> Self {
        Self {
            slot,
            hidden,
            padding,
            rows: vec![Row::default(); vocab],
            steps: Vec::new(),
            base: 0,
            used: Vec::new(),
            gradient: Vec::new(),
        }
    }

    /// Adds a token's gradient to its word's.
    pub(super) fn add(&mut self, isa: Isa, id: u32, gradient: &[f32]) {
        if !self.slot.trains || self.padding == Some(id) {
            return;
        }
        let Some(row) = self.rows.get_mut(id as usize) else { return };
        let place = *row.place.get_or_insert_with(|| {
            self.used.push(id);
            self.gradient.resize(self.used.len() * self.hidden, 0.0);
            self.used.len() as u32 - 1
        });
        let from = place as usize * self.hidden;
        if let Some(sum) = self.gradient.get_mut(from..from + self.hidden) {
            add(isa, gradient, sum);
        }
    }

    /// The window's gradients.
    pub(super) fn gradient(&self) -> &[f32] {
        &self.gradient
    }

    /// The window's gradient of the whole table.
    #[cfg(test)]
    pub(super) fn dense_gradient(&self) -> Vec<f32> {
        let mut dense = vec![0.0; self.rows.len() * self.hidden];
        for (id, row) in self.used.iter().zip(self.gradient.chunks_exact(self.hidden)) {
            dense[*id as usize * self.hidden..][..self.hidden].copy_from_slice(row);
        }
        dense
    }

    /// Forgets the window's gradients.
    pub(super) fn clear(&mut self) {
        for id in self.used.drain(..) {
            if let Some(row) = self.rows.get_mut(id as usize) {
                row.place = None;
            }
        }
        self.gradient.clear();
    }

    /// Whether there are steps that some row has not made.
    pub(super) fn are_behind(&self) -> bool {
        !self.steps.is_empty()
    }

    /// Brings those rows of the table to the last step; `None` all of them.
    pub(super) fn catch_up(&mut self, isa: Isa, table: &mut [f32], ids: Option<&[u32]>) {
        if !self.are_behind() {
            return;
        }
        let (steps, base, hidden) = (&self.steps, self.base, self.hidden);
        let now = base + steps.len() as u64;
        let each = |mut word: RowMut<'_>| {
            let missed = steps.get((word.row.steps - base) as usize..).unwrap_or(&[]);
            if word.row.moments.is_empty() {
                shrink(isa, missed, word.parameter);
            } else {
                adamw_idle(isa, missed, word.moving());
            }
            word.row.steps = now;
        };
        match ids {
            None => {
                let rows = self.rows.par_iter_mut().zip(table.par_chunks_exact_mut(hidden));
                rows.for_each(|(row, parameter)| each(RowMut { row, parameter }));
                self.base = now;
                self.steps.clear();
            }
            Some(ids) => {
                let mut ids = ids.to_vec();
                ids.sort_unstable();
                ids.dedup();
                let rows = some_rows(&mut self.rows, table, (hidden, &ids));
                rows.into_par_iter().with_min_len(8).for_each(each);
            }
        }
    }

    /// One step along the window's gradients, of rows that have caught up; the others make it later.
    pub(super) fn step(&mut self, isa: Isa, table: &mut [f32], step: AdamStep) {
        if !self.slot.trains {
            return;
        }
        let mut order: Vec<u32> = self.used.clone();
        order.sort_unstable();
        let (gradient, hidden) = (&self.gradient, self.hidden);
        let now = self.base + self.steps.len() as u64 + 1;
        let rows = some_rows(&mut self.rows, table, (hidden, &order));
        rows.into_par_iter().with_min_len(32).for_each(|mut word| {
            let from = word.row.place.map_or(0, |place| place as usize * hidden);
            if let Some(gradient) = gradient.get(from..from + hidden) {
                word.row.moments.resize(2 * hidden, 0.0);
                adamw(isa, step, word.moving(), gradient);
                word.row.steps = now;
            }
        });
        self.steps.push(AdamStep { gradient_scale: 1.0, ..step });
    }

    /// First and second moments of the whole table.
    pub(super) fn moments(&self) -> [Vec<f32>; 2] {
        let mut dense = [(); 2].map(|()| vec![0.0; self.rows.len() * self.hidden]);
        let hidden = self.hidden.max(1);
        for (which, dense) in dense.iter_mut().enumerate() {
            for (row, dense) in self.rows.iter().zip(dense.chunks_exact_mut(hidden)) {
                if let Some(moments) = row.moments.get(which * hidden..(which + 1) * hidden) {
                    dense.copy_from_slice(moments);
                }
            }
        }
        dense
    }

    /// Takes over moments of the whole table; all rows have made `steps` steps.
    pub(super) fn load(&mut self, exp_avg: &[f32], exp_avg_sq: &[f32], steps: u64) {
        self.base = steps;
        self.steps.clear();
        let hidden = self.hidden.max(1);
        let moments = exp_avg.chunks_exact(hidden).zip(exp_avg_sq.chunks_exact(hidden));
        for (row, (m, v)) in self.rows.iter_mut().zip(moments) {
            let touched = m.iter().chain(v).any(|moment| *moment != 0.0);
            let moments = if touched { [m, v].concat() } else { Vec::new() };
            *row = Row { steps, moments, place: None };
        }
    }
}

/// The rows of those ids, which rise.
fn some_rows<'a>(
    rows: &'a mut [Row],
    table: &'a mut [f32],
    (hidden, ids): (usize, &[u32]),
) -> Vec<RowMut<'a>> {
    // Not zipped: both leap over the rows between, which their pairs would step through.
    let (mut rows, mut table) = (rows.iter_mut(), table.chunks_exact_mut(hidden));
    let mut next = 0;
    let mut found = Vec::with_capacity(ids.len());
    for &id in ids {
        let between = id as usize - next;
        let (Some(row), Some(parameter)) = (rows.nth(between), table.nth(between)) else { break };
        next = id as usize + 1;
        found.push(RowMut { row, parameter });
    }
    found
}
