//! From lines to scored texts.

use super::text::{ScoredText, TextScorer, TimedText};
use crate::error::{Fault, argument};
use crate::{Error, Result};

/// What makes scored texts of lines.
pub trait LineScorer {
    /// The most lines of a call.
    fn batch(&self) -> usize;

    /// A text, or what is wrong with it, for each line.
    ///
    /// # Errors
    /// [`Error::Model`].
    fn score_lines(&mut self, lines: &[&str]) -> Result<Vec<Result<ScoredText, Fault>>>;
}

/// Lines that have topic and sentiment already.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ready;

impl LineScorer for Ready {
    fn batch(&self) -> usize {
        1
    }

    fn score_lines(&mut self, lines: &[&str]) -> Result<Vec<Result<ScoredText, Fault>>> {
        Ok(lines.iter().map(|line| ScoredText::from_json(line)).collect())
    }
}

/// Lines whose sentiment, and topic where it tells one, a model gives.
#[derive(Debug, Clone)]
pub struct Scored<S> {
    model: S,
    batch: usize,
}

impl<S> Scored<S> {
    /// By a model, so many texts at a time at most.
    pub fn new(model: S, batch: usize) -> Self {
        Self { model, batch: batch.max(1) }
    }
}

impl<S: TextScorer> LineScorer for Scored<S>
where
    S::Error: Send + Sync + 'static,
{
    fn batch(&self) -> usize {
        self.batch
    }

    fn score_lines(&mut self, lines: &[&str]) -> Result<Vec<Result<ScoredText, Fault>>> {
        let texts: Vec<Result<TimedText, Fault>> =
            lines.iter().map(|line| TimedText::from_json(line)).collect();
        let known: Vec<&str> = texts.iter().flatten().map(|text| text.text.as_str()).collect();
        let scores = if known.is_empty() {
            Vec::new()
        } else {
            self.model.score(&known).map_err(|error| Error::Model { source: Box::new(error) })?
        };
        if scores.len() != known.len() {
            let expected = format!("one for each of {} texts", known.len());
            return Err(argument("scores", scores.len(), &expected));
        }
        let mut scores = scores.into_iter();
        let scored = |text: Result<TimedText, Fault>| match text {
            Ok(text) => scores.next().map(|score| text.scored(score)),
            Err(fault) => Some(Err(fault)),
        };
        Ok(texts.into_iter().filter_map(scored).collect())
    }
}
