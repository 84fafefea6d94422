//! Sobol indices from the function's values.

use serde::Serialize;

use super::saltelli::{Pairs, SobolPlan};
use crate::special::normal_quantile;
use crate::uncertainty::Stream;
use crate::uncertainty::statistics::{Moments, check_sample};
use crate::{Error, Result};

/// An index with its confidence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Index {
    /// The estimate. Noise may carry it a little below 0 or above 1.
    pub value: f64,
    /// Half-width of the bootstrap confidence interval; none without a bootstrap.
    pub half_width: Option<f64>,
}

/// The interaction of two inputs, beyond what each does alone.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PairIndex {
    /// Positions of the two inputs, in increasing order.
    pub inputs: (usize, usize),
    /// Their index.
    #[serde(flatten)]
    pub index: Index,
}

/// Shares of the variance of the answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SobolIndices {
    /// S1 of each input: the share that would go if the input were known.
    pub first: Vec<Index>,
    /// ST of each input: the share that would stay if all others were known.
    pub total: Vec<Index>,
    /// S2 of each pair, row by row; empty without [`SobolPlan::second_order`].
    pub second: Vec<PairIndex>,
}

impl SobolIndices {
    /// The pairs whose interval leaves out 0; none without intervals.
    ///
    /// # Formula
    /// |S2| above the half-width of its interval.
    ///
    /// ```
    /// use tunewise_cost::sensitivity::{Index, PairIndex, SobolIndices};
    ///
    /// let pair = |inputs, value, half_width| {
    ///     PairIndex { inputs, index: Index { value, half_width } }
    /// };
    /// let second = vec![
    ///     pair((0, 1), 0.2, Some(0.1)),
    ///     pair((0, 2), 0.2, Some(0.3)),
    ///     pair((1, 2), -0.2, Some(0.1)),
    ///     pair((1, 3), 0.2, None),
    /// ];
    /// let indices = SobolIndices { first: vec![], total: vec![], second };
    /// let seen: Vec<(usize, usize)> = indices.seen_pairs().map(|pair| pair.inputs).collect();
    /// assert_eq!(seen, [(0, 1), (1, 2)]);
    /// ```
    pub fn seen_pairs(&self) -> impl Iterator<Item = &PairIndex> {
        let seen = |index: Index| index.half_width.is_some_and(|width| index.value.abs() > width);
        self.second.iter().filter(move |pair| seen(pair.index))
    }
}

impl SobolPlan {
    /// The indices from the function's values at [`coordinates`](Self::coordinates), in their order.
    ///
    /// # Formula
    /// ```text
    /// S_j  = mean(B (AB_j - A)) / V          ST_j = mean((A - AB_j)^2) / (2 V)
    /// S_jk = mean(BA_j AB_k - A B) / V - S_j - S_k
    /// ```
    /// with all values standardised (standard deviation over n) and V the variance of A and B together.
    ///
    /// # Reference
    /// Saltelli et al. (2010), table 2 (b) and (f), as `SALib.analyze.sobol` of SALib 1.6 computes them.
    ///
    /// # Errors
    /// [`Error::Length`] unless there is a value for each row, [`Error::SampleValue`] for one that is not
    /// finite, [`Error::Field`] if all are equal.
    pub fn analyze(&self, y: &[f64]) -> Result<SobolIndices> {
        let blocks = Blocks::new(self, y)?;
        let all: Vec<usize> = (0..self.base).collect();
        let plain = |value| Index { value, half_width: None };
        let estimates = blocks.estimates(&all);
        Ok(SobolIndices {
            first: estimates.first.into_iter().map(plain).collect(),
            total: estimates.total.into_iter().map(plain).collect(),
            second: blocks
                .pairs()
                .zip(estimates.second)
                .map(|(inputs, value)| PairIndex { inputs, index: plain(value) })
                .collect(),
        })
    }

    /// [`analyze`](Self::analyze) with intervals: base points are drawn with replacement, and the half-width
    /// is the normal quantile of the level times the standard deviation over the resamples.
    ///
    /// # Formula
    /// z·sd of the index over the resamples, z the (1 + level)/2 quantile of the normal law: `conf` of SALib.
    ///
    /// # Errors
    /// As `analyze`; [`Error::Field`] for fewer than 2 resamples or a level outside (0, 1).
    ///
    /// ```
    /// use tunewise_cost::sensitivity::{Bootstrap, SobolPlan};
    /// # fn main() -> tunewise_cost::Result<()> {
    /// let plan = SobolPlan::new(2, 256)?.scrambled(7);
    /// let columns = plan.coordinates()?;
    /// let y: Vec<f64> = columns[0].iter().zip(&columns[1]).map(|(x1, x2)| x1 + 2.0 * x2).collect();
    /// let indices = plan.analyze_with(&y, Bootstrap::default())?;
    /// let s1 = indices.first[0];
    /// assert!((s1.value - 0.2).abs() < s1.half_width.unwrap());
    /// # Ok(())
    /// # }
    /// ```
    pub fn analyze_with(&self, y: &[f64], bootstrap: Bootstrap) -> Result<SobolIndices> {
        bootstrap.validate()?;
        let mut indices = self.analyze(y)?;
        let blocks = Blocks::new(self, y)?;
        let resamples: Vec<Estimates> = (0..bootstrap.resamples as u64)
            .map(|resample| {
                let mut stream = Stream::new(bootstrap.seed, resample);
                let row = |_| stream.below(self.base as u64) as usize;
                blocks.estimates(&(0..self.base).map(row).collect::<Vec<_>>())
            })
            .collect();
        let z = normal_quantile(0.5 + 0.5 * bootstrap.level);
        let half_width = |value: &dyn Fn(&Estimates) -> Option<f64>| {
            Some(z * resamples.iter().filter_map(value).collect::<Moments>().variance().sqrt())
        };
        for (input, index) in indices.first.iter_mut().enumerate() {
            index.half_width = half_width(&|one| one.first.get(input).copied());
        }
        for (input, index) in indices.total.iter_mut().enumerate() {
            index.half_width = half_width(&|one| one.total.get(input).copied());
        }
        for (pair, index) in indices.second.iter_mut().enumerate() {
            index.index.half_width = half_width(&|one| one.second.get(pair).copied());
        }
        Ok(indices)
    }
}

/// How confidence intervals are resampled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bootstrap {
    /// How many resamples; 100 is SALib's.
    pub resamples: usize,
    /// Confidence level, 0.95.
    pub level: f64,
    /// Seed of the resampling.
    pub seed: u64,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self { resamples: 100, level: 0.95, seed: 0 }
    }
}

impl Bootstrap {
    fn validate(&self) -> Result<()> {
        if self.resamples < 2 {
            let value = self.resamples as f64;
            return Err(Error::Field { field: "resamples", value, rule: "at least 2" });
        }
        if !(self.level > 0.0 && self.level < 1.0) {
            let (field, value) = ("confidence level", self.level);
            return Err(Error::Field { field, value, rule: "between 0 and 1" });
        }
        Ok(())
    }
}

/// Standardised values, by what their rows are.
struct Blocks {
    a: Vec<f64>,
    b: Vec<f64>,
    ab: Vec<Vec<f64>>,
    /// Empty without pairs.
    ba: Vec<Vec<f64>>,
}

struct Estimates {
    first: Vec<f64>,
    total: Vec<f64>,
    second: Vec<f64>,
}

impl Blocks {
    fn new(plan: &SobolPlan, y: &[f64]) -> Result<Self> {
        if y.len() != plan.rows() {
            let (got, expected) = (y.len(), plan.rows());
            return Err(Error::Length { field: "values of the function", got, expected });
        }
        check_sample("Sobol indices", y, 2)?;
        let moments: Moments = y.iter().copied().collect();
        let (mean, sd) = (moments.mean(), moments.population_variance().sqrt());
        if sd == 0.0 {
            let (field, rule) = ("standard deviation of the answer", "above 0");
            return Err(Error::Field { field, value: sd, rule });
        }
        let (d, step) = (plan.dimensions, plan.step());
        let row = |row: usize| -> Vec<f64> {
            y.iter().skip(row).step_by(step).map(|value| (value - mean) / sd).collect()
        };
        Ok(Self {
            a: row(0),
            b: row(step - 1),
            ab: (1..=d).map(row).collect(),
            ba: match plan.pairs {
                Pairs::Without => Vec::new(),
                Pairs::With => (d + 1..=2 * d).map(row).collect(),
            },
        })
    }

    /// Every pair, the first input before the second; none without pairs.
    fn pairs(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let d = self.ba.len();
        (0..d).flat_map(move |j| (j + 1..d).map(move |k| (j, k)))
    }

    fn estimates(&self, rows: &[usize]) -> Estimates {
        let pick = |block: &[f64]| -> Vec<f64> {
            rows.iter().filter_map(|&row| block.get(row).copied()).collect()
        };
        let (a, b) = (pick(&self.a), pick(&self.b));
        let ab: Vec<Vec<f64>> = self.ab.iter().map(|block| pick(block)).collect();
        let ba: Vec<Vec<f64>> = self.ba.iter().map(|block| pick(block)).collect();
        let both: Moments = a.iter().chain(&b).copied().collect();
        let variance = both.population_variance();
        let first: Vec<f64> =
            ab.iter().map(|ab| mean_of(&a, &b, ab, |a, b, ab| b * (ab - a)) / variance).collect();
        let total = ab
            .iter()
            .map(|ab| 0.5 * mean_of(&a, &b, ab, |a, _, ab| (a - ab) * (a - ab)) / variance)
            .collect();
        let products = mean_of(&a, &b, &a, |a, b, _| a * b);
        let second = self
            .pairs()
            .zip(pair_products(&ba, &ab))
            .filter_map(|((j, k), product)| {
                Some((product - products) / variance - first.get(j)? - first.get(k)?)
            })
            .collect();
        Estimates { first, total, second }
    }
}

/// `mean(BA_j AB_k)` of every pair.
fn pair_products<'a>(ba: &'a [Vec<f64>], ab: &'a [Vec<f64>]) -> impl Iterator<Item = f64> + 'a {
    ba.iter().enumerate().flat_map(move |(j, ba)| {
        ab.iter().skip(j + 1).map(move |ab| mean_of(ba, ab, ab, |ba, ab, _| ba * ab))
    })
}

fn mean_of(x: &[f64], y: &[f64], z: &[f64], value: impl Fn(f64, f64, f64) -> f64) -> f64 {
    let rows = x.iter().zip(y).zip(z);
    rows.map(|((&x, &y), &z)| value(x, y, z)).collect::<Moments>().mean()
}
