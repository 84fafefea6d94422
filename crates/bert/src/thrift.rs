//! Which rows of a few share a batch, so that little is computed for padding.

/// What a batch costs beside its tokens, in tokens: about what a forward pass of one token more than
/// none takes on a CPU.
const BATCH_OVERHEAD: u64 = 24;

/// Batches of at most `batch_size` rows with the least cost: that of every batch is its rows times its
/// longest row, and an overhead. Rows of like length come together; every row stands in one batch.
pub(crate) fn thrifty_batches(lengths: &[u32], batch_size: usize) -> Vec<Vec<usize>> {
    let mut rows: Vec<(u32, usize)> = lengths.iter().copied().zip(0..).collect();
    rows.sort_by_key(|&(length, _)| std::cmp::Reverse(length));
    // best[end] is the least cost of the longest `end` rows, and where their last batch starts.
    let mut best: Vec<(u64, usize)> = vec![(0, 0)];
    for end in 1..=rows.len() {
        let earliest = end.saturating_sub(batch_size.max(1));
        let options = best.iter().zip(&rows).enumerate().take(end).skip(earliest);
        let costs = options.map(|(start, ((before, _), (longest, _)))| {
            (before + BATCH_OVERHEAD + u64::from(*longest) * (end - start) as u64, start)
        });
        best.push(costs.min().unwrap_or_default());
    }
    let mut batches = Vec::new();
    let mut rest = rows.as_slice();
    while !rest.is_empty() {
        let start = best.get(rest.len()).map_or(0, |&(_, start)| start);
        let (before, batch) = rest.split_at(start.min(rest.len() - 1));
        batches.push(batch.iter().map(|&(_, row)| row).collect());
        rest = before;
    }
    batches.reverse(); // the longest first: a lack of memory shows at once
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(lengths: &[u32], batches: &[Vec<usize>]) -> u64 {
        let cost = |batch: &Vec<usize>| {
            let longest = batch.iter().map(|&row| lengths[row]).max().unwrap();
            BATCH_OVERHEAD + u64::from(longest) * batch.len() as u64
        };
        batches.iter().map(cost).sum()
    }

    /// The least cost over all ways to cut sorted rows, by trying each.
    fn least(sorted: &[u32], batch_size: usize) -> u64 {
        (1..=sorted.len().min(batch_size))
            .map(|take| {
                let batch = BATCH_OVERHEAD + u64::from(sorted[0]) * take as u64;
                batch + if take < sorted.len() { least(&sorted[take..], batch_size) } else { 0 }
            })
            .min()
            .unwrap()
    }

    #[test]
    fn every_row_stands_once_and_no_cut_is_cheaper() {
        let cases: [&[u32]; 6] = [
            &[],
            &[5],
            &[7; 9],
            &[128, 3, 4, 3, 120, 4],
            &[9, 1, 8, 2, 7, 3, 6, 4, 5, 50],
            &[0, 0],
        ];
        for lengths in cases {
            for batch_size in [1, 2, 4, 64] {
                let batches = thrifty_batches(lengths, batch_size);
                assert!(batches.iter().all(|batch| (1..=batch_size).contains(&batch.len())));
                let mut rows = batches.concat();
                rows.sort_unstable();
                assert_eq!(rows, (0..lengths.len()).collect::<Vec<_>>());
                let mut sorted = lengths.to_vec();
                sorted.sort_unstable_by(|a, b| b.cmp(a));
                if !sorted.is_empty() {
                    assert_eq!(cost(lengths, &batches), least(&sorted, batch_size), "{lengths:?}");
                }
            }
        }
    }
}
