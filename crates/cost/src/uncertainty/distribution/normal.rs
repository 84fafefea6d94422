//! Normal and lognormal.

use multiversion::multiversion;

use super::law::{Shape, check};
use crate::Result;
use crate::special::{exp, normal_cdf, normal_quantile, normal_quantiles_in_place};

#[derive(Debug, Clone, Copy)]
pub(super) struct Normal {
    pub(super) mean: f64,
    pub(super) sd: f64,
}

impl Normal {
    pub(super) fn new(mean: f64, sd: f64) -> Result<Self> {
        let mean = check("normal", "mean", mean).finite()?;
        Ok(Self { mean, sd: check("normal", "sd", sd).positive()? })
    }
}

impl Shape for Normal {
    fn quantile(&self, p: f64) -> f64 {
        self.mean + self.sd * normal_quantile(p)
    }

    fn cdf(&self, x: f64) -> f64 {
        normal_cdf((x - self.mean) / self.sd)
    }

    fn mean(&self) -> f64 {
        self.mean
    }

    fn sd(&self) -> f64 {
        self.sd
    }

    fn quantiles_in_place(&self, values: &mut [f64]) {
        normal_quantiles_in_place(values);
        values.iter_mut().for_each(|value| *value = self.mean + self.sd * *value);
    }
}

/// `shift + exp(mu + sigma Z)`.
#[derive(Debug)]
pub(super) struct LogNormal {
    mu: f64,
    sigma: f64,
    shift: f64,
}

impl LogNormal {
    pub(super) fn new(mu: f64, sigma: f64, shift: f64) -> Result<Self> {
        Ok(Self {
            mu: check("lognormal", "mu", mu).finite()?,
            sigma: check("lognormal", "sigma", sigma).positive()?,
            shift: check("lognormal", "shift", shift).finite()?,
        })
    }

    #[inline(always)]
    fn value_at_score(&self, z: f64) -> f64 {
        self.shift + exp(self.mu + self.sigma * z)
    }
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx2", "x86_64+avx2"))]
fn values_at_scores(law: &LogNormal, scores: &mut [f64]) {
    scores.iter_mut().for_each(|score| *score = law.value_at_score(*score));
}

impl Shape for LogNormal {
    fn quantile(&self, p: f64) -> f64 {
        self.value_at_score(normal_quantile(p))
    }

    fn cdf(&self, x: f64) -> f64 {
        if x <= self.shift {
            return 0.0;
        }
        normal_cdf(((x - self.shift).ln() - self.mu) / self.sigma)
    }

    fn mean(&self) -> f64 {
        self.shift + (self.mu + 0.5 * self.sigma * self.sigma).exp()
    }

    fn sd(&self) -> f64 {
        let variance = self.sigma * self.sigma;
        (self.mu + 0.5 * variance).exp() * variance.exp_m1().sqrt()
    }

    fn quantiles_in_place(&self, values: &mut [f64]) {
        normal_quantiles_in_place(values);
        values_at_scores(self, values);
    }
}
