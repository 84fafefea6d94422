//! An answer to come.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::micro_batcher::Reply;
use crate::codec::{Codec, EncodedCall};
use crate::train::Predictions;
use crate::{Error, Prediction, Result};

/// A request under way: wait for it or await it; dropped, it is not computed if that has not begun.
#[must_use = "the answer comes by `wait` or `await`"]
#[derive(Debug)]
pub struct Pending {
    pub(super) reply: Reply,
    pub(super) rest: Decoding,
}

/// What is left to do once the logits are there.
pub(super) struct Decoding {
    pub(super) codec: Arc<Codec>,
    pub(super) call: EncodedCall,
}

impl std::fmt::Debug for Decoding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Decoding({} rows)", self.call.rows.len())
    }
}

impl Decoding {
    fn finish(&self, logits: Result<Predictions>) -> Result<Vec<Prediction>> {
        let logits = self.codec.decode(logits?, &self.call);
        Ok(self.codec.name(&logits))
    }
}

impl Pending {
    /// Blocks until the answer is there.
    ///
    /// # Errors
    /// [`Error::Torch`] such as out of memory, [`Error::Panicked`], [`Error::Stopped`].
    pub fn wait(self) -> Result<Vec<Prediction>> {
        let logits = self.reply.recv().unwrap_or(Err(Error::Stopped));
        self.rest.finish(logits)
    }
}

impl IntoFuture for Pending {
    type Output = Result<Vec<Prediction>>;
    type IntoFuture = Answer;

    fn into_future(self) -> Answer {
        Answer { reply: self.reply.into_future(), rest: self.rest }
    }
}

/// The future of a [`Pending`] request; it needs no runtime of its own.
#[derive(Debug)]
pub struct Answer {
    reply: <Reply as IntoFuture>::IntoFuture,
    rest: Decoding,
}

impl Future for Answer {
    type Output = Result<Vec<Prediction>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let reply = Pin::new(&mut self.reply).poll(context);
        reply.map(|logits| self.rest.finish(logits.unwrap_or(Err(Error::Stopped))))
    }
}
