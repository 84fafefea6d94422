//! Models of a support desk: a classifier knows intents, an embedder finds articles.

use tunewise_decide::support::{IntentModel, TextEmbedder};

use crate::{Classifier, Error, SentenceEmbedder};

fn fault(error: Error) -> tunewise_decide::Error {
    tunewise_decide::Error::Model { source: Box::new(error) }
}

impl IntentModel for Classifier {
    fn intents(&self) -> &[String] {
        &self.config().id2label
    }

    /// The checkpoint's own temperature does not count: a routing has one.
    fn logits(&self, questions: &[&str]) -> tunewise_decide::Result<Vec<f64>> {
        let call = self.codec().encode_texts(questions).map_err(fault)?;
        let predictions = self.codec().decode(self.run(&call.rows).map_err(fault)?, &call);
        Ok(predictions.rows().flatten().map(|logit| f64::from(*logit)).collect())
    }
}

impl TextEmbedder for SentenceEmbedder {
    fn size(&self) -> usize {
        self.size()
    }

    fn embed(&self, texts: &[&str]) -> tunewise_decide::Result<Vec<f32>> {
        self.embed(texts).map_err(fault)
    }
}
