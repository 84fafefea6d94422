//! A scaling law from runs.

use super::{ScalingError, ScalingLaw};

/// Where the Huber loss turns from squares to absolute values, as in Hoffmann et al. (2022).
pub const HUBER_DELTA: f64 = 1e-3;
/// Fewest runs for five constants.
const LEAST_RUNS: usize = 6;
/// Starts of ln A₀ and ln B₀, of ln E₀, and of both exponents: the grid of the paper, thinned.
const SCALES: [f64; 3] = [2.0, 6.0, 12.0];
const FLOORS: [f64; 2] = [-0.5, 0.5];
const EXPONENTS: [f64; 2] = [0.3, 0.8];
/// Starts that are followed to the end.
const FINALISTS: usize = 4;
const SHORT: usize = 60;
const LONG: usize = 4000;
/// Rounds of restarting the search with a forgotten curvature.
const RESTARTS: usize = 12;

type Theta = [f64; 5];

/// A training run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LossRun {
    /// P, parameters.
    pub params: f64,
    /// D, tokens.
    pub tokens: f64,
    /// L, nats a token.
    pub loss: f64,
}

/// A fitted law.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScalingFit {
    /// The law. Its constants are weakly identified; its losses are not.
    pub law: ScalingLaw,
    /// The sum of Huber losses of ln L at the law.
    pub objective: f64,
}

/// Fits a law to runs.
///
/// # Formula
/// min Σ Huber_δ(LSE(a − α·ln P, b − β·ln D, e) − ln L) over a = ln A₀, b = ln B₀, e = ln E₀, α, β with
/// δ = 10⁻³: Hoffmann et al. (2022), appendix D.3, with the sum that Besiroglu et al. (2024) show to be
/// needed. Quasi-Newton (BFGS) from a grid of starts.
///
/// ```
/// use tunewise_cost::scaling::{LossRun, ScalingLaw, fit_scaling_law};
///
/// # fn main() -> Result<(), tunewise_cost::scaling::ScalingError> {
/// let law = ScalingLaw::EPOCH_2024;
/// let mut runs = Vec::new();
/// for params in [1e7, 1e8, 1e9] {
///     for tokens in [1e9, 1e10, 1e11] {
///         runs.push(LossRun { params, tokens, loss: law.loss(params, tokens)[0] });
///     }
/// }
/// let fit = fit_scaling_law(&runs)?;
/// assert!((fit.law.loss(5e8, 5e10)[0] - law.loss(5e8, 5e10)[0]).abs() < 1e-3);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// For fewer than 6 runs, or a number that is not finite and above 0.
pub fn fit_scaling_law(runs: &[LossRun]) -> Result<ScalingFit, ScalingError> {
    if runs.len() < LEAST_RUNS {
        return Err(ScalingError::TooFewRuns { got: runs.len() });
    }
    let logs = logarithms(runs)?;
    let mut found: Vec<(f64, Theta)> =
        starts().map(|start| minimise(&logs, start, SHORT)).collect();
    found.sort_by(|one, other| one.0.total_cmp(&other.0));
    let polish = |&(_, start): &(f64, Theta)| {
        let first = minimise(&logs, start, LONG);
        (0..RESTARTS).fold(first, |best, _| {
            let next = minimise(&logs, best.1, LONG);
            if next.0 < best.0 { next } else { best }
        })
    };
    let finals = found.iter().take(FINALISTS).map(polish);
    let (objective, [a, b, e, alpha, beta]) =
        finals.fold((f64::INFINITY, [0.0; 5]), |best, one| if one.0 < best.0 { one } else { best });
    let law = ScalingLaw {
        irreducible: e.exp(),
        param_scale: a.exp(),
        data_scale: b.exp(),
        param_exponent: alpha,
        data_exponent: beta,
    };
    Ok(ScalingFit { law, objective })
}

/// The sum of Huber losses of ln L at a law: what [`fit_scaling_law`] minimises.
///
/// # Formula
/// Σ Huber_δ(ln L̂ − ln L), Huber_δ(r) = r²/2 for |r| ≤ δ, else δ·(|r| − δ/2), δ = 10⁻³.
///
/// # Reference
/// Hoffmann et al. (2022), equation 4; Besiroglu et al. (2024).
///
/// # Errors
/// If a run's number is not finite and above 0.
///
/// ```
/// use tunewise_cost::scaling::{LossRun, ScalingLaw, huber_objective};
///
/// let law = ScalingLaw::EPOCH_2024;
/// let (params, tokens) = (1e9, 2e10);
/// let run = |error: f64| LossRun { params, tokens, loss: law.loss(params, tokens)[0] * error.exp() };
/// let within = huber_objective(&law, &[run(1e-4)])?; // r²/2
/// assert!((within - 0.5e-8).abs() < 1e-15);
/// let beyond = huber_objective(&law, &[run(0.1)])?; // δ·(|r| - δ/2)
/// assert!((beyond - 1e-3 * (0.1 - 0.5e-3)).abs() < 1e-12);
/// # Ok::<(), tunewise_cost::scaling::ScalingError>(())
/// ```
pub fn huber_objective(law: &ScalingLaw, runs: &[LossRun]) -> Result<f64, ScalingError> {
    let [a, b, e] = [law.param_scale, law.data_scale, law.irreducible].map(f64::ln);
    let theta = [a, b, e, law.param_exponent, law.data_exponent];
    Ok(objective(&logarithms(runs)?, &theta).0)
}

fn logarithms(runs: &[LossRun]) -> Result<Vec<[f64; 3]>, ScalingError> {
    let one = |(run, one): (usize, &LossRun)| {
        let fields = [("params", one.params), ("tokens", one.tokens), ("loss", one.loss)];
        match fields.into_iter().find(|(_, value)| !(value.is_finite() && *value > 0.0)) {
            Some((field, value)) => Err(ScalingError::Run { run, field, value }),
            None => Ok(fields.map(|(_, value)| value.ln())),
        }
    };
    (1..).zip(runs).map(one).collect()
}

fn starts() -> impl Iterator<Item = Theta> {
    SCALES.into_iter().flat_map(|a| {
        SCALES.into_iter().flat_map(move |b| {
            FLOORS.into_iter().flat_map(move |e| {
                EXPONENTS.into_iter().flat_map(move |alpha| {
                    EXPONENTS.into_iter().map(move |beta| [a, b, e, alpha, beta])
                })
            })
        })
    })
}

/// The objective and its gradient.
fn objective(runs: &[[f64; 3]], &[a, b, e, alpha, beta]: &Theta) -> (f64, Theta) {
    let (mut sum, mut slopes) = (0.0, [0.0; 5]);
    for &[params, tokens, loss] in runs {
        let terms = [a - alpha * params, b - beta * tokens, e];
        let most = terms.into_iter().fold(f64::NEG_INFINITY, f64::max);
        let shares = terms.map(|term| (term - most).exp());
        let total: f64 = shares.iter().sum();
        let error = most + total.ln() - loss;
        let size = error.abs();
        sum += if size <= HUBER_DELTA {
            0.5 * error * error
        } else {
            HUBER_DELTA * (size - 0.5 * HUBER_DELTA)
        };
        let slope = error.clamp(-HUBER_DELTA, HUBER_DELTA);
        let [of_a, of_b, of_e] = shares.map(|share| slope * share / total);
        let by = [of_a, of_b, of_e, -params * of_a, -tokens * of_b];
        slopes = std::array::from_fn(|j| slopes[j] + by[j]);
    }
    (sum, slopes)
}

fn dot(one: &Theta, other: &Theta) -> f64 {
    one.iter().zip(other).map(|(x, y)| x * y).sum()
}

/// BFGS with a backtracking line search; Nocedal and Wright, algorithm 6.1.
fn minimise(runs: &[[f64; 3]], start: Theta, steps: usize) -> (f64, Theta) {
    let mut at = start;
    let (mut value, mut slope) = objective(runs, &at);
    let mut inverse = identity(1.0);
    let mut fresh = true;
    for _ in 0..steps {
        let mut direction: Theta = inverse.map(|row| -dot(&row, &slope));
        if dot(&direction, &slope) >= 0.0 {
            inverse = identity(1.0);
            direction = slope.map(|s| -s);
            fresh = true;
        }
        let Some((next, there, slope_there)) = search(runs, (at, value, slope), direction) else {
            if fresh {
                break;
            }
            inverse = identity(1.0);
            fresh = true;
            continue;
        };
        let step: Theta = std::array::from_fn(|j| next[j] - at[j]);
        let turn: Theta = std::array::from_fn(|j| slope_there[j] - slope[j]);
        let curvature = dot(&step, &turn);
        if curvature > 0.0 {
            if fresh {
                inverse = identity(curvature / dot(&turn, &turn));
            }
            inverse = updated(&inverse, &step, &turn, curvature);
            fresh = false;
        }
        (at, value, slope) = (next, there, slope_there);
    }
    (value, at)
}

fn identity(scale: f64) -> [Theta; 5] {
    std::array::from_fn(|i| std::array::from_fn(|j| if i == j { scale } else { 0.0 }))
}

/// (I − s·yᵀ/c)·H·(I − y·sᵀ/c) + s·sᵀ/c.
fn updated(inverse: &[Theta; 5], step: &Theta, turn: &Theta, curvature: f64) -> [Theta; 5] {
    let turned: Theta = inverse.map(|row| dot(&row, turn));
    let scale = (1.0 + dot(turn, &turned) / curvature) / curvature;
    std::array::from_fn(|i| {
        std::array::from_fn(|j| {
            inverse[i][j] + scale * step[i] * step[j]
                - (turned[i] * step[j] + step[i] * turned[j]) / curvature
        })
    })
}

/// A point on the ray that satisfies the weak Wolfe conditions, by bisection; else the best that falls.
fn search(
    runs: &[[f64; 3]],
    (at, value, slope): (Theta, f64, Theta),
    direction: Theta,
) -> Option<(Theta, f64, Theta)> {
    let down = dot(&slope, &direction);
    let (mut low, mut high, mut length) = (0.0, f64::INFINITY, 1.0);
    let mut best = None;
    for _ in 0..60 {
        let next: Theta = std::array::from_fn(|j| at[j] + length * direction[j]);
        let (there, slope_there) = objective(runs, &next);
        // A loss that is no number counts as too high.
        if there < value + 1e-4 * length * down {
            best = Some((next, there, slope_there));
            if dot(&slope_there, &direction) >= 0.9 * down {
                break;
            }
            low = length;
        } else {
            high = length;
        }
        length = if f64::is_finite(high) { (low + high) / 2.0 } else { 2.0 * low };
    }
    best.filter(|(_, there, _)| *there < value)
}
