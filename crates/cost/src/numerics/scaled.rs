//! A double-double that carries its own power of two.
//!
//! Sums of squares of inputs near 1e±150 leave the range of `f64` though the answer does not. With
//! the exponent apart nothing overflows, and no error term of a product is lost to underflow.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::double_double::{Dd, TwoProduct};
use super::wide::{Wide, decompose, exponent_of, power_of_two, scale};

/// `value · 2^exponent`; the value's high part is 0 or of size [1, 2).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scaled<M> {
    value: Dd<M>,
    exponent: i32,
}

/// Further apart than this, two terms of a sum share no bit that either keeps.
const FAR: i32 = 960;

impl<M: TwoProduct> Scaled<M> {
    #[inline(always)]
    pub(crate) fn from_f64(value: f64) -> Self {
        let (mantissa, exponent) = decompose(value);
        Self { value: Dd::new(mantissa, 0.0), exponent }
    }

    /// `(hi + lo) · 2^exponent`.
    #[inline(always)]
    pub(crate) fn from_parts(hi: f64, lo: f64, exponent: i32) -> Self {
        Self { value: Dd::new(hi, lo), exponent }.normal()
    }

    #[inline(always)]
    fn normal(self) -> Self {
        if self.value.hi == 0.0 {
            return Self { value: self.value, exponent: 0 };
        }
        let shift = exponent_of(self.value.hi);
        let value = self.value.times_power(power_of_two(-shift));
        Self { value, exponent: self.exponent + shift }
    }

    /// The nearest `f64`.
    #[inline(always)]
    pub(crate) fn to_f64(self) -> f64 {
        scale(self.value.hi, self.exponent)
    }

    #[inline(always)]
    pub(crate) fn to_wide(self) -> Wide {
        Wide::new(self.value.hi, self.exponent)
    }

    #[inline(always)]
    pub(crate) fn is_zero(self) -> bool {
        self.value.hi == 0.0
    }

    #[inline(always)]
    pub(crate) fn is_positive(self) -> bool {
        self.value.hi > 0.0
    }

    #[inline(always)]
    pub(crate) fn is_negative(self) -> bool {
        self.value.hi < 0.0
    }

    #[inline(always)]
    pub(crate) fn abs(self) -> Self {
        if self.is_negative() { -self } else { self }
    }

    /// Times two to a power.
    #[inline(always)]
    pub(crate) fn shifted(self, power: i32) -> Self {
        Self { value: self.value, exponent: self.exponent + power }
    }

    #[inline(always)]
    pub(crate) fn sqrt(self) -> Self {
        if self.is_zero() {
            return self;
        }
        let odd = self.exponent & 1;
        let even = self.value.times_power(power_of_two(odd));
        Self { value: even.sqrt(), exponent: (self.exponent - odd) / 2 }.normal()
    }

    /// Whether it is at most as large as the other in size.
    #[inline(always)]
    pub(crate) fn within(self, bound: Self) -> bool {
        !(bound.abs() - self.abs()).is_negative()
    }
}

impl<M: TwoProduct> Neg for Scaled<M> {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        Self { value: -self.value, exponent: self.exponent }
    }
}

impl<M: TwoProduct> Add for Scaled<M> {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        if self.is_zero() {
            return other;
        }
        if other.is_zero() {
            return self;
        }
        let (large, small) =
            if self.exponent >= other.exponent { (self, other) } else { (other, self) };
        let distance = large.exponent - small.exponent;
        if distance > FAR {
            return large;
        }
        let value = large.value + small.value.times_power(power_of_two(-distance));
        Self { value, exponent: large.exponent }.normal()
    }
}

impl<M: TwoProduct> Sub for Scaled<M> {
    type Output = Self;

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl<M: TwoProduct> Mul for Scaled<M> {
    type Output = Self;

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        let value = self.value * other.value;
        Self { value, exponent: self.exponent + other.exponent }.normal()
    }
}

impl<M: TwoProduct> Div for Scaled<M> {
    type Output = Self;

    #[inline(always)]
    fn div(self, other: Self) -> Self {
        let value = self.value / other.value;
        Self { value, exponent: self.exponent - other.exponent }.normal()
    }
}
