//! Many scenarios at once, over columns.

mod columns;
mod kernel;
mod row;

pub use columns::{Column, Columns};

use crate::equilibrium::effectiveness_of;
use crate::{Error, Inputs, Model, Parameter, Result, RootPolicy, TrainingEffect};
use kernel::{BLOCK, Block, evaluate, rows_to_a_line};
use row::SUSPECT;

/// Scenarios that one thread takes at a time.
#[cfg(feature = "rayon")]
const CHUNK: usize = 128 * BLOCK;

impl Model {
    /// E of every row into `out`; NaN where the policy selects no root.
    ///
    /// A fast kernel in `f64` answers with a relative error of at most 3·u·κ (u = 2⁻⁵³, κ the
    /// relative conditioning of E); where κ is above 2¹⁴, the discriminant is
    /// near 0 or a number leaves the range, the accurate path of [`Model::solve`] answers instead. So
    /// no answer has a relative error above 10⁻¹¹. Root policies other than
    /// [`RootPolicy::Economic`] take the accurate path throughout.
    ///
    /// # Errors
    /// [`Error::Length`] unless `out` is as long as the columns, [`Error::Row`] for a row with
    /// an input that [`Inputs::validate`] refuses; `out` then holds nothing of use.
    ///
    /// ```
    /// use tunewise_cost::{Columns, Inputs, Model, Parameter};
    ///
    /// # fn main() -> tunewise_cost::Result<()> {
    /// let data = [1.0, 2.0, 4.0];
    /// let base = Inputs::default().with(Parameter::WeightA, 3.0);
    /// let columns = Columns::new(&base, data.len()).with(Parameter::DataVolume, &data)?;
    /// let mut effectiveness = [0.0; 3];
    /// Model::default().solve_batch(&columns, &mut effectiveness)?;
    /// assert_eq!(effectiveness, [3.0, 6.0, 12.0]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn solve_batch(&self, columns: &Columns<'_>, out: &mut [f64]) -> Result<()> {
        columns.check("out", out.len())?;
        self.solve_rows(columns, 0, out)
    }

    /// [`Model::solve_batch`] over all cores: the same bits, whatever the number of threads.
    ///
    /// # Errors
    /// As [`Model::solve_batch`].
    ///
    /// ```
    /// use tunewise_cost::{Columns, Inputs, Model};
    ///
    /// # fn main() -> tunewise_cost::Result<()> {
    /// let mut effectiveness = [1.0; 2];
    /// let columns = Columns::new(&Inputs::default(), 2);
    /// Model::default().solve_batch_parallel(&columns, &mut effectiveness)?;
    /// assert_eq!(effectiveness, [0.0; 2]);
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "rayon")]
    pub fn solve_batch_parallel(&self, columns: &Columns<'_>, out: &mut [f64]) -> Result<()> {
        use rayon::prelude::*;

        columns.check("out", out.len())?;
        let chunks = out.par_chunks_mut(CHUNK).enumerate();
        let faults =
            chunks.filter_map(|(chunk, out)| self.solve_rows(columns, chunk * CHUNK, out).err());
        faults.min_by_key(Error::row).map_or(Ok(()), Err)
    }

    /// The rows from `first` on.
    fn solve_rows(&self, columns: &Columns<'_>, first: usize, out: &mut [f64]) -> Result<()> {
        let shared = columns.shared();
        let constants = columns.constants(shared, BLOCK);
        let mut effects = [0.0; BLOCK];
        let (head, rest) = out.split_at_mut(rows_to_a_line(out));
        let mut start = first;
        for out in head.chunks_mut(BLOCK).chain(rest.chunks_mut(BLOCK)) {
            let lanes = columns.lanes(&constants, start..start + out.len());
            let suspects = if self.policy == RootPolicy::Economic {
                let effects = self.effects(&lanes, &mut effects);
                evaluate(&Block { lanes, shared, effects }, out)
            } else {
                out.fill(SUSPECT);
                true
            };
            if suspects {
                self.repair(columns, start, out)?;
            }
            start += out.len();
        }
        Ok(())
    }

    /// x of every row of a block; none where it is D/P, which the kernel does itself.
    fn effects<'b>(
        &self,
        lanes: &[&[f64]; Parameter::COUNT],
        effects: &'b mut [f64; BLOCK],
    ) -> Option<&'b [f64]> {
        if self.training_effect == TrainingEffect::Ratio {
            return None;
        }
        let [data, params, ..] = lanes;
        for ((effect, &data_volume), &param_count) in effects.iter_mut().zip(*data).zip(*params) {
            let inputs = Inputs { data_volume, param_count, ..Inputs::default() };
            *effect = self.training_effect.at(&inputs).value;
        }
        Some(effects)
    }

    /// Answers by the accurate path what the kernel left open.
    fn repair(&self, columns: &Columns<'_>, start: usize, out: &mut [f64]) -> Result<()> {
        for (row, out) in (start..).zip(out) {
            if out.to_bits() == SUSPECT.to_bits() {
                let inputs = columns.row(row);
                let fault = |source| Error::Row { row, source: Box::new(source) };
                inputs.validate().map_err(fault)?;
                *out = effectiveness_of(&inputs, self.training_effect, self.policy);
            }
        }
        Ok(())
    }
}
