//! Where models come in.

use crate::Result;

/// What tells the intent of a question: a fine-tuned classifier, or a table.
pub trait IntentModel {
    /// The names of the intents, in the order of the logits.
    fn intents(&self) -> &[String];

    /// The logits of each question, row-major `[questions, intents]`.
    ///
    /// # Errors
    /// [`Error::Model`](crate::Error::Model).
    fn logits(&self, questions: &[&str]) -> Result<Vec<f64>>;
}

/// What turns texts to vectors such that texts of one meaning are near each other.
pub trait TextEmbedder {
    /// Numbers of a vector.
    fn size(&self) -> usize;

    /// A vector of length 1 for each text, row-major `[texts, size]`.
    ///
    /// # Errors
    /// [`Error::Model`](crate::Error::Model).
    fn embed(&self, texts: &[&str]) -> Result<Vec<f32>>;
}
