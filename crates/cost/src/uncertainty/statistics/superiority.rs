//! Probability that a draw of one sample beats a draw of another.

use super::check_sample;
use crate::Result;

/// How often a draw of the first sample exceeds, or equals, an independent draw of the second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Superiority {
    /// Share of pairs where the first is greater.
    pub greater: f64,
    /// Share of pairs where both are equal.
    pub equal: f64,
}

impl Superiority {
    /// Ties counted half: Vargha and Delaney's A, the area under the ROC curve.
    ///
    /// # Formula
    /// P(X > Y) + P(X = Y)/2; Vargha and Delaney (2000).
    ///
    /// ```
    /// use tunewise_cost::uncertainty::statistics::superiority;
    /// # fn main() -> tunewise_cost::Result<()> {
    /// assert_eq!(superiority(&[1.0, 2.0], &[1.0, 2.0])?.a_measure(), 0.5);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn a_measure(self) -> f64 {
        self.greater + 0.5 * self.equal
    }
}

/// Compares every value of `first` with every value of `second`, in `O((n + m) log (n + m))`.
///
/// # Formula
/// ```text
/// P(X > Y) = U / (n m)    where U is Mann and Whitney's count of pairs with x > y
/// ```
///
/// # Reference
/// H. B. Mann and D. R. Whitney, Annals of Mathematical Statistics 18 (1947) 50-60; A. Vargha and
/// H. D. Delaney, Journal of Educational and Behavioral Statistics 25 (2000) 101-132.
///
/// # Errors
/// If a sample is empty or holds a number that is not finite.
///
/// ```
/// # fn main() -> tunewise_cost::Result<()> {
/// let odds = tunewise_cost::uncertainty::statistics::superiority(&[1.0, 3.0], &[1.0, 2.0])?;
/// assert_eq!((odds.greater, odds.equal), (0.5, 0.25));
/// # Ok(())
/// # }
/// ```
pub fn superiority(first: &[f64], second: &[f64]) -> Result<Superiority> {
    check_sample("superiority", first, 1)?;
    check_sample("superiority", second, 1)?;
    Ok(rank_superiority(first.to_vec(), second.to_vec()))
}

/// [`superiority`] of values that are not NaN.
pub(crate) fn rank_superiority(mut first: Vec<f64>, mut second: Vec<f64>) -> Superiority {
    let pairs = first.len() as f64 * second.len() as f64;
    second.sort_unstable_by(f64::total_cmp);
    first.sort_unstable_by(f64::total_cmp);
    let (mut below, mut at_most) = (0, 0);
    let (mut greater, mut equal) = (0_u128, 0_u128);
    for value in first {
        below += second.iter().skip(below).take_while(|&&other| other < value).count();
        at_most = at_most.max(below);
        at_most += second.iter().skip(at_most).take_while(|&&other| other <= value).count();
        greater += below as u128;
        equal += (at_most - below) as u128;
    }
    Superiority { greater: greater as f64 / pairs, equal: equal as f64 / pairs }
}
