//! The flags of `plan`.

use std::path::PathBuf;

use clap::Parser;
use tunewise_bert::plan::{ModelChoice, PlanConfig};
use tunewise_bert::task::FinetuneConfig;
use tunewise_bert::train::MetricForBestModel;
use tunewise_examples_pure::CliResult;
use tunewise_plan::Goal;

use crate::FinetuneArgs;

/// Runs small pilots on growing slices of the rows, and answers what it takes to reach a quality
///
/// The flags of `finetune` set how all runs train. Pilots are measured on the validation rows, once,
/// with their last weights; without --validation-file a fifth of the training rows is held out.
#[derive(Debug, Parser)]
#[command(version, args_override_self = true)]
pub struct PlanArgs {
    /// Checkpoint to weigh, whole or its first LAYERS layers; may repeat
    #[arg(long = "model", value_name = "DIR_OR_ID[@LAYERS]", required = true)]
    pub models: Vec<String>,
    /// What labels and machine cost
    #[arg(long, value_name = "FILE.toml")]
    pub prices: PathBuf,
    /// Quality to reach, such as macro_f1=0.85
    #[arg(
        long,
        value_name = "METRIC=VALUE",
        conflicts_with = "budget",
        required_unless_present = "budget"
    )]
    pub target: Option<String>,
    /// Amount to spend, in the currency of the prices
    #[arg(long, value_name = "AMOUNT")]
    pub budget: Option<f64>,
    /// What quality is, for a budget [default: macro_f1]
    #[arg(long, value_name = "METRIC", conflicts_with = "target")]
    pub metric: Option<MetricForBestModel>,
    /// How probable it must be that the plan reaches the target
    #[arg(long, value_name = "P", default_value_t = 0.8)]
    pub confidence: f64,
    /// Share of --full-rows that pilots may use
    #[arg(long, value_name = "SHARE", default_value_t = 0.25)]
    pub max_share: f64,
    /// Rows that labelling could reach [default: the training rows divided by --max-share]
    #[arg(long, value_name = "N")]
    pub full_rows: Option<usize>,
    /// Sizes of slices
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub slices: usize,
    /// Runs of a size, length and model
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub seeds: usize,
    /// Fewest optimizer steps of a run, also of the one that is planned: where the rows are too few for
    /// them it takes more epochs
    #[arg(long, value_name = "N", default_value_t = 200.0)]
    pub least_steps: f64,
    /// How many times the epochs the longer pilots take: they tell what runs lack for want of steps from
    /// what they lack for want of rows
    #[arg(long, value_name = "TIMES", default_value_t = 3.0)]
    pub longer: f64,
    /// How runs train.
    #[command(flatten)]
    pub finetune: FinetuneArgs,
}

impl PlanArgs {
    /// The settings that all runs share, and those of the plan.
    ///
    /// # Errors
    /// A message naming the flag, or file, line and key at fault.
    pub fn resolve(&self) -> CliResult<(FinetuneConfig, PlanConfig)> {
        let models = self.models.iter().map(|text| ModelChoice::parse(text)).collect();
        let mut config = match (&self.target, self.budget) {
            (Some(text), _) => {
                let (metric, value) = target(text)?;
                PlanConfig { metric, ..PlanConfig::new(models, Goal::Target(value)) }
            }
            (None, amount) => PlanConfig::new(models, Goal::Budget(amount.unwrap_or(f64::NAN))),
        };
        config.metric = self.metric.unwrap_or(config.metric);
        config.confidence = self.confidence;
        config.max_share = self.max_share;
        config.full_rows = self.full_rows;
        config.slices = self.slices;
        config.seeds = self.seeds;
        config.least_steps = self.least_steps;
        config.longer = self.longer;
        let mut base = self.finetune.resolve()?;
        if !base.model_name_or_path.as_os_str().is_empty() {
            return Err("--model-name-or-path is for finetune: give --model".into());
        }
        if let Some(first) = config.models.first() {
            base.model_name_or_path.clone_from(&first.path);
        }
        Ok((base, config))
    }
}

/// Reads `METRIC=VALUE`.
fn target(text: &str) -> CliResult<(MetricForBestModel, f64)> {
    let fault = || format!("--target is {text}, expected METRIC=VALUE such as macro_f1=0.85");
    let (metric, value) = text.split_once('=').ok_or_else(fault)?;
    let value = value.trim().parse().map_err(|_| fault())?;
    Ok((metric.trim().parse()?, value))
}
