//! Student's t.

use super::beta::{Point, log_odds_density, tails};
use super::newton::{Side, invert_log};
use super::normal_quantile;

/// Probability that `|T|` exceeds `|t|`: the p value of a two-sided test with `df` degrees of freedom.
///
/// # Formula
/// ```text
/// I_x(df / 2, 1 / 2)    where x = df / (df + t^2)
/// ```
///
/// ```
/// let p = tunewise_cost::special::t_two_sided_p(1.0, 1.0);
/// assert!((p - 0.5).abs() < 1e-15);
/// ```
pub fn t_two_sided_p(t: f64, df: f64) -> f64 {
    if t.is_infinite() && df > 0.0 {
        return 0.0;
    }
    tails(0.5 * df, 0.5, Point::of_parts(df, t * t)).lower
}

/// Probability that a t variate with `df` degrees of freedom is at most `t`.
///
/// # Formula
/// 1 − I_x(df/2, 1/2)/2 for t ≥ 0 at x = df/(df + t²), else I_x(df/2, 1/2)/2: Abramowitz and Stegun, 26.7.1.
///
/// ```
/// assert!((tunewise_cost::special::t_cdf(1.0, 1.0) - 0.75).abs() < 1e-15);
/// ```
pub fn t_cdf(t: f64, df: f64) -> f64 {
    let half = 0.5 * t_two_sided_p(t, df);
    if t <= 0.0 { half } else { 1.0 - half }
}

/// Probability that a t variate with `df` degrees of freedom exceeds `t`.
///
/// # Formula
/// P(T > t) = P(T ≤ −t).
///
/// ```
/// assert!((tunewise_cost::special::t_sf(1.0, 1.0) - 0.25).abs() < 1e-15);
/// ```
pub fn t_sf(t: f64, df: f64) -> f64 {
    t_cdf(-t, df)
}

/// The `p`-quantile of Student's t with `df` degrees of freedom. NaN outside the domain.
///
/// # Formula
/// The t with P(T ≤ t) = p: SciPy `stdtrit`, by Newton's method on the logarithm of the smaller tail.
///
/// ```
/// let t = tunewise_cost::special::t_quantile(0.975, 10.0);
/// assert!((t - 2.228_138_851_986_274).abs() < 1e-14);
/// ```
pub fn t_quantile(p: f64, df: f64) -> f64 {
    if !(df > 0.0 && (0.0..=1.0).contains(&p)) {
        return f64::NAN;
    }
    let sign = if p < 0.5 { -1.0 } else { 1.0 };
    let tail = if p < 0.5 { p } else { 1.0 - p };
    if tail == 0.0 {
        return sign * f64::INFINITY;
    }
    if p == 0.5 {
        return 0.0;
    }
    sign * magnitude(tail, (p - 0.5).abs(), df)
}

/// The `t > 0` with upper tail `tail`, found from the smaller of the tail and the centre.
fn magnitude(tail: f64, centre: f64, df: f64) -> f64 {
    let start = normal_quantile(tail).abs().max(1e-8 * centre.max(f64::MIN_POSITIVE));
    let at = |t: f64| Point::of_parts(df, t * t);
    // d/ds of I_x(df/2, 1/2) with s = ln t: the log-odds of x fall twice as fast as s grows.
    let slope = |t: f64| 2.0 * log_odds_density(0.5 * df, 0.5, at(t));
    if tail <= centre {
        invert_log(start, 2.0 * tail, |t| Side {
            probability: tails(0.5 * df, 0.5, at(t)).lower,
            slope: -slope(t),
        })
    } else {
        invert_log(start, 2.0 * centre, |t| Side {
            probability: tails(0.5 * df, 0.5, at(t)).upper,
            slope: slope(t),
        })
    }
}
