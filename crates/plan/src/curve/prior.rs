//! What is believed of a learning curve before the first pilot: weakly, and said here in full.
//!
//! | what | values | belief |
//! | --- | --- | --- |
//! | c, exponent | 0.05 to 2, a ratio of 1.28 apart | log-normal, median 0.4, factor e^0.7 |
//! | r, floor | 0 to 0.96 of the error at D₀ | falling as 1 − r: that data has nothing more to give is the exception |
//! | d, rows that pretraining was worth | 0, 1/4, 1/2, 1 of D₀ | none as probable as any |
//! | s, seed noise at D₀ | 0.15 to 3 standard errors of the validation rows | log-normal, median 0.6, factor e^0.6 |
//! | κ, growth of variance to small slices | 0, 0.5, 1 | equal |
//! | τ, departure from a power law, a unit of √ln D | 0 to 0.15 of the error at D₀ | half-normal, 0.06 |

/// A value of the grid and the logarithm of its weight.
pub(super) type Belief = (f64, f64);

pub(super) fn exponents() -> Vec<Belief> {
    log_grid(0.05, 2.0, 16).map(|c| (c, gauss((c / 0.4).ln() / 0.7))).collect()
}

pub(super) fn floors() -> Vec<Belief> {
    const COUNT: u32 = 13;
    let floors = (0..COUNT).map(|step| 0.96 * f64::from(step) / f64::from(COUNT - 1));
    floors.map(|floor| (floor, (1.0 - floor).ln())).collect()
}

/// d in D₀: none as probable as any.
pub(super) fn offsets() -> [Belief; 4] {
    [(0.0, 3_f64.ln()), (0.25, 0.0), (0.5, 0.0), (1.0, 0.0)]
}

/// In standard errors of the validation rows.
pub(super) fn noises() -> Vec<Belief> {
    log_grid(0.15, 3.0, 10).map(|s| (s, gauss((s / 0.6).ln() / 0.6))).collect()
}

pub(super) fn spreads() -> [Belief; 3] {
    [(0.0, 0.0), (0.5, 0.0), (1.0, 0.0)]
}

/// In errors at D₀.
pub(super) fn departures() -> Vec<Belief> {
    [0.0, 0.03, 0.06, 0.09, 0.12, 0.15].into_iter().map(|t| (t, gauss(t / 0.06))).collect()
}

fn gauss(z: f64) -> f64 {
    -0.5 * z * z
}

fn log_grid(low: f64, high: f64, count: u32) -> impl Iterator<Item = f64> {
    let step = (high / low).powf(1.0 / f64::from(count - 1));
    (0..count).map(move |power| low * step.powf(f64::from(power)))
}
