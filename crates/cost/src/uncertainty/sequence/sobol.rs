//! The Sobol sequence.

use multiversion::multiversion;

use super::directions::{DIMENSIONS, Directions, directions};
use super::scramble::{Digits, Scramble};
use crate::uncertainty::Stream;
use crate::{Error, Result};

/// The Sobol sequence in up to 64 dimensions, in Gray-code order from the origin.
///
/// The points are those of SciPy's `qmc.Sobol(d, scramble=False)`, bit for bit, point 0 included. Use
/// `2^k` of them: any other number spoils the balance.
///
/// # Formula
/// ```text
/// x_n = g_1 v_1 xor g_2 v_2 xor ...    where g_k are the binary digits of n xor (n >> 1)
/// ```
/// and `v_k` are the direction numbers of `new-joe-kuo-6.21201`, 64 binary digits each; a coordinate keeps
/// the first 53.
///
/// # Reference
/// I. M. Sobol, USSR Comput. Math. Math. Phys. 7 (1967) 86-112; I. A. Antonov and V. M. Saleev, ibid. 19
/// (1979) 252-256; S. Joe and F. Y. Kuo, SIAM J. Sci. Comput. 30 (2008) 2635-2654.
///
/// ```
/// use tunewise_cost::uncertainty::Sobol;
///
/// # fn main() -> tunewise_cost::Result<()> {
/// let mut sobol = Sobol::new(2)?;
/// let points: Vec<_> = sobol.by_ref().take(4).collect();
/// assert_eq!(points, [[0.0, 0.0], [0.5, 0.5], [0.75, 0.25], [0.25, 0.75]]);
/// sobol.skip_to(1 << 40);
/// assert_eq!(sobol.next(), Some(Sobol::new(2)?.point(1 << 40)));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Sobol {
    dimensions: Vec<Dimension>,
    /// Digits of the next point, without shift or hash.
    state: Vec<u64>,
    index: u64,
}

#[derive(Debug, Clone)]
struct Dimension {
    directions: Directions,
    digits: Digits,
}

impl Sobol {
    /// The sequence in this many dimensions.
    ///
    /// # Errors
    /// If it is not 1 to 64.
    ///
    /// ```
    /// use tunewise_cost::uncertainty::Sobol;
    ///
    /// let first: Vec<f64> = Sobol::new(1)?.take(4).map(|point| point[0]).collect();
    /// assert_eq!(first, [0.0, 0.5, 0.75, 0.25]);
    /// assert!(Sobol::new(65).is_err());
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    pub fn new(dimensions: usize) -> Result<Self> {
        if !(1..=DIMENSIONS).contains(&dimensions) {
            let (field, value) = ("Sobol dimensions", dimensions as f64);
            return Err(Error::Field { field, value, rule: "a whole number from 1 to 64" });
        }
        let dimension =
            |index| Ok(Dimension { directions: directions(index)?, digits: Digits::Plain });
        Ok(Self {
            dimensions: (0..dimensions).map(dimension).collect::<Result<_>>()?,
            state: vec![0; dimensions],
            index: 0,
        })
    }

    /// The sequence randomised by a seed; its coordinates are never 0.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    ///
    /// ```
    /// use tunewise_cost::uncertainty::{Scramble, Sobol};
    /// # fn main() -> tunewise_cost::Result<()> {
    /// let halves = |seed| -> tunewise_cost::Result<Vec<bool>> {
    ///     Ok(Sobol::scrambled(1, Scramble::Owen, seed)?.take(2).map(|x| x[0] < 0.5).collect())
    /// };
    /// assert_ne!(halves(3)?[0], halves(3)?[1]); // one in each half, whatever the seed
    /// # Ok(())
    /// # }
    /// ```
    pub fn scrambled(dimensions: usize, scramble: Scramble, seed: u64) -> Result<Self> {
        let mut sobol = Self::new(dimensions)?;
        for (number, dimension) in (0..).zip(&mut sobol.dimensions) {
            let mut stream = Stream::new(seed, number);
            dimension.digits = Digits::draw(scramble, &mut dimension.directions, &mut stream);
        }
        Ok(sobol)
    }

    /// Makes point `index` the next one, in constant time.
    ///
    /// # Formula
    /// The digits of n xor (n >> 1), the Gray code, choose the direction numbers; Antonov and Saleev (1979).
    ///
    /// ```
    /// use tunewise_cost::uncertainty::Sobol;
    ///
    /// let mut sobol = Sobol::new(2)?;
    /// sobol.skip_to(2);
    /// assert_eq!(sobol.next(), Some(vec![0.75, 0.25]));
    /// assert_eq!(sobol.next(), Some(vec![0.25, 0.75]));
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    pub fn skip_to(&mut self, index: u64) {
        self.index = index;
        for (state, dimension) in self.state.iter_mut().zip(&self.dimensions) {
            *state = dimension.digits_of(index);
        }
    }

    /// How many dimensions a point has.
    ///
    /// ```
    /// # fn main() -> tunewise_cost::Result<()> {
    /// assert_eq!(tunewise_cost::uncertainty::Sobol::new(7)?.dimensions(), 7);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn dimensions(&self) -> usize {
        self.dimensions.len()
    }

    /// Point `index`, in constant time, whatever the next one is.
    ///
    /// ```
    /// # fn main() -> tunewise_cost::Result<()> {
    /// assert_eq!(tunewise_cost::uncertainty::Sobol::new(2)?.point(2), [0.75, 0.25]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn point(&self, index: u64) -> Vec<f64> {
        let coordinate = |it: &Dimension| it.digits.coordinate(it.digits_of(index));
        self.dimensions.iter().map(coordinate).collect()
    }

    /// Writes one coordinate of the points `first`, `first + 1`, ... : a column of a design.
    ///
    /// # Errors
    /// If the sequence has no such dimension; they count from 0.
    ///
    /// ```
    /// # fn main() -> tunewise_cost::Result<()> {
    /// let mut column = [0.0; 3];
    /// tunewise_cost::uncertainty::Sobol::new(2)?.fill_column(1, 1, &mut column)?;
    /// assert_eq!(column, [0.5, 0.25, 0.75]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn fill_column(&self, dimension: usize, first: u64, out: &mut [f64]) -> Result<()> {
        let chosen = self.dimensions.get(dimension).ok_or(Error::Field {
            field: "Sobol dimension",
            value: dimension as f64,
            rule: "below the number of dimensions",
        })?;
        let unaligned = (first.wrapping_neg() % GROUP as u64) as usize;
        let (head, rest) = out.split_at_mut(unaligned.min(out.len()));
        let (groups, tail) = rest.as_chunks_mut::<GROUP>();
        chosen.fill_one_by_one(first, head);
        let first = first.wrapping_add(head.len() as u64);
        fill_groups(chosen, first, groups);
        chosen.fill_one_by_one(first.wrapping_add((groups.len() * GROUP) as u64), tail);
        Ok(())
    }
}

impl Iterator for Sobol {
    type Item = Vec<f64>;

    /// The next point. The sequence has `2^64`, so this is never `None`.
    fn next(&mut self) -> Option<Self::Item> {
        let mut point = Vec::with_capacity(self.dimensions.len());
        for (state, dimension) in self.state.iter_mut().zip(&self.dimensions) {
            point.push(dimension.digits.coordinate(*state));
            *state ^= dimension.step_after(self.index);
        }
        self.index = self.index.wrapping_add(1);
        Some(point)
    }
}

/// Points whose digits differ from those of the first by the same patterns in every group.
const GROUP: usize = 16;

/// Groups of points from an index that is a multiple of the group's size: the digits of `n xor j` are
/// those of n and of j, exclusive or.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx2", "x86_64+avx2"))]
fn fill_groups(dimension: &Dimension, first: u64, groups: &mut [[f64; GROUP]]) {
    let within: [u64; GROUP] = std::array::from_fn(|point| dimension.digits_of(point as u64));
    let mut state = dimension.digits_of(first);
    for (number, group) in (first / GROUP as u64..).zip(groups) {
        for (value, pattern) in group.iter_mut().zip(&within) {
            *value = dimension.digits.coordinate(state ^ pattern);
        }
        state ^= dimension.step_to_next_group(number);
    }
}

impl Dimension {
    fn fill_one_by_one(&self, first: u64, out: &mut [f64]) {
        let mut state = self.digits_of(first);
        for (index, value) in (first..).zip(out) {
            *value = self.digits.coordinate(state);
            state ^= self.step_after(index);
        }
    }

    /// Gray codes of neighbouring multiples of 16 differ in two digits, the fourth among them.
    #[inline]
    fn step_to_next_group(&self, number: u64) -> u64 {
        let digit = |digit: usize| self.directions.get(digit).copied().unwrap_or(0);
        digit(3) ^ digit(4 + number.trailing_ones() as usize)
    }

    fn digits_of(&self, index: u64) -> u64 {
        let gray = index ^ (index >> 1);
        let used =
            |(bit, &direction): (usize, &u64)| if gray >> bit & 1 == 1 { direction } else { 0 };
        self.directions.iter().enumerate().map(used).fold(0, |digits, one| digits ^ one)
    }

    /// What turns point `index` into the next: Gray codes of neighbours differ in one digit.
    #[inline]
    fn step_after(&self, index: u64) -> u64 {
        let digit = index.trailing_ones() as usize;
        self.directions.get(digit).copied().unwrap_or(0)
    }
}
