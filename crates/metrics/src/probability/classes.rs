//! Labels of the rows as columns of the scores.

use crate::error::same_length;
use crate::weighted::check_weights;
use crate::{Error, Label, Result, Scores};

/// What scores of classes take besides the rows.
///
/// | field | default | meaning |
/// | --- | --- | --- |
/// | `labels` | those of `y_true` | the classes; their sorted order is the order of the columns |
/// | `sample_weight` | 1 each | weight of each row, `[rows]` |
#[derive(Debug, Clone, Copy)]
pub struct ClassOptions<'a, L> {
    /// The classes; their sorted order is the order of the columns.
    pub labels: Option<&'a [L]>,
    /// Weight of each row.
    pub sample_weight: Option<&'a [f64]>,
}

impl<L> Default for ClassOptions<'_, L> {
    fn default() -> Self {
        Self { labels: None, sample_weight: None }
    }
}

/// How the values of rows become one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reduction {
    /// Their mean by weight (`normalize=True`).
    #[default]
    Mean,
    /// Their sum by weight (`normalize=False`).
    Sum,
}

/// The rows whose label is `positive`, `[rows]`: what the binary scores take.
///
/// # Errors
/// [`Error::Empty`]; [`Error::PositiveLabel`] if there are two or more labels and it is none of them.
///
/// # Reference
/// The parameter `pos_label` of scikit-learn.
///
/// ```
/// # fn main() -> tunewise_metrics::Result<()> {
/// let y_true = tunewise_metrics::positives(&["ham", "spam", "ham"], &"spam")?;
/// assert_eq!(y_true, [false, true, false]);
/// # Ok(())
/// # }
/// ```
pub fn positives<L: Label>(y_true: &[L], positive: &L) -> Result<Vec<bool>> {
    let first = y_true.first().ok_or(Error::Empty)?;
    let marks: Vec<bool> = y_true.iter().map(|label| label == positive).collect();
    let several = y_true.iter().any(|label| label != first);
    if several && !marks.contains(&true) {
        return Err(Error::PositiveLabel { label: positive.to_string() });
    }
    Ok(marks)
}

/// The column of each row's label.
pub(crate) struct Classes {
    pub(crate) columns: Vec<usize>,
    pub(crate) sorted: bool,
}

impl Classes {
    /// Of `num_classes` classes, with all lengths checked.
    pub(crate) fn new<L: Label>(
        y_true: &[L],
        y_score: &Scores<'_>,
        options: &ClassOptions<'_, L>,
    ) -> Result<Self> {
        same_length("y_score", y_score.len(), y_true.len())?;
        check_weights(options.sample_weight, y_true.len())?;
        let mut classes: Vec<&L> = options.labels.unwrap_or(y_true).iter().collect();
        let sorted = options.labels.is_none_or(|labels| labels.is_sorted_by(|a, b| a < b));
        classes.sort();
        classes.dedup();
        let num_classes = if y_score.num_classes() == 1 { 2 } else { y_score.num_classes() };
        if classes.len() != num_classes || num_classes < 2 {
            return Err(Error::NumClasses {
                origin: if options.labels.is_some() { "labels" } else { "y_true" },
                got: classes.len(),
                columns: y_score.num_classes(),
            });
        }
        let place = |(row, label): (usize, &L)| {
            classes
                .binary_search(&label)
                .map_err(|_| Error::UndeclaredLabel { row, label: label.to_string() })
        };
        let columns = y_true.iter().enumerate().map(place).collect::<Result<_>>()?;
        Ok(Self { columns, sorted })
    }

    /// The same where the order of `labels` must be that of the columns.
    pub(crate) fn in_order<L: Label>(
        y_true: &[L],
        y_score: &Scores<'_>,
        options: &ClassOptions<'_, L>,
    ) -> Result<Self> {
        let classes = Self::new(y_true, y_score, options)?;
        if classes.sorted {
            return Ok(classes);
        }
        let got = options.labels.unwrap_or_default().iter().map(ToString::to_string);
        let got = got.collect::<Vec<_>>().join(", ");
        Err(Error::Argument { name: "labels", got, expected: "sorted and distinct labels" })
    }
}
