//! The normal law between two bounds.

use super::law::{Shape, check};
use super::normal::Normal;
use crate::Result;
use crate::special::{normal_cdf, normal_pdf, normal_quantile};

const FAMILY: &str = "truncated_normal";

#[derive(Debug)]
pub(super) struct TruncatedNormal {
    normal: Normal,
    low: f64,
    high: f64,
    /// Bounds in standard units, mirrored if `mirrored` so that they lie where the cdf has its digits.
    alpha: f64,
    beta: f64,
    mirrored: bool,
    /// Normal cdf at `alpha`, and the probability between.
    below: f64,
    mass: f64,
}

impl TruncatedNormal {
    pub(super) fn new(normal: Normal, low: f64, high: f64) -> Result<Self> {
        let low = check(FAMILY, "low", low).require(low < f64::INFINITY, "below high")?;
        let high = check(FAMILY, "high", high).require(high > low, "a number above low")?;
        let (alpha, beta) = ((low - normal.mean) / normal.sd, (high - normal.mean) / normal.sd);
        // Above the mean the cdf is near 1 and has lost the digits that its mirror image keeps.
        let mirrored = alpha > 0.0;
        let (alpha, beta) = if mirrored { (-beta, -alpha) } else { (alpha, beta) };
        let below = normal_cdf(alpha);
        let mass = normal_cdf(beta) - below;
        check(FAMILY, "mean", normal.mean)
            .require(mass > 1e-300, "a mean that leaves probability between low and high")?;
        Ok(Self { normal, low, high, alpha, beta, mirrored, below, mass })
    }

    /// Mean and variance in standard units, of the mirror image if mirrored.
    fn standard_moments(&self) -> (f64, f64) {
        if self.beta - self.alpha < 1.0 {
            return self.moments_by_quadrature();
        }
        // phi(x) and x phi(x), 0 at infinity.
        let density =
            |x: f64| if x.is_finite() { (normal_pdf(x), x * normal_pdf(x)) } else { (0.0, 0.0) };
        let ((at_alpha, alpha_moment), (at_beta, beta_moment)) =
            (density(self.alpha), density(self.beta));
        let mean = (at_alpha - at_beta) / self.mass;
        (mean, 1.0 + (alpha_moment - beta_moment) / self.mass - mean * mean)
    }

    /// Between close bounds the closed form cancels; five-point Gauss-Legendre on eight panels does not.
    fn moments_by_quadrature(&self) -> (f64, f64) {
        let panel = (self.beta - self.alpha) / 8.0;
        let centre = 0.5 * (self.alpha + self.beta);
        let (mut total, mut first, mut second) = (0.0, 0.0, 0.0);
        for index in 0..8 {
            let middle = self.alpha + (f64::from(index) + 0.5) * panel;
            for (node, weight) in GAUSS_LEGENDRE {
                let offset = middle + 0.5 * panel * node - centre;
                // The density over its value at the centre.
                let density = weight * (-offset * (centre + 0.5 * offset)).exp();
                total += density;
                first += density * offset;
                second += density * offset * offset;
            }
        }
        let offset = first / total;
        (centre + offset, second / total - offset * offset)
    }
}

/// Nodes on [-1, 1] and weights: Abramowitz and Stegun, table 25.4, n = 5.
const GAUSS_LEGENDRE: [(f64, f64); 5] = [
    (-0.906_179_845_938_664, 0.236_926_885_056_189_08),
    (-0.538_469_310_105_683_1, 0.478_628_670_499_366_47),
    (0.0, 0.568_888_888_888_888_9),
    (0.538_469_310_105_683_1, 0.478_628_670_499_366_47),
    (0.906_179_845_938_664, 0.236_926_885_056_189_08),
];

impl Shape for TruncatedNormal {
    fn quantile(&self, p: f64) -> f64 {
        // The ends are the bounds themselves, not what rounding makes of them.
        if p == 0.0 {
            return self.low;
        }
        if p == 1.0 {
            return self.high;
        }
        let share = if self.mirrored { 1.0 - p } else { p };
        let z = normal_quantile(self.below + share * self.mass);
        let z = if self.mirrored { -z } else { z };
        (self.normal.mean + self.normal.sd * z).clamp(self.low, self.high)
    }

    fn cdf(&self, x: f64) -> f64 {
        if x <= self.low {
            return 0.0;
        }
        if x >= self.high {
            return 1.0;
        }
        let z = (x - self.normal.mean) / self.normal.sd;
        if self.mirrored {
            (normal_cdf(self.beta) - normal_cdf(-z)) / self.mass
        } else {
            (normal_cdf(z) - self.below) / self.mass
        }
    }

    fn mean(&self) -> f64 {
        let (mean, _) = self.standard_moments();
        self.normal.mean + self.normal.sd * if self.mirrored { -mean } else { mean }
    }

    fn sd(&self) -> f64 {
        self.normal.sd * self.standard_moments().1.sqrt()
    }
}
