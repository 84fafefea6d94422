//! Drawing and solving.

use serde::Serialize;

use super::design::{CHUNK, Design, Part, Points};
use super::{Comparison, MonteCarlo, Summary};
use crate::batch::Columns;
use crate::{Error, Parameter, Result};

/// What a sample can be made again from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Provenance {
    /// Number of points.
    pub points: usize,
    /// Independent randomisations among them.
    pub replicates: usize,
    /// How the points were chosen.
    pub design: Design,
    /// The seed.
    pub seed: u64,
    /// Version of this crate.
    pub version: &'static str,
    /// The uncertain inputs, in the order of the design's columns.
    pub inputs: Vec<Parameter>,
}

/// Effectiveness at every point of an experiment.
#[derive(Debug, Clone)]
pub struct Sample {
    /// E at each point, replicate after replicate; NaN where there is no equilibrium.
    pub effectiveness: Vec<f64>,
    /// How it was made.
    pub provenance: Provenance,
}

impl MonteCarlo {
    /// Draws `points` points and solves each by the batch kernel.
    ///
    /// # Errors
    /// [`Error::Field`](crate::Error::Field) if no input is uncertain, or `points` is not a positive
    /// multiple of the replicates; what [`Model::solve_batch`](crate::Model::solve_batch) gives for a draw
    /// that is no valid input, a negative data volume say.
    ///
    /// ```
    /// use tunewise_cost::uncertainty::{Distribution, MonteCarlo};
    /// use tunewise_cost::{Inputs, Parameter};
    /// # fn main() -> tunewise_cost::Result<()> {
    /// let experiment = MonteCarlo::new(&Inputs::default())
    ///     .vary(Parameter::WeightA, &Distribution::Uniform { low: 1.0, high: 2.0 })?;
    /// assert_eq!(experiment.sample(100)?.effectiveness, experiment.sample(100)?.effectiveness);
    /// # Ok(())
    /// # }
    /// ```
    pub fn sample(&self, points: usize) -> Result<Sample> {
        self.validate(points)?;
        let each = points / self.replicates;
        let design = Points::new(self, each)?;
        let mut effectiveness = vec![0.0; points];
        let parts = parts_of(&mut effectiveness, each);
        for_each_part(parts, |(part, out)| self.solve_part(&design, part, out))?;
        Ok(Sample { effectiveness, provenance: self.provenance(points) })
    }

    /// The uncertain inputs of every point, a column each, in the order of [`Provenance::inputs`].
    ///
    /// # Errors
    /// As [`sample`](Self::sample).
    ///
    /// ```
    /// use tunewise_cost::uncertainty::{Design, Distribution, MonteCarlo};
    /// use tunewise_cost::{Inputs, Parameter};
    /// # fn main() -> tunewise_cost::Result<()> {
    /// let experiment = MonteCarlo::new(&Inputs::default())
    ///     .vary(Parameter::WeightA, &Distribution::Uniform { low: 0.0, high: 8.0 })?
    ///     .design(Design::Sobol);
    /// assert_eq!(experiment.draws(4)?, [[1.0, 5.0, 7.0, 3.0]]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn draws(&self, points: usize) -> Result<Vec<Vec<f64>>> {
        self.validate(points)?;
        let each = points / self.replicates;
        let design = Points::new(self, each)?;
        let mut draws = vec![Vec::with_capacity(points); self.uncertain.len()];
        for (part, out) in parts_of(&mut vec![0.0; points], each) {
            for (draws, column) in draws.iter_mut().zip(self.columns(&design, part, out.len())?) {
                draws.extend(column);
            }
        }
        Ok(draws)
    }

    /// E at points of the unit cube, a column each uncertain input, in the order of
    /// [`Provenance::inputs`]: each coordinate goes through its distribution's quantile function.
    ///
    /// This is how a sensitivity plan is evaluated.
    ///
    /// # Errors
    /// [`Error::Length`](crate::Error::Length) unless there is a column for each input, all of one length;
    /// else as [`sample`](Self::sample).
    ///
    /// ```
    /// use tunewise_cost::sensitivity::SobolPlan;
    /// use tunewise_cost::uncertainty::{Distribution, MonteCarlo};
    /// use tunewise_cost::{Inputs, Parameter};
    /// # fn main() -> tunewise_cost::Result<()> {
    /// let unit = Distribution::Uniform { low: 0.0, high: 1.0 };
    /// let experiment = MonteCarlo::new(&Inputs { data_volume: 2.0, ..Inputs::default() })
    ///     .vary(Parameter::WeightA, &unit)?
    ///     .vary(Parameter::TimeFixed, &unit)?; // b is 0, so this one does nothing
    /// let plan = SobolPlan::new(2, 64)?.scrambled(1);
    /// let indices = plan.analyze(&experiment.evaluate(plan.coordinates()?)?)?;
    /// assert!(indices.total[0].value > 0.9 && indices.total[1].value == 0.0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn evaluate(&self, mut coordinates: Vec<Vec<f64>>) -> Result<Vec<f64>> {
        let (got, expected) = (coordinates.len(), self.uncertain.len());
        if got != expected {
            return Err(Error::Length { field: "columns of coordinates", got, expected });
        }
        let mut out = vec![0.0; coordinates.first().map_or(0, Vec::len)];
        let mut columns = Columns::new(&self.inputs, out.len());
        for ((parameter, law), draws) in self.uncertain.iter().zip(&mut coordinates) {
            law.quantiles_in_place(draws);
            columns = columns.with(*parameter, draws)?;
        }
        self.model.solve_batch(&columns, &mut out)?;
        Ok(out)
    }

    /// The uncertain inputs of a part.
    fn columns(&self, design: &Points, part: Part, len: usize) -> Result<Vec<Vec<f64>>> {
        let mut columns = vec![vec![0.0; len]; self.uncertain.len()];
        design.fill(part, &mut columns)?;
        for (column, (_, law)) in columns.iter_mut().zip(&self.uncertain) {
            law.quantiles_in_place(column);
        }
        Ok(columns)
    }

    fn solve_part(&self, design: &Points, part: Part, out: &mut [f64]) -> Result<()> {
        let draws = self.columns(design, part, out.len())?;
        let mut columns = Columns::new(&self.inputs, out.len());
        for ((parameter, _), draws) in self.uncertain.iter().zip(&draws) {
            columns = columns.with(*parameter, draws)?;
        }
        self.model.solve_batch(&columns, out)
    }

    pub(super) fn provenance(&self, points: usize) -> Provenance {
        Provenance {
            points,
            replicates: self.replicates,
            design: self.design,
            seed: self.seed,
            version: env!("CARGO_PKG_VERSION"),
            inputs: self.uncertain.iter().map(|(parameter, _)| *parameter).collect(),
        }
    }
}

impl Sample {
    /// Summarises as the experiment asks.
    ///
    /// # Errors
    /// [`Error::Field`](crate::Error::Field) for a probability or a tail share outside its range.
    ///
    /// ```
    /// use tunewise_cost::uncertainty::{Design, Distribution, MonteCarlo};
    /// use tunewise_cost::{Inputs, Parameter};
    ///
    /// let unit = Distribution::Uniform { low: 0.0, high: 1.0 };
    /// let experiment =
    ///     MonteCarlo::new(&Inputs::default()).vary(Parameter::WeightA, &unit)?.design(Design::Sobol);
    /// let sample = experiment.sample(4)?; // 1/8, 5/8, 7/8, 3/8
    /// assert_eq!(sample.summary(&experiment)?, experiment.run(4)?);
    /// let asked = experiment.thresholds(&[0.7]);
    /// assert_eq!(sample.summary(&asked)?.exceedances[0].probability.value, 0.25);
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    pub fn summary(&self, experiment: &MonteCarlo) -> Result<Summary> {
        Summary::of(self, experiment)
    }

    /// How this sample does against another of the same length.
    ///
    /// # Errors
    /// [`Error::Length`](crate::Error::Length) if the lengths differ.
    ///
    /// ```
    /// use tunewise_cost::uncertainty::{Distribution, MonteCarlo};
    /// use tunewise_cost::{Inputs, Parameter};
    /// # fn main() -> tunewise_cost::Result<()> {
    /// let base = Inputs { data_volume: 10.0, ..Inputs::default() };
    /// let more_data = MonteCarlo::new(&Inputs { data_volume: 11.0, ..base })
    ///     .vary(Parameter::WeightA, &Distribution::Uniform { low: 1.0, high: 2.0 })?;
    /// let less_data = more_data.clone().inputs(&base);
    /// let comparison = more_data.sample(1000)?.compare(&less_data.sample(1000)?)?;
    /// assert_eq!(comparison.wins_paired, 1.0); // the same weight drawn for both
    /// assert!(comparison.wins_independent < 0.8);
    /// # Ok(())
    /// # }
    /// ```
    pub fn compare(&self, other: &Self) -> Result<Comparison> {
        Comparison::of(self, other)
    }
}

type Piece<'a> = (Part, &'a mut [f64]);

/// An output cut into replicates and those into chunks.
fn parts_of(out: &mut [f64], each: usize) -> Vec<Piece<'_>> {
    let chunks = |(replicate, out): (usize, _)| chunks_of(replicate, out);
    out.chunks_mut(each).enumerate().flat_map(chunks).collect()
}

fn chunks_of(replicate: usize, out: &mut [f64]) -> impl Iterator<Item = Piece<'_>> {
    let part = move |(chunk, out)| (Part { replicate, first: chunk * CHUNK }, out);
    out.chunks_mut(CHUNK).enumerate().map(part)
}

#[cfg(feature = "rayon")]
fn for_each_part<'a>(
    parts: Vec<Piece<'a>>,
    work: impl Fn(Piece<'a>) -> Result<()> + Sync + Send,
) -> Result<()> {
    use rayon::prelude::*;
    parts.into_par_iter().try_for_each(work)
}

#[cfg(not(feature = "rayon"))]
fn for_each_part<'a>(parts: Vec<Piece<'a>>, work: impl Fn(Piece<'a>) -> Result<()>) -> Result<()> {
    parts.into_iter().try_for_each(work)
}
