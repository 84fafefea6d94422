//! Laws between two finite bounds.

use multiversion::multiversion;

use super::law::{Shape, check};
use crate::Result;
use crate::special::{beta_cdf, beta_quantile};

/// Two finite bounds in order.
fn bounds(family: &'static str, low: f64, high: f64) -> Result<(f64, f64)> {
    let low = check(family, "low", low).finite()?;
    let high = check(family, "high", high).finite()?;
    check(family, "high", high).require(high > low, "a number above low")?;
    check(family, "high", high).require((high - low).is_finite(), "closer to low")?;
    Ok((low, high))
}

fn mode(family: &'static str, value: f64, (low, high): (f64, f64)) -> Result<f64> {
    check(family, "mode", value).require((low..=high).contains(&value), "between low and high")
}

#[derive(Debug)]
pub(super) struct Uniform {
    low: f64,
    high: f64,
}

impl Uniform {
    pub(super) fn new(low: f64, high: f64) -> Result<Self> {
        let (low, high) = bounds("uniform", low, high)?;
        Ok(Self { low, high })
    }
}

impl Shape for Uniform {
    fn quantile(&self, p: f64) -> f64 {
        (self.low + p * (self.high - self.low)).min(self.high)
    }

    fn cdf(&self, x: f64) -> f64 {
        ((x - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    fn mean(&self) -> f64 {
        self.low + 0.5 * (self.high - self.low)
    }

    fn sd(&self) -> f64 {
        (self.high - self.low) / 12_f64.sqrt()
    }
}

#[derive(Debug)]
pub(super) struct LogUniform {
    low: f64,
    high: f64,
    log_ratio: f64,
}

impl LogUniform {
    pub(super) fn new(low: f64, high: f64) -> Result<Self> {
        let low = check("loguniform", "low", low).positive()?;
        let (low, high) = bounds("loguniform", low, high)?;
        Ok(Self { low, high, log_ratio: ((high - low) / low).ln_1p() })
    }
}

impl Shape for LogUniform {
    fn quantile(&self, p: f64) -> f64 {
        (self.low * (p * self.log_ratio).exp()).clamp(self.low, self.high)
    }

    fn cdf(&self, x: f64) -> f64 {
        if x <= self.low {
            return 0.0;
        }
        (((x - self.low) / self.low).ln_1p() / self.log_ratio).min(1.0)
    }

    fn mean(&self) -> f64 {
        (self.high - self.low) / self.log_ratio
    }

    fn sd(&self) -> f64 {
        let mean = self.mean();
        let square = 0.5 * (self.high - self.low) * (self.high + self.low) / self.log_ratio;
        (square - mean * mean).max(0.0).sqrt()
    }
}

#[derive(Debug)]
pub(super) struct Triangular {
    low: f64,
    mode: f64,
    high: f64,
    /// Probability below the mode.
    rise: f64,
}

impl Triangular {
    pub(super) fn new(low: f64, mode_value: f64, high: f64) -> Result<Self> {
        let (low, high) = bounds("triangular", low, high)?;
        let mode = mode("triangular", mode_value, (low, high))?;
        Ok(Self { low, mode, high, rise: (mode - low) / (high - low) })
    }
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx2", "x86_64+avx2"))]
fn triangular_in_place(law: &Triangular, values: &mut [f64]) {
    values.iter_mut().for_each(|value| *value = law.quantile(*value));
}

impl Shape for Triangular {
    #[inline(always)]
    fn quantile(&self, p: f64) -> f64 {
        let width = self.high - self.low;
        let rises = p < self.rise;
        let (share, side) =
            if rises { (p, self.mode - self.low) } else { (1.0 - p, self.high - self.mode) };
        let distance = (share * width * side).sqrt();
        if rises { self.low + distance } else { self.high - distance }
    }

    fn quantiles_in_place(&self, values: &mut [f64]) {
        triangular_in_place(self, values);
    }

    fn cdf(&self, x: f64) -> f64 {
        let width = self.high - self.low;
        if x <= self.low {
            0.0
        } else if x >= self.high {
            1.0
        } else if x < self.mode {
            (x - self.low) / width * ((x - self.low) / (self.mode - self.low))
        } else {
            1.0 - (self.high - x) / width * ((self.high - x) / (self.high - self.mode))
        }
    }

    fn mean(&self) -> f64 {
        (self.low + self.mode + self.high) / 3.0
    }

    fn sd(&self) -> f64 {
        let (left, right) = (self.mode - self.low, self.high - self.mode);
        ((left * left + left * right + right * right) / 18.0).sqrt()
    }
}

/// The beta law from `low` to `high`.
#[derive(Debug)]
pub(super) struct ScaledBeta {
    alpha: f64,
    beta: f64,
    low: f64,
    high: f64,
}

impl ScaledBeta {
    pub(super) fn new(alpha: f64, beta: f64, low: f64, high: f64) -> Result<Self> {
        let (low, high) = bounds("beta", low, high)?;
        Ok(Self {
            alpha: check("beta", "alpha", alpha).positive()?,
            beta: check("beta", "beta", beta).positive()?,
            low,
            high,
        })
    }

    /// `alpha = 1 + lambda (mode - low) / (high - low)`, `beta = 1 + lambda (high - mode) / (high - low)`.
    pub(super) fn pert(low: f64, mode_value: f64, high: f64, lambda: f64) -> Result<Self> {
        let (low, high) = bounds("pert", low, high)?;
        let mode = mode("pert", mode_value, (low, high))?;
        let lambda = check("pert", "lambda", lambda).positive()?;
        let share = lambda / (high - low);
        Ok(Self { alpha: 1.0 + share * (mode - low), beta: 1.0 + share * (high - mode), low, high })
    }
}

impl Shape for ScaledBeta {
    fn quantile(&self, p: f64) -> f64 {
        (self.low + (self.high - self.low) * beta_quantile(p, self.alpha, self.beta)).min(self.high)
    }

    fn cdf(&self, x: f64) -> f64 {
        beta_cdf(((x - self.low) / (self.high - self.low)).clamp(0.0, 1.0), self.alpha, self.beta)
    }

    fn mean(&self) -> f64 {
        self.low + (self.high - self.low) * self.alpha / (self.alpha + self.beta)
    }

    fn sd(&self) -> f64 {
        let total = self.alpha + self.beta;
        let variance = self.alpha / total * (self.beta / total) / (total + 1.0);
        (self.high - self.low) * variance.sqrt()
    }
}
