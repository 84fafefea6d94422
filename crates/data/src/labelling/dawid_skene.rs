//! Labels and the annotators' errors, estimated together.

use super::votes::{Vote, Votes};
use crate::{Error, Result};

/// How the estimate is made.
///
/// | field | default | range | meaning |
/// | --- | --- | --- | --- |
/// | `smoothing` | 0.01 | 0 or more | pseudo-votes in every cell of every confusion matrix; 0 is maximum likelihood, as published |
/// | `max_iterations` | 100 | 1 or more | |
/// | `tolerance` | 1e-8 | 0 or more | ends when no posterior moves by more |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DawidSkeneOptions {
    /// Pseudo-votes in every cell of every annotator's confusion matrix.
    pub smoothing: f64,
    /// Most iterations.
    pub max_iterations: usize,
    /// Ends when no posterior moves by more than this.
    pub tolerance: f64,
}

impl Default for DawidSkeneOptions {
    fn default() -> Self {
        Self { smoothing: 0.01, max_iterations: 100, tolerance: 1e-8 }
    }
}

/// What votes say of the items and of those who voted.
#[derive(Debug, Clone, PartialEq)]
pub struct DawidSkene {
    /// Probability of each label of each item, row-major `[items, labels]`.
    pub posteriors: Vec<f64>,
    /// Share of each label among the items, `[labels]`.
    pub priors: Vec<f64>,
    /// Of each annotator, row-major `[labels, labels]`: probability of the label given (columns) for each
    /// true label (rows). Without smoothing a row of zeros is a true label that she never met.
    pub confusions: Vec<Vec<f64>>,
    /// Of each annotator.
    pub quality: Vec<AnnotatorQuality>,
    /// Natural logarithm of the likelihood of the votes, at the estimate before the last step.
    pub log_likelihood: f64,
    /// Iterations made.
    pub iterations: usize,
    /// Whether the tolerance was met.
    pub converged: bool,
}

/// How good an annotator is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AnnotatorQuality {
    /// Votes given.
    pub votes: usize,
    /// Probability that her label is the true one, over the priors.
    pub accuracy: f64,
    /// How much her labels depend on the true one: 0 if not at all, whatever their accuracy, 1 if they
    /// determine it.
    pub informativeness: f64,
}

/// Estimates labels by expectation and maximisation from the shares of votes.
///
/// # Errors
/// [`Error::Argument`] for an option out of range or votes of one label only.
///
/// # Formula
/// ```text
/// p_j     = mean_i T_ij
/// π_k(jl) = (s + Σ_i T_ij n_k(il)) / Σ_l' (s + Σ_i T_ij n_k(il'))
/// T_ij    ∝ p_j Π_k Π_l π_k(jl)^n_k(il)
/// where T_ij: posterior of label j of item i, n_k(il): votes of annotator k for label l, s: smoothing
/// informativeness = Σ_{j<j'} Σ_l (π_k(jl) - π_k(j'l))² / (J (J - 1))
/// ```
///
/// # Reference
/// Dawid and Skene (1979), Maximum likelihood estimation of observer error-rates using the EM algorithm,
/// equations 2.3 to 2.5; the last formula: Raykar and Yu (2012), Eliminating spammers and ranking
/// annotators for crowdsourced labeling tasks, section 3.2.
///
/// ```
/// use tunewise_data::labelling::{DawidSkeneOptions, Votes, dawid_skene};
///
/// # fn main() -> tunewise_data::Result<()> {
/// // Three agree on six items; the fourth says "b" whatever it is.
/// let mut votes = Vec::new();
/// for item in ["1", "2", "3", "4", "5", "6"] {
///     let label = if item < "4" { "a" } else { "b" };
///     votes.extend([(item, "ann", label), (item, "bo", label), (item, "cy", label), (item, "di", "b")]);
/// }
/// let answer = dawid_skene(&Votes::new(votes)?, &DawidSkeneOptions::default())?;
/// assert!(answer.labels()[..3] == [0; 3] && answer.posteriors[0] > 0.99);
/// assert!(answer.quality[0].accuracy > 0.99 && answer.quality[3].informativeness < 0.01);
/// # Ok(())
/// # }
/// ```
pub fn dawid_skene(votes: &Votes, options: &DawidSkeneOptions) -> Result<DawidSkene> {
    check(votes, options)?;
    let classes = votes.labels().len();
    let mut posteriors = shares(votes);
    let mut estimate = maximise(votes, &posteriors, options.smoothing);
    let (mut iterations, mut converged, mut log_likelihood) = (0, false, 0.0);
    while iterations < options.max_iterations && !converged {
        let (new, likelihood) = expect(votes, &estimate);
        let moved = new.iter().zip(&posteriors).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        posteriors = new;
        estimate = maximise(votes, &posteriors, options.smoothing);
        log_likelihood = likelihood;
        iterations += 1;
        converged = moved <= options.tolerance;
    }
    let mut counts = vec![0; votes.annotators().len()];
    votes.votes().iter().filter_map(|v| counts.get_mut(v.annotator).map(|n| *n += 1)).count();
    let quality = estimate.confusions.iter().zip(counts);
    let quality = quality.map(|(confusion, votes)| AnnotatorQuality {
        votes,
        accuracy: diagonal(confusion, classes).zip(&estimate.priors).map(|(a, p)| a * p).sum(),
        informativeness: informativeness(confusion, classes),
    });
    let quality = quality.collect();
    let Estimate { priors, confusions } = estimate;
    Ok(DawidSkene {
        posteriors,
        priors,
        confusions,
        quality,
        log_likelihood,
        iterations,
        converged,
    })
}

impl DawidSkene {
    /// Each item's most probable label, the first among equals.
    #[must_use]
    pub fn labels(&self) -> Vec<usize> {
        let rows = self.posteriors.chunks_exact(self.priors.len().max(1));
        rows.map(|row| super::probabilities::largest(row).0).collect()
    }
}

fn check(votes: &Votes, options: &DawidSkeneOptions) -> Result<()> {
    let DawidSkeneOptions { smoothing, max_iterations, tolerance } = *options;
    let fault = |name, got: String, expected| Err(Error::Argument { name, got, expected });
    if !(smoothing >= 0.0 && smoothing.is_finite()) {
        return fault("smoothing", smoothing.to_string(), "a number of 0 or more");
    }
    if tolerance.is_nan() || tolerance < 0.0 {
        return fault("tolerance", tolerance.to_string(), "a number of 0 or more");
    }
    if max_iterations == 0 {
        return fault("max_iterations", "0".to_owned(), "1 or more");
    }
    if votes.labels().len() < 2 {
        let label = votes.labels().concat();
        return fault("votes", format!("for the label `{label}` alone"), "two labels or more");
    }
    Ok(())
}

struct Estimate {
    priors: Vec<f64>,
    confusions: Vec<Vec<f64>>,
}

/// The share of the votes of each item for each label.
fn shares(votes: &Votes) -> Vec<f64> {
    let classes = votes.labels().len();
    let shares = votes.by_item().flat_map(|item| {
        let mut row = vec![0.0; classes];
        for vote in item {
            row.get_mut(vote.label).into_iter().for_each(|n| *n += 1.0 / item.len() as f64);
        }
        row
    });
    shares.collect()
}

fn maximise(votes: &Votes, posteriors: &[f64], smoothing: f64) -> Estimate {
    let classes = votes.labels().len();
    let mut priors = vec![0.0; classes];
    let mut confusions = vec![vec![smoothing; classes * classes]; votes.annotators().len()];
    for (item, posterior) in votes.by_item().zip(posteriors.chunks_exact(classes)) {
        priors.iter_mut().zip(posterior).for_each(|(prior, p)| *prior += p);
        for vote in item {
            let Some(confusion) = confusions.get_mut(vote.annotator) else { continue };
            for (row, p) in confusion.chunks_exact_mut(classes).zip(posterior) {
                row.get_mut(vote.label).into_iter().for_each(|cell| *cell += p);
            }
        }
    }
    let items = votes.items().len() as f64;
    priors.iter_mut().for_each(|prior| *prior /= items);
    for row in confusions.iter_mut().flat_map(|confusion| confusion.chunks_exact_mut(classes)) {
        let sum: f64 = row.iter().sum();
        if sum > 0.0 {
            row.iter_mut().for_each(|cell| *cell /= sum);
        }
    }
    Estimate { priors, confusions }
}

/// The posteriors, in logarithms so that any number of votes will do, and the log likelihood.
fn expect(votes: &Votes, estimate: &Estimate) -> (Vec<f64>, f64) {
    let classes = estimate.priors.len();
    let logs = |values: &[f64]| values.iter().map(|value| value.ln()).collect::<Vec<f64>>();
    let priors = logs(&estimate.priors);
    let confusions: Vec<Vec<f64>> = estimate.confusions.iter().map(|c| logs(c)).collect();
    let mut log_likelihood = 0.0;
    let posterior = |item: &[Vote]| {
        let mut row = priors.clone();
        for vote in item {
            let Some(confusion) = confusions.get(vote.annotator) else { continue };
            let given = confusion.iter().skip(vote.label).step_by(classes);
            row.iter_mut().zip(given).for_each(|(sum, log)| *sum += log);
        }
        let (_, most) = super::probabilities::largest(&row);
        row.iter_mut().for_each(|log| *log = (*log - most).exp());
        let sum: f64 = row.iter().sum();
        row.iter_mut().for_each(|p| *p /= sum);
        log_likelihood += most + sum.ln();
        row
    };
    let posteriors = votes.by_item().flat_map(posterior).collect();
    (posteriors, log_likelihood)
}

fn diagonal(matrix: &[f64], classes: usize) -> impl Iterator<Item = f64> {
    matrix.iter().step_by(classes + 1).copied()
}

fn informativeness(confusion: &[f64], classes: usize) -> f64 {
    let rows = || confusion.chunks_exact(classes).enumerate();
    let pairs = rows().flat_map(|(j, a)| rows().skip(j + 1).map(move |(_, b)| (a, b)));
    let distance =
        |(a, b): (&[f64], &[f64])| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
    pairs.map(distance).sum::<f64>() / (classes * (classes - 1)) as f64
}
