//! Batches of like size in tokens.

/// Cuts rows, sorted by falling length, into `batches` stretches whose largest size is the least there
/// is. A stretch's size is its rows times its longest row: what it takes when it is padded. With fewer
/// rows than `batches` each row is a stretch.
pub(crate) fn cut_evenly(rows: &[(u32, usize)], batches: usize) -> Vec<Vec<usize>> {
    let sizes = |(length, _): &(u32, usize)| u64::from(*length).max(1);
    let longest = rows.iter().map(sizes).max().unwrap_or(1);
    // The least budget that needs no more stretches than asked for: the count falls with the budget.
    let (mut low, mut high) = (longest, longest * rows.len().max(1) as u64);
    while low < high {
        let middle = low + (high - low) / 2;
        if cut(rows, middle).len() <= batches { high = middle } else { low = middle + 1 }
    }
    let mut stretches = cut(rows, low);
    while stretches.len() < batches.min(rows.len()) {
        split_largest(&mut stretches);
    }
    stretches.into_iter().map(|stretch| stretch.iter().map(|&(_, row)| row).collect()).collect()
}

/// Stretches as long as the budget allows.
fn cut(rows: &[(u32, usize)], budget: u64) -> Vec<&[(u32, usize)]> {
    let mut stretches = Vec::new();
    let mut rest = rows;
    while let Some((longest, _)) = rest.first() {
        let fits = (budget / u64::from(*longest).max(1)).max(1);
        let (stretch, tail) = rest.split_at(rest.len().min(fits as usize));
        stretches.push(stretch);
        rest = tail;
    }
    stretches
}

fn split_largest(stretches: &mut Vec<&[(u32, usize)]>) {
    let size = |stretch: &[(u32, usize)]| {
        let longest = stretch.first().map_or(0, |(length, _)| u64::from(*length));
        // A stretch of one row cannot be split.
        (stretch.len() > 1).then_some(longest * stretch.len() as u64)
    };
    let largest = (0..stretches.len()).max_by_key(|&i| stretches.get(i).and_then(|s| size(s)));
    if let Some(index) = largest {
        let stretch = stretches.remove(index);
        let (head, tail) = stretch.split_at(stretch.len() / 2);
        stretches.insert(index, tail);
        stretches.insert(index, head);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn size(stretch: &[usize], lengths: &[u32]) -> u64 {
        let longest = stretch.iter().map(|&row| u64::from(lengths[row]).max(1)).max();
        longest.unwrap_or(0) * stretch.len() as u64
    }

    /// The least largest size over all ways to cut, by trying every first stretch.
    fn best(lengths: &[u32], batches: usize) -> u64 {
        if lengths.is_empty() {
            return 0;
        }
        if batches == 0 {
            return u64::MAX;
        }
        let longest = u64::from(lengths[0]).max(1);
        let tries =
            (1..=lengths.len()).map(|n| (longest * n as u64).max(best(&lengths[n..], batches - 1)));
        tries.min().unwrap_or(u64::MAX)
    }

    proptest! {
        #[test]
        fn the_largest_batch_is_as_small_as_can_be(
            mut lengths in prop::collection::vec(0u32..40, 1..9),
            batches in 1usize..5,
        ) {
            lengths.sort_by_key(|&length| std::cmp::Reverse(length));
            let rows: Vec<(u32, usize)> = lengths.iter().copied().zip(0..).collect();
            let cut = cut_evenly(&rows, batches);
            prop_assert_eq!(cut.len(), batches.min(rows.len()));
            let all: Vec<usize> = cut.concat();
            prop_assert_eq!(all, (0..rows.len()).collect::<Vec<_>>());
            let largest = cut.iter().map(|stretch| size(stretch, &lengths)).max();
            prop_assert_eq!(largest, Some(best(&lengths, batches)));
        }
    }
}
