//! A report of data that comes in parts.

use crate::error::same_length;
use crate::report::{ClassificationReport, ReportOptions, of_observed};
use crate::tally::Tally;
use crate::{Error, Label, Result, weighted};

/// Counts rows batch by batch and reports on all of them, in memory that grows with the labels and not
/// with the rows: up to 128 labels a table of their pairs, above that three numbers a label.
///
/// The report is that of the whole, exactly, however the rows are cut into batches and parts. Weights
/// add up in the order in which they come: pushed in order they give the whole's bits; merged parts may
/// differ from them in the last.
///
/// ```
/// use tunewise_metrics::{ReportAccumulator, ReportOptions, classification_report};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let mut rank0 = ReportAccumulator::new();
/// rank0.push(&["cat", "dog"], &["cat", "cat"])?;
/// let mut rank1 = ReportAccumulator::new();
/// rank1.push(&["bird"], &["bird"])?; // a label that the other has not seen
/// rank0.merge(&rank1);
///
/// let options = ReportOptions::default();
/// let whole = classification_report(&["cat", "dog", "bird"], &["cat", "cat", "bird"], &options)?;
/// assert_eq!(rank0.report(&options)?, whole);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct ReportAccumulator<L> {
    tally: Tally<L>,
    rows: u64,
    weighted: bool,
}

impl<L: Label> Default for ReportAccumulator<L> {
    fn default() -> Self {
        Self::new()
    }
}

impl<L: Label> ReportAccumulator<L> {
    /// Nothing counted yet.
    #[must_use]
    pub fn new() -> Self {
        Self { tally: Tally::new(), rows: 0, weighted: false }
    }

    /// Counts a batch, which may be empty.
    ///
    /// # Errors
    /// [`Error::Length`].
    pub fn push(&mut self, y_true: &[L], y_pred: &[L]) -> Result<()> {
        if !y_true.is_empty() || !y_pred.is_empty() {
            same_length("y_pred", y_pred.len(), y_true.len())?;
        }
        self.tally.push(y_true, y_pred, None);
        self.rows += y_true.len() as u64;
        Ok(())
    }

    /// Counts a batch by weight; rows pushed without weights weigh 1.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::Length`]; [`Error::Argument`] for a weight that is not finite;
    /// [`Error::ZeroWeight`] if all are zero.
    pub fn push_weighted(
        &mut self,
        y_true: &[L],
        y_pred: &[L],
        sample_weight: &[f64],
    ) -> Result<()> {
        same_length("y_pred", y_pred.len(), y_true.len())?;
        weighted::check_mean(Some(sample_weight), y_true.len())?;
        self.tally.push(y_true, y_pred, Some(sample_weight));
        self.rows += y_true.len() as u64;
        self.weighted = true;
        Ok(())
    }

    /// Adds what another has counted.
    pub fn merge(&mut self, other: &Self) {
        self.tally.merge(&other.tally);
        self.rows += other.rows;
        self.weighted |= other.weighted;
    }

    /// Rows counted.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The report of all rows so far.
    ///
    /// # Errors
    /// [`Error::Empty`] before the first row; [`Error::Labels`], [`Error::TargetNames`] as
    /// [`classification_report`](crate::classification_report); [`Error::Argument`] for options with
    /// sample weights, which belong to the rows.
    pub fn report(&self, options: &ReportOptions<'_, L>) -> Result<ClassificationReport> {
        if let Some(weights) = options.sample_weight {
            let got = format!("{} weights", weights.len());
            let expected = "none: weights are pushed with their rows";
            return Err(Error::Argument { name: "sample_weight", got, expected });
        }
        if self.rows == 0 {
            return Err(Error::Empty);
        }
        let mut report = of_observed(&self.tally.observed(), options)?;
        report.float_support |= self.weighted;
        Ok(report)
    }
}
