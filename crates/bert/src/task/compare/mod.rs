//! Two models on the same labelled rows: what one costs and what it is worth beside the other.

mod quality;
mod text;

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;
use tunewise_data::{Dataset, LabelSet, targets};
use tunewise_metrics::{BootstrapOptions, ConfidenceInterval, IntervalMethod, bootstrap};

use crate::export::weights_bytes;
use crate::model::parameters::specs;
use crate::{Classifier, Error, Result};

/// How two models are compared.
///
/// | field | default | meaning |
/// | --- | --- | --- |
/// | `rounds` | 5 | times that each model predicts all rows, in turn |
/// | `confidence_level` | 0.95 | of every interval |
/// | `n_resamples` | 9999 | of the bootstrap |
/// | `seed` | 0 | of the bootstrap |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CompareOptions {
    /// Times that each model predicts all rows.
    pub rounds: usize,
    /// Share of intervals that cover the true value.
    pub confidence_level: f64,
    /// Replicates of the bootstrap.
    pub n_resamples: usize,
    /// Seeds the bootstrap.
    pub seed: u64,
}

impl Default for CompareOptions {
    fn default() -> Self {
        Self { rounds: 5, confidence_level: 0.95, n_resamples: 9999, seed: 0 }
    }
}

impl CompareOptions {
    fn bootstrap(&self, method: IntervalMethod) -> BootstrapOptions<'static> {
        let Self { confidence_level, n_resamples, seed, .. } = *self;
        BootstrapOptions { confidence_level, n_resamples, method, seed, strata: None }
    }
}

/// A model to compare, and the folder that it was loaded from.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// The folder.
    pub folder: &'a Path,
    /// The model.
    pub classifier: &'a Classifier,
}

/// An estimate with its confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// The value on the data.
    pub estimate: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl From<ConfidenceInterval> for Interval {
    fn from(interval: ConfidenceInterval) -> Self {
        let ConfidenceInterval { estimate, low, high, .. } = interval;
        Self { estimate, low, high }
    }
}

/// What a model costs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cost {
    /// Its folder.
    pub folder: PathBuf,
    /// What computes it.
    pub backend: String,
    /// Bytes of its weights' files.
    pub weights_bytes: u64,
    /// Numbers in it.
    pub parameters: u64,
    /// Texts a second, tokenizing included: the median of the rounds.
    pub texts_per_second: Interval,
}

/// A metric of both models.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measure {
    /// Its name.
    pub name: &'static str,
    /// Of the first model.
    pub before: Interval,
    /// Of the second.
    pub after: Interval,
    /// Second less first, both on the same resampled rows.
    pub difference: Interval,
    /// Two-sided, of no difference, by the same resamples.
    pub p_value: f64,
}

/// Two models on the same rows. `Display` is a table, serde its numbers.
///
/// Intervals of metrics are of the bootstrap over rows (BCa): how far the numbers would move with other
/// texts of the same kind, not with another run of training. Those of speed are over the rounds
/// (percentile): how far one sitting's numbers spread.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// Rows.
    pub rows: usize,
    /// Of every interval.
    pub confidence_level: f64,
    /// Times that each model predicted all rows.
    pub rounds: usize,
    /// The first model.
    pub before: Cost,
    /// The second.
    pub after: Cost,
    /// Texts a second of the second over those of the first, a round at a time: the median.
    pub speedup: Interval,
    /// `accuracy` and `macro_f1` of classifiers, of several labels a row the share of rows whose labels
    /// are all right; `mean_squared_error` and `pearson_r` of regressions.
    pub quality: Vec<Measure>,
    /// Share of rows that both give the same labels; none of regressions.
    pub agreement: Option<Interval>,
    /// The largest difference between the two models' logits.
    pub largest_logit_difference: f64,
}

/// Compares two models of the same labels on labelled rows. They predict in turn, so that a machine that
/// grows slower is slower for both; a round before the first is not timed.
///
/// # Errors
/// [`Error::Setting`] for models of different labels or problems and for options out of range,
/// [`Error::Data`] for a label that they do not have, [`Error::Metrics`] where a metric is not defined,
/// and those of [`Classifier::predict_dataset`].
///
/// ```
/// # fn main() -> tunewise_bert::Result<()> {
/// use tunewise_bert::task::{Candidate, CompareOptions, compare};
/// use tunewise_bert::{Classifier, ClassifierOptions, InferencePrecision};
/// use tunewise_data::{Dataset, Example, Label};
///
/// let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/single_label").as_ref();
/// let full = Classifier::from_pretrained(folder)?;
/// let int8 = ClassifierOptions { precision: InferencePrecision::Int8, ..ClassifierOptions::default() };
/// let int8 = Classifier::with_options(folder, int8)?;
/// let row = |line| Example {
///     text: format!("good price {line}"),
///     text_pair: None,
///     label: Some(Label::Class(format!("label_{}", line % 3))),
///     line,
/// };
/// let rows = Dataset::new("memory", (1..13).map(row).collect(), None);
/// let (before, after) = (Candidate { folder, classifier: &full }, Candidate { folder, classifier: &int8 });
/// let options = CompareOptions { rounds: 2, n_resamples: 99, ..CompareOptions::default() };
/// let compared = compare(before, after, &rows, &options)?;
/// assert_eq!((compared.rows, compared.quality.len()), (12, 2));
/// println!("{compared}");
/// # Ok(())
/// # }
/// ```
pub fn compare(
    before: Candidate<'_>,
    after: Candidate<'_>,
    dataset: &Dataset,
    options: &CompareOptions,
) -> Result<Comparison> {
    let config = before.classifier.config();
    check(before, after, options)?;
    let labels = LabelSet::from_names(config.id2label.clone())?;
    let targets = targets(dataset, config.problem(), &labels)?;
    let said = [before, after].map(|side| side.classifier.predict_dataset(dataset));
    let [first, second] = said;
    let (first, second) = (first?, second?);
    let outcome = quality::Outcome::new(&targets, &first, &second)?;
    let by_rows = options.bootstrap(IntervalMethod::Bca);
    let logits = first.rows().flatten().zip(second.rows().flatten());
    let differences = logits.map(|(a, b)| (f64::from(*a) - f64::from(*b)).abs());
    let largest_logit_difference = differences.fold(0.0, f64::max);

    let speeds = speeds(before, after, dataset, options.rounds)?;
    let by_rounds = options.bootstrap(IntervalMethod::Percentile);
    let median = |value: fn(&[f64; 2]) -> f64| -> Result<Interval> {
        let values: Vec<f64> = speeds.iter().map(value).collect();
        let of = |rounds: &[usize]| median(rounds.iter().filter_map(|&i| values.get(i).copied()));
        Ok(bootstrap(values.len(), of, &by_rounds)?.into())
    };
    Ok(Comparison {
        rows: dataset.len(),
        confidence_level: options.confidence_level,
        rounds: options.rounds,
        before: before.cost(median(|[before, _]| *before)?)?,
        after: after.cost(median(|[_, after]| *after)?)?,
        speedup: median(|[before, after]| after / before)?,
        quality: outcome.measures(&by_rows)?,
        agreement: outcome.agreement(&by_rows)?,
        largest_logit_difference,
    })
}

impl Candidate<'_> {
    fn cost(self, texts_per_second: Interval) -> Result<Cost> {
        let numbers = |shape: &[usize]| shape.iter().product::<usize>() as u64;
        let specs = specs(self.classifier.config());
        Ok(Cost {
            folder: self.folder.to_owned(),
            backend: self.classifier.backend().to_string(),
            weights_bytes: weights_bytes(self.folder)?,
            parameters: specs.iter().map(|spec| numbers(&spec.shape)).sum(),
            texts_per_second,
        })
    }
}

fn check(before: Candidate<'_>, after: Candidate<'_>, options: &CompareOptions) -> Result<()> {
    let fault = |name, got: String, expected: String| Err(Error::Setting { name, got, expected });
    if options.rounds == 0 {
        return fault("rounds", "0".to_owned(), "1 or more".to_owned());
    }
    let (first, second) = (before.classifier.config(), after.classifier.config());
    if first.problem() != second.problem() {
        let expected = format!("a model of {}, as the first", first.problem());
        return fault("after", second.problem().to_string(), expected);
    }
    if first.id2label != second.id2label {
        let expected = format!("the labels of the first: {}", first.id2label.join(", "));
        return fault("after", second.id2label.join(", "), expected);
    }
    Ok(())
}

/// Texts a second of both in each round; which goes first changes from round to round.
fn speeds(
    before: Candidate<'_>,
    after: Candidate<'_>,
    dataset: &Dataset,
    rounds: usize,
) -> Result<Vec<[f64; 2]>> {
    let speed = |side: Candidate<'_>| -> Result<f64> {
        let begin = Instant::now();
        let rows = side.classifier.predict_dataset(dataset)?.len();
        Ok(rows as f64 / begin.elapsed().as_secs_f64())
    };
    let round = |round: usize| {
        if round.is_multiple_of(2) {
            let first = speed(before)?;
            return Ok([first, speed(after)?]);
        }
        let second = speed(after)?;
        Ok([speed(before)?, second])
    };
    (0..rounds).map(round).collect()
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
    let count = values.len();
    (at(count.saturating_sub(1) / 2) + at(count / 2)) / 2.0
}
