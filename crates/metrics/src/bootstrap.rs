//! Confidence intervals of any metric, by resampling rows.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::error::same_length;
use crate::interval::{ConfidenceInterval, IntervalMethod, LeftOut, Sample};
use crate::resample::{draw_counts, draw_rows, stream};
use crate::{Error, Result};

/// Most rows that the jackknife leaves out one at a time; above it, it leaves out groups of rows.
const JACKKNIFE_GROUPS: usize = 1000;

/// How a metric is resampled.
///
/// | field | default | meaning |
/// | --- | --- | --- |
/// | `confidence_level` | 0.95 | share of intervals that cover the true value |
/// | `n_resamples` | 9999 | replicates |
/// | `method` | BCa | how the interval is read from them |
/// | `seed` | 0 | the same seed gives the same bits, whatever the number of threads |
/// | `strata` | none | rows, or cells, of the same number are resampled among themselves |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BootstrapOptions<'a> {
    /// Share of intervals that cover the true value, between 0 and 1.
    pub confidence_level: f64,
    /// Replicates.
    pub n_resamples: usize,
    /// How the interval is read from the replicates.
    pub method: IntervalMethod,
    /// Seeds the draws.
    pub seed: u64,
    /// The stratum of each row (or cell), `[rows]`: sizes of strata stay as they are.
    pub strata: Option<&'a [usize]>,
}

impl Default for BootstrapOptions<'_> {
    fn default() -> Self {
        Self {
            confidence_level: 0.95,
            n_resamples: 9999,
            method: IntervalMethod::Bca,
            seed: 0,
            strata: None,
        }
    }
}

/// The confidence interval of a metric of `rows` rows. `metric` gets the indices of the rows to measure,
/// as often as each was drawn; what it cannot measure it gives as NaN.
///
/// The acceleration of BCa is from the jackknife; above 1,000 rows (a stratum) it leaves out groups of
/// rows, every thousandth row together. Where all replicates fall on one side of the estimate, half a
/// replicate is taken to be on the other.
///
/// # Errors
/// [`Error::Empty`] without rows, [`Error::Length`] for strata of another length, [`Error::Argument`]
/// for a level outside (0, 1) or no resamples, [`Error::Degenerate`] if the metric is not finite on the
/// data or in fewer than two resamples.
///
/// # Formula
/// ```text
/// BCa ends are the quantiles Φ(z0 + (z0 ± z) / (1 - a (z0 ± z))) of the replicates
///     z  = Φ⁻¹((1 + confidence_level) / 2)
///     z0 = Φ⁻¹(share of replicates below the estimate, ties by half)
///     a  = Σ U³ / (6 (Σ U²)^(3/2)), U = (n - 1) (mean of jackknife values - jackknife value)
/// ```
///
/// # Reference
/// Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 14; `scipy.stats.bootstrap`.
///
/// ```
/// use tunewise_metrics::{BootstrapOptions, accuracy_score, bootstrap, take_rows};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let (y_true, y_pred) = ([0, 1, 1, 0, 1, 0, 1, 1], [0, 1, 0, 0, 1, 1, 1, 1]);
/// let accuracy = |rows: &[usize]| {
///     accuracy_score(&take_rows(&y_true, rows), &take_rows(&y_pred, rows), None).unwrap_or(f64::NAN)
/// };
/// let interval = bootstrap(y_true.len(), accuracy, &BootstrapOptions::default())?;
/// assert_eq!(interval.estimate, 0.75);
/// assert!(interval.low < 0.75 && interval.high > 0.75);
/// # Ok(())
/// # }
/// ```
pub fn bootstrap(
    rows: usize,
    metric: impl Fn(&[usize]) -> f64 + Sync,
    options: &BootstrapOptions<'_>,
) -> Result<ConfidenceInterval> {
    let strata = options.check(rows)?;
    let replicate = |buffer: &mut Vec<usize>, resample| {
        let mut rng = stream(options.seed, resample);
        buffer.clear();
        strata.iter().for_each(|members| draw_rows(&mut rng, members, buffer));
        metric(buffer)
    };
    let resamples = (0..options.n_resamples).into_par_iter();
    let replicates = resamples.map_init(|| Vec::with_capacity(rows), replicate).collect();
    let all: Vec<usize> = strata.iter().flatten().copied().collect();
    let jackknife = match options.method {
        IntervalMethod::Percentile => Vec::new(),
        IntervalMethod::Bca => {
            strata.iter().map(|members| leave_out(&all, members, &metric)).collect()
        }
    };
    Sample { estimate: metric(&all), replicates, jackknife }
        .interval(options.confidence_level, options.method)
}

/// The same for a metric of counts, such as the cells of a confusion matrix: resampling `n` rows costs
/// as much as there are cells, however many rows they count.
///
/// # Errors
/// As [`bootstrap`].
///
/// ```
/// use tunewise_metrics::{BootstrapOptions, bootstrap_counts};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let right_and_wrong = [930_000, 70_000]; // a million rows
/// let accuracy = |counts: &[u64]| counts[0] as f64 / (counts[0] + counts[1]) as f64;
/// let interval = bootstrap_counts(&right_and_wrong, accuracy, &BootstrapOptions::default())?;
/// assert!(interval.low > 0.929 && interval.high < 0.931);
/// # Ok(())
/// # }
/// ```
pub fn bootstrap_counts(
    counts: &[u64],
    metric: impl Fn(&[u64]) -> f64 + Sync,
    options: &BootstrapOptions<'_>,
) -> Result<ConfidenceInterval> {
    let strata = options.check(counts.len())?;
    if counts.iter().all(|&count| count == 0) {
        return Err(Error::Empty);
    }
    let replicate = |buffer: &mut Vec<u64>, resample| {
        let mut rng = stream(options.seed, resample);
        strata.iter().for_each(|members| draw_counts(&mut rng, counts, members, buffer));
        metric(buffer)
    };
    let resamples = (0..options.n_resamples).into_par_iter();
    let replicates = resamples.map_init(|| vec![0; counts.len()], replicate).collect();
    let jackknife = match options.method {
        IntervalMethod::Percentile => Vec::new(),
        IntervalMethod::Bca => {
            strata.iter().map(|members| leave_one_out(counts, members, &metric)).collect()
        }
    };
    Sample { estimate: metric(counts), replicates, jackknife }
        .interval(options.confidence_level, options.method)
}

/// The values at these rows, in their order; rows that are not there are left out. What a metric of
/// resampled rows is computed from.
///
/// ```
/// assert_eq!(tunewise_metrics::take_rows(&["a", "b", "c"], &[2, 0, 2]), ["c", "a", "c"]);
/// ```
#[must_use]
pub fn take_rows<T: Clone>(values: &[T], rows: &[usize]) -> Vec<T> {
    rows.iter().filter_map(|&row| values.get(row).cloned()).collect()
}

impl BootstrapOptions<'_> {
    /// Checks the options; the members of each stratum.
    fn check(&self, rows: usize) -> Result<Vec<Vec<usize>>> {
        if rows == 0 {
            return Err(Error::Empty);
        }
        if !(self.confidence_level > 0.0 && self.confidence_level < 1.0) {
            let got = self.confidence_level.to_string();
            return Err(Error::Argument {
                name: "confidence_level",
                got,
                expected: "between 0 and 1",
            });
        }
        if self.n_resamples == 0 {
            let got = "0".to_owned();
            return Err(Error::Argument { name: "n_resamples", got, expected: "at least 1" });
        }
        let Some(strata) = self.strata else { return Ok(vec![(0..rows).collect()]) };
        same_length("strata", strata.len(), rows)?;
        let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (row, &stratum) in strata.iter().enumerate() {
            members.entry(stratum).or_default().push(row);
        }
        Ok(members.into_values().collect())
    }
}

/// The metric with each group of a stratum's rows left out.
fn leave_out(
    all: &[usize],
    members: &[usize],
    metric: &(impl Fn(&[usize]) -> f64 + Sync),
) -> Vec<LeftOut> {
    let groups = members.len().min(JACKKNIFE_GROUPS);
    let value = |group: usize| {
        let left_out: Vec<usize> = members.iter().copied().skip(group).step_by(groups).collect();
        let mut next = left_out.iter().copied().peekable();
        // `all` has the strata one after another, each in rising order.
        let kept = all.iter().copied().filter(|row| next.next_if_eq(row).is_none());
        (metric(&kept.collect::<Vec<_>>()), 1.0)
    };
    if groups < 2 { Vec::new() } else { (0..groups).into_par_iter().map(value).collect() }
}

/// The metric with one row of each cell of a stratum left out.
fn leave_one_out(
    counts: &[u64],
    members: &[usize],
    metric: &(impl Fn(&[u64]) -> f64 + Sync),
) -> Vec<LeftOut> {
    let value = |&cell: &usize| {
        let mut fewer = counts.to_vec();
        let count = fewer.get_mut(cell).filter(|count| **count > 0)?;
        let weight = *count as f64;
        *count -= 1;
        Some((metric(&fewer), weight))
    };
    members.par_iter().filter_map(value).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::interval::acceleration;
    use crate::{ReportOptions, classification_report};

    /// Means of the same numbers in another order, through quantiles of the normal distribution.
    const TOLERANCE: f64 = 1e-9;

    fn read<T: serde::de::DeserializeOwned>(value: &Value) -> T {
        serde_json::from_value(value.clone()).unwrap()
    }

    type Metric = Box<dyn Fn(&[usize]) -> f64 + Sync>;

    fn metric(case: &Value) -> Metric {
        let mean = |values: &[f64], rows: &[usize]| {
            take_rows(values, rows).iter().sum::<f64>() / rows.len() as f64
        };
        match case["statistic"].as_str().unwrap() {
            "macro_f1" => {
                let (y_true, y_pred): (Vec<u8>, Vec<u8>) =
                    (read(&case["y_true"]), read(&case["y_pred"]));
                Box::new(move |rows| {
                    let (y_true, y_pred) = (take_rows(&y_true, rows), take_rows(&y_pred, rows));
                    let report = classification_report(&y_true, &y_pred, &ReportOptions::default());
                    report.unwrap().macro_avg.f1_score
                })
            }
            "difference" => {
                let values: Vec<f64> = read(&case["values"]);
                Box::new(move |rows| {
                    let (a, b): (Vec<usize>, Vec<usize>) = rows.iter().partition(|row| **row < 14);
                    mean(&values, &a) - mean(&values, &b)
                })
            }
            _ => {
                let values: Vec<f64> = read(&case["values"]);
                Box::new(move |rows| mean(&values, rows))
            }
        }
    }

    /// Expected from scipy.stats.bootstrap 1.17 on the same resamples.
    #[test]
    fn intervals_of_the_same_resamples_are_those_of_scipy() {
        let fixtures: Value =
            serde_json::from_str(include_str!("../tests/fixtures/statistics.json")).unwrap();
        let cases = fixtures["bootstrap"].as_array().unwrap();
        assert_eq!(cases.len(), 5);
        for case in cases {
            let metric = metric(case);
            let drawn: Vec<Vec<usize>> = read(&case["drawn"]);
            let strata: Option<Vec<usize>> = case.get("strata").map(read);
            for expected in case["intervals"].as_array().unwrap() {
                let options = BootstrapOptions {
                    confidence_level: read(&expected["level"]),
                    method: match expected["method"].as_str().unwrap() {
                        "BCa" => IntervalMethod::Bca,
                        _ => IntervalMethod::Percentile,
                    },
                    strata: strata.as_deref(),
                    ..BootstrapOptions::default()
                };
                let strata = options.check(drawn[0].len()).unwrap();
                let all: Vec<usize> = strata.concat();
                let sample = Sample {
                    estimate: metric(&all),
                    replicates: drawn.iter().map(|rows| metric(rows)).collect(),
                    jackknife: strata
                        .iter()
                        .map(|members| leave_out(&all, members, &metric))
                        .collect(),
                };
                let interval = sample.interval(options.confidence_level, options.method).unwrap();
                let close = |got: f64, key: &str| {
                    approx::assert_abs_diff_eq!(got, read(&expected[key]), epsilon = TOLERANCE);
                };
                close(interval.low, "low");
                close(interval.high, "high");
                close(interval.standard_error, "standard_error");
            }
        }
    }

    #[test]
    fn leaving_one_row_of_each_cell_out_is_leaving_each_row_out() {
        // Twelve rows in three cells; the metric is skewed.
        let cells = [0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2];
        let counts = [7, 4, 1];
        let skewed = |counts: &[u64]| (counts[0] as f64 + 0.5).powi(2) / (counts[1] + 1) as f64;
        let by_rows = |rows: &[usize]| {
            let mut counts = [0; 3];
            rows.iter().for_each(|&row| counts[cells[row]] += 1);
            skewed(&counts)
        };
        let rows: Vec<usize> = (0..12).collect();
        let of_rows = acceleration(&[leave_out(&rows, &rows, &by_rows)]);
        let of_cells = acceleration(&[leave_one_out(&counts, &[0, 1, 2], &skewed)]);
        assert!(of_rows.abs() > 1e-3);
        approx::assert_abs_diff_eq!(of_rows, of_cells, epsilon = 1e-12);
    }

    #[test]
    fn a_jackknife_of_groups_leaves_every_row_out_once() {
        let rows: Vec<usize> = (0..JACKKNIFE_GROUPS * 2 + 1).collect();
        let left_out = leave_out(&rows, &rows, &|kept: &[usize]| (rows.len() - kept.len()) as f64);
        assert_eq!(left_out.len(), JACKKNIFE_GROUPS);
        assert_eq!(left_out.iter().map(|(left, _)| left).sum::<f64>(), rows.len() as f64);
    }
}
