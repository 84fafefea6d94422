//! Latin hypercube samples.

use crate::uncertainty::Stream;
use crate::{Error, Result};

/// The largest number below 1.
const BELOW_ONE: f64 = 1.0 - f64::EPSILON / 2.0;

/// A Latin hypercube sample of `points` points in `dimensions` dimensions, by columns.
///
/// Each column has exactly one value in each of `points` equal intervals, at a random place in it, and the
/// columns are shuffled independently: what is additive in a function is integrated with far less noise
/// than by random points.
///
/// # Formula
/// ```text
/// u_ij = (pi_j(i) + U_ij) / n    where pi_j is a random permutation of 0..n, U uniform on (0, 1)
/// ```
///
/// # Reference
/// M. D. McKay, R. J. Beckman and W. J. Conover, "A comparison of three methods for selecting values of
/// input variables in the analysis of output from a computer code", Technometrics 21 (1979) 239-245.
///
/// # Errors
/// If `points` is 0 or above `2^32 - 1`.
///
/// ```
/// # fn main() -> tunewise_cost::Result<()> {
/// use tunewise_cost::uncertainty::latin_hypercube;
/// let columns = latin_hypercube(4, 2, 42)?;
/// let mut quarters: Vec<_> = columns[1].iter().map(|u| (4.0 * u) as u32).collect();
/// quarters.sort();
/// assert_eq!(quarters, [0, 1, 2, 3]);
/// # Ok(())
/// # }
/// ```
pub fn latin_hypercube(points: usize, dimensions: usize, seed: u64) -> Result<Vec<Vec<f64>>> {
    let count = u32::try_from(points).ok().filter(|&count| count > 0).ok_or(Error::Field {
        field: "Latin hypercube points",
        value: points as f64,
        rule: "a whole number from 1 to 4294967295",
    })?;
    Ok((0..dimensions as u64).map(|number| column(count, &mut Stream::new(seed, number))).collect())
}

/// One column: all strata once, in random order.
pub(crate) fn column(count: u32, stream: &mut Stream) -> Vec<f64> {
    let mut strata: Vec<u32> = (0..count).collect();
    stream.shuffle(&mut strata);
    let n = f64::from(count);
    let place = |stratum: u32| {
        let value = (f64::from(stratum) + stream.uniform()) / n;
        // Rounding may carry a value into the next stratum: then the middle serves.
        let kept = (value * n) as u32 == stratum;
        if kept { value.min(BELOW_ONE) } else { (f64::from(stratum) + 0.5) / n }
    };
    strata.into_iter().map(place).collect()
}
