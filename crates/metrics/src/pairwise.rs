//! Sums in NumPy's order, so that what a report prints agrees to the last digit.

/// The sum as `numpy.sum` of a contiguous array rounds it: eight running sums, halves above 128.
pub(crate) fn sum(values: &[f64]) -> f64 {
    const LANES: usize = 8;
    const BLOCK: usize = 128;
    if values.len() < LANES {
        return values.iter().fold(0.0, |sum, value| sum + value);
    }
    if values.len() > BLOCK {
        let half = values.len() / 2;
        let (left, right) = values.split_at(half - half % LANES);
        return sum(left) + sum(right);
    }
    let mut lanes = [0.0; LANES];
    let chunks = values.chunks_exact(LANES);
    let tail = chunks.remainder();
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane += value;
        }
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    tail.iter().fold(((a + b) + (c + d)) + ((e + f) + (g + h)), |sum, value| sum + value)
}

#[cfg(test)]
mod tests {
    use super::sum;

    #[test]
    fn rounding_is_numpys() {
        // Expected from NumPy 2: np.sum([1 / (i + 1) for i in range(n)]) and its repr.
        let terms = |n: usize| (0..n).map(|i| 1.0 / (i + 1) as f64).collect::<Vec<_>>();
        for (n, expected) in EXPECTED {
            assert_eq!(sum(&terms(n)), expected, "{n}");
        }
    }

    const EXPECTED: [(usize, f64); 7] = [
        (7, 2.5928571428571425),
        (8, 2.7178571428571425),
        (100, 5.187377517639621),
        (128, 5.433147092589173),
        (129, 5.440899030573669),
        (300, 6.282663880299504),
        (1000, 7.485470860550345),
    ];
}
