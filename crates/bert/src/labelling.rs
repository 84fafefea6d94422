//! Classifiers where labels are to be had more cheaply.

use tunewise_data::ProblemType;
use tunewise_data::labelling::ProbabilityModel;

use crate::codec::Codec;
use crate::{Classifier, Error, Prediction, Result, SharedClassifier};

impl ProbabilityModel for Classifier {
    type Error = Error;

    fn num_labels(&self) -> usize {
        self.config().num_labels()
    }

    /// # Errors
    /// Those of [`Classifier::predict`]; [`Error::Setting`] for a model of several labels a text, or of
    /// numbers: its scores do not add up to 1.
    fn probabilities(&self, texts: &[&str]) -> Result<Vec<f64>> {
        of_predictions(self.codec(), self.predict(texts)?)
    }
}

impl ProbabilityModel for SharedClassifier {
    type Error = Error;

    fn num_labels(&self) -> usize {
        self.codec().config().num_labels()
    }

    /// # Errors
    /// Those of [`SharedClassifier::predict`]; [`Error::Setting`] for a model of several labels a text, or
    /// of numbers: its scores do not add up to 1.
    fn probabilities(&self, texts: &[&str]) -> Result<Vec<f64>> {
        of_predictions(self.codec(), self.predict(texts)?)
    }
}

fn of_predictions(codec: &Codec, predictions: Vec<Prediction>) -> Result<Vec<f64>> {
    let problem = codec.config().problem();
    if problem != ProblemType::SingleLabelClassification {
        let expected = ProblemType::SingleLabelClassification.to_string();
        return Err(Error::Setting { name: "problem_type", got: problem.to_string(), expected });
    }
    let scores = |prediction| match prediction {
        Prediction::Label { scores, .. } | Prediction::Abstained { scores, .. } => scores,
        _ => Vec::new(),
    };
    Ok(predictions.into_iter().flat_map(scores).map(|(_, score)| score).collect())
}
