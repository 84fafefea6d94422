//! Paired permutation tests.

use rayon::prelude::*;

use crate::resample::{flip_coins, stream};
use crate::{Error, Result};

/// Differences this close to the observed one, relative to it, count as equal to it.
const TIE: f64 = 1e-14;

/// Which differences are as extreme as the observed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Alternative {
    /// In either direction.
    #[default]
    TwoSided,
    /// As low or lower.
    Less,
    /// As high or higher.
    Greater,
}

/// How a permutation test is run.
///
/// | field | default | meaning |
/// | --- | --- | --- |
/// | `n_resamples` | 9999 | random permutations; if there are no more than that, each is tried once |
/// | `alternative` | two-sided | which differences are as extreme |
/// | `seed` | 0 | the same seed gives the same bits, whatever the number of threads |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PermutationOptions {
    /// Random permutations.
    pub n_resamples: usize,
    /// Which differences are as extreme.
    pub alternative: Alternative,
    /// Seeds the draws.
    pub seed: u64,
}

impl Default for PermutationOptions {
    fn default() -> Self {
        Self { n_resamples: 9999, alternative: Alternative::TwoSided, seed: 0 }
    }
}

/// How often chance does as well.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PermutationTest {
    /// The observed difference.
    pub statistic: f64,
    /// Share of permutations that are as extreme.
    pub p_value: f64,
    /// Permutations that were measured.
    pub n_permutations: usize,
    /// Whether these were all there are.
    pub exact: bool,
    /// Permutations in which the difference was not finite; they are left out.
    pub degenerate: usize,
}

/// Whether a metric differs between two models more than if each row's two predictions were swapped by
/// chance. `difference` gets which of the `rows` are swapped, and gives the difference of the metric; for
/// none swapped it is the observed one.
///
/// # Errors
/// [`Error::Empty`] without rows, [`Error::Argument`] without resamples, [`Error::Degenerate`] if the
/// difference is not finite as observed or in all permutations.
///
/// # Formula
/// ```text
/// p = #{as extreme} / 2^rows                   with every permutation
/// p = (#{as extreme} + 1) / (n_resamples + 1)  with random ones
/// two-sided: twice the smaller of both directions, at most 1
/// ```
///
/// # Reference
/// `scipy.stats.permutation_test(permutation_type="samples")`; Phipson and Smyth (2010), Permutation
/// P-values Should Never Be Zero.
///
/// ```
/// use tunewise_metrics::{PermutationOptions, paired_permutation_test};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let (first, second) = ([1.0, 1.0, 1.0, 0.0], [0.0, 1.0, 0.0, 0.0]); // rows that are right
/// let difference = |swapped: &[bool]| {
///     let signs = swapped.iter().map(|&swapped| if swapped { -1.0 } else { 1.0 });
///     let rows = first.iter().zip(&second).zip(signs);
///     rows.map(|((a, b), sign)| sign * (a - b)).sum::<f64>() / 4.0
/// };
/// let test = paired_permutation_test(4, difference, &PermutationOptions::default())?;
/// assert_eq!((test.statistic, test.p_value, test.exact), (0.5, 0.5, true));
/// # Ok(())
/// # }
/// ```
pub fn paired_permutation_test(
    rows: usize,
    difference: impl Fn(&[bool]) -> f64 + Sync,
    options: &PermutationOptions,
) -> Result<PermutationTest> {
    if rows == 0 {
        return Err(Error::Empty);
    }
    options.check()?;
    let statistic = difference(&vec![false; rows]);
    let every = u32::try_from(rows).ok().and_then(|rows| 1usize.checked_shl(rows));
    let every = every.filter(|&every| every > 0 && every <= options.n_resamples);
    let measure = |swapped: &mut Vec<bool>, number: usize| {
        match every {
            Some(_) => {
                swapped.clear();
                swapped.extend((0..rows).map(|row| number >> row & 1 == 1));
            }
            None => flip_coins(&mut stream(options.seed, number), rows, swapped),
        }
        difference(swapped)
    };
    let numbers = (0..every.unwrap_or(options.n_resamples)).into_par_iter();
    let mut null: Vec<f64> = numbers.map_init(|| Vec::with_capacity(rows), measure).collect();
    let resamples = null.len();
    null.retain(|value| value.is_finite());
    if null.is_empty() || !statistic.is_finite() {
        return Err(Error::Degenerate { finite: null.len(), resamples });
    }
    Ok(PermutationTest {
        statistic,
        p_value: p_value(statistic, &null, options.alternative, usize::from(every.is_none())),
        n_permutations: null.len(),
        exact: every.is_some(),
        degenerate: resamples - null.len(),
    })
}

/// Whether the mean of paired differences is zero: [`paired_permutation_test`] with the sign of each
/// difference turned by chance. Differences of zero change nothing and are not permuted, so that two
/// models which differ in few rows are compared exactly.
///
/// # Errors
/// [`Error::Empty`] without differences, [`Error::Argument`] for one that is not finite or without
/// resamples.
///
/// # Reference
/// Fisher (1935), The Design of Experiments, chapter 3.
///
/// ```
/// use tunewise_metrics::{PermutationOptions, sign_flip_test};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let test = sign_flip_test(&[0.3, 0.1, 0.0, 0.2], &PermutationOptions::default())?;
/// assert_eq!((test.p_value, test.n_permutations), (0.25, 8)); // 2 of 2^3
/// # Ok(())
/// # }
/// ```
pub fn sign_flip_test(
    differences: &[f64],
    options: &PermutationOptions,
) -> Result<PermutationTest> {
    let rows = differences.len() as f64;
    if let Some((row, value)) = differences.iter().enumerate().find(|(_, d)| !d.is_finite()) {
        let got = format!("{value} in row {row}");
        return Err(Error::Argument { name: "differences", got, expected: "finite numbers" });
    }
    let moving: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0).collect();
    if moving.is_empty() && !differences.is_empty() {
        options.check()?;
        let (statistic, p_value, n_permutations) = (0.0, 1.0, 1);
        return Ok(PermutationTest {
            statistic,
            p_value,
            n_permutations,
            exact: true,
            degenerate: 0,
        });
    }
    let mean = |flipped: &[bool]| {
        let signed = moving.iter().zip(flipped).map(|(d, &flipped)| if flipped { -d } else { *d });
        signed.sum::<f64>() / rows
    };
    paired_permutation_test(moving.len(), mean, options)
}

impl PermutationOptions {
    fn check(&self) -> Result<()> {
        if self.n_resamples > 0 {
            return Ok(());
        }
        let got = "0".to_owned();
        Err(Error::Argument { name: "n_resamples", got, expected: "at least 1" })
    }
}

/// `unseen` is 1 if the observed arrangement is to be counted beside the random ones.
fn p_value(statistic: f64, null: &[f64], alternative: Alternative, unseen: usize) -> f64 {
    let tie = TIE * statistic.abs();
    let share = |as_extreme: &dyn Fn(f64) -> bool| {
        let count = null.iter().filter(|value| as_extreme(**value)).count();
        (count + unseen) as f64 / (null.len() + unseen) as f64
    };
    let less = share(&|value| value <= statistic + tie);
    let greater = share(&|value| value >= statistic - tie);
    match alternative {
        Alternative::TwoSided => (2.0 * less.min(greater)).min(1.0),
        Alternative::Less => less,
        Alternative::Greater => greater,
    }
}
