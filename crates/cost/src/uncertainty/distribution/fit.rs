//! A distribution from its 10 %, 50 % and 90 % quantiles.

use serde::{Deserialize, Serialize};

use super::{Distribution, pert_lambda};
use crate::special::{beta_quantile, gamma_quantile, normal_quantile};
use crate::{Error, Result};

/// Families that three quantiles can name a member of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Family {
    /// Needs a median halfway between.
    Uniform,
    /// Needs positive quantiles and `p50^2 = p10 p90`.
    #[serde(rename = "loguniform")]
    LogUniform,
    /// Needs a median halfway between.
    Normal,
    /// With a shift: any three quantiles whose upper side is the longer.
    #[serde(rename = "lognormal")]
    LogNormal,
    /// Sides whose lengths differ by a factor of at most 1.618.
    Triangular,
    /// With `lambda` 4: sides whose lengths differ by a factor of at most 2.206.
    Pert,
    /// Needs positive quantiles, and one median for each ratio `p90 / p10`.
    Gamma,
}

/// Three quantiles, as an expert gives them: "one in ten is below, as likely above as below, one in ten
/// above".
///
/// Triangular, PERT and the shifted lognormal have three parameters, so they meet the three quantiles
/// exactly, within the skewness that the family has. The others have two: they meet the outer quantiles,
/// and the median must be theirs to within a millionth of the distance between those.
///
/// ```
/// use tunewise_cost::uncertainty::{Family, ThreePoint};
///
/// # fn main() -> tunewise_cost::Result<()> {
/// let hours = ThreePoint { family: Family::LogNormal, p10: 2.0, p50: 3.0, p90: 6.0 };
/// let law = hours.fit()?.law()?;
/// assert!((law.quantile(0.9) - 6.0).abs() < 1e-12);
///
/// let skewed = ThreePoint { family: Family::Normal, ..hours };
/// assert_eq!(
///     skewed.fit().unwrap_err().to_string(),
///     "no normal distribution has P10 = 2, P50 = 3, P90 = 6: its median would be 4"
/// );
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThreePoint {
    /// The family to look in.
    pub family: Family,
    /// The 10 % quantile.
    pub p10: f64,
    /// The median.
    pub p50: f64,
    /// The 90 % quantile.
    pub p90: f64,
}

/// How far a two-parameter family's median may be off, in units of `p90 - p10`.
const MEDIAN_TOLERANCE: f64 = 1e-6;
const OUTER: [f64; 3] = [0.1, 0.5, 0.9];

impl ThreePoint {
    /// The member of the family with these quantiles.
    ///
    /// # Formula
    /// F⁻¹(0.1) = P10, F⁻¹(0.5) = P50, F⁻¹(0.9) = P90, solved for the parameters.
    ///
    /// # Errors
    /// [`Error::QuantileFit`] if the quantiles are not in increasing order, or no member has them.
    ///
    /// ```
    /// use tunewise_cost::uncertainty::{Distribution, Family, ThreePoint};
    ///
    /// // Four fifths of the range lie between P10 and P90.
    /// let even = ThreePoint { family: Family::Uniform, p10: 1.0, p50: 5.0, p90: 9.0 };
    /// assert_eq!(even.fit()?, Distribution::Uniform { low: 0.0, high: 10.0 });
    /// assert!(ThreePoint { p50: 4.0, ..even }.fit().is_err());
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    pub fn fit(&self) -> Result<Distribution> {
        let Self { p10, p50, p90, .. } = *self;
        if !(p10 < p50 && p50 < p90 && (p90 - p10).is_finite()) {
            return Err(self.impossible("they must be finite and increase".to_owned()));
        }
        match self.family {
            Family::Uniform => {
                let outside = (p90 - p10) / 8.0;
                self.with_median(p10 + 4.0 * outside)?;
                Ok(Distribution::Uniform { low: p10 - outside, high: p90 + outside })
            }
            Family::Normal => {
                self.with_median(0.5 * (p10 + p90))?;
                Ok(Distribution::Normal {
                    mean: p50,
                    sd: (p90 - p10) / (2.0 * normal_quantile(0.9)),
                })
            }
            Family::LogUniform => self.log_uniform(),
            Family::LogNormal => self.log_normal(),
            Family::Gamma => self.gamma(),
            Family::Triangular => {
                // Below a mode share of 0.1 all three quantiles are on the falling side: nothing changes.
                let (low, mode, high) = self.bounded((0.1, 0.9), triangular_quantile)?;
                Ok(Distribution::Triangular { low, mode, high })
            }
            Family::Pert => {
                let lambda = pert_lambda();
                let (low, mode, high) = self.bounded((0.0, 1.0), |share, p| {
                    beta_quantile(p, 1.0 + lambda * share, 1.0 + lambda * (1.0 - share))
                })?;
                Ok(Distribution::Pert { low, mode, high, lambda })
            }
        }
    }

    fn with_median(&self, median: f64) -> Result<()> {
        if (self.p50 - median).abs() <= MEDIAN_TOLERANCE * (self.p90 - self.p10) {
            return Ok(());
        }
        Err(self.impossible(format!("its median would be {median}")))
    }

    fn positive(&self) -> Result<()> {
        if self.p10 > 0.0 {
            Ok(())
        } else {
            Err(self.impossible("it has positive values only".to_owned()))
        }
    }

    fn log_uniform(&self) -> Result<Distribution> {
        self.positive()?;
        self.with_median((self.p10 * self.p90).sqrt())?;
        let outside = (self.p90 / self.p10).powf(0.125);
        Ok(Distribution::LogUniform { low: self.p10 / outside, high: self.p90 * outside })
    }

    /// With `r = (p90 - p50) / (p50 - p10) = exp(z sigma)`, all else follows.
    fn log_normal(&self) -> Result<Distribution> {
        let ratio = self.skew();
        if ratio <= 1.0 {
            return Err(self.impossible(format!(
                "its upper side is the longer one, here it is {ratio} times the lower"
            )));
        }
        let median = (self.p50 - self.p10) * ratio / (ratio - 1.0);
        let sigma = ratio.ln() / normal_quantile(0.9);
        Ok(Distribution::LogNormal { mu: median.ln(), sigma, shift: self.p50 - median })
    }

    fn gamma(&self) -> Result<Distribution> {
        self.positive()?;
        let ratio = self.p90 / self.p10;
        let log_shape = bisect((-5.0, 25.0), |log_shape| {
            let shape = log_shape.exp();
            gamma_quantile(0.9, shape) / gamma_quantile(0.1, shape) - ratio
        });
        let shape = log_shape.exp();
        let scale = self.p90 / gamma_quantile(0.9, shape);
        self.with_median(scale * gamma_quantile(0.5, shape))?;
        Ok(Distribution::Gamma { shape, scale })
    }

    /// Low, mode and high of a bounded family, given its quantiles on [0, 1] for each place of the mode.
    fn bounded(
        &self,
        shares: (f64, f64),
        quantile: impl Fn(f64, f64) -> f64,
    ) -> Result<(f64, f64, f64)> {
        let quantiles = |share: f64| OUTER.map(|p| quantile(share, p));
        let skew_at = |share| {
            let [q10, q50, q90] = quantiles(share);
            (q90 - q50) / (q50 - q10)
        };
        let (most, least) = (skew_at(shares.0), skew_at(shares.1));
        let skew = self.skew();
        // The ends are reached exactly by quantiles that were read from the family itself.
        let slack = 1e-9;
        if !(skew <= most * (1.0 + slack) && skew >= least * (1.0 - slack)) {
            return Err(self.impossible(format!(
                "its upper side is {least:.4} to {most:.4} times the lower, here {skew:.4}"
            )));
        }
        let share = bisect(shares, |share| skew_at(share) - skew);
        let [q10, _, q90] = quantiles(share);
        let width = (self.p90 - self.p10) / (q90 - q10);
        let low = self.p10 - q10 * width;
        let high = low + width;
        Ok((low, (low + share * width).clamp(low, high), high))
    }

    fn skew(&self) -> f64 {
        (self.p90 - self.p50) / (self.p50 - self.p10)
    }

    fn impossible(&self, reason: String) -> Error {
        let family = match self.family {
            Family::Uniform => "uniform",
            Family::LogUniform => "loguniform",
            Family::Normal => "normal",
            Family::LogNormal => "lognormal",
            Family::Triangular => "triangular",
            Family::Pert => "pert",
            Family::Gamma => "gamma",
        };
        Error::QuantileFit { family, p10: self.p10, p50: self.p50, p90: self.p90, reason }
    }
}

fn triangular_quantile(mode: f64, p: f64) -> f64 {
    if p < mode { (p * mode).sqrt() } else { 1.0 - ((1.0 - p) * (1.0 - mode)).sqrt() }
}

/// Where a function that is positive first and negative last changes sign.
fn bisect((mut low, mut high): (f64, f64), value: impl Fn(f64) -> f64) -> f64 {
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if value(middle) > 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}
