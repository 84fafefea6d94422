//! Passes over many finite values, eight side by side: the same bits whatever the vector width.

use multiversion::multiversion;

use super::moments::Sum;

const LANES: usize = 8;

/// Values whose sums are taken plainly before they are added up with their rounding errors.
const BLOCK: usize = 1024;

/// Mean and central moments of a sample.
///
/// Two passes: the second is about the mean, corrected by the mean of what it leaves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Central {
    pub(crate) mean: f64,
    /// Over n - 1.
    pub(crate) variance: f64,
    /// The second to the fourth central moment, over n.
    pub(crate) second: f64,
    pub(crate) third: f64,
    pub(crate) fourth: f64,
}

impl Central {
    pub(crate) fn of(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let first = values.first().copied().unwrap_or(f64::NAN);
        let [shift, ..] = sums(values, first);
        let mean = first + shift / n;
        let [rest, squares, cubes, fourths] = sums(values, mean);
        let squares = (squares - rest / n * rest).max(0.0);
        Self {
            mean: mean + rest / n,
            variance: if n > 1.0 { squares / (n - 1.0) } else { f64::NAN },
            second: squares / n,
            third: cubes / n,
            fourth: fourths / n,
        }
    }
}

/// Sums of the first four powers of value − origin.
fn sums(values: &[f64], origin: f64) -> [f64; 4] {
    let mut totals = [Sum::default(); 4];
    for block in values.chunks(BLOCK) {
        for (total, sum) in totals.iter_mut().zip(block_sums(block, origin)) {
            total.add(sum);
        }
    }
    totals.map(Sum::value)
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx2", "x86_64+avx2"))]
fn block_sums(block: &[f64], origin: f64) -> [f64; 4] {
    let mut sums = [[0.0; LANES]; 4];
    let (chunks, rest) = block.as_chunks::<LANES>();
    let mut last = [origin; LANES];
    last.iter_mut().zip(rest).for_each(|(last, value)| *last = *value);
    for chunk in chunks.iter().chain(std::iter::once(&last)) {
        for lane in 0..LANES {
            let x = chunk[lane] - origin;
            let square = x * x;
            sums[0][lane] += x;
            sums[1][lane] += square;
            sums[2][lane] += square * x;
            sums[3][lane] += square * square;
        }
    }
    sums.map(|lanes| lanes.iter().sum())
}

/// The smallest and the largest value; a NaN may or may not show.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx2", "x86_64+avx2"))]
pub(crate) fn extremes(values: &[f64]) -> (f64, f64) {
    let (mut low, mut high) = ([f64::INFINITY; LANES], [f64::NEG_INFINITY; LANES]);
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for lane in 0..LANES {
            low[lane] = if chunk[lane] < low[lane] { chunk[lane] } else { low[lane] };
            high[lane] = if chunk[lane] > high[lane] { chunk[lane] } else { high[lane] };
        }
    }
    let low = low.iter().chain(rest).copied().fold(f64::INFINITY, f64::min);
    (low, high.iter().chain(rest).copied().fold(f64::NEG_INFINITY, f64::max))
}

/// Whether no value is infinite or NaN.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx2", "x86_64+avx2"))]
pub(crate) fn all_finite(values: &[f64]) -> bool {
    values.chunks(BLOCK).all(|block| block.iter().fold(true, |all, value| all & value.is_finite()))
}

#[cfg(test)]
mod tests {
    use super::super::Moments;
    use super::*;
    use crate::uncertainty::Stream;

    #[test]
    fn the_sweeps_give_what_one_by_one_gives() {
        for len in [1, 7, 8, 3000] {
            let mut values = vec![0.0; len];
            Stream::new(3, 0).fill_uniform(&mut values);
            values.iter_mut().for_each(|value| *value = 1e6 + value.powi(3));
            let central = Central::of(&values);
            let moments: Moments = values.iter().copied().collect();
            let mean_of = |power: i32| {
                values.iter().map(|x| (x - moments.mean()).powi(power)).collect::<Moments>().mean()
            };
            let near = |got: f64, expected: f64| {
                let both_missing = got.is_nan() && expected.is_nan();
                assert!(both_missing || (got - expected).abs() <= 1e-14 * expected.abs().max(0.1));
            };
            assert!((central.mean - moments.mean()).abs() <= 1e6 * f64::EPSILON);
            near(central.variance, moments.variance());
            near(central.second, mean_of(2));
            near(central.third, mean_of(3));
            near(central.fourth, mean_of(4));
            let ends = values
                .iter()
                .fold((f64::INFINITY, 0.0_f64), |(low, high), x| (low.min(*x), high.max(*x)));
            assert_eq!(extremes(&values), ends);
            assert!(all_finite(&values));
            values[len - 1] = f64::NAN;
            assert!(!all_finite(&values));
        }
    }
}
