//! Sure guesses as labels.

use super::probabilities::{Probabilities, largest};
use crate::{Error, Result};

/// Which guesses become labels.
///
/// | field | default | range | meaning |
/// | --- | --- | --- | --- |
/// | `threshold` | 0.95 | [0, 1] | least probability |
/// | `max_per_class` | none | 1 or more | at most so many of each class, the surest: else the easy class takes over |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PseudoLabelOptions {
    /// Least probability.
    pub threshold: f64,
    /// At most so many rows of each class.
    pub max_per_class: Option<usize>,
}

impl Default for PseudoLabelOptions {
    fn default() -> Self {
        Self { threshold: 0.95, max_per_class: None }
    }
}

/// A guess that is sure enough.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PseudoLabel {
    /// The row.
    pub row: usize,
    /// Its most probable label.
    pub label: usize,
    /// Probability of that.
    pub probability: f64,
}

/// The rows of which the model is sure, ascending. Under a cap the surest of each class stay, the first row
/// among equals, so the same numbers always give the same rows.
///
/// # Errors
/// [`Error::Argument`] for a threshold outside [0, 1] or a cap of 0.
///
/// # Reference
/// Lee (2013), Pseudo-label: the simple and efficient semi-supervised learning method for deep neural
/// networks.
///
/// ```
/// use tunewise_data::labelling::{Probabilities, PseudoLabelOptions, pseudo_labels};
///
/// # fn main() -> tunewise_data::Result<()> {
/// let p = [0.97, 0.03, 0.6, 0.4, 0.99, 0.01, 0.02, 0.98]; // [4, 2]
/// let options = PseudoLabelOptions { max_per_class: Some(1), ..PseudoLabelOptions::default() };
/// let labels = pseudo_labels(&Probabilities::new(&p, 2)?, &options)?;
/// assert_eq!(labels.iter().map(|it| (it.row, it.label)).collect::<Vec<_>>(), [(2, 0), (3, 1)]);
/// # Ok(())
/// # }
/// ```
pub fn pseudo_labels(
    probabilities: &Probabilities<'_>,
    options: &PseudoLabelOptions,
) -> Result<Vec<PseudoLabel>> {
    if !(0.0..=1.0).contains(&options.threshold) {
        let (got, expected) = (options.threshold.to_string(), "a number from 0 to 1");
        return Err(Error::Argument { name: "threshold", got, expected });
    }
    if options.max_per_class == Some(0) {
        let got = "0".to_owned();
        return Err(Error::Argument { name: "max_per_class", got, expected: "1 or more" });
    }
    let guess = |(row, p): (usize, &[f64])| {
        let (label, probability) = largest(p);
        PseudoLabel { row, label, probability }
    };
    let guesses = probabilities.rows().enumerate().map(guess);
    let mut sure: Vec<_> = guesses.filter(|it| it.probability >= options.threshold).collect();
    if let Some(cap) = options.max_per_class {
        sure.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        let mut taken = vec![0; probabilities.num_labels()];
        sure.retain(|guess| {
            taken.get_mut(guess.label).is_some_and(|taken| {
                *taken += 1;
                *taken <= cap
            })
        });
        sure.sort_by_key(|guess| guess.row);
    }
    Ok(sure)
}
