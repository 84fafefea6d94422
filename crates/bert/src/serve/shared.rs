//! The handle that threads share.

use std::sync::Arc;
use std::time::Duration;

use tunewise_data::EncodedTexts;

use super::micro_batcher::{Limits, MicroBatcher};
use super::pending::{Decoding, Pending};
use crate::codec::{Codec, EncodedCall};
use crate::train::Predictions;
use crate::{BertConfig, Classifier, Error, Prediction, Result};

/// How a [`SharedClassifier`] takes requests.
///
/// | name | default | unit | meaning |
/// | --- | --- | --- | --- |
/// | `max_wait` | 2 ms | time | how long a request waits for others to be computed with; only while there are other callers |
/// | `queue_capacity` | 1024 | requests | how many wait at most |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShareOptions {
    /// How long a request waits for others to be computed with.
    pub max_wait: Duration,
    /// How many requests wait at most.
    pub queue_capacity: usize,
}

impl Default for ShareOptions {
    fn default() -> Self {
        Self { max_wait: Duration::from_millis(2), queue_capacity: 1024 }
    }
}

/// A classifier for any number of threads and tasks: a cheap clone each.
///
/// A thread of its own holds the model. Texts are tokenized where they come from; what is asked at
/// about the same time is computed in one batch of at most the classifier's `batch_size` rows. An
/// error or a panic goes to the caller whose texts it is of. When the last clone is dropped, what is
/// queued is still answered and the thread ends.
///
/// ```
/// use std::thread;
/// use tunewise_bert::{Classifier, ShareOptions};
///
/// # fn main() -> tunewise_bert::Result<()> {
/// # let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/single_label");
/// let classifier = Classifier::from_pretrained(dir)?.share(ShareOptions::default())?;
/// let answers: Vec<_> = thread::scope(|scope| {
///     let ask = |text| { let classifier = classifier.clone(); scope.spawn(move || classifier.predict(&[text])) };
///     ["good price", "late again"].map(ask).map(|caller| caller.join()).into_iter().flatten().collect()
/// });
/// assert_eq!(answers.len(), 2);
/// let pending = classifier.submit(&["fine"])?; // in async code: classifier.submit(&["fine"])?.await
/// assert_eq!(pending.wait()?.len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct SharedClassifier {
    codec: Arc<Codec>,
    batcher: Arc<MicroBatcher>,
    batch_size: usize,
}

impl SharedClassifier {
    pub(crate) fn new(classifier: Classifier, options: ShareOptions) -> Result<Self> {
        if options.queue_capacity == 0 {
            let expected = "1 or more".to_owned();
            return Err(Error::Setting { name: "queue_capacity", got: "0".to_owned(), expected });
        }
        let (codec, batch_size) = (Arc::clone(classifier.codec()), classifier.options().batch_size);
        let limits = Limits {
            max_rows: batch_size,
            max_wait: options.max_wait,
            queue_capacity: options.queue_capacity,
        };
        let compute = Box::new(move |rows: &EncodedTexts| classifier.run(rows));
        let batcher = Arc::new(MicroBatcher::start(compute, limits)?);
        Ok(Self { codec, batcher, batch_size })
    }

    /// Predicts texts in order, waiting for room in the queue and for the answer.
    ///
    /// # Errors
    /// [`Error::Data`] if a text cannot be tokenized, [`Error::Torch`] such as out of memory,
    /// [`Error::Panicked`], [`Error::Stopped`].
    pub fn predict<S: AsRef<str>>(&self, texts: &[S]) -> Result<Vec<Prediction>> {
        self.answer(&self.codec.encode_texts(texts)?)
    }

    /// Predicts pairs of texts in order.
    ///
    /// # Errors
    /// As [`SharedClassifier::predict`].
    pub fn predict_pairs(&self, pairs: &[(&str, &str)]) -> Result<Vec<Prediction>> {
        self.answer(&self.codec.encode_pairs(pairs)?)
    }

    /// The checkpoint's configuration.
    #[must_use]
    pub fn config(&self) -> &BertConfig {
        self.codec.config()
    }

    fn answer(&self, call: &EncodedCall) -> Result<Vec<Prediction>> {
        let logits = self.run(&call.rows)?;
        Ok(self.codec.name(&self.codec.decode(logits, call)))
    }

    /// Asks for predictions without waiting; the texts are tokenized before this returns, and are
    /// computed in one piece.
    ///
    /// # Errors
    /// [`Error::Data`] if a text cannot be tokenized, [`Error::QueueFull`], [`Error::Stopped`].
    pub fn submit<S: AsRef<str>>(&self, texts: &[S]) -> Result<Pending> {
        let call = self.codec.encode_texts(texts)?;
        let reply = self.batcher.try_send(call.rows.clone())?;
        Ok(Pending { reply, rest: Decoding { codec: Arc::clone(&self.codec), call } })
    }

    /// The logits of rows, which go by the batch, so that one long list does not hold up others.
    fn run(&self, rows: &EncodedTexts) -> Result<Predictions> {
        let answer =
            |reply: super::micro_batcher::Reply| reply.recv().unwrap_or(Err(Error::Stopped));
        if rows.len() <= self.batch_size {
            return answer(self.batcher.send(rows.clone())?);
        }
        let lengths = rows.lengths();
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by_key(|&row| std::cmp::Reverse(lengths.get(row).copied()));
        let ask = |part: &[usize]| self.batcher.send(rows.select(part)?);
        let replies = order.chunks(self.batch_size).map(ask).collect::<Result<Vec<_>>>()?;
        let parts = replies.into_iter().map(answer).collect::<Result<Vec<_>>>()?;
        Predictions::scattered(&parts, &order)
    }
}
