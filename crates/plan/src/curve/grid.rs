//! The posterior: laws from all over the belief with every scatter of runs around them, by weight.

use nalgebra::{DMatrix, DVector};
use tunewise_cost::uncertainty::{Sobol, Stream};

use super::blocks::{Block, blocks};
use super::law::Law;
use super::prior::{self, Belief, DIMENSIONS, departures, noises, shares, spreads};
use super::{Draw, Observation, mean, normal};
use crate::Result;

/// The least error of the largest slice that noise is measured by: of a thousand rows, half a row.
const LEAST_ERROR: f64 = 5e-4;
/// Laws that are weighed.
const LAWS: u32 = 4096;
/// A combination whose weight is so far below the best one's is none.
const NEGLIGIBLE: f64 = 15.0;

/// Pilots as the posterior sees them.
pub(super) struct Grid {
    /// D₀.
    rows: f64,
    /// S₀.
    steps: f64,
    blocks: Vec<Block>,
    /// Mean errors, by size and length.
    errors: DVector<f64>,
    /// The mean error at D₀ and S₀.
    error: f64,
    /// Standard error of the validation rows there.
    unit: f64,
}

/// A law and a scatter; E given them is normal.
pub(super) struct Component {
    log_weight: f64,
    law: Law,
    scatter: Scatter,
    /// Mean and variance of E.
    error: (f64, f64),
}

/// How runs lie around a curve.
#[derive(Clone, Copy)]
struct Scatter {
    /// s, of one run at D₀.
    sd: f64,
    /// κ.
    spread: f64,
    /// ρ.
    shared: f64,
    /// τ, in errors at D₀.
    departure: f64,
}

impl Grid {
    pub(super) fn new(pilots: &[Observation], validation_rows: usize) -> Self {
        let rows = pilots.iter().map(|it| it.rows).fold(1.0, f64::max);
        let at_largest = || pilots.iter().filter(|it| it.rows == rows);
        let steps = at_largest().map(|it| it.steps).fold(f64::INFINITY, f64::min);
        let shortest = at_largest().filter(|it| it.steps == steps);
        let error = mean(&shortest.map(|it| 1.0 - it.quality).collect::<Vec<_>>()).max(LEAST_ERROR);
        // Where all are trained to the end there is no S₀, and nothing that they are short of.
        let steps = if steps.is_finite() { steps } else { 1.0 };
        let blocks = blocks(pilots, rows, steps);
        let errors: Vec<f64> = blocks.iter().flat_map(|it| it.errors.iter().copied()).collect();
        Self {
            rows,
            steps,
            errors: DVector::from_vec(errors),
            blocks,
            error,
            unit: (error * (1.0 - error).max(LEAST_ERROR) / validation_rows as f64).sqrt(),
        }
    }

    /// D₀ and S₀.
    pub(super) fn reference(&self) -> (f64, f64) {
        (self.rows, self.steps)
    }

    /// The combinations that matter, with their weights.
    pub(super) fn weights(&self) -> Result<Vec<Component>> {
        let laws = self.laws()?;
        let (mut out, mut most) = (Vec::new(), f64::NEG_INFINITY);
        for (scatter, belief) in self.scatters() {
            let Some(noisy) = self.noise(&scatter) else { continue };
            for (law, shapes) in &laws {
                let (evidence, error) = updated(&noisy, shapes);
                let log_weight = belief + evidence;
                most = most.max(log_weight);
                if log_weight > most - NEGLIGIBLE {
                    out.push(Component { log_weight, law: *law, scatter, error });
                }
            }
        }
        Ok(out)
    }

    /// Laws, as dense as they are believed, with what E is multiplied by at each size and length.
    fn laws(&self) -> Result<Vec<(Law, Vec<f64>)>> {
        // The middles of the cells, so that no coordinate is 0.
        let half = 0.5 / f64::from(LAWS);
        let points = Sobol::new(DIMENSIONS)?.take(LAWS as usize);
        let law = |point: Vec<f64>| {
            let mut middle = [0.0; DIMENSIONS];
            middle.iter_mut().zip(point).for_each(|(to, from)| *to = from + half);
            let law = prior::law(middle);
            let shapes = self.blocks.iter().flat_map(|block| {
                let rows = block.log_rows.exp();
                block.log_steps.iter().map(move |steps| law.shape(rows, steps.exp()))
            });
            (law, shapes.collect())
        };
        Ok(points.map(law).collect())
    }

    /// The ways in which runs may lie around a curve.
    fn scatters(&self) -> Vec<(Scatter, f64)> {
        // Where no seed has runs of two lengths nothing is shared.
        let single = self.blocks.iter().all(|it| it.errors.len() == 1);
        let shares: &[Belief] = if single { &[(0.0, 0.0)] } else { &shares() };
        let mut out = Vec::new();
        for (noise, by_noise) in noises() {
            let sd = noise * self.unit;
            for (spread, by_spread) in spreads() {
                for (departure, by_departure) in departures() {
                    for &(shared, by_share) in shares {
                        let scatter = Scatter { sd, spread, shared, departure };
                        out.push((scatter, by_noise + by_spread + by_departure + by_share));
                    }
                }
            }
        }
        out
    }

    /// The covariance of the means around the curve: seed noise, and a random walk in ln D from D₀ down.
    fn noise(&self, scatter: &Scatter) -> Option<Noise> {
        let walk = (scatter.departure * self.error).powi(2);
        let variance =
            |block: &Block| scatter.sd.powi(2) * (-scatter.spread * block.log_rows).exp();
        let numbered = self.blocks.iter().enumerate();
        let means: Vec<(usize, &Block)> = numbered
            .flat_map(|(at, block)| block.errors.iter().map(move |_| (at, block)))
            .collect();
        let covariance = DMatrix::from_fn(means.len(), means.len(), |row, column| {
            let (Some(one), Some(other)) = (means.get(row), means.get(column)) else { return 0.0 };
            let together = walk * one.1.log_rows.abs().min(other.1.log_rows.abs());
            let own = match () {
                () if row == column => 1.0,
                () if one.0 == other.0 => scatter.shared,
                () => 0.0,
            };
            together + own * variance(one.1) / one.1.seeds
        });
        let cholesky = covariance.cholesky()?;
        let log_determinant = 2.0 * cholesky.l_dirty().diagonal().map(f64::ln).sum();
        let inverse = cholesky.inverse();
        let weighted = &inverse * &self.errors;
        let within: f64 =
            self.blocks.iter().map(|it| it.misfit(variance(it), scatter.shared)).sum();
        let misfit = self.errors.dot(&weighted) + log_determinant + within;
        Some(Noise { inverse, weighted, misfit })
    }

    /// Curves drawn by weight: systematic resampling, so that shares are met to one draw.
    pub(super) fn draw(
        &self,
        components: &[Component],
        count: usize,
        stream: &mut Stream,
    ) -> Vec<Draw> {
        let most = components.iter().map(|it| it.log_weight).fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = components.iter().map(|it| (it.log_weight - most).exp()).sum();
        let step = total / count as f64;
        let (mut next, mut passed) = (step * stream.uniform(), 0.0);
        let mut draws = Vec::with_capacity(count);
        for component in components {
            passed += (component.log_weight - most).exp();
            while next < passed && draws.len() < count {
                draws.push(self.one(component, stream));
                next += step;
            }
        }
        draws
    }

    fn one(&self, component: &Component, stream: &mut Stream) -> Draw {
        let (mean, variance) = component.error;
        Draw {
            error: (mean + variance.sqrt() * normal(stream)).clamp(0.0, 1.0),
            law: component.law,
            drift: component.scatter.departure * self.error * normal(stream),
            luck: component.scatter.sd * normal(stream),
            spread: component.scatter.spread,
        }
    }
}

/// A covariance, solved once for all laws.
struct Noise {
    inverse: DMatrix<f64>,
    /// V⁻¹·y.
    weighted: DVector<f64>,
    /// yᵀ·V⁻¹·y, with the determinant and what the runs of each block say of the noise.
    misfit: f64,
}

/// A law after the pilots: the logarithm of its weight, E integrated out over a flat belief, and E.
fn updated(noisy: &Noise, shapes: &[f64]) -> (f64, (f64, f64)) {
    let (mut information, mut along) = (0.0, 0.0);
    // V⁻¹ is symmetric: its columns are its rows.
    let rows = noisy.inverse.as_slice().chunks_exact(shapes.len());
    for ((row, shape), weighted) in rows.zip(shapes).zip(&noisy.weighted) {
        let solved: f64 = row.iter().zip(shapes).map(|(a, b)| a * b).sum();
        information += shape * solved;
        along += shape * weighted;
    }
    let misfit = noisy.misfit - along * along / information;
    (-0.5 * (misfit + information.ln()), (along / information, 1.0 / information))
}
