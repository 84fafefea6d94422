//! A number as mantissa and exponent, so that products neither overflow nor underflow.

use std::ops::{Add, Mul, Neg};

/// `mantissa · 2^exponent`, the mantissa 0 or of a size near 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Wide {
    mantissa: f64,
    exponent: i32,
}

/// Two to a power of a normal `f64`.
#[inline(always)]
pub(crate) fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((exponent.clamp(-1022, 1023) + 1023) as u64) << 52)
}

/// The binary exponent of a normal number or 0 (which gives -1023).
#[inline(always)]
pub(crate) fn exponent_of(value: f64) -> i32 {
    ((value.to_bits() >> 52) & 0x7ff) as i32 - 1023
}

/// A value as `(mantissa, exponent)`: mantissa in [1, 2) apart from its sign; 0 gives `(0, 0)`.
#[inline(always)]
pub(crate) fn decompose(value: f64) -> (f64, i32) {
    if value == 0.0 || !value.is_finite() {
        return (value, 0);
    }
    let tiny = value.abs() < f64::MIN_POSITIVE;
    let normal = if tiny { value * power_of_two(64) } else { value };
    let exponent = exponent_of(normal);
    let mantissa = f64::from_bits((normal.to_bits() & !(0x7ff << 52)) | (1023 << 52));
    (mantissa, if tiny { exponent - 64 } else { exponent })
}

/// `value · 2^exponent`, 0 or infinite where it leaves the range.
#[inline(always)]
pub(crate) fn scale(value: f64, exponent: i32) -> f64 {
    let half = exponent.clamp(-4000, 4000) / 2;
    let rest = exponent.clamp(-4000, 4000) - half;
    if half.abs() < 1000 {
        return value * power_of_two(half) * power_of_two(rest);
    }
    let quarter = half / 2;
    let first = value * power_of_two(quarter) * power_of_two(half - quarter);
    first * power_of_two(rest / 2) * power_of_two(rest - rest / 2)
}

impl Wide {
    pub(crate) const ZERO: Self = Self { mantissa: 0.0, exponent: 0 };

    #[inline(always)]
    pub(crate) fn new(mantissa: f64, exponent: i32) -> Self {
        Self { mantissa, exponent }
    }

    #[inline(always)]
    pub(crate) fn from_f64(value: f64) -> Self {
        let (mantissa, exponent) = decompose(value);
        Self { mantissa, exponent }
    }

    #[inline(always)]
    pub(crate) fn to_f64(self) -> f64 {
        scale(self.mantissa, self.exponent)
    }

    #[inline(always)]
    pub(crate) fn is_zero(self) -> bool {
        self.mantissa == 0.0
    }

    #[inline(always)]
    pub(crate) fn over(self, other: Self) -> Self {
        Self::new(self.mantissa / other.mantissa, self.exponent - other.exponent)
    }
}

impl Mul for Wide {
    type Output = Self;

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self::new(self.mantissa * other.mantissa, self.exponent + other.exponent)
    }
}

impl Add for Wide {
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
        let shifted = small.mantissa * power_of_two(small.exponent - large.exponent);
        Self::new(large.mantissa + shifted, large.exponent)
    }
}

impl Neg for Wide {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        Self::new(-self.mantissa, self.exponent)
    }
}
