//! The flags of `finetune`.

use std::path::{Path, PathBuf};

use clap::Parser;
use serde::{Deserialize, Serialize};
use toml::de::DeTable;
use toml::{Table, Value};
use tunewise_bert::task::{DeviceChoice, FinetuneConfig, PeftMethod};
use tunewise_bert::train::{
    Cadence, ClassWeights, EngineKind, MetricForBestModel, NonFinite, Relations, SchedulerType,
};
use tunewise_bert::{Precision, TargetModules};
use tunewise_data::{Batching, ProblemType};
use tunewise_examples_pure::CliResult;

/// Fine-tunes a BERT text classifier, evaluates it each epoch, keeps the best, and reports on test rows
///
/// Every flag can stand in a TOML file instead (--config), under the flag's name in snake case; a flag
/// on the command line wins.
#[derive(Debug, Parser, Serialize)]
#[command(version, args_override_self = true)]
pub struct FinetuneArgs {
    /// Settings by name, in snake case; flags win over them
    #[arg(long, value_name = "FILE.toml")]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// Folder of the checkpoint to start from (config.json, model.safetensors, tokenizer), or the id of
    /// a hub's model
    #[arg(long, value_name = "DIR_OR_ID")]
    pub model_name_or_path: Option<PathBuf>,
    /// Branch, tag or commit of the hub's model [default: main]
    #[arg(long, value_name = "REVISION")]
    pub revision: Option<String>,
    /// Labelled rows to train on: .csv, .tsv or .jsonl
    #[arg(long, value_name = "FILE")]
    pub train_file: Option<PathBuf>,
    /// Rows to evaluate each epoch on; the best epoch is kept
    #[arg(long, value_name = "FILE")]
    pub validation_file: Option<PathBuf>,
    /// Share of the training rows to hold out instead, by class
    #[arg(long, value_name = "SHARE")]
    pub validation_split: Option<f64>,
    /// Rows to report on at the end [default: the validation rows]
    #[arg(long, value_name = "FILE")]
    pub test_file: Option<PathBuf>,
    /// Column of the text [default: text, sentence, review or headline]
    #[arg(long, value_name = "NAME")]
    pub text_column: Option<String>,
    /// Column of the second text of a pair [default: text_pair, sentence2 or item, if there]
    #[arg(long, value_name = "NAME")]
    pub text_pair_column: Option<String>,
    /// Column of the label [default: label, category or sentiment]
    #[arg(long, value_name = "NAME")]
    pub label_column: Option<String>,
    /// regression, single_label_classification or multi_label_classification [default: by the labels]
    #[arg(long, value_name = "TYPE")]
    pub problem_type: Option<ProblemType>,
    /// Splits a cell into the labels of a multi-label row
    #[arg(long, value_name = "TEXT")]
    pub label_separator: Option<String>,
    /// Folder for checkpoint, reports and logs
    #[arg(long, value_name = "DIR")]
    pub output_dir: Option<PathBuf>,
    /// Replace an earlier run in the output folder
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub overwrite_output_dir: bool,
    /// Tokens that texts are truncated to [default: 128]
    #[arg(long, value_name = "N")]
    pub max_seq_length: Option<usize>,
    /// Rows of a micro-batch [default: 16]
    #[arg(long, value_name = "N")]
    pub per_device_train_batch_size: Option<usize>,
    /// Rows of an evaluation batch [default: 64]
    #[arg(long, value_name = "N")]
    pub per_device_eval_batch_size: Option<usize>,
    /// Peak of the schedule [default: 2e-5]
    #[arg(long, value_name = "X")]
    pub learning_rate: Option<f64>,
    /// Passes over the training rows [default: 5]
    #[arg(long, value_name = "X")]
    pub num_train_epochs: Option<f64>,
    /// Decoupled weight decay, of all but biases and LayerNorm [default: 0]
    #[arg(long, value_name = "X")]
    pub weight_decay: Option<f64>,
    /// Optimizer steps of rising rate, or their share if below 1 [default: 0]
    #[arg(long, value_name = "X")]
    pub warmup_steps: Option<f64>,
    /// How the rate falls after the warm-up: linear, cosine, constant or polynomial [default: linear]
    #[arg(long, value_name = "NAME")]
    pub lr_scheduler_type: Option<SchedulerType>,
    /// Power of a polynomial fall [default: 1]
    #[arg(long, value_name = "X")]
    pub lr_scheduler_power: Option<f64>,
    /// Learning rate of a layer as a share of that of the layer above [default: 1]
    #[arg(long, value_name = "X")]
    pub layer_wise_lr_decay: Option<f64>,
    /// Share of a single label's target that is spread over all labels [default: 0]
    #[arg(long, value_name = "X")]
    pub label_smoothing_factor: Option<f64>,
    /// Power of the focal loss, which counts rows that are right already less [default: 0]
    #[arg(long, value_name = "X")]
    pub focal_gamma: Option<f64>,
    /// Weight of each label's rows: balanced, or LABEL=WEIGHT,LABEL=WEIGHT for every label
    #[arg(long, value_name = "WEIGHTS")]
    pub class_weights: Option<ClassWeights>,
    /// Leave parameters as they are whose name this regular expression is found in; may repeat
    #[arg(long, value_name = "PATTERN")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub freeze: Vec<String>,
    /// Train few parameters: lora (low-rank adapters), adalora (the same with ranks found in training), bitfit (the biases) or head (the head alone)
    /// [default: all are trained]
    #[arg(long, value_name = "METHOD")]
    pub peft: Option<PeftMethod>,
    /// Rank of low-rank adapters [default: 8]
    #[arg(long, value_name = "N")]
    pub lora_r: Option<usize>,
    /// Scale of low-rank adapters, times their rank [default: 8]
    #[arg(long, value_name = "X")]
    pub lora_alpha: Option<f64>,
    /// Dropout before low-rank adapters [default: 0]
    #[arg(long, value_name = "X")]
    pub lora_dropout: Option<f64>,
    /// Layers with adapters: ends of names, with commas, or a regular expression of whole names
    /// [default: query,value]
    #[arg(long, value_name = "NAMES")]
    pub lora_target_modules: Option<TargetModules>,
    /// Scale low-rank adapters by the square root of the rank
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub use_rslora: bool,
    /// Learn the lengths of the changed weight's rows by themselves (DoRA)
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub use_dora: bool,
    /// Rank that adalora begins with [default: 12]
    #[arg(long, value_name = "N")]
    pub adalora_init_r: Option<usize>,
    /// Mean rank that adalora ends with [default: 8]
    #[arg(long, value_name = "N")]
    pub adalora_target_r: Option<usize>,
    /// Optimizer steps before adalora prunes [default: 0]
    #[arg(long, value_name = "N")]
    pub adalora_tinit: Option<u64>,
    /// Optimizer steps after adalora has pruned [default: 0]
    #[arg(long, value_name = "N")]
    pub adalora_tfinal: Option<u64>,
    /// Optimizer steps from one pruning to the next [default: 1]
    #[arg(long, value_name = "N")]
    pub adalora_delta_t: Option<u64>,
    /// Weight of orthogonality in adalora's loss [default: 0.5]
    #[arg(long, value_name = "X")]
    pub adalora_orth_reg_weight: Option<f64>,
    /// Modules that --peft trains whole [default: classifier, and a pooler that the checkpoint lacks]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub modules_to_save: Option<Vec<String>>,
    /// Layers of the checkpoint that the model keeps, counted from 0, with commas [default: all]
    #[arg(long, value_name = "LAYERS", value_delimiter = ',')]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keep_layers: Vec<usize>,
    /// Keep so many of the checkpoint's layers, evenly spaced, the first and the last among them
    #[arg(long, value_name = "N")]
    pub keep_num_layers: Option<usize>,
    /// config.json of a model that starts with random weights; the tokenizer is the checkpoint's
    #[arg(long, value_name = "FILE")]
    pub student_config: Option<PathBuf>,
    /// Folder of a fine-tuned teacher to learn from; without --model-name-or-path the checkpoint too
    #[arg(long, value_name = "DIR")]
    pub distil_from: Option<PathBuf>,
    /// What teacher's and student's logits are divided by [default: 2]
    #[arg(long, value_name = "X")]
    pub distil_temperature: Option<f64>,
    /// Share of the teacher's answers in the loss; at 1 the training rows need no labels [default: 0.5]
    #[arg(long, value_name = "X")]
    pub distil_alpha: Option<f64>,
    /// Relations between tokens that the last layer learns too: minilm or minilm-v2 [default: none]
    #[arg(long, value_name = "KIND")]
    pub distil_relations: Option<Relations>,
    /// What the loss of relations is multiplied by [default: 1]
    #[arg(long, value_name = "X")]
    pub distil_relation_weight: Option<f64>,
    /// Relation heads of minilm-v2 [default: the student's heads]
    #[arg(long, value_name = "N")]
    pub distil_relation_heads: Option<usize>,
    /// The teacher's layer whose relations are learnt, counted from 0 [default: the last]
    #[arg(long, value_name = "N")]
    pub distil_teacher_layer: Option<usize>,
    /// Norm that gradients are clipped to; 0 for no clipping [default: 1]
    #[arg(long, value_name = "X")]
    pub max_grad_norm: Option<f64>,
    /// Micro-batches of an optimizer step [default: 1]
    #[arg(long, value_name = "N")]
    pub gradient_accumulation_steps: Option<usize>,
    /// Seeds order, dropout and new weights [default: 42]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// by-length, token-budget, packed, longest or max-length [default: by-length]
    #[arg(long, value_name = "POLICY")]
    pub batching: Option<Batching>,
    /// Keep the rows' order
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_shuffle: bool,
    /// Compute the layers again in the backward pass instead of keeping them: more time,
    /// the same gradients
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub gradient_checkpointing: bool,
    /// auto or general: the engine that this processor computes fastest, or libtorch's autograd
    /// [default: auto]
    #[arg(long, value_name = "ENGINE")]
    pub engine: Option<EngineKind>,
    /// fp32, bf16 or auto: bf16 where the processor is faster so [default: auto]
    #[arg(long, value_name = "P")]
    pub precision: Option<Precision>,
    /// macro_f1, micro_f1, weighted_f1, accuracy, macro_precision, macro_recall, mcc or loss;
    /// regression: loss, mse, mae, r2 or pearson_r [default: macro_f1; regression: loss]
    #[arg(long, value_name = "METRIC")]
    pub metric_for_best_model: Option<MetricForBestModel>,
    /// Optimizer steps between two logged ones [default: 10]
    #[arg(long, value_name = "N")]
    pub logging_steps: Option<u64>,
    /// When to evaluate on the validation rows: epoch, no, or every so many optimizer steps
    /// [default: epoch]
    #[arg(long, value_name = "N")]
    pub eval_steps: Option<Cadence>,
    /// When to save a checkpoint-N folder: epoch, no, or every so many optimizer steps [default: no]
    #[arg(long, value_name = "N")]
    pub save_steps: Option<Cadence>,
    /// Checkpoints that stay: the newest, and that of the best evaluation [default: all]
    #[arg(long, value_name = "N")]
    pub save_total_limit: Option<usize>,
    /// Go on from the newest checkpoint of the output folder; start if there is none
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub resume: bool,
    /// Evaluations without a better metric that end the run
    #[arg(long, value_name = "N")]
    pub early_stopping_patience: Option<u64>,
    /// What an improvement must exceed to count for the patience [default: 0]
    #[arg(long, value_name = "X")]
    pub early_stopping_threshold: Option<f64>,
    /// Optimizer steps of the run, instead of epochs
    #[arg(long, value_name = "N")]
    pub max_steps: Option<u64>,
    /// Minutes after which the run ends with the step under way
    #[arg(long, value_name = "X")]
    pub max_minutes: Option<f64>,
    /// What becomes of a step whose loss or gradient is not finite: stop or skip [default: stop]
    #[arg(long, value_name = "POLICY")]
    pub non_finite: Option<NonFinite>,
    /// Price of an hour of this machine, for the run record
    #[arg(long, value_name = "X")]
    pub price_per_hour: Option<f64>,
    /// Seconds that one of several processes waits for the others [default: 1800]
    #[arg(long, value_name = "X")]
    pub ddp_timeout: Option<f64>,
    /// Threads of libtorch [default: the cores]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// cpu, cuda:N or auto [default: auto]
    #[arg(long, value_name = "D")]
    pub device: Option<DeviceChoice>,
}

impl FinetuneArgs {
    /// The settings of file and flags together.
    ///
    /// # Errors
    /// A message naming the file, line and key at fault.
    pub fn resolve(&self) -> CliResult<FinetuneConfig> {
        match &self.config {
            Some(path) => self.resolve_beside(path, &read(path)?, &[]),
            None => Ok(Value::Table(Table::try_from(self)?).try_into()?),
        }
    }

    /// The settings of the flags and of a file's `text`, whose tables `others` are somebody else's.
    pub(crate) fn resolve_beside(
        &self,
        path: &Path,
        text: &str,
        others: &[&str],
    ) -> CliResult<FinetuneConfig> {
        // Read once for itself, so that a fault is shown with its line.
        let fault = |mut error: toml::de::Error| {
            error.set_input(Some(text));
            format!("{}: {error}", path.display())
        };
        let mut own = DeTable::parse(text).map_err(fault)?;
        for name in others {
            own.get_mut().remove(*name);
        }
        FinetuneConfig::deserialize(toml::Deserializer::from(own)).map_err(fault)?;
        let mut settings: Table = text.parse()?;
        settings.retain(|name, _| !others.contains(&name));
        settings.extend(Table::try_from(self)?);
        Ok(Value::Table(settings).try_into()?)
    }
}

/// The text of a file of settings.
pub(crate) fn read(path: &Path) -> CliResult<String> {
    Ok(std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?)
}
