//! Discounted cumulative gain.

use crate::weighted::{average, check_weights};
use crate::{Error, Result, Scores, pairwise};

/// What items of equal score gain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ties {
    /// The mean over all their orders.
    #[default]
    Average,
    /// What the order of the columns gives, the last first (`ignore_ties=True`): quicker, and only of
    /// use where no scores tie.
    Ignore,
}

/// What gains take besides the rows.
///
/// | field | default | meaning |
/// | --- | --- | --- |
/// | `k` | all | only the `k` highest scores of a row count |
/// | `ties` | averaged | what items of equal score gain |
/// | `sample_weight` | 1 each | weight of each row, `[rows]` |
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RankOptions<'a> {
    /// Only the `k` highest scores of a row count.
    pub k: Option<usize>,
    /// What items of equal score gain.
    pub ties: Ties,
    /// Weight of each row.
    pub sample_weight: Option<&'a [f64]>,
}

/// The mean discounted cumulative gain of rows. `y_true` is the relevance, row-major `[rows, items]` as
/// `y_score`; the discount is a logarithm to base `log_base`, 2 by custom.
///
/// # Errors
/// [`Error::Shape`] if the shapes differ, [`Error::Empty`], [`Error::NotFinite`], [`Error::Length`] of weights,
/// [`Error::ZeroWeight`]; [`Error::Argument`] for a `k` of 0 or a `log_base` that is not positive, or 1.
///
/// # Formula
/// ```text
/// DCG = Σ_{r=1..k} gain_r / log_b(1 + r)      gain_r: relevance of the item at rank r,
///                                             or the mean relevance of the items it ties with
/// ```
///
/// # Reference
/// Järvelin and Kekäläinen (2002), Cumulated gain-based evaluation of IR techniques; McSherry and Najork
/// (2008), Computing information retrieval performance measures efficiently in the presence of tied
/// scores; `sklearn.metrics.dcg_score`.
///
/// ```
/// use tunewise_metrics::{RankOptions, Scores, dcg_score};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let y_score = Scores::new(&[0.1, 0.2, 0.3, 4.0, 70.0], 5)?; // [1, 5]
/// let gain = dcg_score(&[10.0, 0.0, 0.0, 1.0, 5.0], &y_score, 2.0, &RankOptions::default())?;
/// // 5 / log2(2) + 1 / log2(3) + 10 / log2(6)
/// assert!((gain - 9.499457825916874).abs() < 1e-12);
/// # Ok(())
/// # }
/// ```
pub fn dcg_score(
    y_true: &[f64],
    y_score: &Scores<'_>,
    log_base: f64,
    options: &RankOptions<'_>,
) -> Result<f64> {
    check(y_true, y_score, options)?;
    if !(log_base > 0.0 && log_base != 1.0 && log_base.is_finite()) {
        let (got, expected) = (log_base.to_string(), "a positive number other than 1");
        return Err(Error::Argument { name: "log_base", got, expected });
    }
    let discounts = Discounts::new(y_score.num_classes(), log_base, options.k);
    let gain = |(relevance, scores)| discounts.gain(relevance, scores, options.ties);
    let rows = y_true.chunks_exact(y_score.num_classes()).zip(y_score.rows());
    average(&rows.map(gain).collect::<Vec<_>>(), options.sample_weight)
}

/// The mean of the rows' gain divided by the best gain there could be, in [0, 1]; 0 for a row without
/// relevant items. Inputs as [`dcg_score`].
///
/// # Errors
/// As [`dcg_score`]; [`Error::Relevance`] below 0; [`Error::Shape`] for a single item.
///
/// # Formula
/// ```text
/// NDCG = DCG(y, s) / DCG(y, y)
/// ```
///
/// # Reference
/// `sklearn.metrics.ndcg_score`.
///
/// ```
/// use tunewise_metrics::{RankOptions, Scores, ndcg_score};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let y_true = [10.0, 0.0, 0.0, 1.0, 5.0];
/// let y_score = Scores::new(&[0.1, 0.2, 0.3, 4.0, 70.0], 5)?;
/// let gain = ndcg_score(&y_true, &y_score, &RankOptions::default())?;
/// assert!((gain - 0.6956940443813076).abs() < 1e-12);
/// # Ok(())
/// # }
/// ```
pub fn ndcg_score(y_true: &[f64], y_score: &Scores<'_>, options: &RankOptions<'_>) -> Result<f64> {
    check(y_true, y_score, options)?;
    let items = y_score.num_classes();
    if items < 2 {
        let (got, expected) = (format!("{items} column"), "at least 2 items a row".to_owned());
        return Err(Error::Shape { what: "y_score", got, expected });
    }
    if let Some((place, &got)) = y_true.iter().enumerate().find(|(_, relevance)| **relevance < 0.0)
    {
        return Err(Error::Relevance { row: place / items, column: place % items, got });
    }
    let discounts = Discounts::new(items, 2.0, options.k);
    let gain = |(relevance, scores)| {
        let best = discounts.gain(relevance, relevance, Ties::Ignore);
        let gain = discounts.gain(relevance, scores, options.ties);
        if best == 0.0 { 0.0 } else { gain / best }
    };
    let rows = y_true.chunks_exact(items).zip(y_score.rows());
    average(&rows.map(gain).collect::<Vec<_>>(), options.sample_weight)
}

fn check(y_true: &[f64], y_score: &Scores<'_>, options: &RankOptions<'_>) -> Result<()> {
    let items = y_score.num_classes();
    if y_true.len() != y_score.values().len() {
        return Err(Error::Shape {
            what: "y_true",
            got: format!("{} values", y_true.len()),
            expected: format!("{} rows of {items} as y_score", y_score.len()),
        });
    }
    if y_true.is_empty() {
        return Err(Error::Empty);
    }
    if let Some((place, &got)) = y_true.iter().enumerate().find(|(_, value)| !value.is_finite()) {
        let (row, column) = (place / items, place % items);
        return Err(Error::NotFinite { what: "y_true", row, column, got });
    }
    check_weights(options.sample_weight, y_score.len())?;
    match options.k {
        Some(0) => Err(Error::Argument { name: "k", got: "0".to_owned(), expected: "at least 1" }),
        _ => Ok(()),
    }
}

/// What a unit of relevance is worth at each rank, 0 beyond `k`.
struct Discounts(Vec<f64>);

impl Discounts {
    fn new(items: usize, log_base: f64, k: Option<usize>) -> Self {
        let worth = |rank: usize| {
            let counted = k.is_none_or(|k| rank < k);
            if counted { 1.0 / (((rank + 2) as f64).ln() / log_base.ln()) } else { 0.0 }
        };
        Self((0..items).map(worth).collect())
    }

    fn gain(&self, relevance: &[f64], scores: &[f64], ties: Ties) -> f64 {
        let mut items: Vec<(f64, f64)> =
            scores.iter().map(|score| score + 0.0).zip(relevance.iter().copied()).rev().collect();
        items.sort_by(|a, b| b.0.total_cmp(&a.0));
        if ties == Ties::Ignore {
            return self.0.iter().zip(&items).map(|(worth, (_, gain))| worth * gain).sum();
        }
        let mut worths = self.0.as_slice();
        let mut gains = Vec::new();
        for group in items.chunk_by(|a, b| a.0 == b.0) {
            let (these, others) = worths.split_at(group.len().min(worths.len()));
            worths = others;
            let mean = group.iter().map(|(_, gain)| gain).sum::<f64>() / group.len() as f64;
            gains.push(mean * these.iter().sum::<f64>());
        }
        pairwise::sum(&gains)
    }
}
