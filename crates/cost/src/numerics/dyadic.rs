//! Exact arithmetic on integers times a power of two, for the rare sign that 106 bits leave open.

use std::ops::{Add, Mul};

use num_bigint::BigInt;

use super::double_double::TwoProduct;
use super::scaled::Scaled;
use super::wide::decompose;

/// `integer · 2^exponent`, exactly.
#[derive(Debug, Clone)]
pub(crate) struct Dyadic {
    integer: BigInt,
    exponent: i64,
}

impl Dyadic {
    /// A finite `f64`, exactly.
    pub(crate) fn from_f64(value: f64) -> Self {
        let (mantissa, exponent) = decompose(value);
        let integer = (mantissa * 2f64.powi(52)) as i64;
        Self { integer: BigInt::from(integer), exponent: i64::from(exponent) - 52 }
    }

    /// Times two to a power.
    pub(crate) fn shifted(self, power: i64) -> Self {
        Self { integer: self.integer, exponent: self.exponent + power }
    }

    /// The leading 126 bits, cut off.
    pub(crate) fn to_scaled<M: TwoProduct>(&self) -> Scaled<M> {
        let excess = self.integer.bits().saturating_sub(126);
        let leading = (&self.integer >> excess).try_into().unwrap_or(0_i128);
        let hi = leading as f64;
        let lo = (leading - hi as i128) as f64;
        let exponent = self.exponent + i64::try_from(excess).unwrap_or(i64::MAX);
        Scaled::from_parts(hi, lo, i32::try_from(exponent).unwrap_or(i32::MAX))
    }
}

impl Add for Dyadic {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let (high, low) =
            if self.exponent >= other.exponent { (self, other) } else { (other, self) };
        let distance = high.exponent - low.exponent;
        Self { integer: (high.integer << distance) + low.integer, exponent: low.exponent }
    }
}

impl Mul for &Dyadic {
    type Output = Dyadic;

    fn mul(self, other: &Dyadic) -> Dyadic {
        Dyadic { integer: &self.integer * &other.integer, exponent: self.exponent + other.exponent }
    }
}
