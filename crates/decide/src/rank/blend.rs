//! One score from several signals.

use super::candidate::{Candidate, Session};
use super::logistic;
use crate::error::argument;
use crate::{Error, Result};

/// What the model's signal is called.
const CLICK: &str = "click";

/// A weighted sum of signals, the model's probability of a click first.
#[derive(Debug, Clone, PartialEq)]
pub struct Blend {
    names: Vec<String>,
    weights: Vec<f64>,
}

/// Weights learnt from what readers clicked.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// The weights, in the signals' own units.
    pub blend: Blend,
    /// The constant of the log odds; it does not change an order.
    pub intercept: f64,
    /// Rows that the fit rests on.
    pub rows: usize,
    /// Clicks among them.
    pub clicks: usize,
}

impl Blend {
    /// With weights given, for signals in the units in which candidates have them; the first is `click`.
    ///
    /// # Errors
    /// [`Error::Argument`] if the first is not `click`, a name repeats, or a weight is not finite.
    pub fn fixed(weights: &[(&str, f64)]) -> Result<Self> {
        let names: Vec<String> = weights.iter().map(|(name, _)| (*name).to_owned()).collect();
        if names.first().is_none_or(|name| name != CLICK) {
            return Err(argument("weights", names.join(", "), "`click` first"));
        }
        for (place, (name, weight)) in weights.iter().enumerate() {
            if !weight.is_finite() {
                return Err(argument(&format!("weights.{name}"), weight, "a finite number"));
            }
            if names.iter().take(place).any(|other| other == name) {
                return Err(argument("weights", format!("`{name}` twice"), "each signal once"));
            }
        }
        Ok(Self { names, weights: weights.iter().map(|(_, weight)| *weight).collect() })
    }

    /// Weights fitted to sessions that the model was not trained on (a validation file), by logistic
    /// regression of clicks (relevance above 0) on the signals. `ridge`, 1 by custom, holds the weights of the
    /// standardised signals back; candidates without `click` are left out.
    ///
    /// # Errors
    /// [`Error::Argument`] for a negative `ridge` or names without `click` first; [`Error::Fit`] if all
    /// rows were clicked, none was, or the fit does not settle; as [`rank`](super::rank) for candidates.
    ///
    /// # Formula
    /// ```text
    /// min_b Σ_i ln(1 + exp(-y_i (b0 + b·z_i))) + ridge/2 |b|²     z: standardised signals, y: ±1
    /// ```
    ///
    /// # Reference
    /// `sklearn.linear_model.LogisticRegression(C=1/ridge)` of standardised signals.
    pub fn fit(sessions: &[Session], names: &[&str], ridge: f64) -> Result<Fit> {
        if !(ridge >= 0.0 && ridge.is_finite()) {
            return Err(argument("ridge", ridge, "a number of 0 or more"));
        }
        let zeros: Vec<(&str, f64)> = names.iter().map(|name| (*name, 0.0)).collect();
        let unweighted = Self::fixed(&zeros)?;
        let (mut rows, mut clicked) = (Vec::new(), Vec::new());
        for session in sessions {
            let Some(relevance) = &session.relevance else { continue };
            for (candidate, relevance) in session.candidates.iter().zip(relevance) {
                if let Some(values) = unweighted.values(candidate)? {
                    rows.push(values);
                    clicked.push(*relevance > 0.0);
                }
            }
        }
        let clicks = clicked.iter().filter(|clicked| **clicked).count();
        if clicks == 0 || clicks == rows.len() {
            return Err(Error::Fit { what: "all rows were clicked, or none was" });
        }
        let (intercept, weights) = logistic::fit(&rows, &clicked, ridge)?;
        let blend = Self { names: unweighted.names, weights };
        Ok(Fit { blend, intercept, rows: rows.len(), clicks })
    }

    /// The signals' names, `click` first.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Their weights.
    #[must_use]
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// The signals of each candidate, `[candidates][signals]`. Where the model has nothing to say, its
    /// signal is the mean over the others, and 0 where it has of none.
    pub(crate) fn table(&self, candidates: &[Candidate]) -> Result<Vec<Vec<f64>>> {
        let known: Vec<f64> = candidates.iter().filter_map(|candidate| candidate.click).collect();
        let mean = known.iter().sum::<f64>() / known.len().max(1) as f64;
        let filled = |candidate: &Candidate| {
            let mut row = vec![candidate.click.unwrap_or(mean)];
            row.extend(self.checked(candidate)?);
            Ok(row)
        };
        candidates.iter().map(filled).collect()
    }

    fn values(&self, candidate: &Candidate) -> Result<Option<Vec<f64>>> {
        let signals = self.checked(candidate)?;
        Ok(candidate
            .click
            .map(|click| std::iter::once(click).chain(signals.iter().copied()).collect()))
    }

    fn checked<'a>(&self, candidate: &'a Candidate) -> Result<&'a [f64]> {
        let names = self.names.get(1..).unwrap_or_default();
        let Candidate { item, click, signals, .. } = candidate;
        if signals.len() != names.len() {
            let expected = format!("one for each of {}", names.join(", "));
            return Err(argument(&format!("signals of {item}"), signals.len(), &expected));
        }
        if let Some((name, got)) = names.iter().zip(signals).find(|(_, value)| !value.is_finite()) {
            return Err(argument(&format!("{name} of {item}"), got, "a finite number"));
        }
        if click.is_some_and(|p| !(0.0..=1.0).contains(&p)) {
            let got = click.unwrap_or_default();
            return Err(argument(&format!("click of {item}"), got, "a number from 0 to 1"));
        }
        Ok(signals)
    }
}
