//! Runs of one size, by what they share: their means say all that they have to say of the curve, and how
//! far they lie from them all that they have to say of the noise.
//!
//! Runs of a seed and size train on the same rows, whose luck they share: of a run's variance σ² the part
//! ρ. A block has the seeds that have runs of the same lengths, so that with m lengths and n seeds the
//! means have covariance σ²·(ρ + (1 − ρ)·δ)/n, a seed's average varies by σ²·(1 + (m − 1)·ρ)/m and what is
//! left by σ²·(1 − ρ), all independently.

use super::{Observation, mean};

/// Seeds that have runs of the same lengths on so many rows.
#[derive(Debug, Clone)]
pub(super) struct Block {
    /// ln(D/D₀), not above 0.
    pub(super) log_rows: f64,
    /// ln(S/S₀), a length each.
    pub(super) log_steps: Vec<f64>,
    /// The mean of 1 − quality, a length each.
    pub(super) errors: Vec<f64>,
    /// n.
    pub(super) seeds: f64,
    /// Squared distances of the seeds' averages from the average of all, times m.
    between: f64,
    /// Squared distances of the runs from their mean, less that.
    within: f64,
}

impl Block {
    /// −2 ln of the likelihood of the runs' distances from their means, at a variance of a run and the
    /// share of it that runs of a seed have in common.
    pub(super) fn misfit(&self, variance: f64, shared: f64) -> f64 {
        let lengths = self.errors.len() as f64;
        let together = variance * (1.0 + (lengths - 1.0) * shared);
        let own = variance * (1.0 - shared);
        let degrees = self.seeds - 1.0;
        let of_seeds = degrees * together.ln() + self.between / together;
        of_seeds + (lengths - 1.0) * degrees * own.ln() + self.within / own
    }
}

/// All runs, the largest size first.
pub(super) fn blocks(pilots: &[Observation], rows: f64, steps: f64) -> Vec<Block> {
    let mut seeds = seeds(pilots);
    let lengths = |seed: &Seed| -> Vec<f64> { seed.runs.iter().map(|run| run.0).collect() };
    let mut blocks = Vec::new();
    while let Some(first) = seeds.first() {
        let (size, own) = (first.rows, lengths(first));
        let alike = |it: &Seed| it.rows == size && lengths(it) == own;
        let (here, rest): (Vec<Seed>, Vec<Seed>) = seeds.into_iter().partition(alike);
        seeds = rest;
        blocks.push(block(&here, (size / rows).ln(), own.iter().map(|it| (it / steps).ln())));
    }
    blocks
}

/// The runs of a seed on so many rows.
struct Seed {
    rows: f64,
    /// Steps and 1 − quality, the shortest first.
    runs: Vec<(f64, f64)>,
}

fn seeds(pilots: &[Observation]) -> Vec<Seed> {
    let mut sorted = pilots.to_vec();
    sorted.sort_by(|one, other| {
        let by_rows = other.rows.total_cmp(&one.rows);
        by_rows.then(one.seed.cmp(&other.seed)).then(one.steps.total_cmp(&other.steps))
    });
    let same =
        |one: &Observation, other: &Observation| (one.rows, one.seed) == (other.rows, other.seed);
    let seed = |runs: &[Observation]| Seed {
        rows: runs.first().map_or(0.0, |it| it.rows),
        runs: runs.iter().map(|it| (it.steps, 1.0 - it.quality)).collect(),
    };
    sorted.chunk_by(same).map(seed).collect()
}

fn block(seeds: &[Seed], log_rows: f64, log_steps: impl Iterator<Item = f64>) -> Block {
    let log_steps: Vec<f64> = log_steps.collect();
    let at = |length: usize| -> Vec<f64> {
        seeds.iter().filter_map(|it| it.runs.get(length)).map(|run| run.1).collect()
    };
    let errors: Vec<f64> = (0..log_steps.len()).map(|length| mean(&at(length))).collect();
    let (mut between, mut within) = (0.0, 0.0);
    for seed in seeds {
        let off: Vec<f64> = seed.runs.iter().zip(&errors).map(|(run, mean)| run.1 - mean).collect();
        let average = mean(&off);
        between += off.len() as f64 * average * average;
        within += off.iter().map(|it| (it - average).powi(2)).sum::<f64>();
    }
    Block { log_rows, log_steps, errors, seeds: seeds.len() as f64, between, within }
}
