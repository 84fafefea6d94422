//! What is believed of a learning curve before the first pilot: weakly, and said here in full.
//!
//! | what | belief |
//! | --- | --- |
//! | c, exponent | log-normal, median 0.4, factor e^0.7 |
//! | r, the share of the error at D₀ that no data removes | falling as 1 − r: that data has nothing more to give is the exception |
//! | d, rows that pretraining was worth | none in half of the cases, else up to D₀ |
//! | β, what the shortest run at D₀ is short of steps, in errors at D₀ | half-normal, 1 |
//! | b, how that falls with steps | log-normal, median 0.5, factor e^0.6 |
//! | p, how sharply rows or steps alone set the limit | log-normal, median 3, factor e^0.5 |
//! | s, seed noise at D₀, in standard errors of the validation rows | log-normal, median 0.6, factor e^0.6 |
//! | κ, growth of variance to small slices | 0, 0.5, 1, equal |
//! | ρ, the part of the variance that runs on the same rows share | 0, 0.5, 0.9, equal |
//! | τ, departure from the law, in errors at D₀, a unit of √ln D | half-normal, 0.06 |

use tunewise_cost::special::normal_quantile;

use super::law::Law;

/// Coordinates of a [`law`].
pub(super) const DIMENSIONS: usize = 6;

/// A value of the grid and the logarithm of its weight.
pub(super) type Belief = (f64, f64);

/// The law at a point of the unit cube: as dense as it is believed.
pub(super) fn law(point: [f64; DIMENSIONS]) -> Law {
    let [exponent, floor, offset, short, by_steps, sharpness] = point;
    Law {
        exponent: log_normal(exponent, 0.4, 0.7),
        floor: 1.0 - (1.0 - floor).sqrt(),
        offset: half_none(offset),
        short: normal_quantile(0.5 + 0.5 * short),
        by_steps: log_normal(by_steps, 0.5, 0.6),
        sharpness: log_normal(sharpness, 3.0, 0.5),
    }
}

fn log_normal(share: f64, median: f64, factor: f64) -> f64 {
    median * (factor * normal_quantile(share)).exp()
}

/// 0 in half of the cases, else up to 1.
fn half_none(share: f64) -> f64 {
    (2.0 * share - 1.0).max(0.0)
}

/// In standard errors of the validation rows.
pub(super) fn noises() -> Vec<Belief> {
    log_grid(0.15, 3.0, 10).map(|s| (s, gauss((s / 0.6).ln() / 0.6))).collect()
}

pub(super) fn spreads() -> [Belief; 3] {
    [(0.0, 0.0), (0.5, 0.0), (1.0, 0.0)]
}

pub(super) fn shares() -> [Belief; 3] {
    [(0.0, 0.0), (0.5, 0.0), (0.9, 0.0)]
}

/// In errors at D₀.
pub(super) fn departures() -> Vec<Belief> {
    [0.0, 0.04, 0.08, 0.12].into_iter().map(|t| (t, gauss(t / 0.06))).collect()
}

fn gauss(z: f64) -> f64 {
    -0.5 * z * z
}

fn log_grid(low: f64, high: f64, count: u32) -> impl Iterator<Item = f64> {
    let step = (high / low).powf(1.0 / f64::from(count - 1));
    (0..count).map(move |power| low * step.powf(f64::from(power)))
}
