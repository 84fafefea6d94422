//! What becomes of texts that are longer than the model reads at once.

use std::fmt;
use std::str::FromStr;

use crate::train::Predictions;
use crate::{Error, Result};

/// How a text of more than `max_seq_length` tokens is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LongTexts {
    /// Its beginning alone, as in training.
    #[default]
    Truncated,
    /// In windows of `max_seq_length` tokens, whose logits become one. Pairs are truncated all the same.
    Windows {
        /// Tokens that a window shares with the one before.
        stride: usize,
        /// The most windows of a text; what is left of it is not read.
        max_windows: usize,
        /// How the windows' logits become the text's.
        aggregation: Aggregation,
    },
}

/// How the logits of a text's windows become the text's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aggregation {
    /// The mean of each logit.
    Mean,
    /// The largest of each logit.
    Max,
    /// The first window's.
    First,
}

impl Aggregation {
    const NAMES: [(Self, &str); 3] =
        [(Self::Mean, "mean"), (Self::Max, "max"), (Self::First, "first")];

    fn fold(self, windows: &[&[f32]], label: usize) -> f32 {
        let logits = windows.iter().filter_map(|window| window.get(label).copied());
        match self {
            Self::Mean => (logits.map(f64::from).sum::<f64>() / windows.len() as f64) as f32,
            Self::Max => logits.fold(f32::NEG_INFINITY, f32::max),
            Self::First => logits.into_iter().next().unwrap_or(f32::NAN),
        }
    }
}

impl fmt::Display for Aggregation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            Self::NAMES.iter().find(|(known, _)| known == self).map_or("", |(_, name)| name),
        )
    }
}

impl FromStr for Aggregation {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = Self::NAMES.iter().find(|(_, known)| *known == name).map(|(rule, _)| *rule);
        found.ok_or_else(|| Error::Setting {
            name: "aggregation",
            got: name.to_owned(),
            expected: "mean, max or first".to_owned(),
        })
    }
}

/// One row a text from one row a window; `counts` is each text's number of windows.
pub(crate) fn aggregate(
    windows: &Predictions,
    counts: &[usize],
    aggregation: Aggregation,
) -> Predictions {
    let mut rows = windows.rows();
    let mut logits = Vec::new();
    for &count in counts {
        let of_text: Vec<&[f32]> = rows.by_ref().take(count).collect();
        let labels = of_text.first().map_or(0, |row| row.len());
        logits.extend((0..labels).map(|label| aggregation.fold(&of_text, label)));
    }
    windows.with_logits(logits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_become_one_row_by_each_rule() {
        let windows = [&[1.0f32, -3.0][..], &[2.0, 5.0], &[6.0, 1.0]];
        let folded = |rule: Aggregation| [rule.fold(&windows, 0), rule.fold(&windows, 1)];
        assert_eq!(folded(Aggregation::Mean), [3.0, 1.0]);
        assert_eq!(folded(Aggregation::Max), [6.0, 5.0]);
        assert_eq!(folded(Aggregation::First), [1.0, -3.0]);
    }
}
