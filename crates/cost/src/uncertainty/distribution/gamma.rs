//! The gamma law.

use super::law::{Shape, check};
use crate::Result;
use crate::special::{gamma_cdf, gamma_quantile};

#[derive(Debug)]
pub(super) struct Gamma {
    shape: f64,
    scale: f64,
}

impl Gamma {
    pub(super) fn new(shape: f64, scale: f64) -> Result<Self> {
        Ok(Self {
            shape: check("gamma", "shape", shape).positive()?,
            scale: check("gamma", "scale", scale).positive()?,
        })
    }
}

impl Shape for Gamma {
    fn quantile(&self, p: f64) -> f64 {
        self.scale * gamma_quantile(p, self.shape)
    }

    fn cdf(&self, x: f64) -> f64 {
        gamma_cdf(self.shape, x.max(0.0) / self.scale)
    }

    fn mean(&self) -> f64 {
        self.shape * self.scale
    }

    fn sd(&self) -> f64 {
        self.shape.sqrt() * self.scale
    }
}
