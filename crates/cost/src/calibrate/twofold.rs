//! Sums of products in two `f64`: twice the precision where columns nearly cancel.

/// A sum in two parts.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Twofold {
    pub(super) high: f64,
    pub(super) low: f64,
}

impl Twofold {
    pub(super) fn of(value: f64) -> Self {
        Self { high: value, low: 0.0 }
    }

    /// A difference, exactly.
    pub(super) fn difference(one: f64, other: f64) -> Self {
        let mut difference = Self::of(one);
        difference.add(-other, 1.0);
        difference
    }

    /// Adds a product; errors of product and sum go to the low part.
    pub(super) fn add(&mut self, one: f64, other: f64) {
        let product = one * other;
        let error = one.mul_add(other, -product);
        let sum = self.high + product;
        let part = sum - self.high;
        self.low += (self.high - (sum - part)) + (product - part) + error;
        self.high = sum;
    }

    /// Adds a product of sums.
    pub(super) fn add_product(&mut self, one: Self, other: Self) {
        self.add(one.high, other.high);
        self.low += one.high * other.low + one.low * other.high;
    }

    pub(super) fn times(self, factor: f64) -> Self {
        let high = self.high * factor;
        Self { high, low: self.high.mul_add(factor, -high) + self.low * factor }
    }

    pub(super) fn value(self) -> f64 {
        self.high + self.low
    }
}
