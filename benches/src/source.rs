//! What the timings of prediction and tokenizing read.

use std::path::PathBuf;

use clap::Args;
use tunewise_bert::{Classifier, ClassifierOptions, InferencePrecision};
use tunewise_data::{Dataset, LabelUse, ReadOptions, read_path};

/// A checkpoint and texts.
#[derive(Debug, Args)]
pub struct SourceArgs {
    /// Folder of the checkpoint
    #[arg(long, value_name = "DIR")]
    pub model: PathBuf,
    /// .csv, .tsv or .jsonl
    #[arg(long, value_name = "FILE")]
    pub input: PathBuf,
}

impl SourceArgs {
    /// The texts; labels are left alone.
    ///
    /// # Errors
    /// Those of [`read_path`].
    pub fn dataset(&self) -> tunewise_data::Result<Dataset> {
        let options = ReadOptions { labels: LabelUse::Ignored, ..ReadOptions::default() };
        read_path(&self.input, &options)
    }

    /// The fine-tuned checkpoint, for texts of at most 128 tokens.
    ///
    /// # Errors
    /// Those of [`Classifier::with_options`].
    pub fn classifier(&self, precision: InferencePrecision) -> tunewise_bert::Result<Classifier> {
        let options = ClassifierOptions {
            precision,
            max_seq_length: Some(128),
            ..ClassifierOptions::default()
        };
        Classifier::with_options(&self.model, options)
    }
}

/// Median, least and most texts a second of passes over so many texts.
#[must_use]
pub fn rates(mut seconds: Vec<f64>, texts: usize) -> [Option<f64>; 3] {
    seconds.sort_by(|a, b| b.total_cmp(a));
    let rate = |place: usize| seconds.get(place).map(|seconds| texts as f64 / seconds);
    [rate(seconds.len() / 2), rate(0), rate(seconds.len().saturating_sub(1))]
}
