//! Mean and variance in one pass.

use super::check_sample;
use crate::Result;

/// Weight, mean and spread of the numbers seen so far; two of them merge exactly as one pass would.
///
/// Each number is taken relative to the first, and the two sums carry their rounding errors along, so
/// that a large offset costs no digits and neither does a long sample.
///
/// # Reference
/// B. P. Welford, "Note on a method for calculating corrected sums of squares and products",
/// Technometrics 4 (1962) 419-420; the shift and the merge after T. F. Chan, G. H. Golub and R. J. LeVeque,
/// "Algorithms for computing the sample variance", The American Statistician 37 (1983) 242-247; summation
/// after A. Neumaier, ZAMM 54 (1974) 39-51.
///
/// ```
/// use tunewise_cost::uncertainty::statistics::Moments;
///
/// let mut moments: Moments = [1e9 + 1.0, 1e9 + 2.0, 1e9 + 3.0].into_iter().collect();
/// assert_eq!((moments.mean(), moments.variance()), (1e9 + 2.0, 1.0));
/// moments.merge(&[1e9 + 4.0].into_iter().collect());
/// assert_eq!(moments.mean(), 1e9 + 2.5);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Moments {
    weight: Sum,
    shift: f64,
    first: Sum,
    second: Sum,
}

impl Moments {
    /// Takes in one number.
    ///
    /// ```
    /// use tunewise_cost::uncertainty::statistics::Moments;
    ///
    /// let mut moments = Moments::default();
    /// moments.push(1.0);
    /// moments.push(4.0);
    /// assert_eq!((moments.weight(), moments.mean()), (2.0, 2.5));
    /// ```
    pub fn push(&mut self, value: f64) {
        self.push_weighted(value, 1.0);
    }

    /// Takes in one number with a weight above 0.
    ///
    /// ```
    /// let mut moments = tunewise_cost::uncertainty::statistics::Moments::default();
    /// moments.push_weighted(1.0, 3.0);
    /// moments.push_weighted(5.0, 1.0);
    /// assert_eq!(moments.mean(), 2.0);
    /// ```
    pub fn push_weighted(&mut self, value: f64, weight: f64) {
        if self.weight.value() == 0.0 {
            self.shift = value;
        }
        let difference = value - self.shift;
        self.weight.add(weight);
        self.first.add(weight * difference);
        self.second.add(weight * difference * difference);
    }

    /// Takes in what another has seen.
    ///
    /// # Formula
    /// With δ the distance of the shifts: Σ(x + δ) and Σ(x + δ)² from Σx and Σx²; Chan, Golub and LeVeque (1983).
    ///
    /// ```
    /// use tunewise_cost::uncertainty::statistics::Moments;
    ///
    /// let mut moments: Moments = [1.0, 2.0].into_iter().collect();
    /// moments.merge(&[6.0, 7.0].into_iter().collect());
    /// // 4 numbers of mean 4: deviations -3, -2, 2, 3.
    /// assert_eq!((moments.weight(), moments.mean(), moments.variance()), (4.0, 4.0, 26.0 / 3.0));
    /// ```
    pub fn merge(&mut self, other: &Self) {
        if other.weight.value() == 0.0 {
            return;
        }
        if self.weight.value() == 0.0 {
            *self = *other;
            return;
        }
        // The other's sums about our shift.
        let distance = other.shift - self.shift;
        let (weight, first) = (other.weight.value(), other.first.value());
        self.weight.add(weight);
        self.first.add(first);
        self.first.add(weight * distance);
        self.second.add(other.second.value());
        self.second.add(2.0 * distance * first);
        self.second.add(weight * distance * distance);
    }

    /// The sum of the weights: how many numbers, where none was weighted.
    ///
    /// ```
    /// use tunewise_cost::uncertainty::statistics::Moments;
    ///
    /// let mut moments: Moments = [1.0, 2.0].into_iter().collect();
    /// assert_eq!(moments.weight(), 2.0);
    /// moments.push_weighted(3.0, 0.5);
    /// assert_eq!(moments.weight(), 2.5);
    /// ```
    #[must_use]
    pub fn weight(&self) -> f64 {
        self.weight.value()
    }

    /// The mean; NaN before the first number.
    ///
    /// # Formula
    /// Σ w·x/Σ w.
    ///
    /// ```
    /// use tunewise_cost::uncertainty::statistics::Moments;
    ///
    /// assert_eq!([1.0, 2.0, 6.0].into_iter().collect::<Moments>().mean(), 3.0);
    /// assert!(Moments::default().mean().is_nan());
    /// ```
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.shift + self.first.value() / self.weight.value()
    }

    /// The sum of squares about the mean, over the weight less one; NaN below two numbers.
    ///
    /// # Formula
    /// Σ w·(x − mean)²/(Σ w − 1); NumPy's `var(ddof=1)` where every weight is 1.
    ///
    /// ```
    /// use tunewise_cost::uncertainty::statistics::Moments;
    ///
    /// assert_eq!([1.0, 2.0, 6.0].into_iter().collect::<Moments>().variance(), 7.0); // (4 + 1 + 9)/2
    /// assert!([1.0].into_iter().collect::<Moments>().variance().is_nan());
    /// ```
    #[must_use]
    pub fn variance(&self) -> f64 {
        let weight = self.weight.value();
        if weight > 1.0 { self.squares() / (weight - 1.0) } else { f64::NAN }
    }

    /// The sum of squares about the mean, over the weight; NaN before the first number.
    ///
    /// # Formula
    /// Σ w·(x − mean)²/Σ w; NumPy's `var()` where every weight is 1.
    ///
    /// ```
    /// use tunewise_cost::uncertainty::statistics::Moments;
    /// assert_eq!([1.0, 3.0].into_iter().collect::<Moments>().population_variance(), 1.0);
    /// ```
    #[must_use]
    pub fn population_variance(&self) -> f64 {
        self.squares() / self.weight.value()
    }

    fn squares(&self) -> f64 {
        let (weight, first) = (self.weight.value(), self.first.value());
        (self.second.value() - first / weight * first).max(0.0)
    }
}

impl Extend<f64> for Moments {
    fn extend<T: IntoIterator<Item = f64>>(&mut self, values: T) {
        values.into_iter().for_each(|value| self.push(value));
    }
}

impl FromIterator<f64> for Moments {
    fn from_iter<T: IntoIterator<Item = f64>>(values: T) -> Self {
        let mut moments = Self::default();
        moments.extend(values);
        moments
    }
}

/// A sum with the rounding errors beside it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Sum {
    total: f64,
    lost: f64,
}

impl Sum {
    #[inline]
    pub(super) fn add(&mut self, value: f64) {
        // Knuth's two-sum: the exact error of the addition, without a branch.
        let total = self.total + value;
        let kept = total - self.total;
        self.lost += (self.total - (total - kept)) + (value - kept);
        self.total = total;
    }

    #[inline]
    pub(super) fn value(self) -> f64 {
        self.total + self.lost
    }
}

/// The mean of a sample.
///
/// # Errors
/// If it is empty or holds a number that is not finite.
///
/// ```
/// # fn main() -> tunewise_cost::Result<()> {
/// assert_eq!(tunewise_cost::uncertainty::statistics::mean(&[1.0, 2.0, 6.0])?, 3.0);
/// # Ok(())
/// # }
/// ```
pub fn mean(values: &[f64]) -> Result<f64> {
    check_sample("mean", values, 1)?;
    Ok(values.iter().copied().collect::<Moments>().mean())
}

/// The variance of a sample, over `n - 1`.
///
/// # Errors
/// If it has fewer than two values or holds a number that is not finite.
///
/// ```
/// # fn main() -> tunewise_cost::Result<()> {
/// assert_eq!(tunewise_cost::uncertainty::statistics::variance(&[1.0, 2.0, 6.0])?, 7.0);
/// # Ok(())
/// # }
/// ```
pub fn variance(values: &[f64]) -> Result<f64> {
    check_sample("variance", values, 2)?;
    Ok(values.iter().copied().collect::<Moments>().variance())
}
