//! Agreement of two labellings beyond chance: Matthews' correlation and Cohen's kappa.

use crate::confusion::ConfusionMatrix;
use crate::error::same_length;
use crate::label_warning::{LabelWarning, Scored};
use crate::{Label, Result};

/// Matthews' correlation coefficient of any number of classes, in [-1, 1]; 0 where it is not defined.
///
/// # Errors
/// [`Error::Empty`](crate::Error::Empty), [`Error::Length`](crate::Error::Length); [`Error::Argument`](crate::Error::Argument) for a weight that is not finite;
/// [`Error::ZeroWeight`](crate::Error::ZeroWeight).
///
/// # Formula
/// ```text
/// MCC = (c s - Σ t_k p_k) / sqrt((s² - Σ p_k²) (s² - Σ t_k²))
///     where s = rows, c = right rows, t_k and p_k = rows of class k, true and predicted
/// ```
///
/// # Reference
/// Gorodkin (2004), Comparing two K-category assignments by a K-category correlation coefficient;
/// `sklearn.metrics.matthews_corrcoef`.
///
/// ```
/// # fn main() -> tunewise_metrics::Result<()> {
/// let mcc = tunewise_metrics::matthews_corrcoef(&[1, 1, 1, -1], &[1, -1, 1, 1], None)?;
/// assert!((mcc + 1.0 / 3.0).abs() < 1e-12);
/// # Ok(())
/// # }
/// ```
pub fn matthews_corrcoef<L: Label>(
    y_true: &[L],
    y_pred: &[L],
    sample_weight: Option<&[f64]>,
) -> Result<f64> {
    let cells = ConfusionMatrix::cells(y_true, y_pred, sample_weight)?;
    let (t, p) = margins(&cells);
    let right: f64 = cells.rows().enumerate().filter_map(|(place, row)| row.get(place)).sum();
    let rows: f64 = p.iter().sum();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let product = (rows * rows - dot(&p, &p)) * (rows * rows - dot(&t, &t));
    let covariance = right * rows - dot(&t, &p);
    Ok(if product == 0.0 { 0.0 } else { covariance / product.sqrt() })
}

/// How far apart two labels are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KappaWeights {
    /// Same or not.
    #[default]
    Nominal,
    /// The number of labels from one to the other.
    Linear,
    /// That number squared.
    Quadratic,
}

/// What [`cohen_kappa_score`] counts.
///
/// | field | default | meaning |
/// | --- | --- | --- |
/// | `labels` | all that occur, sorted | the labels counted, in their order of meaning |
/// | `sample_weight` | 1 | weight of each row |
/// | `weights` | nominal | how far apart two labels are |
#[derive(Debug, Clone, Copy)]
pub struct KappaOptions<'a, L> {
    /// The labels counted.
    pub labels: Option<&'a [L]>,
    /// Weight of each row.
    pub sample_weight: Option<&'a [f64]>,
    /// How far apart two labels are.
    pub weights: KappaWeights,
}

impl<L> Default for KappaOptions<'_, L> {
    fn default() -> Self {
        Self { labels: None, sample_weight: None, weights: KappaWeights::Nominal }
    }
}

/// Cohen's kappa of two raters: at most 1; 0 is chance; NaN and a warning where chance agrees fully.
///
/// # Errors
/// [`Error::Empty`](crate::Error::Empty), [`Error::Length`](crate::Error::Length); [`Error::Labels`](crate::Error::Labels) if none of `labels` is in `y1`;
/// [`Error::Argument`](crate::Error::Argument) for a weight that is not finite; [`Error::ZeroWeight`](crate::Error::ZeroWeight).
///
/// # Formula
/// ```text
/// κ = 1 - Σ w_ij n_ij / Σ w_ij (n_i. n_.j / n)
///     where n_ij = rows labelled i by one and j by the other; w_ij = (i ≠ j), |i - j| or (i - j)²
/// ```
///
/// # Reference
/// Cohen (1968), Weighted kappa; `sklearn.metrics.cohen_kappa_score`.
///
/// ```
/// use tunewise_metrics::{KappaOptions, cohen_kappa_score};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let kappa = cohen_kappa_score(&["n", "p", "p"], &["n", "p", "n"], &KappaOptions::default())?;
/// assert!((kappa.value - 0.4).abs() < 1e-12);
/// # Ok(())
/// # }
/// ```
pub fn cohen_kappa_score<L: Label>(
    y1: &[L],
    y2: &[L],
    options: &KappaOptions<'_, L>,
) -> Result<Scored> {
    same_length("y2", y2.len(), y1.len())?;
    let cells = match (options.labels, options.sample_weight) {
        (labels, Some(weights)) => ConfusionMatrix::weighted(labels, y1, y2, weights)?,
        (Some(labels), None) => ConfusionMatrix::with_labels(labels, y1, y2)?.to_f64(),
        (None, None) => ConfusionMatrix::new(y1, y2)?.to_f64(),
    };
    let undefined = |warning| Ok(Scored { value: f64::NAN, warnings: vec![warning] });
    let (first, second) = margins(&cells);
    let total: f64 = second.iter().sum();
    if total == 0.0 {
        return undefined(LabelWarning::KappaWithoutLabels);
    }
    let (mut observed, mut expected) = (0.0, 0.0);
    for ((i, row), in_first) in cells.rows().enumerate().zip(&first) {
        for ((j, count), in_second) in row.iter().enumerate().zip(&second) {
            let distance = i.abs_diff(j) as f64;
            let weight = match options.weights {
                KappaWeights::Nominal => distance.min(1.0),
                KappaWeights::Linear => distance,
                KappaWeights::Quadratic => distance * distance,
            };
            observed += weight * count;
            expected += weight * (in_first * in_second / total);
        }
    }
    if expected == 0.0 {
        return undefined(LabelWarning::KappaOfOneLabel);
    }
    Ok(Scored { value: 1.0 - observed / expected, warnings: Vec::new() })
}

/// The sums of the matrix's rows and of its columns.
fn margins<L: Label>(cells: &ConfusionMatrix<L, f64>) -> (Vec<f64>, Vec<f64>) {
    let mut columns = vec![0.0; cells.labels().len()];
    for row in cells.rows() {
        columns.iter_mut().zip(row).for_each(|(sum, count)| *sum += count);
    }
    (cells.rows().map(|row| row.iter().sum()).collect(), columns)
}
