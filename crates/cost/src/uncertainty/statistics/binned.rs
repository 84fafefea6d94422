//! Order statistics of many values in two passes.

use super::quantiles::{Place, QuantileKind, select_places};
use super::sweep::extremes;

/// Below this a plain selection is as quick.
const FEW: usize = 1 << 14;
const BINS: usize = 1 << 12;

/// Quantiles of finite values, which stay as they are.
pub(crate) fn place_quantiles(
    values: &[f64],
    probabilities: &[f64],
    kind: QuantileKind,
) -> Vec<f64> {
    let places: Vec<Place> = probabilities.iter().map(|&p| kind.place(values.len(), p)).collect();
    order_statistics(values, &places)
}

/// What lies at these places among finite values, which stay as they are.
///
/// Values are counted in equal bins; only the bins that hold a rank asked for are looked into, so that the
/// work is three passes and a small sort whatever the number of places. The result is exact.
pub(crate) fn order_statistics(values: &[f64], places: &[Place]) -> Vec<f64> {
    let bins = (values.len() >= FEW).then(|| Bins::of(values)).flatten();
    let Some(bins) = bins else {
        return select_places(&mut values.to_vec(), places);
    };
    let wanted = places.iter().flat_map(|place| [place.lower, place.upper]);
    let contents = bins.contents(values, wanted);
    let at = |rank: usize| bins.value_at(rank, &contents);
    places.iter().map(|place| place.between(at(place.lower), at(place.upper))).collect()
}

struct Bins {
    low: f64,
    scale: f64,
    /// How many values are in the bins before each, and in all.
    before: Vec<usize>,
}

/// The sorted values of each bin that was asked for; empty for the others.
type Contents = Vec<Vec<f64>>;

impl Bins {
    /// None if the values are all equal, or too far apart to scale.
    fn of(values: &[f64]) -> Option<Self> {
        let (low, high) = extremes(values);
        let scale = BINS as f64 / (high - low);
        if !(scale.is_finite() && scale > 0.0) {
            return None;
        }
        let mut bins = Self { low, scale, before: Vec::new() };
        // Four tables in turn: runs of equal bins do not wait for their own last count.
        let mut counts = vec![[0_u32; 4]; BINS];
        for four in values.chunks(4) {
            for (lane, &value) in four.iter().enumerate() {
                if let Some(count) = counts.get_mut(bins.bin(value)) {
                    count[lane & 3] += 1;
                }
            }
        }
        let totals = counts.iter().map(|four| four.iter().map(|&count| count as usize).sum());
        let mut sum = 0;
        bins.before = std::iter::once(0)
            .chain(totals.map(|total: usize| {
                sum += total;
                sum
            }))
            .collect();
        Some(bins)
    }

    /// Increases with the value, so that bins are in the values' own order.
    #[inline]
    fn bin(&self, value: f64) -> usize {
        (((value - self.low) * self.scale) as usize).min(BINS - 1)
    }

    fn bin_of_rank(&self, rank: usize) -> usize {
        self.before.partition_point(|&before| before <= rank).saturating_sub(1).min(BINS - 1)
    }

    fn contents(&self, values: &[f64], ranks: impl Iterator<Item = usize>) -> Contents {
        let mut wanted = vec![false; BINS];
        for rank in ranks {
            if let Some(flag) = wanted.get_mut(self.bin_of_rank(rank)) {
                *flag = true;
            }
        }
        let mut contents = vec![Vec::new(); BINS];
        for &value in values {
            let bin = self.bin(value);
            if wanted.get(bin) == Some(&true)
                && let Some(content) = contents.get_mut(bin)
            {
                content.push(value);
            }
        }
        contents.iter_mut().for_each(|content| content.sort_unstable_by(f64::total_cmp));
        contents
    }

    fn value_at(&self, rank: usize, contents: &Contents) -> f64 {
        let bin = self.bin_of_rank(rank);
        let place = self.before.get(bin).and_then(|&before| rank.checked_sub(before));
        let content = contents.get(bin);
        place.and_then(|place| content?.get(place)).copied().unwrap_or(f64::NAN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::uncertainty::Stream;

    #[test]
    fn bins_give_what_sorting_gives() {
        let mut values = vec![0.0; FEW * 2 + 3];
        Stream::new(5, 0).fill_uniform(&mut values);
        // Long tails and many ties.
        for value in &mut values {
            *value = if *value < 0.2 { 1.0 } else { (*value).powi(-3) };
        }
        let probabilities = [0.0, 1e-4, 0.1, 0.2, 0.5, 0.77, 0.999, 1.0];
        for kind in [QuantileKind::Type1, QuantileKind::Type7, QuantileKind::Type8] {
            let places = probabilities.map(|p| kind.place(values.len(), p));
            let expected = select_places(&mut values.clone(), &places);
            assert_eq!(place_quantiles(&values, &probabilities, kind), expected);
        }
    }

    #[test]
    fn equal_values_have_one_quantile() {
        let values = vec![2.5; FEW];
        assert_eq!(place_quantiles(&values, &[0.0, 0.3, 1.0], QuantileKind::Type7), [2.5; 3]);
    }
}
