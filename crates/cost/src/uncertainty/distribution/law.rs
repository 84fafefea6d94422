//! Checked distributions, ready to compute with.

use std::fmt::Debug;
use std::sync::Arc;

use super::Distribution;
use super::bounded::{LogUniform, ScaledBeta, Triangular, Uniform};
use super::discrete::Steps;
use super::gamma::Gamma;
use super::normal::{LogNormal, Normal};
use super::truncated::TruncatedNormal;
use crate::Result;

/// What each family computes.
pub(super) trait Shape: Debug + Send + Sync {
    /// The smallest value whose cdf is at least `p`, for `p` inside [0, 1].
    fn quantile(&self, p: f64) -> f64;
    fn cdf(&self, x: f64) -> f64;
    fn mean(&self) -> f64;
    fn sd(&self) -> f64;

    /// Replaces probabilities by quantiles.
    fn quantiles_in_place(&self, values: &mut [f64]) {
        for value in values {
            *value = self.quantile(*value);
        }
    }
}

/// A distribution whose parameters are valid: quantiles, probabilities, moments.
///
/// Quantiles and probabilities are good to about 1e-14 relative.
///
/// ```
/// use tunewise_cost::uncertainty::Distribution;
///
/// # fn main() -> tunewise_cost::Result<()> {
/// let law = Distribution::Normal { mean: 100.0, sd: 10.0 }.law()?;
/// assert_eq!(law.quantile(0.5), 100.0);
/// assert_eq!(law.sd(), 10.0);
/// let bad = Distribution::Normal { mean: 100.0, sd: -1.0 }.law();
/// assert_eq!(
///     bad.unwrap_err().to_string(),
///     "normal distribution: sd is -1, expected a number above 0"
/// );
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Law {
    shape: Arc<dyn Shape>,
}

impl Distribution {
    /// Checks the parameters and prepares what the computations need.
    ///
    /// # Errors
    /// [`Error::Distribution`](crate::Error::Distribution) names the family, the parameter, its value and
    /// the rule; [`Error::QuantileFit`](crate::Error::QuantileFit) says why no member of a family has the
    /// quantiles asked for.
    ///
    /// ```
    /// use tunewise_cost::uncertainty::Distribution;
    ///
    /// let law = Distribution::Triangular { low: 0.0, mode: 1.0, high: 2.0 }.law()?;
    /// assert_eq!((law.quantile(0.5), law.mean()), (1.0, 1.0));
    /// assert!(Distribution::Triangular { low: 0.0, mode: 3.0, high: 2.0 }.law().is_err());
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    pub fn law(&self) -> Result<Law> {
        let shape: Arc<dyn Shape> = match self {
            Self::Uniform { low, high } => Arc::new(Uniform::new(*low, *high)?),
            Self::LogUniform { low, high } => Arc::new(LogUniform::new(*low, *high)?),
            Self::Normal { mean, sd } => Arc::new(Normal::new(*mean, *sd)?),
            Self::TruncatedNormal { mean, sd, low, high } => {
                Arc::new(TruncatedNormal::new(Normal::new(*mean, *sd)?, *low, *high)?)
            }
            Self::LogNormal { mu, sigma, shift } => Arc::new(LogNormal::new(*mu, *sigma, *shift)?),
            Self::Triangular { low, mode, high } => Arc::new(Triangular::new(*low, *mode, *high)?),
            Self::Pert { low, mode, high, lambda } => {
                Arc::new(ScaledBeta::pert(*low, *mode, *high, *lambda)?)
            }
            Self::Beta { alpha, beta, low, high } => {
                Arc::new(ScaledBeta::new(*alpha, *beta, *low, *high)?)
            }
            Self::Gamma { shape, scale } => Arc::new(Gamma::new(*shape, *scale)?),
            Self::Discrete { values, weights } => Arc::new(Steps::discrete(values, weights)?),
            Self::Empirical { values } => Arc::new(Steps::empirical(values)?),
            Self::ThreePoint(points) => return points.fit()?.law(),
        };
        Ok(Law { shape })
    }
}

impl Law {
    /// The smallest value that is reached with probability `p`; NaN for a `p` outside [0, 1].
    ///
    /// # Formula
    /// F⁻¹(p) = inf {x : F(x) ≥ p}.
    ///
    /// ```
    /// # fn main() -> tunewise_cost::Result<()> {
    /// use tunewise_cost::uncertainty::Distribution;
    /// let law = Distribution::Uniform { low: 2.0, high: 4.0 }.law()?;
    /// assert_eq!(law.quantile(0.25), 2.5);
    /// assert!(law.quantile(1.1).is_nan());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn quantile(&self, p: f64) -> f64 {
        if (0.0..=1.0).contains(&p) { self.shape.quantile(p) } else { f64::NAN }
    }

    /// The probability of at most `x`.
    ///
    /// # Formula
    /// F(x) = P(X ≤ x).
    ///
    /// ```
    /// # fn main() -> tunewise_cost::Result<()> {
    /// use tunewise_cost::uncertainty::Distribution;
    /// let law = Distribution::Uniform { low: 2.0, high: 4.0 }.law()?;
    /// assert_eq!((law.cdf(1.0), law.cdf(3.0), law.cdf(5.0)), (0.0, 0.5, 1.0));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn cdf(&self, x: f64) -> f64 {
        if x.is_nan() { f64::NAN } else { self.shape.cdf(x) }
    }

    /// The mean.
    ///
    /// # Formula
    /// ∫ x dF.
    ///
    /// ```
    /// # fn main() -> tunewise_cost::Result<()> {
    /// use tunewise_cost::uncertainty::Distribution;
    /// assert_eq!(Distribution::Gamma { shape: 25.0, scale: 0.04 }.law()?.mean(), 1.0);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.shape.mean()
    }

    /// The standard deviation.
    ///
    /// # Formula
    /// √(∫ x² dF − (∫ x dF)²).
    ///
    /// ```
    /// # fn main() -> tunewise_cost::Result<()> {
    /// use tunewise_cost::uncertainty::Distribution;
    /// assert_eq!(Distribution::Gamma { shape: 25.0, scale: 0.04 }.law()?.sd(), 0.2);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn sd(&self) -> f64 {
        self.shape.sd()
    }

    /// Replaces each probability, all inside [0, 1], by its quantile: the fast way to draw many.
    ///
    /// The results are those of [`quantile`](Self::quantile), bit for bit.
    ///
    /// ```
    /// # fn main() -> tunewise_cost::Result<()> {
    /// use tunewise_cost::uncertainty::{Distribution, Stream};
    /// let law = Distribution::Normal { mean: 0.0, sd: 1.0 }.law()?;
    /// let mut draws = [0.0; 100];
    /// Stream::new(7, 0).fill_uniform(&mut draws);
    /// law.quantiles_in_place(&mut draws);
    /// assert!(draws.iter().all(|z| z.abs() < 5.0));
    /// # Ok(())
    /// # }
    /// ```
    pub fn quantiles_in_place(&self, probabilities: &mut [f64]) {
        self.shape.quantiles_in_place(probabilities);
    }
}

/// A family's parameter and the checks that all families share.
pub(super) struct Checked {
    pub(super) family: &'static str,
    pub(super) parameter: &'static str,
    pub(super) value: f64,
}

impl Checked {
    pub(super) fn finite(self) -> Result<f64> {
        let ok = self.value.is_finite();
        self.require(ok, "a finite number")
    }

    pub(super) fn positive(self) -> Result<f64> {
        let ok = self.value > 0.0 && self.value.is_finite();
        self.require(ok, "a number above 0")
    }

    pub(super) fn require(self, ok: bool, rule: &'static str) -> Result<f64> {
        let Self { family, parameter, value } = self;
        if ok {
            Ok(value)
        } else {
            Err(crate::Error::Distribution { family, parameter, value, rule })
        }
    }
}

pub(super) fn check(family: &'static str, parameter: &'static str, value: f64) -> Checked {
    Checked { family, parameter, value }
}
