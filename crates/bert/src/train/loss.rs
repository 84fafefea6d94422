//! Losses, as sums over rows.

use tch::{Kind, Reduction, Tensor};
use tunewise_data::ProblemType;

use crate::Result;
use crate::error::Context;

/// The loss of a problem. Sums over rows, so that micro-batches of any size add up to the exact mean
/// over all rows of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loss {
    problem: ProblemType,
}

impl Loss {
    /// Cross-entropy for a single label, binary cross-entropy with logits for several, squared error
    /// for regression; the latter two are means over a row's outputs, as in Transformers.
    #[must_use]
    pub fn new(problem: ProblemType) -> Self {
        Self { problem }
    }

    /// The sum `[]` of the rows' losses; `logits` `[batch, num_labels]` `Float`, `labels` `[batch]`
    /// i64 for a single label, else `[batch, num_labels]` `Float`.
    ///
    /// # Errors
    /// [`crate::Error::Torch`] if shapes or dtypes are others.
    pub fn sum(&self, logits: &Tensor, labels: &Tensor) -> Result<Tensor> {
        const IGNORED: i64 = -100;
        let sum = match self.problem {
            ProblemType::SingleLabelClassification => {
                let none = None::<Tensor>;
                return logits
                    .f_cross_entropy_loss(labels, none, Reduction::Sum, IGNORED, 0.0)
                    .at("cross_entropy");
            }
            ProblemType::MultiLabelClassification => logits
                .f_binary_cross_entropy_with_logits(
                    labels,
                    None::<Tensor>,
                    None::<Tensor>,
                    Reduction::Sum,
                )
                .at("binary_cross_entropy_with_logits")?,
            ProblemType::Regression => logits.f_mse_loss(labels, Reduction::Sum).at("mse_loss")?,
        };
        let outputs = logits.size().last().copied().unwrap_or(1).max(1);
        sum.f_div_scalar(outputs).and_then(|sum| sum.f_to_kind(Kind::Float)).at("loss")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Expected values by hand from the definitions.
    #[test]
    fn each_loss_is_the_sum_of_row_means() {
        let logits = Tensor::from_slice2(&[[0.0f32, 0.0], [2.0, 0.0]]);
        let classes = Tensor::from_slice(&[0i64, 1]);
        let value = |problem, labels: &Tensor| {
            Loss::new(problem).sum(&logits, labels).unwrap().double_value(&[])
        };
        let cross_entropy = 2f64.ln() + (1.0 + 2f64.exp()).ln();
        let got = value(ProblemType::SingleLabelClassification, &classes);
        approx::assert_relative_eq!(got, cross_entropy, max_relative = 1e-6);

        let marks = Tensor::from_slice2(&[[1.0f32, 0.0], [0.0, 1.0]]);
        let binary = (2.0 * 2f64.ln()) / 2.0 + ((1.0 + 2f64.exp()).ln() + 2f64.ln()) / 2.0;
        let got = value(ProblemType::MultiLabelClassification, &marks);
        approx::assert_relative_eq!(got, binary, max_relative = 1e-6);

        let got = value(ProblemType::Regression, &marks);
        approx::assert_relative_eq!(got, 1.0 / 2.0 + (4.0 + 1.0) / 2.0, max_relative = 1e-6);
    }
}
