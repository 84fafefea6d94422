//! How far annotators agree beyond chance.

use std::collections::BTreeMap;

use crate::error::same_length;
use crate::{Error, Result};

/// Fleiss' kappa of `counts`, row-major `[items, num_categories]`: how many annotators put the item in
/// the category. At most 1; 0 is chance; NaN where all annotators used one category only, which leaves
/// nothing to agree beyond.
///
/// # Errors
/// [`Error::Empty`] without items; [`Error::Argument`] for counts that are not whole rows, fewer than two
/// annotators, or items with different numbers of annotators (Krippendorff's alpha allows those).
///
/// # Formula
/// ```text
/// κ = (P - Pe) / (1 - Pe)
///     P  = mean over items of Σ_j n_ij (n_ij - 1) / (n (n - 1))
///     Pe = Σ_j p_j², p_j = share of all ratings in category j
/// ```
///
/// # Reference
/// Fleiss (1971), Measuring nominal scale agreement among many raters;
/// `statsmodels.stats.inter_rater.fleiss_kappa`.
///
/// ```
/// # fn main() -> tunewise_metrics::Result<()> {
/// // Three annotators, two items: all say "spam", then two of three say "ham".
/// let kappa = tunewise_metrics::fleiss_kappa(&[3, 0, 1, 2], 2)?;
/// assert!((kappa - 0.25).abs() < 1e-12);
/// # Ok(())
/// # }
/// ```
pub fn fleiss_kappa(counts: &[u64], num_categories: usize) -> Result<f64> {
    let fault = |got: String, expected| Error::Argument { name: "counts", got, expected };
    if counts.is_empty() {
        return Err(Error::Empty);
    }
    if num_categories == 0 || !counts.len().is_multiple_of(num_categories) {
        let got = format!("{} counts for {num_categories} categories", counts.len());
        return Err(fault(got, "one count a category for each item"));
    }
    let items = counts.chunks_exact(num_categories);
    let annotators: u64 = items.clone().next().unwrap_or_default().iter().sum();
    if annotators < 2 {
        return Err(fault(format!("{annotators} annotators"), "at least two annotators an item"));
    }
    if let Some((item, row)) =
        items.clone().enumerate().find(|(_, row)| row.iter().sum::<u64>() != annotators)
    {
        let got = format!("{} annotators of item {item}", row.iter().sum::<u64>());
        return Err(fault(got, "as many annotators as item 0 has"));
    }
    let n = annotators as f64;
    let ratings = n * items.len() as f64;
    let pairs: f64 = counts.iter().map(|&count| count as f64 * (count as f64 - 1.0)).sum();
    let observed = pairs / (ratings * (n - 1.0));
    let share = |category: usize| {
        items.clone().filter_map(|row| row.get(category)).sum::<u64>() as f64 / ratings
    };
    let chance: f64 = (0..num_categories).map(|category| share(category).powi(2)).sum();
    Ok(if chance < 1.0 { (observed - chance) / (1.0 - chance) } else { f64::NAN })
}

/// What differences between values mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measurement {
    /// Same or not: class labels.
    Nominal,
    /// Ranks: how many ratings lie between.
    Ordinal,
    /// Differences.
    Interval,
    /// Differences relative to size, of values that are not negative.
    Ratio,
}

/// Krippendorff's alpha of `ratings`, row-major `[annotators, items]`, `None` where an annotator did not
/// rate an item. 1 is agreement; 0 is chance; NaN where only one value was ever given.
///
/// # Errors
/// [`Error::Empty`] without ratings; [`Error::Length`] if they are not whole rows;
/// [`Error::Argument`] for a value that is not finite, a negative one at the ratio level, and where no
/// item has two ratings.
///
/// # Formula
/// ```text
/// α = 1 - Do / De
///     Do = Σ_u Σ_{pairs in u} δ²(c, k) / (m_u - 1) / n
///     De = Σ_c Σ_k n_c n_k δ²(c, k) / (n (n - 1))
///     where m_u = ratings of item u if at least two, n = Σ m_u, n_c of them c; δ² by level:
///     nominal c ≠ k; ordinal (ratings from c to k, the ends by half)²; interval (c - k)²;
///     ratio ((c - k) / (c + k))²
/// ```
///
/// # Reference
/// Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, section C and D.
///
/// ```
/// use tunewise_metrics::{Measurement, krippendorff_alpha};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let (yes, no) = (Some(1.0), Some(0.0));
/// let ratings = [
///     yes, no, yes, None, // the first annotator
///     yes, no, no, yes, // the second
/// ];
/// let alpha = krippendorff_alpha(&ratings, 4, Measurement::Nominal)?;
/// assert!((alpha - 4.0 / 9.0).abs() < 1e-12);
/// # Ok(())
/// # }
/// ```
pub fn krippendorff_alpha(
    ratings: &[Option<f64>],
    num_items: usize,
    level: Measurement,
) -> Result<f64> {
    let items = pairable(ratings, num_items, level)?;
    let mut totals: BTreeMap<Value, f64> = BTreeMap::new();
    for value in items.iter().flatten() {
        *totals.entry(Value(*value)).or_default() += 1.0;
    }
    let scale = Scale::new(&totals, level);
    let n: f64 = totals.values().sum();
    let mut observed = 0.0;
    for item in &items {
        let pairs = item.iter().enumerate().flat_map(|(place, first)| {
            item.iter().skip(place + 1).map(|second| scale.distance(*first, *second))
        });
        observed += 2.0 * pairs.sum::<f64>() / (item.len() as f64 - 1.0);
    }
    let mut expected = 0.0;
    for (place, (first, count)) in totals.iter().enumerate() {
        for (second, other) in totals.iter().skip(place + 1) {
            expected += 2.0 * count * other * scale.distance(first.0, second.0);
        }
    }
    Ok(if expected > 0.0 { 1.0 - (n - 1.0) * observed / expected } else { f64::NAN })
}

/// The ratings of each item that has at least two.
fn pairable(
    ratings: &[Option<f64>],
    num_items: usize,
    level: Measurement,
) -> Result<Vec<Vec<f64>>> {
    if ratings.is_empty() || num_items == 0 {
        return Err(Error::Empty);
    }
    let whole = ratings.len().next_multiple_of(num_items);
    same_length("ratings", ratings.len(), whole)?;
    let expected = match level {
        Measurement::Ratio => "finite and not negative",
        _ => "finite",
    };
    let mut items = vec![Vec::new(); num_items];
    for row in ratings.chunks_exact(num_items) {
        for (item, value) in items.iter_mut().zip(row) {
            let Some(value) = *value else { continue };
            if !value.is_finite() || (level == Measurement::Ratio && value < 0.0) {
                let got = format!("{value}");
                return Err(Error::Argument { name: "ratings", got, expected });
            }
            item.push(value + 0.0); // -0 is 0
        }
    }
    items.retain(|item| item.len() > 1);
    if items.is_empty() {
        let got = "at most one rating an item".to_owned();
        return Err(Error::Argument { name: "ratings", got, expected: "an item with two ratings" });
    }
    Ok(items)
}

/// A finite value as a key.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Value(f64);

impl Eq for Value {}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// Squared distances at a level.
struct Scale {
    level: Measurement,
    /// At the ordinal level: the ratings below a value, and half of its own.
    ranks: BTreeMap<Value, f64>,
}

impl Scale {
    fn new(totals: &BTreeMap<Value, f64>, level: Measurement) -> Self {
        let mut below = 0.0;
        let mut rank = |(value, count): (&Value, &f64)| {
            below += count;
            (*value, below - count / 2.0)
        };
        let ranks = match level {
            Measurement::Ordinal => totals.iter().map(&mut rank).collect(),
            _ => BTreeMap::new(),
        };
        Self { level, ranks }
    }

    fn distance(&self, first: f64, second: f64) -> f64 {
        let rank = |value| self.ranks.get(&Value(value)).copied().unwrap_or_default();
        match self.level {
            Measurement::Nominal => f64::from(u8::from(first != second)),
            Measurement::Ordinal => (rank(first) - rank(second)).powi(2),
            Measurement::Interval => (first - second).powi(2),
            Measurement::Ratio if first == second => 0.0,
            Measurement::Ratio => ((first - second) / (first + second)).powi(2),
        }
    }
}
