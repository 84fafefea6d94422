//! Double-double arithmetic: a sum of two `f64` that do not overlap, about 106 bits.
//!
//! Reference: Joldes, Muller and Popescu, "Tight and rigorous error bounds for basic building blocks
//! of double-word arithmetic", ACM TOMS 44 (2017); Dekker, Numer. Math. 18 (1971).

use std::marker::PhantomData;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// How a product and its rounding error are found.
pub(crate) trait TwoProduct: Copy {
    /// `(p, e)` with `p + e = a·b` exactly, barring underflow.
    fn two_product(a: f64, b: f64) -> (f64, f64);
}

/// By the fused multiply-add instruction: only where the target has it, else it is a slow routine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fused;

/// By splitting each factor in halves of 26 bits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dekker;

impl TwoProduct for Fused {
    #[inline(always)]
    fn two_product(a: f64, b: f64) -> (f64, f64) {
        let product = a * b;
        (product, a.mul_add(b, -product))
    }
}

impl TwoProduct for Dekker {
    #[inline(always)]
    fn two_product(a: f64, b: f64) -> (f64, f64) {
        let product = a * b;
        let ((a_hi, a_lo), (b_hi, b_lo)) = (split(a), split(b));
        let error = ((a_hi * b_hi - product) + a_hi * b_lo + a_lo * b_hi) + a_lo * b_lo;
        (product, error)
    }
}

#[inline(always)]
fn split(a: f64) -> (f64, f64) {
    let shifted = 134_217_729.0 * a; // 2^27 + 1
    let hi = shifted - (shifted - a);
    (hi, a - hi)
}

/// `(s, e)` with `s + e = a + b` exactly.
#[inline(always)]
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let b_part = sum - a;
    (sum, (a - (sum - b_part)) + (b - b_part))
}

/// [`two_sum`] where `|a| >= |b|` or `a = 0`.
#[inline(always)]
fn fast_two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    (sum, b - (sum - a))
}

/// `hi + lo` with `|lo|` at most half an ulp of `hi`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dd<M> {
    pub(crate) hi: f64,
    pub(crate) lo: f64,
    method: PhantomData<M>,
}

impl<M: TwoProduct> Dd<M> {
    #[inline(always)]
    pub(crate) fn new(hi: f64, lo: f64) -> Self {
        Self { hi, lo, method: PhantomData }
    }

    /// Times a power of two.
    #[inline(always)]
    pub(crate) fn times_power(self, power: f64) -> Self {
        Self::new(self.hi * power, self.lo * power)
    }

    #[inline(always)]
    fn times(self, factor: f64) -> Self {
        let (p, e) = M::two_product(self.hi, factor);
        let (hi, lo) = fast_two_sum(p, e + self.lo * factor);
        Self::new(hi, lo)
    }

    /// The square root of a value above 0: one Newton step from the `f64` root.
    #[inline(always)]
    pub(crate) fn sqrt(self) -> Self {
        let root = self.hi.sqrt();
        let (p, e) = M::two_product(root, root);
        let rest = self - Self::new(p, e);
        let (hi, lo) = fast_two_sum(root, rest.hi / (2.0 * root));
        Self::new(hi, lo)
    }
}

impl<M: TwoProduct> Neg for Dd<M> {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        Self::new(-self.hi, -self.lo)
    }
}

impl<M: TwoProduct> Add for Dd<M> {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        let (s, s_error) = two_sum(self.hi, other.hi);
        let (t, t_error) = two_sum(self.lo, other.lo);
        let (v, v_error) = fast_two_sum(s, s_error + t);
        let (hi, lo) = fast_two_sum(v, t_error + v_error);
        Self::new(hi, lo)
    }
}

impl<M: TwoProduct> Sub for Dd<M> {
    type Output = Self;

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl<M: TwoProduct> Mul for Dd<M> {
    type Output = Self;

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        let (p, e) = M::two_product(self.hi, other.hi);
        let (hi, lo) = fast_two_sum(p, e + (self.hi * other.lo + self.lo * other.hi));
        Self::new(hi, lo)
    }
}

impl<M: TwoProduct> Div for Dd<M> {
    type Output = Self;

    /// Long division with three `f64` digits.
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        let first = self.hi / other.hi;
        let rest = self - other.times(first);
        let second = rest.hi / other.hi;
        let rest = rest - other.times(second);
        let (hi, lo) = fast_two_sum(first, second);
        Self::new(hi, lo) + Self::new(rest.hi / other.hi, 0.0)
    }
}
