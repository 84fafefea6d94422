//! A model of pairs as a click model.

use tunewise_decide::rank::ClickModel;

use super::{column, place};
use crate::predictor::{Predictor, probabilities};
use crate::{Error, Result};

/// A classifier of pairs (profile, item) that tells how likely a click is.
#[derive(Debug)]
pub struct ClickHead<P> {
    model: P,
    clicked: usize,
}

impl<P: Predictor> ClickHead<P> {
    /// Of a classifier and the label that means a click; without one it is `1`, `clicked`, `click` or `yes`,
    /// whichever the model has.
    ///
    /// # Errors
    /// [`Error::Setting`] listing the model's labels if that one is not among them, or for a model that does
    /// not give one label of several.
    pub fn new(model: P, clicked: Option<&str>) -> Result<Self> {
        let usual = ["1", "clicked", "click", "yes"];
        let clicked = place(&model, ("clicked_label", clicked), &usual)?;
        Ok(Self { model, clicked })
    }
}

impl<P: Predictor> ClickModel for ClickHead<P> {
    type Error = Error;

    fn click(&mut self, pairs: &[(&str, &str)]) -> Result<Vec<f64>> {
        column(probabilities(self.model.predict_pairs(pairs)?)?, self.clicked)
    }
}
