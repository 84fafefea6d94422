//! Pictures as SVG text. Names are escaped; the same input gives the same bytes.

use tunewise_plot::{ChartText, HeatMap, heat_map};

use crate::{ConfusionMatrix, Label, Result};

/// The matrix as a heat map: true labels down, predicted labels across, bluer for more rows; up to
/// 20 labels with the counts.
///
/// # Errors
/// [`Error::Plot`](crate::Error::Plot) for a matrix without labels.
pub fn confusion_matrix<L: Label>(matrix: &ConfusionMatrix<L>, title: &str) -> Result<String> {
    let names: Vec<String> = matrix.labels().iter().map(L::to_string).collect();
    let counts: Vec<u64> = matrix.rows().flatten().copied().collect();
    let text = ChartText { title, x_label: "predicted label", y_label: "true label" };
    Ok(heat_map(text, HeatMap { names: &names, counts: &counts })?)
}
