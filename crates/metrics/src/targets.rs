//! What is scored: a label a row, or marks of several labels a row.

use std::borrow::Cow;

use crate::{Error, Label, Result};

/// Multi-label marks, row-major `[rows, num_labels]`, each 0 or 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MultiLabel<'a> {
    marks: &'a [u8],
    num_labels: usize,
}

impl<'a> MultiLabel<'a> {
    /// Marks of `num_labels` columns.
    ///
    /// # Errors
    /// [`Error::Indicator`] if the marks are not whole rows of 0 and 1.
    pub fn new(marks: &'a [u8], num_labels: usize) -> Result<Self> {
        let fault = |what: String| Error::Indicator { num_labels, what };
        if num_labels == 0 || !marks.len().is_multiple_of(num_labels) {
            return Err(fault(format!("there are {} marks", marks.len())));
        }
        if let Some(place) = marks.iter().position(|mark| *mark > 1) {
            let mark = marks.get(place).copied().unwrap_or_default();
            let (row, column) = (place / num_labels, place % num_labels);
            return Err(fault(format!("row {row}, column {column} is {mark}")));
        }
        Ok(Self { marks, num_labels })
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.marks.len() / self.num_labels
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// Number of columns.
    #[must_use]
    pub fn num_labels(&self) -> usize {
        self.num_labels
    }

    pub(crate) fn rows(&self) -> impl ExactSizeIterator<Item = &'a [u8]> + use<'a> {
        self.marks.chunks_exact(self.num_labels)
    }
}

/// Targets as they are scored.
#[derive(Debug, Clone)]
pub enum TargetsView<'a, L: Clone> {
    /// A label a row.
    Classes(Cow<'a, [L]>),
    /// Several labels a row.
    Marks(MultiLabel<'a>),
}

/// True or predicted targets: a slice, array or `Vec` of labels, [`MultiLabel`] marks, or with the
/// feature `ndarray` a one-dimensional array of labels.
///
/// ```
/// use tunewise_metrics::{MultiLabel, accuracy_score};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// assert_eq!(accuracy_score(&["a", "b"], &vec!["a", "a"], None)?, 0.5);
///
/// // Two rows of two labels; a row is right if all its marks are.
/// let (y_true, y_pred) = (MultiLabel::new(&[1, 0, 1, 1], 2)?, MultiLabel::new(&[1, 0, 0, 1], 2)?);
/// assert_eq!(accuracy_score(&y_true, &y_pred, None)?, 0.5);
/// # Ok(())
/// # }
/// ```
pub trait Targets {
    /// The type of a label; for [`MultiLabel`] the column.
    type Label: Label;

    /// The targets as they are scored.
    fn view(&self) -> TargetsView<'_, Self::Label>;
}

impl<L: Label> Targets for [L] {
    type Label = L;

    fn view(&self) -> TargetsView<'_, L> {
        TargetsView::Classes(Cow::Borrowed(self))
    }
}

impl<L: Label> Targets for Vec<L> {
    type Label = L;

    fn view(&self) -> TargetsView<'_, L> {
        self.as_slice().view()
    }
}

impl<L: Label, const N: usize> Targets for [L; N] {
    type Label = L;

    fn view(&self) -> TargetsView<'_, L> {
        self.as_slice().view()
    }
}

impl Targets for MultiLabel<'_> {
    type Label = usize;

    fn view(&self) -> TargetsView<'_, usize> {
        TargetsView::Marks(*self)
    }
}

/// An array that is not contiguous is copied.
#[cfg(feature = "ndarray")]
impl<L: Label, S: ndarray::Data<Elem = L>> Targets for ndarray::ArrayBase<S, ndarray::Ix1> {
    type Label = L;

    fn view(&self) -> TargetsView<'_, L> {
        TargetsView::Classes(match self.as_slice() {
            Some(labels) => Cow::Borrowed(labels),
            None => Cow::Owned(self.to_vec()),
        })
    }
}

/// True and predicted targets of one kind and length.
pub(crate) enum Pair<'a, L: Clone> {
    Classes(Cow<'a, [L]>, Cow<'a, [L]>),
    Marks(MultiLabel<'a>, MultiLabel<'a>),
}

impl<'a, L: Label> Pair<'a, L> {
    pub(crate) fn new<Y, P>(y_true: &'a Y, y_pred: &'a P) -> Result<Self>
    where
        Y: Targets<Label = L> + ?Sized,
        P: Targets<Label = L> + ?Sized,
    {
        let pair = match (y_true.view(), y_pred.view()) {
            (TargetsView::Classes(y_true), TargetsView::Classes(y_pred)) => {
                crate::error::same_length("y_pred", y_pred.len(), y_true.len())?;
                Self::Classes(y_true, y_pred)
            }
            (TargetsView::Marks(y_true), TargetsView::Marks(y_pred)) => {
                crate::error::same_length("y_pred", y_pred.len(), y_true.len())?;
                let num_labels = y_true.num_labels();
                if y_pred.num_labels() != num_labels {
                    let what = format!("y_pred has {} columns", y_pred.num_labels());
                    return Err(Error::Indicator { num_labels, what });
                }
                Self::Marks(y_true, y_pred)
            }
            _ => return Err(Error::MixedTargets),
        };
        Ok(pair)
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Classes(y_true, _) => y_true.len(),
            Self::Marks(y_true, _) => y_true.len(),
        }
    }
}
