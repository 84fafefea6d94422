//! How far predictions are from others of the same texts.

use serde::Serialize;
use tunewise_bert::train::Predictions;

/// Differences of logits, and how often the largest of a row is the same.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Agreement {
    /// Share of rows with the same label.
    pub labels: f64,
    /// Largest absolute difference of a logit.
    pub largest: f64,
    /// Mean absolute difference of the logits.
    pub mean: f64,
}

impl Agreement {
    /// Of predictions of the same rows by the same labels.
    #[must_use]
    pub fn new(a: &Predictions, b: &Predictions) -> Self {
        let logits = || a.rows().flatten().zip(b.rows().flatten());
        let differences = || logits().map(|(a, b)| f64::from((a - b).abs()));
        let same = a.rows().zip(b.rows()).filter(|(a, b)| label(a) == label(b)).count();
        Self {
            labels: same as f64 / a.len().max(1) as f64,
            largest: differences().fold(0.0, f64::max),
            mean: differences().sum::<f64>() / logits().count().max(1) as f64,
        }
    }
}

/// The place of the largest logit, the first of equals.
fn label(logits: &[f32]) -> Option<usize> {
    let places = (0..logits.len()).rev();
    places.max_by(|&a, &b| logits[a].total_cmp(&logits[b]))
}
