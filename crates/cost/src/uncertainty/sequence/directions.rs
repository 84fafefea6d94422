//! Direction numbers of Joe and Kuo.

use crate::{Error, Result};

/// Dimensions 2 to 64, one a line: `d s a m_1 ... m_s`. Its licence is in `data/LICENSE-JOE-KUO`.
const TABLE: &str = include_str!("../../../data/joe_kuo_64.txt");

/// Most dimensions of a Sobol sequence here.
pub(super) const DIMENSIONS: usize = 64;

/// The 64 direction numbers of a dimension, their first binary digit at bit 63.
pub(super) type Directions = [u64; 64];

/// The direction numbers of a dimension, counted from 0.
///
/// # Reference
/// S. Joe and F. Y. Kuo, "Constructing Sobol sequences with better two-dimensional projections", SIAM J.
/// Sci. Comput. 30 (2008) 2635-2654; the recurrence is equation (2) of their "Remark on Algorithm 659",
/// ACM TOMS 29 (2003) 49-57.
pub(super) fn directions(dimension: usize) -> Result<Directions> {
    if dimension == 0 {
        return Ok(std::array::from_fn(|column| 1 << (63 - column)));
    }
    let row = row(dimension).ok_or(Error::Internal { what: "a row of the direction numbers" })?;
    Ok(row.expand())
}

/// A primitive polynomial and the first numbers of the recurrence.
struct Row {
    degree: usize,
    /// The inner coefficients of the polynomial, the highest power's first.
    coefficients: u64,
    initial: Vec<u64>,
}

fn row(dimension: usize) -> Option<Row> {
    let line = TABLE.lines().filter(|line| !line.starts_with('#')).nth(dimension - 1)?;
    let mut fields = line.split_whitespace().map(str::parse::<u64>);
    let mut next = || fields.next()?.ok();
    let (_, degree, coefficients) = (next()?, next()?, next()?);
    let initial: Vec<u64> = std::iter::from_fn(next).collect();
    let degree = usize::try_from(degree).ok().filter(|&degree| degree == initial.len())?;
    Some(Row { degree, coefficients, initial })
}

impl Row {
    fn expand(&self) -> Directions {
        let mut columns = [0_u64; 64];
        for (column, (slot, number)) in columns.iter_mut().zip(&self.initial).enumerate() {
            *slot = number << (63 - column);
        }
        for column in self.degree..64 {
            let before = |distance: usize| columns[column - distance];
            let mut value = before(self.degree) ^ (before(self.degree) >> self.degree);
            for distance in 1..self.degree {
                if self.coefficients >> (self.degree - 1 - distance) & 1 == 1 {
                    value ^= before(distance);
                }
            }
            columns[column] = value;
        }
        columns
    }
}
