//! Whether one model is better than another on the same rows.

use statrs::function::beta::beta_reg;
use statrs::function::factorial::ln_binomial;

use crate::error::same_length;
use crate::{BootstrapOptions, ConfidenceInterval, Label, Result, bootstrap};

/// McNemar's test of two classifiers on the same rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct McNemar {
    /// Rows that only the first has right.
    pub only_first: u64,
    /// Rows that only the second has right.
    pub only_second: u64,
    /// Two-sided exact p-value: conservative.
    pub p_value: f64,
    /// Two-sided mid-p-value: half the weight on what was seen; less conservative, and the better choice.
    pub mid_p_value: f64,
}

/// McNemar's test from the discordant rows: those that exactly one of two classifiers has right.
///
/// # Formula
/// ```text
/// p     = min(1, 2 P(X <= k))
/// mid-p = 2 P(X <= k) - P(X = k)
///     where k = min(only_first, only_second), n = only_first + only_second, X ~ Binomial(n, 1/2)
/// ```
/// Without discordant rows both are 1.
///
/// # Reference
/// McNemar (1947); Fagerland, Lydersen and Laake (2013), The McNemar test for binary matched-pairs data,
/// equations 4 and 5; `statsmodels.stats.contingency_tables.mcnemar(exact=True)`.
///
/// ```
/// let test = tunewise_metrics::mcnemar(10, 2);
/// assert!((test.p_value - 0.0386).abs() < 1e-4);
/// assert!(test.mid_p_value < test.p_value);
/// ```
#[must_use]
pub fn mcnemar(only_first: u64, only_second: u64) -> McNemar {
    let (fewer, all) = (only_first.min(only_second), only_first + only_second);
    let (mut p_value, mut mid_p_value) = (1.0, 1.0);
    if all > 0 {
        // P(X <= k) = I_{1/2}(n - k, k + 1)
        let tail = beta_reg((all - fewer) as f64, fewer as f64 + 1.0, 0.5);
        let point = (ln_binomial(all, fewer) - all as f64 * std::f64::consts::LN_2).exp();
        (p_value, mid_p_value) = ((2.0 * tail).min(1.0), (2.0 * tail - point).min(1.0));
    }
    McNemar { only_first, only_second, p_value, mid_p_value }
}

/// The same from the labels that two classifiers predict.
///
/// # Errors
/// [`Error::Empty`](crate::Error::Empty), [`Error::Length`](crate::Error::Length).
///
/// ```
/// # fn main() -> tunewise_metrics::Result<()> {
/// let test = tunewise_metrics::mcnemar_test(&[1, 0, 1, 1], &[1, 0, 1, 0], &[0, 0, 1, 1])?;
/// assert_eq!((test.only_first, test.only_second, test.p_value), (1, 1, 1.0));
/// # Ok(())
/// # }
/// ```
pub fn mcnemar_test<L: Label>(y_true: &[L], first: &[L], second: &[L]) -> Result<McNemar> {
    same_length("first", first.len(), y_true.len())?;
    same_length("second", second.len(), y_true.len())?;
    let (mut only_first, mut only_second) = (0, 0);
    for ((label, first), second) in y_true.iter().zip(first).zip(second) {
        let (first, second) = (first == label, second == label);
        only_first += u64::from(first && !second);
        only_second += u64::from(second && !first);
    }
    Ok(mcnemar(only_first, only_second))
}

/// The difference of two models' metrics on the same rows.
#[derive(Debug, Clone, PartialEq)]
pub struct PairedBootstrap {
    /// First minus second.
    pub difference: ConfidenceInterval,
    /// Two-sided: the level at which the percentile interval just touches zero.
    pub p_value: f64,
}

/// The difference of a metric between two models, with both measured on the same resampled rows, so that
/// what makes rows hard for both cancels out.
///
/// # Errors
/// As [`bootstrap`].
///
/// # Formula
/// ```text
/// p = min(1, 2 (1 + min(#{d* <= 0}, #{d* >= 0})) / (B + 1))
///     where d* is the difference on each of B resamples
/// ```
///
/// # Reference
/// Efron and Tibshirani (1993), sections 15.4 and 16.4; Koehn (2004), Statistical Significance Tests for
/// Machine Translation Evaluation.
///
/// ```
/// use tunewise_metrics::{BootstrapOptions, accuracy_score, paired_bootstrap, take_rows};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let y_true: Vec<u8> = (0..100).map(|row| row % 2).collect();
/// let good: Vec<u8> = (0..100).map(|row| if row < 95 { row % 2 } else { 2 }).collect();
/// let poor: Vec<u8> = (0..100).map(|row| if row < 60 { row % 2 } else { 2 }).collect();
/// let accuracy = |predicted: &[u8], rows: &[usize]| {
///     accuracy_score(&take_rows(&y_true, rows), &take_rows(predicted, rows), None).unwrap_or(f64::NAN)
/// };
/// let options = BootstrapOptions::default();
/// let test = paired_bootstrap(100, |rows| accuracy(&good, rows), |rows| accuracy(&poor, rows), &options)?;
/// assert!((test.difference.estimate - 0.35).abs() < 1e-12 && test.p_value < 0.001);
/// # Ok(())
/// # }
/// ```
pub fn paired_bootstrap(
    rows: usize,
    first: impl Fn(&[usize]) -> f64 + Sync,
    second: impl Fn(&[usize]) -> f64 + Sync,
    options: &BootstrapOptions<'_>,
) -> Result<PairedBootstrap> {
    let difference = bootstrap(rows, |rows| first(rows) - second(rows), options)?;
    let count = |side: fn(&f64) -> bool| difference.replicates.iter().filter(|d| side(d)).count();
    let fewer = count(|d| *d <= 0.0).min(count(|d| *d >= 0.0));
    let share = (1 + fewer) as f64 / (1 + difference.replicates.len()) as f64;
    Ok(PairedBootstrap { difference, p_value: (2.0 * share).min(1.0) })
}
