//! Whether a variant still has its row's label.

use std::convert::Infallible;

use crate::labelling::{Probabilities, ProbabilityModel};

/// Judges variants. A fine-tuned classifier does by [`SameLabel`].
pub trait LabelCheck {
    /// Why it cannot judge.
    type Error;

    /// Whether each variant keeps the label of its original; both `[variants]`, an original standing
    /// before each of its variants.
    ///
    /// # Errors
    /// The check's own.
    fn keeps(&self, originals: &[&str], variants: &[&str]) -> Result<Vec<bool>, Self::Error>;
}

/// Lets every variant pass.
#[derive(Debug, Clone, Copy, Default)]
pub struct AnyLabel;

impl LabelCheck for AnyLabel {
    type Error = Infallible;

    fn keeps(&self, _: &[&str], variants: &[&str]) -> Result<Vec<bool>, Infallible> {
        Ok(vec![true; variants.len()])
    }
}

/// A variant passes if a model gives it the most probable label of its original, with at least some
/// probability.
#[derive(Debug, Clone, Copy)]
pub struct SameLabel<'m, M> {
    model: &'m M,
    min_probability: f64,
}

impl<'m, M: ProbabilityModel> SameLabel<'m, M> {
    /// Of a model; `min_probability` in [0, 1], 0 asks for the same label alone.
    #[must_use]
    pub fn new(model: &'m M, min_probability: f64) -> Self {
        Self { model, min_probability }
    }

    /// The most probable label of each text and its probability.
    fn best(&self, texts: &[&str]) -> Result<Vec<(usize, f64)>, SameLabelError<M::Error>> {
        let values = self.model.probabilities(texts).map_err(SameLabelError::Model)?;
        let rows = Probabilities::new(&values, self.model.num_labels())?;
        if rows.len() != texts.len() {
            let expected = format!("a row for each of the {} texts", texts.len());
            let (what, got) = ("rows of probabilities", rows.len());
            return Err(crate::Error::Count { what, got, expected }.into());
        }
        Ok(rows.rows().map(crate::labelling::largest).collect())
    }
}

/// Why a model could not judge.
#[derive(Debug, thiserror::Error)]
pub enum SameLabelError<E: std::error::Error + 'static> {
    /// It failed.
    #[error(transparent)]
    Model(E),
    /// What it gave are no probabilities.
    #[error("the model that checks labels: {0}")]
    Output(#[from] crate::Error),
}

impl<M: ProbabilityModel> LabelCheck for SameLabel<'_, M>
where
    M::Error: 'static,
{
    type Error = SameLabelError<M::Error>;

    fn keeps(&self, originals: &[&str], variants: &[&str]) -> Result<Vec<bool>, Self::Error> {
        let mut distinct = originals.to_vec();
        distinct.dedup();
        let labels = self.best(&distinct)?;
        let mut of_original = distinct.iter().zip(labels).peekable();
        let mut keeps = Vec::with_capacity(variants.len());
        for (original, (label, probability)) in originals.iter().zip(self.best(variants)?) {
            while of_original.peek().is_some_and(|(text, _)| *text != original) {
                of_original.next();
            }
            let same = of_original.peek().is_some_and(|(_, best)| best.0 == label);
            keeps.push(same && probability >= self.min_probability);
        }
        Ok(keeps)
    }
}
