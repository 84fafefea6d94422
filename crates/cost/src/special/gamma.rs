//! The incomplete gamma function: gamma and chi-squared laws.

use std::f64::consts::PI;

use super::newton::{Side, invert_log};
use super::normal_quantile;

const HALF_LN_2PI: f64 = 0.918_938_533_204_672_7;
const TINY: f64 = 1e-300;
/// Terms needed grow as the square root of the shape; this reaches shapes of about 1e10.
pub(super) const TERMS: usize = 1_000_000;

/// Lower and upper tail of a law at one point; they sum to 1 and each keeps its own digits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tails {
    /// Probability of at most this value.
    pub(super) lower: f64,
    /// Probability of more.
    pub(super) upper: f64,
}

impl Tails {
    pub(super) fn from_lower(lower: f64) -> Self {
        Self { lower, upper: 1.0 - lower }
    }

    pub(super) fn from_upper(upper: f64) -> Self {
        Self { lower: 1.0 - upper, upper }
    }
}

/// `ln Gamma(x + 1) - (x + 1/2) ln x + x - ln(2 pi) / 2`, the error of Stirling's formula.
pub(super) fn stirling_error(x: f64) -> f64 {
    if x < 10.0 {
        return libm::lgamma(x + 1.0) - (x + 0.5) * x.ln() + x - HALF_LN_2PI;
    }
    let r = 1.0 / (x * x);
    let series = 1.0 / 12.0
        + r * (-1.0 / 360.0
            + r * (1.0 / 1260.0
                + r * (-1.0 / 1680.0
                    + r * (1.0 / 1188.0 + r * (-691.0 / 360_360.0 + r * (1.0 / 156.0))))));
    series / x
}

/// `x ln(x / mean) + mean - x`, without cancellation near `x = mean`.
pub(super) fn deviance(x: f64, mean: f64) -> f64 {
    let difference = x - mean;
    if difference.abs() >= 0.1 * (x + mean) {
        return x * (x / mean).ln() - difference;
    }
    let v = difference / (x + mean);
    let mut sum = difference * v;
    let mut term = 2.0 * x * v;
    for j in 1..1000 {
        term *= v * v;
        let next = sum + term / f64::from(2 * j + 1);
        if next == sum {
            break;
        }
        sum = next;
    }
    sum
}

/// `x^a e^-x / Gamma(a + 1)`.
fn poisson_term(a: f64, x: f64) -> f64 {
    (-stirling_error(a) - deviance(a, x)).exp() / (2.0 * PI * a).sqrt()
}

fn tails(a: f64, x: f64) -> Tails {
    if !(a > 0.0 && x >= 0.0) {
        return Tails { lower: f64::NAN, upper: f64::NAN };
    }
    if x == 0.0 {
        return Tails::from_lower(0.0);
    }
    if x == f64::INFINITY {
        return Tails::from_upper(0.0);
    }
    let term = poisson_term(a, x);
    if x < a + 1.0 {
        Tails::from_lower(term * series(a, x))
    } else {
        Tails::from_upper(term * a * continued_fraction(a, x))
    }
}

/// `sum x^n / ((a + 1) ... (a + n))`.
fn series(a: f64, x: f64) -> f64 {
    let mut sum = 1.0;
    let mut term = 1.0;
    let mut divisor = a;
    for _ in 0..TERMS {
        divisor += 1.0;
        term *= x / divisor;
        sum += term;
        if term < sum * 0.25 * f64::EPSILON {
            break;
        }
    }
    sum
}

/// `Gamma(a, x) e^x x^-a` by Lentz's method.
fn continued_fraction(a: f64, x: f64) -> f64 {
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / TINY;
    let mut d = 1.0 / b;
    let mut h = d;
    for i in 1..TERMS {
        let n = i as f64;
        let coefficient = -n * (n - a);
        b += 2.0;
        d = 1.0 / nonzero(coefficient * d + b);
        c = nonzero(b + coefficient / c);
        let factor = c * d;
        h *= factor;
        if (factor - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    h
}

pub(super) fn nonzero(x: f64) -> f64 {
    if x.abs() < TINY { TINY } else { x }
}

/// Probability that a gamma variate of this shape and scale 1 is at most `x`: `P(shape, x)`.
///
/// NaN for a shape that is not positive or a negative `x`.
///
/// # Reference
/// Abramowitz and Stegun, 6.5; the prefactor after C. Loader, "Fast and accurate computation of binomial
/// probabilities" (2000); the fraction by Lentz's method (Numerical Recipes, 6.2).
///
/// ```
/// let p = tunewise_cost::special::gamma_cdf(1.0, 2.0);
/// assert!((p - (1.0 - (-2.0_f64).exp())).abs() < 1e-15);
/// ```
pub fn gamma_cdf(shape: f64, x: f64) -> f64 {
    tails(shape, x).lower
}

/// Probability that a gamma variate of this shape and scale 1 exceeds `x`: `Q(shape, x)`.
///
/// # Formula
/// Q(a, x) = 1 − P(a, x) = Γ(a, x)/Γ(a): Abramowitz and Stegun, 6.5.
///
/// ```
/// let q = tunewise_cost::special::gamma_sf(1.0, 200.0);
/// assert!((q / (-200.0_f64).exp() - 1.0).abs() < 1e-12);
/// ```
pub fn gamma_sf(shape: f64, x: f64) -> f64 {
    tails(shape, x).upper
}

/// The `p`-quantile of the gamma law of this shape and scale 1. NaN outside the domain.
///
/// # Formula
/// The x with P(a, x) = p: SciPy `gammaincinv`, by Newton's method on the logarithm of the smaller tail.
///
/// ```
/// let x = tunewise_cost::special::gamma_quantile(0.5, 1.0);
/// assert!((x - std::f64::consts::LN_2).abs() < 1e-15);
/// ```
pub fn gamma_quantile(p: f64, shape: f64) -> f64 {
    if !(shape > 0.0 && (0.0..=1.0).contains(&p)) {
        return f64::NAN;
    }
    if p == 0.0 {
        return 0.0;
    }
    if p == 1.0 {
        return f64::INFINITY;
    }
    let start = gamma_start(p, shape);
    let density = |x: f64| shape * poisson_term(shape, x);
    if p <= 0.5 {
        invert_log(start, p, |x| Side { probability: tails(shape, x).lower, slope: density(x) })
    } else {
        invert_log(start, 1.0 - p, |x| Side {
            probability: tails(shape, x).upper,
            slope: -density(x),
        })
    }
}

/// Wilson and Hilferty's cube, or the power law of the lower tail where that is not positive.
fn gamma_start(p: f64, shape: f64) -> f64 {
    let root = 1.0 / (9.0 * shape);
    let cube = 1.0 - root + normal_quantile(p) * root.sqrt();
    if shape > 0.5 && cube > 0.1 {
        return shape * cube * cube * cube;
    }
    ((p.ln() + libm::lgamma(shape + 1.0)) / shape).exp().max(f64::MIN_POSITIVE)
}

/// Probability that a chi-squared variate with `df` degrees of freedom is at most `x`.
///
/// # Formula
/// P(df/2, x/2): Abramowitz and Stegun, 26.4.19.
///
/// ```
/// let p = tunewise_cost::special::chi2_cdf(5.991_464_547_107_979, 2.0);
/// assert!((p - 0.95).abs() < 1e-15);
/// ```
pub fn chi2_cdf(x: f64, df: f64) -> f64 {
    gamma_cdf(0.5 * df, 0.5 * x)
}

/// Probability that a chi-squared variate with `df` degrees of freedom exceeds `x`.
///
/// # Formula
/// Q(df/2, x/2): Abramowitz and Stegun, 26.4.19.
///
/// ```
/// let p = tunewise_cost::special::chi2_sf(5.991_464_547_107_979, 2.0);
/// assert!((p - 0.05).abs() < 1e-15);
/// ```
pub fn chi2_sf(x: f64, df: f64) -> f64 {
    gamma_sf(0.5 * df, 0.5 * x)
}
