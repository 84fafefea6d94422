//! The flags of `search`.

use clap::Parser;
use serde::Deserialize;
use tunewise_bert::search::SearchConfig;
use tunewise_bert::task::FinetuneConfig;
use tunewise_examples_pure::CliResult;

use crate::FinetuneArgs;
use crate::finetune_args::read;

/// Searches for the settings of a fine-tuning run that do best on its validation rows
///
/// Flags and keys of the TOML file are those of `finetune`. The file's table `search` has trials, seed,
/// reduction_factor, min_resource, max_minutes and keep_weights; its table [search.space] has the
/// settings that vary, such as
///
///   learning_rate = { log_uniform = [1e-5, 2e-4] }
///   num_train_epochs = { integer = [2, 5] }
///   per_device_train_batch_size = { choice = [16, 32] }
#[derive(Debug, Parser)]
#[command(version, args_override_self = true, verbatim_doc_comment)]
pub struct SearchArgs {
    /// Drawings of settings that are tried; wins over the file [default: 20]
    #[arg(long, value_name = "N")]
    pub trials: Option<usize>,
    /// Minutes after which the search ends with the step under way; wins over the file
    #[arg(long, value_name = "X")]
    pub search_minutes: Option<f64>,
    /// What all trials share.
    #[command(flatten)]
    pub finetune: FinetuneArgs,
}

/// The part of the file that is about the search.
#[derive(Deserialize)]
struct SearchFile {
    search: SearchConfig,
}

impl SearchArgs {
    /// The settings that all trials share, and those of the search.
    ///
    /// # Errors
    /// A message naming the file, line and key at fault.
    pub fn resolve(&self) -> CliResult<(FinetuneConfig, SearchConfig)> {
        let missing = "--config is missing: a TOML file with a table [search.space]";
        let path = self.finetune.config.as_ref().ok_or(missing)?;
        let text = read(path)?;
        let file: SearchFile =
            toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut search = file.search;
        search.trials = self.trials.unwrap_or(search.trials);
        search.max_minutes = self.search_minutes.or(search.max_minutes);
        Ok((self.finetune.resolve_beside(path, &text, &["search"])?, search))
    }
}
