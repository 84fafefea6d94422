//! The posterior on a grid: every combination of constants with its weight.

use nalgebra::{DMatrix, DVector};
use tunewise_cost::uncertainty::Stream;

use super::prior::{departures, exponents, floors, noises, offsets, spreads};
use super::{Draw, Observation, mean, normal};

/// The least error of the largest slice that noise is measured by: of a thousand rows, half a row.
const LEAST_ERROR: f64 = 5e-4;

/// What is the same for all sizes of a curve, E apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Constants {
    /// r.
    pub(super) floor: f64,
    /// c.
    pub(super) exponent: f64,
    /// d/D₀.
    pub(super) offset: f64,
}

impl Constants {
    /// r + (1 − r)·((D + d)/(D₀ + d))^−c.
    pub(super) fn shape(self, ratio: f64) -> f64 {
        let Self { floor, exponent, offset } = self;
        floor + (1.0 - floor) * ((ratio + offset) / (1.0 + offset)).powf(-exponent)
    }
}

/// Pilots as the grid sees them.
pub(super) struct Grid {
    reference: f64,
    /// ln(D/D₀), not above 0.
    logs: Vec<f64>,
    /// 1 − quality.
    errors: DVector<f64>,
    /// The mean error at D₀.
    error: f64,
    /// Standard error of the validation rows there.
    unit: f64,
}

/// A combination of constants; E given it is normal.
pub(super) struct Component {
    log_weight: f64,
    constants: Constants,
    noise: f64,
    spread: f64,
    departure: f64,
    /// Mean and variance of E.
    error: (f64, f64),
}

impl Grid {
    pub(super) fn new(pilots: &[Observation], validation_rows: usize) -> Self {
        let reference = pilots.iter().map(|it| it.rows).fold(1.0, f64::max);
        let at_reference: Vec<f64> =
            pilots.iter().filter(|it| it.rows == reference).map(|it| 1.0 - it.quality).collect();
        let error = mean(&at_reference).max(LEAST_ERROR);
        Self {
            reference,
            logs: pilots.iter().map(|it| (it.rows / reference).ln()).collect(),
            errors: DVector::from_iterator(pilots.len(), pilots.iter().map(|it| 1.0 - it.quality)),
            error,
            unit: (error * (1.0 - error).max(LEAST_ERROR) / validation_rows as f64).sqrt(),
        }
    }

    pub(super) fn reference(&self) -> f64 {
        self.reference
    }

    /// All combinations with their weights.
    pub(super) fn weights(&self) -> Vec<Component> {
        let curves = self.curves();
        let mut out = Vec::new();
        for (noise, by_noise) in noises() {
            for (spread, by_spread) in spreads() {
                for (departure, by_departure) in departures() {
                    let prior = by_noise + by_spread + by_departure;
                    let Some(noisy) = self.noise(noise * self.unit, spread, departure) else {
                        continue;
                    };
                    for curve in &curves {
                        let believed = Component {
                            log_weight: prior + curve.log_prior,
                            constants: curve.constants,
                            noise: noise * self.unit,
                            spread,
                            departure,
                            error: (self.error, 0.0),
                        };
                        out.extend(updated(&noisy, &curve.shapes, believed));
                    }
                }
            }
        }
        out
    }

    /// The curves of the grid, up to E.
    fn curves(&self) -> Vec<Curve> {
        let mut curves = Vec::new();
        for (exponent, by_exponent) in exponents() {
            for (floor, by_floor) in floors() {
                for (offset, by_offset) in offsets() {
                    let constants = Constants { floor, exponent, offset };
                    let shapes = self.logs.iter().map(|log| constants.shape(log.exp()));
                    let shapes = DVector::from_iterator(self.logs.len(), shapes);
                    let log_prior = by_exponent + by_floor + by_offset;
                    curves.push(Curve { constants, log_prior, shapes });
                }
            }
        }
        curves
    }

    /// The pilots' covariance around the curve: seed noise, and a random walk in ln D from D₀ down.
    fn noise(&self, sd: f64, spread: f64, departure: f64) -> Option<Noise> {
        let n = self.logs.len();
        let walk = (departure * self.error).powi(2);
        let logs = &self.logs;
        let at = |index: usize| logs.get(index).copied().unwrap_or(0.0);
        let covariance = DMatrix::from_fn(n, n, |row, column| {
            let together = walk * at(row).abs().min(at(column).abs());
            let own = if row == column { sd * sd * (-spread * at(row)).exp() } else { 0.0 };
            together + own
        });
        let cholesky = covariance.cholesky()?;
        let log_determinant = 2.0 * cholesky.l_dirty().diagonal().map(f64::ln).sum();
        let inverse = cholesky.inverse();
        let weighted = &inverse * &self.errors;
        let fit = self.errors.dot(&weighted);
        Some(Noise { inverse, weighted, fit, log_determinant })
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
            constants: component.constants,
            drift: component.departure * self.error * normal(stream),
            luck: component.noise * normal(stream),
            spread: component.spread,
        }
    }
}

/// A curve after the pilots, E integrated out over a flat belief.
fn updated(noisy: &Noise, shapes: &DVector<f64>, believed: Component) -> Option<Component> {
    let information = shapes.dot(&(&noisy.inverse * shapes));
    let along = shapes.dot(&noisy.weighted);
    let misfit = noisy.fit - along * along / information;
    let log_weight =
        believed.log_weight - 0.5 * (noisy.log_determinant + misfit + information.ln());
    let error = (along / information, 1.0 / information);
    log_weight.is_finite().then_some(Component { log_weight, error, ..believed })
}

/// A curve of the grid: what E is multiplied by, a pilot each.
struct Curve {
    constants: Constants,
    log_prior: f64,
    shapes: DVector<f64>,
}

/// A covariance, solved once for all curves.
struct Noise {
    inverse: DMatrix<f64>,
    /// V⁻¹·y.
    weighted: DVector<f64>,
    /// yᵀ·V⁻¹·y.
    fit: f64,
    log_determinant: f64,
}
