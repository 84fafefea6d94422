//! What both classifiers do.

use tunewise_data::labelling::ProbabilityModel;

use crate::{BertConfig, Classifier, Error, Prediction, Result, SharedClassifier};

/// A classifier, of one thread or shared. With one label of several a text, it also gives probabilities to
/// whatever judges labels: [`SameLabel`](tunewise_data::augment::SameLabel) keeps the variants of a text to
/// which it gives the same label.
///
/// ```
/// use tunewise_bert::Classifier;
/// use tunewise_data::augment::{LabelCheck, SameLabel};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/single_label");
/// let classifier = Classifier::from_pretrained(dir)?;
/// let check = SameLabel::new(&classifier, 0.0);
/// assert_eq!(check.keeps(&["good price"], &["good price"])?, [true]);
/// # Ok(())
/// # }
/// ```
pub trait Predictor {
    /// The checkpoint's configuration.
    fn config(&self) -> &BertConfig;

    /// Predicts texts in order.
    ///
    /// # Errors
    /// As [`Classifier::predict`].
    fn predict(&self, texts: &[&str]) -> Result<Vec<Prediction>>;

    /// Predicts pairs of texts in order.
    ///
    /// # Errors
    /// As [`Classifier::predict_pairs`].
    fn predict_pairs(&self, pairs: &[(&str, &str)]) -> Result<Vec<Prediction>>;
}

/// The probability of each label, `[texts, num_labels]`.
pub(crate) fn probabilities(predictions: Vec<Prediction>) -> Result<Vec<Vec<f64>>> {
    let row = |prediction| match prediction {
        Prediction::Label { scores, .. } | Prediction::Abstained { scores, .. } => {
            Ok(scores.into_iter().map(|(_, score)| score).collect())
        }
        Prediction::Labels { .. } => Err(one_label("several labels a text")),
        Prediction::Value { .. } => Err(one_label("numbers (regression)")),
    };
    predictions.into_iter().map(row).collect()
}

/// That a model gives something else than one label.
pub(crate) fn one_label(got: &str) -> Error {
    let expected = "one that gives one label of several".to_owned();
    Error::Setting { name: "model", got: format!("one that gives {got}"), expected }
}

macro_rules! predictor {
    ($($classifier:ty),*) => {$(
        impl Predictor for $classifier {
            fn config(&self) -> &BertConfig {
                Self::config(self)
            }

            fn predict(&self, texts: &[&str]) -> Result<Vec<Prediction>> {
                Self::predict(self, texts)
            }

            fn predict_pairs(&self, pairs: &[(&str, &str)]) -> Result<Vec<Prediction>> {
                Self::predict_pairs(self, pairs)
            }
        }

        impl ProbabilityModel for $classifier {
            type Error = Error;

            fn num_labels(&self) -> usize {
                self.config().num_labels()
            }

            fn probabilities(&self, texts: &[&str]) -> Result<Vec<f64>> {
                Ok(probabilities(self.predict(texts)?)?.into_iter().flatten().collect())
            }
        }
    )*};
}

predictor!(Classifier, SharedClassifier);
