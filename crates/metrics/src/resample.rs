//! Seeded draws. Every resample has a random stream of its own, so the result is the same whatever the
//! number of threads.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use rand_distr::{Binomial, Distribution};

/// The random numbers of one resample.
pub(crate) fn stream(seed: u64, resample: usize) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(resample as u64);
    rng
}

/// A number below `end`, uniform to within `end` / 2^64.
fn below(rng: &mut ChaCha8Rng, end: usize) -> usize {
    ((u128::from(rng.next_u64()) * end as u128) >> 64) as usize
}

/// Draws as many members as there are, with replacement, and appends them.
pub(crate) fn draw_rows(rng: &mut ChaCha8Rng, members: &[usize], out: &mut Vec<usize>) {
    out.extend((0..members.len()).filter_map(|_| members.get(below(rng, members.len()))));
}

/// Draws as many rows as the cells hold, with replacement, and writes how many fell in each cell of
/// `members`: a multinomial, as a chain of binomials.
pub(crate) fn draw_counts(
    rng: &mut ChaCha8Rng,
    counts: &[u64],
    members: &[usize],
    out: &mut [u64],
) {
    let count = |cell: usize| counts.get(cell).copied().unwrap_or_default();
    let mut weight: u64 = members.iter().map(|&cell| count(cell)).sum();
    let mut left = weight;
    for &cell in members {
        let share = count(cell) as f64 / weight as f64;
        let drawn = match Binomial::new(left, share.min(1.0)) {
            Ok(binomial) if share < 1.0 => binomial.sample(rng),
            Ok(_) => left,
            Err(_) => 0, // no weight is left, and so no row
        };
        if let Some(out) = out.get_mut(cell) {
            *out = drawn;
        }
        left -= drawn;
        weight -= count(cell);
    }
}

/// Heads or tails for every row.
pub(crate) fn flip_coins(rng: &mut ChaCha8Rng, rows: usize, out: &mut Vec<bool>) {
    let words = rows.div_ceil(64);
    let bits = (0..words).flat_map(|_| {
        let word = rng.next_u64();
        (0..64).map(move |bit| word >> bit & 1 == 1)
    });
    out.clear();
    out.extend(bits.take(rows));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_differ_and_repeat() {
        let first = |resample| stream(7, resample).next_u64();
        assert_eq!(first(3), first(3));
        assert_ne!(first(3), first(4));
    }

    #[test]
    fn counts_keep_their_total_and_their_mean() {
        let counts = [900, 0, 90, 10];
        let mut sums = [0u64; 4];
        let resamples = 4000;
        for resample in 0..resamples {
            let mut out = [0; 4];
            draw_counts(&mut stream(1, resample), &counts, &[0, 1, 2, 3], &mut out);
            assert_eq!(out.iter().sum::<u64>(), 1000);
            for (sum, drawn) in sums.iter_mut().zip(out) {
                *sum += drawn;
            }
        }
        for (sum, count) in sums.iter().zip(counts) {
            let share = count as f64 / 1000.0;
            let deviation = (1000.0 * share * (1.0 - share) / resamples as f64).sqrt();
            let mean = *sum as f64 / resamples as f64;
            approx::assert_abs_diff_eq!(mean, count as f64, epsilon = 5.0 * deviation + 1e-12);
        }
    }

    #[test]
    fn every_row_is_drawn_equally_often() {
        let members = [10, 11, 12];
        let mut out = Vec::new();
        for resample in 0..3000 {
            draw_rows(&mut stream(2, resample), &members, &mut out);
        }
        for member in members {
            let share = out.iter().filter(|row| **row == member).count() as f64 / out.len() as f64;
            // 9,000 draws: one standard deviation is 0.005.
            approx::assert_abs_diff_eq!(share, 1.0 / 3.0, epsilon = 0.025);
        }
    }
}
