//! Texts to vectors.

use std::fmt;
use std::path::Path;

use rayon::prelude::*;
use tunewise_data::Tokenizer;
use tunewise_kernels::Isa;

use super::embed::Embeddings;
use super::layer::{Layer, Packed, Scratch};
use super::{EnginePrecision, batches, load, texts_of};
use crate::codec::Codec;
use crate::pretrained::Settings;
use crate::{Checkpoint, ClassifierOptions, Error, Result};

/// Rows that pass through the layers together at most.
const BATCH_SIZE: usize = 64;
/// What keeps a vector of zeros from being divided by 0, as in `torch.nn.functional.normalize`.
const SHORTEST: f64 = 1e-12;

/// A BERT that turns texts to vectors, such that texts of one meaning are near each other: the mean of the
/// last layer's hidden states over a text's tokens, `[CLS]` and `[SEP]` among them, at length 1, as
/// sentence-transformers computes it with mean pooling and normalisation. It runs on the CPU in fp32.
///
/// The checkpoint may be one that was made for that, or a fine-tuned classifier, whose pooler and head are
/// left aside.
///
/// # Source
/// Reimers and Gurevych (2019), Sentence-BERT.
///
/// ```
/// # fn main() -> tunewise_bert::Result<()> {
/// # let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/single_label");
/// let embedder = tunewise_bert::SentenceEmbedder::from_pretrained(dir)?;
/// let vectors = embedder.embed(&["good price", "bad service"])?; // [2, hidden]
/// assert_eq!(vectors.len(), 2 * embedder.size());
/// # Ok(())
/// # }
/// ```
pub struct SentenceEmbedder {
    isa: Isa,
    embeddings: Embeddings,
    layers: Vec<Layer>,
    hidden_size: usize,
    max_positions: usize,
    codec: Codec,
    pool: rayon::ThreadPool,
}

impl SentenceEmbedder {
    /// Loads a checkpoint folder. Texts are truncated to the length that it was trained with, if it says so,
    /// else to what tokenizer and positions allow.
    ///
    /// # Errors
    /// Those of [`Checkpoint::open`] and [`Tokenizer::from_dir`]; [`Error::TensorNames`] and
    /// [`Error::TensorShape`] for weights that do not fit the configuration; [`Error::Pool`].
    pub fn from_pretrained(dir: impl AsRef<Path>) -> Result<Self> {
        let dir = dir.as_ref();
        let checkpoint = Checkpoint::open(dir)?;
        let (tokenizer, settings) = (Tokenizer::from_dir(dir)?, Settings::from_dir(dir)?);
        let codec =
            Codec::new(checkpoint.config(), tokenizer, &settings, &ClassifierOptions::default())?;
        let (config, tensors) = checkpoint.into_encoder_tensors()?;
        let names = load::Named::Stored(tensors);
        let layers = (0..config.num_hidden_layers)
            .map(|layer| Layer::new(&names, &config, (layer, false), EnginePrecision::Fp32))
            .collect::<Result<_>>()?;
        let threads = usize::try_from(tch::get_num_threads()).unwrap_or(1);
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|thread| format!("tunewise-embed-{thread}"))
            .build()
            .map_err(|source| Error::Pool { threads, source })?;
        Ok(Self {
            isa: Isa::detect(),
            embeddings: Embeddings::new(&names, &config)?,
            layers,
            hidden_size: config.hidden_size,
            max_positions: config.max_position_embeddings,
            codec,
            pool,
        })
    }

    /// Numbers of a vector: the model's hidden size.
    #[must_use]
    pub fn size(&self) -> usize {
        self.hidden_size
    }

    /// The vectors of texts, in order, row-major `[texts, size]`.
    ///
    /// # Errors
    /// [`Error::Data`] if a text cannot be tokenized.
    pub fn embed<S: AsRef<str>>(&self, texts: &[S]) -> Result<Vec<f32>> {
        let rows = self.codec.encode_texts(texts)?.rows;
        let batches = batches(&rows.lengths(), self.pool.current_num_threads(), BATCH_SIZE);
        let run = |scratch: &mut Scratch, batch: Vec<usize>| {
            let texts = texts_of(&rows, &batch, self.max_positions)?;
            let vectors = self.batch(&texts, scratch)?;
            Ok((batch, vectors))
        };
        let done: Vec<(Vec<usize>, Vec<f32>)> = self.pool.install(|| {
            batches.into_par_iter().map_init(Scratch::default, run).collect::<Result<_>>()
        })?;
        let mut vectors = vec![0.0; rows.len() * self.hidden_size];
        for (batch, values) in done {
            for (row, values) in batch.into_iter().zip(values.chunks_exact(self.hidden_size.max(1)))
            {
                let place = vectors.get_mut(row * self.hidden_size..(row + 1) * self.hidden_size);
                place
                    .ok_or(Error::Internal { what: "a batch names rows" })?
                    .copy_from_slice(values);
            }
        }
        Ok(vectors)
    }

    /// Vectors `[batch, hidden]` of a few rows, on this thread.
    fn batch(&self, texts: &[(&[u32], &[u8])], scratch: &mut Scratch) -> Result<Vec<f32>> {
        let lengths = texts.iter().map(|(ids, _)| ids.len()).collect();
        let mut packed = Packed { hidden: Vec::new(), lengths };
        self.embeddings.forward(self.isa, texts, &mut packed.hidden)?;
        for layer in &self.layers {
            layer.forward(self.isa, &mut packed, scratch)?;
        }
        let mut tokens = packed.hidden.chunks_exact(self.hidden_size.max(1));
        let mean = |length: &usize| {
            let mut sum = vec![0.0_f64; self.hidden_size];
            for token in tokens.by_ref().take(*length) {
                sum.iter_mut().zip(token).for_each(|(sum, value)| *sum += f64::from(*value));
            }
            // Of a mean and of a sum the direction is the same.
            let norm = sum.iter().map(|value| value * value).sum::<f64>().sqrt().max(SHORTEST);
            sum.into_iter().map(move |value| (value / norm) as f32)
        };
        Ok(packed.lengths.iter().flat_map(mean).collect())
    }
}

impl fmt::Debug for SentenceEmbedder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SentenceEmbedder")
            .field("size", &self.hidden_size)
            .field("isa", &self.isa)
            .finish_non_exhaustive()
    }
}
