//! Means of scores over classes or rows, and ratios without a denominator.

use crate::pairwise;

/// What a ratio is when its denominator is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ZeroDivision {
    /// 0, and a warning.
    #[default]
    Warn,
    /// 0.
    Zero,
    /// 1.
    One,
    /// NaN, which averages leave out.
    Nan,
}

impl ZeroDivision {
    fn value(self) -> f64 {
        match self {
            Self::Warn | Self::Zero => 0.0,
            Self::One => 1.0,
            Self::Nan => f64::NAN,
        }
    }

    pub(crate) fn ratio(self, numerator: f64, denominator: f64) -> f64 {
        if denominator == 0.0 { self.value() } else { numerator / denominator }
    }
}

/// How the scores of classes become one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Average<L> {
    /// The score of one class of two; no mean.
    Binary {
        /// The class.
        pos_label: L,
    },
    /// One score of all counts together.
    Micro,
    /// The plain mean over classes.
    Macro,
    /// The mean over classes by number of true rows.
    Weighted,
    /// The mean over rows of several labels, each row scored by itself.
    Samples,
}

/// The mean by weight, NaN left out; without weights the plain mean. As scikit-learn, a weight of zero in
/// all is a plain mean too.
pub(crate) fn mean(values: &[f64], weight: Option<&[f64]>) -> f64 {
    let Some(weight) = weight else {
        let defined: Vec<f64> = values.iter().copied().filter(|x| !x.is_nan()).collect();
        return pairwise::sum(&defined) / defined.len() as f64;
    };
    let defined = || values.iter().zip(weight).filter(|(x, _)| !x.is_nan());
    let total = pairwise::sum(&defined().map(|(_, weight)| *weight).collect::<Vec<_>>());
    if total == 0.0 {
        return mean(values, None);
    }
    pairwise::sum(&defined().map(|(x, weight)| x * weight).collect::<Vec<_>>()) / total
}
