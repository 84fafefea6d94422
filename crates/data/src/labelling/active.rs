//! What to label next.

use super::probabilities::{Probabilities, largest};
use crate::{Error, Result};

/// How unsure a model is of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Uncertainty {
    /// `-Σ p ln p`, in nats.
    #[default]
    Entropy,
    /// 1 less the difference between the two most probable labels.
    Margin,
    /// 1 less the probability of the most probable label.
    LeastConfidence,
}

/// How unsure the model is of each row: more is less sure.
///
/// # Reference
/// Settles (2009), Active learning literature survey, section 3.1.
///
/// ```
/// use tunewise_data::labelling::{Probabilities, Uncertainty, uncertainty};
///
/// # fn main() -> tunewise_data::Result<()> {
/// let probabilities = Probabilities::new(&[0.5, 0.5, 0.75, 0.25], 2)?;
/// assert_eq!(uncertainty(&probabilities, Uncertainty::Margin), [1.0, 0.5]);
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn uncertainty(probabilities: &Probabilities<'_>, measure: Uncertainty) -> Vec<f64> {
    let of_row = |row: &[f64]| match measure {
        Uncertainty::Entropy => {
            row.iter().filter(|p| **p > 0.0).map(|p| -p * p.ln()).sum::<f64>() + 0.0
        }
        Uncertainty::Margin => {
            let (first, most) = largest(row);
            let others = row.iter().enumerate().filter(|(label, _)| *label != first);
            1.0 - (most - others.map(|(_, p)| *p).fold(0.0, f64::max))
        }
        Uncertainty::LeastConfidence => 1.0 - largest(row).1,
    };
    probabilities.rows().map(of_row).collect()
}

/// The rows of which the model is least sure, the least sure first, the first row among equals; all rows
/// if there are no more than `count`.
#[must_use]
pub fn most_uncertain(
    probabilities: &Probabilities<'_>,
    measure: Uncertainty,
    count: usize,
) -> Vec<usize> {
    let mut rows: Vec<(f64, usize)> =
        uncertainty(probabilities, measure).into_iter().zip(0..).collect();
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    rows.into_iter().take(count).map(|(_, row)| row).collect()
}

/// A batch that does not repeat itself: `count` of the `candidates` such that each is, when chosen, the
/// farthest from those before it (the first candidate is chosen first). `embeddings` is row-major
/// `[rows, size]`, candidates are its rows, such as those of [`most_uncertain`].
///
/// # Errors
/// [`Error::Argument`] for a `size` of 0 or a candidate that is not a row.
///
/// # Reference
/// Gonzalez (1985), Clustering to minimize the maximum intercluster distance: at most twice as far from a
/// chosen row as in the best choice.
///
/// ```
/// use tunewise_data::labelling::k_center;
///
/// # fn main() -> tunewise_data::Result<()> {
/// let embeddings = [0.0, 0.1, 5.0, 5.1, 9.0]; // [5, 1]
/// assert_eq!(k_center(&embeddings, 1, &[0, 1, 2, 3, 4], 3)?, [0, 4, 2]);
/// # Ok(())
/// # }
/// ```
pub fn k_center(
    embeddings: &[f32],
    size: usize,
    candidates: &[usize],
    count: usize,
) -> Result<Vec<usize>> {
    if size == 0 {
        let got = "0".to_owned();
        return Err(Error::Argument { name: "size", got, expected: "1 or more" });
    }
    let vector = |&row: &usize| {
        let fault = || Error::Argument {
            name: "candidates",
            got: row.to_string(),
            expected: "a row of the embeddings",
        };
        embeddings.chunks_exact(size).nth(row).ok_or_else(fault)
    };
    let vectors = candidates.iter().map(vector).collect::<Result<Vec<_>>>()?;
    let mut nearest = vec![f64::INFINITY; vectors.len()];
    let mut chosen = Vec::new();
    for _ in 0..count.min(vectors.len()) {
        let (place, _) = largest(&nearest);
        chosen.extend(candidates.get(place));
        for (distance, vector) in nearest.iter_mut().zip(&vectors) {
            let to_chosen = vectors.get(place).map_or(0.0, |center| squared(center, vector));
            *distance = distance.min(to_chosen);
        }
        nearest.get_mut(place).into_iter().for_each(|distance| *distance = f64::NEG_INFINITY);
    }
    Ok(chosen)
}

fn squared(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_by_hand() {
        let p = Probabilities::new(&[0.5, 0.25, 0.25, 1.0, 0.0, 0.0], 3).unwrap();
        let entropy = uncertainty(&p, Uncertainty::Entropy);
        // 0.5 ln 2 + 2 · 0.25 ln 4 = 1.5 ln 2
        assert!((entropy[0] - 1.5 * std::f64::consts::LN_2).abs() < 1e-15);
        assert_eq!(entropy[1], 0.0);
        assert_eq!(uncertainty(&p, Uncertainty::Margin), [0.75, 0.0]);
        assert_eq!(uncertainty(&p, Uncertainty::LeastConfidence), [0.5, 0.0]);
        assert_eq!(most_uncertain(&p, Uncertainty::Margin, 5), [0, 1]);
    }

    #[test]
    fn a_row_is_chosen_once_even_among_twins() {
        let chosen = k_center(&[1.0; 4], 1, &[3, 1, 2], 9).unwrap();
        assert_eq!(chosen, [3, 1, 2]);
        let fault = k_center(&[1.0; 4], 2, &[2], 1).unwrap_err().to_string();
        assert_eq!(fault, "`candidates` is 2, expected a row of the embeddings");
    }
}
