//! Distributions by name, as a scenario file holds them, and the laws they stand for.

mod bounded;
mod discrete;
mod fit;
mod gamma;
mod law;
mod normal;
mod truncated;

use serde::{Deserialize, Serialize};

pub use fit::{Family, ThreePoint};
pub use law::Law;

/// What is known about an uncertain number.
///
/// This is the plain value that a scenario file holds, with the family's name under `dist`;
/// [`law`](Self::law) checks it and gives what can be computed with.
///
/// | `dist` | parameters | support |
/// | --- | --- | --- |
/// | `uniform` | `low`, `high` | low to high |
/// | `loguniform` | `low`, `high`, both above 0 | low to high |
/// | `normal` | `mean`, `sd` | the real line |
/// | `truncated_normal` | `mean`, `sd` of the whole normal; `low`, `high`, either may be left out | low to high |
/// | `lognormal` | `mu`, `sigma` of the logarithm; `shift` (0) is added | above shift |
/// | `triangular` | `low`, `mode`, `high` | low to high |
/// | `pert` | `low`, `mode`, `high`, `lambda` (4) | low to high |
/// | `beta` | `alpha`, `beta`, `low` (0), `high` (1) | low to high |
/// | `gamma` | `shape`, `scale` | above 0 |
/// | `discrete` | `values`, `weights` (any positive scale) | the values |
/// | `empirical` | `values`, each with the same probability | the values |
/// | `three_point` | `family`, `p10`, `p50`, `p90`: see [`ThreePoint`] | the family's |
///
/// ```
/// use tunewise_cost::uncertainty::Distribution;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let wage: Distribution = toml::from_str("dist = 'triangular'\nlow = 10\nmode = 12\nhigh = 20")?;
/// let law = wage.law()?;
/// assert_eq!(law.mean(), 14.0);
/// assert!((law.cdf(law.quantile(0.9)) - 0.9).abs() < 1e-15);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "dist", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Distribution {
    /// Any value between two bounds, with the same density.
    Uniform {
        /// Lower bound.
        low: f64,
        /// Upper bound.
        high: f64,
    },
    /// The logarithm is uniform: each factor of ten has the same probability.
    #[serde(rename = "loguniform")]
    LogUniform {
        /// Lower bound, above 0.
        low: f64,
        /// Upper bound.
        high: f64,
    },
    /// The normal law.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard deviation, above 0.
        sd: f64,
    },
    /// The normal law, given that it falls between two bounds.
    TruncatedNormal {
        /// Mean of the normal law before the cut.
        mean: f64,
        /// Standard deviation before the cut.
        sd: f64,
        /// Lower bound; none if left out.
        #[serde(default = "no_low", skip_serializing_if = "is_infinite")]
        low: f64,
        /// Upper bound; none if left out.
        #[serde(default = "no_high", skip_serializing_if = "is_infinite")]
        high: f64,
    },
    /// The logarithm of (value - shift) is normal.
    #[serde(rename = "lognormal")]
    LogNormal {
        /// Mean of the logarithm.
        mu: f64,
        /// Standard deviation of the logarithm, above 0.
        sigma: f64,
        /// Added to every value.
        #[serde(default, skip_serializing_if = "is_zero")]
        shift: f64,
    },
    /// Density rises from `low` to `mode` and falls to `high`, both straight.
    Triangular {
        /// Lower bound.
        low: f64,
        /// Most probable value.
        mode: f64,
        /// Upper bound.
        high: f64,
    },
    /// A beta law from three estimates, as in PERT planning.
    Pert {
        /// Lower bound.
        low: f64,
        /// Most probable value.
        mode: f64,
        /// Upper bound.
        high: f64,
        /// Weight of the mode; 4 is PERT's own.
        #[serde(default = "pert_lambda")]
        lambda: f64,
    },
    /// The beta law, stretched from `low` to `high`.
    Beta {
        /// First shape, above 0.
        alpha: f64,
        /// Second shape, above 0.
        beta: f64,
        /// Lower bound.
        #[serde(default)]
        low: f64,
        /// Upper bound.
        #[serde(default = "one")]
        high: f64,
    },
    /// The gamma law.
    Gamma {
        /// Shape, above 0.
        shape: f64,
        /// Scale, above 0; the mean is shape times scale.
        scale: f64,
    },
    /// A few values with weights.
    Discrete {
        /// The values.
        values: Vec<f64>,
        /// Their weights, in the same order; the probabilities are the weights over their sum.
        weights: Vec<f64>,
    },
    /// Observed values, each as probable as the next.
    Empirical {
        /// The values.
        values: Vec<f64>,
    },
    /// The member of a family with these three quantiles.
    ThreePoint(ThreePoint),
}

fn no_low() -> f64 {
    f64::NEG_INFINITY
}

fn no_high() -> f64 {
    f64::INFINITY
}

fn pert_lambda() -> f64 {
    4.0
}

fn one() -> f64 {
    1.0
}

fn is_zero(x: &f64) -> bool {
    *x == 0.0
}

fn is_infinite(x: &f64) -> bool {
    x.is_infinite()
}
