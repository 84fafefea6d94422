//! One or two models of texts as a scorer of topic and sentiment.

use tunewise_decide::monitor::{TextScore, TextScorer};

use super::{column, place};
use crate::predictor::{Predictor, probabilities};
use crate::{Error, Result};

/// A classifier of sentiment and, unless texts come with their topic, one of topics.
#[derive(Debug)]
pub struct NewsHeads<P> {
    sentiment: P,
    negative: usize,
    topics: Option<P>,
}

impl<P: Predictor> NewsHeads<P> {
    /// Of a classifier of sentiment, the label that counts as negative and, if topics are to be told, a
    /// classifier of topics. Without a label it is `negative`, `NEGATIVE`, `neg` or `NEG`, whichever the model has.
    ///
    /// # Errors
    /// [`Error::Setting`] listing the model's labels if that one is not among them, or for a model that does
    /// not give one label of several.
    pub fn new(sentiment: P, negative: Option<&str>, topics: Option<P>) -> Result<Self> {
        let usual = ["negative", "NEGATIVE", "neg", "NEG"];
        let negative = place(&sentiment, ("negative_label", negative), &usual)?;
        if let Some(topics) = &topics {
            let first = topics.config().id2label.first().map(String::as_str);
            place(topics, ("topic_label", first), &[])?;
        }
        Ok(Self { sentiment, negative, topics })
    }
}

impl<P: Predictor> TextScorer for NewsHeads<P> {
    type Error = Error;

    fn score(&mut self, texts: &[&str]) -> Result<Vec<TextScore>> {
        let negative = column(probabilities(self.sentiment.predict(texts)?)?, self.negative)?;
        let Some(model) = &self.topics else {
            return Ok(negative
                .into_iter()
                .map(|negative| TextScore { topic: None, negative })
                .collect());
        };
        let labels = &model.config().id2label;
        let topic = |scores: &Vec<f64>| labels.get(crate::train::best(scores).0).cloned();
        let topics = probabilities(model.predict(texts)?)?;
        let scores = topics.iter().map(topic).zip(negative);
        Ok(scores.map(|(topic, negative)| TextScore { topic, negative }).collect())
    }
}
