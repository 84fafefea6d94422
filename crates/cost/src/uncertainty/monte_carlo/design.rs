//! How the points of an experiment are chosen.

use serde::{Deserialize, Serialize};

use super::MonteCarlo;
use crate::uncertainty::{Scramble, Sobol, Stream, latin_hypercube};
use crate::{Error, Result};

/// Points that share one random stream.
pub(super) const CHUNK: usize = 4096;

/// How the points of an experiment are chosen in the unit cube.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Design {
    /// Independent random points.
    #[default]
    Prng,
    /// A Latin hypercube.
    Lhs,
    /// The Sobol sequence from its origin, each coordinate moved by half a step, `1/(2n)`: the same
    /// points always.
    Sobol,
    /// The Sobol sequence with Owen's scrambling.
    ScrambledSobol,
}

impl Design {
    /// Its name in files and on the command line.
    ///
    /// ```
    /// assert_eq!(tunewise_cost::uncertainty::Design::ScrambledSobol.name(), "scrambled-sobol");
    /// ```
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Prng => "prng",
            Self::Lhs => "lhs",
            Self::Sobol => "sobol",
            Self::ScrambledSobol => "scrambled-sobol",
        }
    }
}

/// A part of one replicate.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) replicate: usize,
    /// Its first point, within the replicate.
    pub(super) first: usize,
}

/// A design ready to give any part of any column.
#[derive(Debug)]
pub(super) enum Points {
    Random {
        seed: u64,
        chunks_each: usize,
    },
    /// Columns of each replicate.
    Stored(Vec<Vec<Vec<f64>>>),
    /// A sequence for each replicate, and what is added to each coordinate.
    Sequences {
        sequences: Vec<Sobol>,
        offset: f64,
    },
}

impl Points {
    /// `each` points in every replicate.
    pub(super) fn new(experiment: &MonteCarlo, each: usize) -> Result<Self> {
        let dimensions = experiment.uncertain.len();
        let seeds = (0..experiment.replicates as u64).map(|it| replicate_seed(experiment.seed, it));
        Ok(match experiment.design {
            Design::Prng => {
                Self::Random { seed: experiment.seed, chunks_each: each.div_ceil(CHUNK) }
            }
            Design::Lhs => Self::Stored(
                seeds.map(|seed| latin_hypercube(each, dimensions, seed)).collect::<Result<_>>()?,
            ),
            Design::Sobol => {
                let sequences = vec![Sobol::new(dimensions)?];
                Self::Sequences { sequences, offset: 0.5 / each as f64 }
            }
            Design::ScrambledSobol => Self::Sequences {
                sequences: seeds
                    .map(|seed| Sobol::scrambled(dimensions, Scramble::Owen, seed))
                    .collect::<Result<_>>()?,
                offset: 0.0,
            },
        })
    }

    /// Fills columns of equal length with a part's coordinates, all inside (0, 1).
    pub(super) fn fill(&self, part: Part, columns: &mut [Vec<f64>]) -> Result<()> {
        let Part { replicate, first } = part;
        match self {
            Self::Random { seed, chunks_each } => {
                let chunk = replicate * chunks_each + first / CHUNK;
                let mut stream = Stream::new(*seed, chunk as u64);
                columns.iter_mut().for_each(|column| stream.fill_uniform(column));
            }
            Self::Stored(replicates) => {
                let stored = replicates.get(replicate).ok_or(MISSING)?;
                for (column, stored) in columns.iter_mut().zip(stored) {
                    let part = stored.get(first..first + column.len()).ok_or(MISSING)?;
                    column.copy_from_slice(part);
                }
            }
            Self::Sequences { sequences, offset } => {
                let sequence = sequences.get(replicate).ok_or(MISSING)?;
                for (dimension, column) in columns.iter_mut().enumerate() {
                    sequence.fill_column(dimension, first as u64, column)?;
                    column.iter_mut().for_each(|value| *value += offset);
                }
            }
        }
        Ok(())
    }
}

const MISSING: Error = Error::Internal { what: "a replicate of the design" };

/// The first replicate has the experiment's own seed; the others' come from streams that nothing else uses.
fn replicate_seed(seed: u64, replicate: u64) -> u64 {
    if replicate == 0 { seed } else { Stream::new(seed, u64::MAX - replicate).bits() }
}
