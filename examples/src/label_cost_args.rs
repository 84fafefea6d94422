//! The flags of `label-cost`.

use std::path::PathBuf;

use clap::Parser;
use tunewise_bert::label_cost::{LabelCostConfig, Strategy};
use tunewise_bert::train::TrainConfig;
use tunewise_bert::{Precision, set_num_threads};

use crate::{CliResult, locate_model};

/// Measures how many labels are saved by choosing what to label, against labelling at random
///
/// For each seed and number of labels the pretrained checkpoint is fine-tuned anew on the labelled rows and
/// measured on the test rows. Into the output folder go label_cost.json (the state: the same command goes on
/// from it), label_cost.svg and savings.json.
#[derive(Debug, Parser)]
#[command(version)]
pub struct LabelCostArgs {
    /// Folder of the pretrained checkpoint, or the id of a hub's model
    #[arg(long, value_name = "DIR_OR_ID")]
    model: PathBuf,
    /// The pool: labelled rows, whose labels are looked at when they are asked for
    #[arg(long, value_name = "FILE")]
    train_file: PathBuf,
    /// The rows that every model is measured on
    #[arg(long, value_name = "FILE")]
    test_file: PathBuf,
    /// Where state, table and picture go
    #[arg(long, value_name = "DIR")]
    output_dir: PathBuf,
    /// What is compared: random, entropy, margin, pseudo
    #[arg(
        long,
        value_name = "NAME,...",
        value_delimiter = ',',
        default_value = "random,margin,pseudo"
    )]
    strategies: Vec<Strategy>,
    /// Each a pool, a first batch, a new head
    #[arg(long, value_name = "N,...", value_delimiter = ',', default_value = "1,2,3,4,5")]
    seeds: Vec<u64>,
    /// Labels of each round
    #[arg(long, value_name = "N,...", value_delimiter = ',', default_value = "100,200,300,400")]
    labels: Vec<usize>,
    /// Rows of the pool, drawn by the seed [default: all]
    #[arg(long, value_name = "N")]
    pool_rows: Option<usize>,
    /// Tokens that texts are truncated to
    #[arg(long, value_name = "N", default_value_t = 64)]
    max_seq_length: usize,
    /// Least probability of a guess that serves as a label
    #[arg(long, value_name = "P", default_value_t = 0.95)]
    pseudo_threshold: f64,
    /// Guesses at most, as a share of the labels
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    pseudo_share: f64,
    /// Peak of the learning rate
    #[arg(long, value_name = "X", default_value_t = 1e-4)]
    learning_rate: f64,
    /// Passes over the labelled rows
    #[arg(long, value_name = "X", default_value_t = 3.0)]
    num_train_epochs: f64,
    /// Rows of a batch
    #[arg(long, value_name = "N", default_value_t = 16)]
    per_device_train_batch_size: usize,
    /// fp32, bf16 or auto
    #[arg(long, value_name = "P", default_value_t = Precision::Auto)]
    precision: Precision,
    /// Threads [default: the cores]
    #[arg(long, value_name = "N")]
    threads: Option<u16>,
}

impl LabelCostArgs {
    /// The settings.
    ///
    /// # Errors
    /// Those of [`locate_model`].
    pub fn resolve(self) -> CliResult<LabelCostConfig> {
        if let Some(threads) = self.threads {
            set_num_threads(threads);
        }
        let model = locate_model(&self.model, None)?;
        let files = (self.train_file, self.test_file, self.output_dir);
        Ok(LabelCostConfig {
            strategies: self.strategies,
            seeds: self.seeds,
            labels: self.labels,
            pool_rows: self.pool_rows,
            max_seq_length: self.max_seq_length,
            pseudo_threshold: self.pseudo_threshold,
            pseudo_share: self.pseudo_share,
            train: TrainConfig {
                learning_rate: self.learning_rate,
                num_train_epochs: self.num_train_epochs,
                per_device_train_batch_size: self.per_device_train_batch_size,
                precision: self.precision,
                ..TrainConfig::default()
            },
            ..LabelCostConfig::new(model, files.0, files.1, files.2)
        })
    }
}
