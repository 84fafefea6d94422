//! A report for each group of rows, and how far the groups are apart.

use std::collections::BTreeMap;

use crate::error::same_length;
use crate::{
    ClassificationReport, Label, ReportOptions, Result, accuracy_score, classification_report,
    take_rows,
};

/// The report of a group's rows.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupReport<G> {
    /// The group.
    pub group: G,
    /// Number of its rows.
    pub rows: usize,
    /// Share of right rows, by weight.
    pub accuracy: f64,
    /// Its report.
    pub report: ClassificationReport,
}

/// The reports of all groups.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupReports<G> {
    /// A report a group, sorted by group.
    pub groups: Vec<GroupReport<G>>,
}

/// How far a metric is apart between groups.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gap<'a, G> {
    /// The group with the lowest value; the first of them.
    pub lowest: &'a G,
    /// Its value.
    pub low: f64,
    /// The group with the highest value; the first of them.
    pub highest: &'a G,
    /// Its value.
    pub high: f64,
}

impl<G> Gap<'_, G> {
    /// Highest minus lowest.
    #[must_use]
    pub fn difference(&self) -> f64 {
        self.high - self.low
    }

    /// Lowest over highest; NaN where both are 0.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.low / self.high
    }
}

/// The report of each group of rows: what [`classification_report`] gives for the rows of that value of
/// `groups`, such as a language, a source or an age band. Each covers the labels that occur in the group,
/// unless `options.labels` names them.
///
/// # Errors
/// [`Error::Length`](crate::Error::Length) for groups of another length than `y_true`, and as
/// [`classification_report`] and [`accuracy_score`] for each group.
///
/// # Reference
/// `fairlearn.metrics.MetricFrame` (`by_group`, `difference`, `ratio`).
///
/// ```
/// use tunewise_metrics::{ReportOptions, group_reports};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let y_true = ["pos", "neg", "pos", "neg"];
/// let y_pred = ["pos", "neg", "neg", "neg"];
/// let reports = group_reports(&["en", "en", "zh", "zh"], &y_true, &y_pred, &ReportOptions::default())?;
/// let gap = reports.gap(|group| group.accuracy).unwrap();
/// assert_eq!((*gap.lowest, gap.low, *gap.highest, gap.high), ("zh", 0.5, "en", 1.0));
/// # Ok(())
/// # }
/// ```
pub fn group_reports<G: Ord + Clone, L: Label>(
    groups: &[G],
    y_true: &[L],
    y_pred: &[L],
    options: &ReportOptions<'_, L>,
) -> Result<GroupReports<G>> {
    same_length("groups", groups.len(), y_true.len())?;
    same_length("y_pred", y_pred.len(), y_true.len())?;
    if let Some(weights) = options.sample_weight {
        same_length("sample_weight", weights.len(), y_true.len())?;
    }
    let mut rows: BTreeMap<&G, Vec<usize>> = BTreeMap::new();
    for (row, group) in groups.iter().enumerate() {
        rows.entry(group).or_default().push(row);
    }
    let report = |(group, rows): (&G, Vec<usize>)| {
        let (y_true, y_pred) = (take_rows(y_true, &rows), take_rows(y_pred, &rows));
        let weights = options.sample_weight.map(|weights| take_rows(weights, &rows));
        let options = ReportOptions { sample_weight: weights.as_deref(), ..*options };
        Ok(GroupReport {
            group: group.clone(),
            rows: rows.len(),
            accuracy: accuracy_score(&y_true, &y_pred, weights.as_deref())?,
            report: classification_report(&y_true, &y_pred, &options)?,
        })
    };
    Ok(GroupReports { groups: rows.into_iter().map(report).collect::<Result<_>>()? })
}

impl<G> GroupReports<G> {
    /// How far a number of the reports is apart; `None` if it is finite in no group.
    pub fn gap(&self, metric: impl Fn(&GroupReport<G>) -> f64) -> Option<Gap<'_, G>> {
        let mut values = self.groups.iter().map(|group| (&group.group, metric(group)));
        let (group, value) = values.find(|(_, value)| value.is_finite())?;
        let mut gap = Gap { lowest: group, low: value, highest: group, high: value };
        for (group, value) in values {
            if value < gap.low {
                (gap.lowest, gap.low) = (group, value);
            }
            if value > gap.high {
                (gap.highest, gap.high) = (group, value);
            }
        }
        Some(gap)
    }
}
