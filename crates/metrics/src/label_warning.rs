//! What scikit-learn warns of, as values.

/// Something about the data that a number does not show. `Display` is scikit-learn's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LabelWarning {
    /// A ratio without a denominator was made 0.
    #[error(transparent)]
    Undefined(#[from] UndefinedMetric),
    /// There are more or fewer names than `labels`; names and labels are paired as far as they go.
    #[error("labels size, {labels}, does not match size of target_names, {names}")]
    TargetNames {
        /// Labels given.
        labels: usize,
        /// Names given.
        names: usize,
    },
    /// A class was predicted that is never true; it has no recall to average.
    #[error("y_pred contains classes not in y_true")]
    ClassesNotInTrue,
    /// The raters' labels have none in common with `labels`, so that the kappa is NaN.
    #[error(
        "`y2` contains no labels that are present in both `y1` and `labels`. \
         `cohen_kappa_score` is undefined and set to NaN."
    )]
    KappaWithoutLabels,
    /// Both raters used one label only, so that the kappa is NaN.
    #[error(
        "`y1`, `y2` and `labels` have only one label in common. \
         `cohen_kappa_score` is undefined and set to NaN."
    )]
    KappaOfOneLabel,
    /// The confusion matrix has one label only.
    #[error(
        "A single label was found in 'y_true' and 'y_pred'. For the confusion matrix to have the \
         correct shape, use the 'labels' parameter to pass all known labels."
    )]
    SingleLabel,
}

/// A ratio without a denominator, which [`ZeroDivision::Warn`](crate::ZeroDivision::Warn) made 0.
/// `Display` is scikit-learn's warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "{metric} is ill-defined and being set to 0.0 {} no {lacking} {}. \
     Use `zero_division` parameter to control this behavior.",
    self.place(),
    self.counted()
)]
pub struct UndefinedMetric {
    /// `Precision`, `Recall`, `F-score` or `Jaccard`.
    pub metric: &'static str,
    /// What there is none of: `predicted`, `true`, `true nor predicted` or `true or predicted`.
    pub lacking: &'static str,
    /// What lacks it: `label` or `sample`.
    pub axis: &'static str,
    /// Whether it was the only one.
    pub single: bool,
}

impl UndefinedMetric {
    fn place(&self) -> &'static str {
        match (self.single, self.axis) {
            (true, _) => "due to",
            (false, "label") => "in labels with",
            (false, _) => "in samples with",
        }
    }

    fn counted(&self) -> &'static str {
        if self.axis == "label" { "samples" } else { "labels" }
    }
}

/// A value, and what to know about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored<T = f64, W = LabelWarning> {
    /// The value.
    pub value: T,
    /// In the order in which they arose, which is scikit-learn's; empty is the normal case.
    pub warnings: Vec<W>,
}

impl<T, W> Scored<T, W> {
    pub(crate) fn map<U>(self, map: impl FnOnce(T) -> U) -> Scored<U, W> {
        Scored { value: map(self.value), warnings: self.warnings }
    }
}
