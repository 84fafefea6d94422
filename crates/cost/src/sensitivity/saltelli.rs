//! The points at which Sobol indices need the function.

use crate::uncertainty::{Scramble, Sobol};
use crate::{Error, Result};

/// Saltelli's plan for Sobol indices, in the unit cube.
///
/// With `A` and `B` two independent sets of `base` points, `AB_j` is `A` with column `j` of `B`, and `BA_j`
/// the reverse. Rows come in the order `A, AB_1, ..., AB_D, [BA_1, ..., BA_D,] B` for each base point, which
/// is SALib's; the base points are the first and second half of a Sobol sequence in 2D dimensions.
///
/// # Reference
/// A. Saltelli et al., "Variance based sensitivity analysis of model output", Computer Physics
/// Communications 181 (2010) 259-270, doi 10.1016/j.cpc.2009.09.018; row order of SALib 1.6,
/// `SALib.sample.sobol.sample`.
///
/// ```
/// use tunewise_cost::sensitivity::SobolPlan;
///
/// # fn main() -> tunewise_cost::Result<()> {
/// // y = x1 + 2 x2 has variance (1 + 4) / 12, a fifth of it from x1.
/// let plan = SobolPlan::new(2, 1 << 10)?.scrambled(7);
/// let columns = plan.coordinates()?;
/// let y: Vec<f64> = columns[0].iter().zip(&columns[1]).map(|(x1, x2)| x1 + 2.0 * x2).collect();
/// let indices = plan.analyze(&y)?;
/// assert!((indices.first[0].value - 0.2).abs() < 0.01);
/// assert!((indices.total[1].value - 0.8).abs() < 0.01);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SobolPlan {
    pub(super) dimensions: usize,
    pub(super) base: usize,
    pub(super) pairs: Pairs,
    seed: Option<u64>,
}

/// Whether the interactions of pairs are estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pairs {
    Without,
    With,
}

impl SobolPlan {
    /// A plan for this many inputs from `base` base points, best a power of 2: `base (D + 2)` rows.
    ///
    /// # Errors
    /// If there is no input, more than 32, or fewer than 2 base points.
    ///
    /// ```
    /// use tunewise_cost::sensitivity::SobolPlan;
    ///
    /// assert_eq!(SobolPlan::new(3, 8)?.rows(), 8 * (3 + 2));
    /// assert!(SobolPlan::new(33, 8).is_err());
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    pub fn new(dimensions: usize, base: usize) -> Result<Self> {
        let field =
            |field, value: usize, rule| Err(Error::Field { field, value: value as f64, rule });
        if !(1..=32).contains(&dimensions) {
            return field("inputs of Sobol indices", dimensions, "a whole number from 1 to 32");
        }
        if base < 2 {
            return field("base points", base, "at least 2");
        }
        Ok(Self { dimensions, base, pairs: Pairs::Without, seed: None })
    }

    /// With the indices of pairs: `base (2D + 2)` rows.
    ///
    /// ```
    /// # fn main() -> tunewise_cost::Result<()> {
    /// let plan = tunewise_cost::sensitivity::SobolPlan::new(3, 8)?;
    /// assert_eq!((plan.rows(), plan.second_order().rows()), (40, 64));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn second_order(self) -> Self {
        Self { pairs: Pairs::With, ..self }
    }

    /// From a scrambled sequence. Without this, the first coordinates are 0, which an unbounded
    /// distribution cannot take.
    ///
    /// ```
    /// use tunewise_cost::sensitivity::SobolPlan;
    ///
    /// let plan = SobolPlan::new(1, 4)?;
    /// assert_eq!(plan.coordinates()?[0][0], 0.0);
    /// assert!(plan.scrambled(7).coordinates()?[0].iter().all(|x| *x > 0.0 && *x < 1.0));
    /// assert_eq!(plan.scrambled(7).coordinates()?, plan.scrambled(7).coordinates()?);
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    #[must_use]
    pub fn scrambled(self, seed: u64) -> Self {
        Self { seed: Some(seed), ..self }
    }

    /// How often the function is evaluated.
    ///
    /// ```
    /// let plan = tunewise_cost::sensitivity::SobolPlan::new(3, 8)?;
    /// assert_eq!(plan.rows(), 40); // A, AB_1, AB_2, AB_3 and B for each of 8
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    #[must_use]
    pub fn rows(&self) -> usize {
        self.base * self.step()
    }

    /// Rows of one base point.
    pub(super) fn step(&self) -> usize {
        match self.pairs {
            Pairs::Without => self.dimensions + 2,
            Pairs::With => 2 * self.dimensions + 2,
        }
    }

    /// The points, a column each input.
    ///
    /// # Errors
    /// As [`Sobol::new`].
    ///
    /// ```
    /// use tunewise_cost::sensitivity::SobolPlan;
    ///
    /// // The Sobol points (0, 0), (0.5, 0.5), (0.75, 0.25): A is the first coordinate, AB_1 and B the second.
    /// let columns = SobolPlan::new(1, 3)?.coordinates()?;
    /// assert_eq!(columns, [[0.0, 0.0, 0.0, 0.5, 0.5, 0.5, 0.75, 0.25, 0.25]]);
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    pub fn coordinates(&self) -> Result<Vec<Vec<f64>>> {
        let dimensions = 2 * self.dimensions;
        let sequence = match self.seed {
            None => Sobol::new(dimensions)?,
            Some(seed) => Sobol::scrambled(dimensions, Scramble::Owen, seed)?,
        };
        let mut columns = vec![Vec::with_capacity(self.rows()); self.dimensions];
        for point in sequence.take(self.base) {
            let (a, b) = point.split_at(self.dimensions);
            for (input, (column, (&a, &b))) in columns.iter_mut().zip(a.iter().zip(b)).enumerate() {
                column.extend((0..self.step()).map(|row| self.pick(row, input, (a, b))));
            }
        }
        Ok(columns)
    }

    /// The coordinate of an input in a row of a base point.
    fn pick(&self, row: usize, input: usize, (a, b): (f64, f64)) -> f64 {
        let d = self.dimensions;
        if row == 0 {
            a
        } else if row <= d {
            if row - 1 == input { b } else { a }
        } else if row + 1 < self.step() {
            if row - 1 - d == input { a } else { b }
        } else {
            b
        }
    }
}
