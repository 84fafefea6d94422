//! The counts that a score of labels is computed from.

use crate::average::Average;
use crate::counts::{self, Counts};
use crate::tally::{Observed, Tally};
use crate::targets::{MultiLabel, Pair};
use crate::{Error, Label, Result, weighted};

/// Counts of each class, or of each row.
pub(crate) struct Counted {
    pub(crate) counts: Vec<Counts>,
    /// What they are of: `label` or `sample`.
    pub(crate) axis: &'static str,
    /// What their mean is weighted by.
    pub(crate) weight: Option<Vec<f64>>,
}

/// What is counted.
#[derive(Clone, Copy)]
pub(crate) struct Selection<'a, L> {
    pub(crate) labels: Option<&'a [L]>,
    pub(crate) sample_weight: Option<&'a [f64]>,
}

impl Counted {
    /// For an average, or without one a count a class.
    pub(crate) fn new<L: Label>(
        pair: &Pair<'_, L>,
        average: Option<&Average<L>>,
        selection: Selection<'_, L>,
    ) -> Result<Self> {
        weighted::check_mean(selection.sample_weight, pair.len())?;
        let samples = average == Some(&Average::Samples);
        let (counts, axis) = match pair {
            Pair::Classes(..) if samples => return Err(Error::SamplesAverage),
            Pair::Classes(y_true, y_pred) => {
                let observed = Tally::of(y_true, y_pred, selection.sample_weight).observed();
                (classes(&observed, average, selection.labels)?, "label")
            }
            Pair::Marks(..) if matches!(average, Some(Average::Binary { .. })) => {
                return Err(Error::NotBinary { what: "rows of several labels".to_owned() });
            }
            Pair::Marks(y_true, y_pred) => {
                let columns = columns(*y_true, selection.labels)?;
                if samples {
                    let weights = selection.sample_weight;
                    (counts::by_row(&columns, *y_true, *y_pred, weights), "sample")
                } else {
                    let weights = selection.sample_weight;
                    (counts::by_column(&columns, *y_true, *y_pred, weights), "label")
                }
            }
        };
        let weight = match average {
            Some(Average::Weighted) => Some(counts.iter().map(|counts| counts.actual).collect()),
            Some(Average::Samples) => selection.sample_weight.map(<[f64]>::to_vec),
            _ => None,
        };
        let micro = average == Some(&Average::Micro);
        let counts = if micro { vec![Counts::sum(&counts)] } else { counts };
        Ok(Self { counts, axis, weight })
    }
}

fn classes<L: Label>(
    observed: &Observed<L>,
    average: Option<&Average<L>>,
    labels: Option<&[L]>,
) -> Result<Vec<Counts>> {
    let present = &observed.labels;
    let Some(Average::Binary { pos_label }) = average else {
        let labels = labels.unwrap_or(present);
        return if labels.is_empty() { Err(Error::Labels) } else { Ok(observed.select(labels)) };
    };
    if present.len() > 2 {
        return Err(Error::NotBinary { what: format!("{} classes", present.len()) });
    }
    if present.len() == 2 && !present.contains(pos_label) {
        let present = present.iter().map(L::name).collect::<Vec<_>>().join(", ");
        return Err(Error::PosLabel { label: pos_label.name(), present });
    }
    Ok(observed.select(std::slice::from_ref(pos_label)))
}

/// The columns that labels name, or all. A label that has no number is no column.
pub(crate) fn columns<L: Label>(marks: MultiLabel<'_>, labels: Option<&[L]>) -> Result<Vec<usize>> {
    let num_labels = marks.num_labels();
    let Some(labels) = labels else {
        return Ok((0..num_labels).collect());
    };
    if labels.is_empty() {
        return Err(Error::Labels);
    }
    let column = |label: &L| {
        let column = label.number().and_then(|number| usize::try_from(number).ok());
        let column = column.filter(|column| *column < num_labels);
        column.ok_or_else(|| Error::Column { label: label.name(), num_labels })
    };
    labels.iter().map(column).collect()
}
