//! The settings of a fine-tuning run.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tunewise_data::{Batching, ProblemType};

use super::device_choice::DeviceChoice;
use super::peft::PeftMethod;
use crate::files::Replaceable;
use crate::train::{
    Cadence, ClassWeights, EngineKind, LossConfig, MetricForBestModel, NonFinite, Relations,
    SchedulerType, TrainConfig,
};
use crate::{Error, Precision, Result, TargetModules};

/// Everything that [`finetune`](super::finetune) needs to know; the keys are those of Transformers'
/// `run_glue.py` and `TrainingArguments`.
///
/// The settings of training are described at [`TrainConfig`]; the others:
///
/// | name | default | meaning |
/// | --- | --- | --- |
/// | `model_name_or_path` | | folder of the checkpoint to start from, or the id of a hub's model |
/// | `revision` | `main` | branch, tag or commit of the hub's model |
/// | `train_file` | | labelled rows: .csv, .tsv, .jsonl |
/// | `validation_file` | none | rows to evaluate each epoch on |
/// | `validation_split` | none | instead: the share of training rows to hold out, by class |
/// | `test_file` | none | rows to report on at the end |
/// | `text_column`, `text_pair_column`, `label_column` | guessed | columns by name |
/// | `problem_type` | from the labels | single or multi label, regression |
/// | `label_separator` | none | splits a cell into the labels of a multi-label row |
/// | `output_dir` | | where the results go |
/// | `overwrite_output_dir` | false | whether it may hold an earlier run |
/// | `max_seq_length` | 128 | tokens that texts are truncated to |
/// | `no_shuffle` | false | keep the rows' order |
/// | `freeze` | none | regular expressions of the parameters that stay as they are |
/// | `peft` | none | lora, adalora, bitfit or head: few parameters are trained |
/// | `lora_r`, `lora_alpha`, `lora_dropout`, `lora_target_modules`, `use_rslora`, `use_dora` | see [`LoraConfig`](crate::LoraConfig) | of `peft` lora |
/// | `adalora_...` | see [`AdaLoraConfig`](crate::AdaLoraConfig) | of `peft` adalora |
/// | `modules_to_save` | `classifier` | with `peft`: modules that are trained whole; a pooler that the checkpoint lacks is too |
/// | `keep_layers`, `keep_num_layers` | all | layers of the checkpoint that the model keeps: these, or so many, evenly spaced |
/// | `student_config` | none | `config.json` of a model that starts with random weights instead; the tokenizer is the checkpoint's |
/// | `distil_from` | none | folder of a fine-tuned teacher; without `model_name_or_path` the checkpoint too |
/// | `distil_...` | see [`DistilConfig`](crate::train::DistilConfig) | of `distil_from` |
/// | `save_total_limit` | none | checkpoints that stay: the newest, and that of the best evaluation |
/// | `resume` | false | go on from the newest whole checkpoint of `output_dir` |
/// | `price_per_hour` | none | what an hour of the machine costs, for `run.json` |
/// | `ddp_timeout` | 1800 | seconds that a process of a group waits for the others |
/// | `threads` | libtorch's | threads of libtorch |
/// | `device` | auto | cpu, cuda:N or auto |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FinetuneConfig {
    /// Folder of the checkpoint to start from; without a folder of that name the id of a hub's model.
    pub model_name_or_path: PathBuf,
    /// Branch, tag or commit of the hub's model.
    pub revision: Option<String>,
    /// The hub that models come from by id, if any; it is not a setting and never recorded.
    #[cfg(feature = "hub")]
    #[serde(skip)]
    pub hub: Option<tunewise_data::hub::HubOptions>,
    /// Labelled rows to train on.
    pub train_file: PathBuf,
    /// Rows to evaluate each epoch on.
    pub validation_file: Option<PathBuf>,
    /// The share of training rows to hold out instead.
    pub validation_split: Option<f64>,
    /// Rows to report on at the end.
    pub test_file: Option<PathBuf>,
    /// Column of the text.
    pub text_column: Option<String>,
    /// Column of the second text.
    pub text_pair_column: Option<String>,
    /// Column of the label.
    pub label_column: Option<String>,
    /// What the labels are; `None` tells by their form.
    pub problem_type: Option<ProblemType>,
    /// Splits a cell into labels.
    pub label_separator: Option<String>,
    /// Where the results go.
    pub output_dir: PathBuf,
    /// Whether `output_dir` may hold an earlier run, which is then replaced.
    pub overwrite_output_dir: bool,
    /// Tokens that texts are truncated to.
    pub max_seq_length: usize,
    /// See [`TrainConfig`].
    pub per_device_train_batch_size: usize,
    /// See [`TrainConfig`].
    pub per_device_eval_batch_size: usize,
    /// See [`TrainConfig`].
    pub learning_rate: f64,
    /// See [`TrainConfig`].
    pub num_train_epochs: f64,
    /// See [`TrainConfig`].
    pub weight_decay: f64,
    /// See [`TrainConfig`].
    pub warmup_steps: f64,
    /// See [`TrainConfig`].
    pub lr_scheduler_type: SchedulerType,
    /// See [`TrainConfig`].
    pub lr_scheduler_power: f64,
    /// See [`TrainConfig`].
    pub layer_wise_lr_decay: f64,
    /// See [`LossConfig`].
    pub label_smoothing_factor: f64,
    /// See [`LossConfig`].
    pub focal_gamma: f64,
    /// See [`LossConfig`].
    pub class_weights: Option<ClassWeights>,
    /// Patterns of the parameters that stay as they are.
    pub freeze: Vec<String>,
    /// Train few parameters, and which way.
    pub peft: Option<PeftMethod>,
    /// See [`LoraConfig`](crate::LoraConfig).
    pub lora_r: Option<usize>,
    /// See [`LoraConfig`](crate::LoraConfig).
    pub lora_alpha: Option<f64>,
    /// See [`LoraConfig`](crate::LoraConfig).
    pub lora_dropout: Option<f64>,
    /// See [`LoraConfig`](crate::LoraConfig).
    pub lora_target_modules: Option<TargetModules>,
    /// See [`LoraConfig`](crate::LoraConfig).
    pub use_rslora: bool,
    /// See [`LoraConfig`](crate::LoraConfig).
    pub use_dora: bool,
    /// See [`AdaLoraConfig`](crate::AdaLoraConfig).
    pub adalora_init_r: Option<usize>,
    /// See [`AdaLoraConfig`](crate::AdaLoraConfig).
    pub adalora_target_r: Option<usize>,
    /// See [`AdaLoraConfig`](crate::AdaLoraConfig).
    pub adalora_tinit: Option<u64>,
    /// See [`AdaLoraConfig`](crate::AdaLoraConfig).
    pub adalora_tfinal: Option<u64>,
    /// See [`AdaLoraConfig`](crate::AdaLoraConfig).
    pub adalora_delta_t: Option<u64>,
    /// See [`AdaLoraConfig`](crate::AdaLoraConfig).
    pub adalora_orth_reg_weight: Option<f64>,
    /// With `peft`: modules that are trained whole.
    pub modules_to_save: Option<Vec<String>>,
    /// Layers of the checkpoint that the model keeps, counted from 0; empty is all.
    pub keep_layers: Vec<usize>,
    /// So many of the checkpoint's layers instead, evenly spaced.
    pub keep_num_layers: Option<usize>,
    /// `config.json` of a model that starts with random weights.
    pub student_config: Option<PathBuf>,
    /// Folder of a fine-tuned teacher.
    pub distil_from: Option<PathBuf>,
    /// See [`DistilConfig`](crate::train::DistilConfig).
    pub distil_temperature: Option<f64>,
    /// See [`DistilConfig`](crate::train::DistilConfig).
    pub distil_alpha: Option<f64>,
    /// See [`DistilConfig`](crate::train::DistilConfig).
    pub distil_relations: Option<Relations>,
    /// See [`DistilConfig`](crate::train::DistilConfig).
    pub distil_relation_weight: Option<f64>,
    /// See [`DistilConfig`](crate::train::DistilConfig).
    pub distil_relation_heads: Option<usize>,
    /// See [`DistilConfig`](crate::train::DistilConfig).
    pub distil_teacher_layer: Option<usize>,
    /// See [`TrainConfig`].
    pub max_grad_norm: f64,
    /// See [`TrainConfig`].
    pub gradient_accumulation_steps: usize,
    /// See [`TrainConfig`].
    pub seed: u64,
    /// See [`TrainConfig`].
    pub batching: Batching,
    /// Keep the rows' order.
    pub no_shuffle: bool,
    /// See [`TrainConfig`].
    pub gradient_checkpointing: bool,
    /// See [`TrainConfig`].
    pub engine: EngineKind,
    /// See [`TrainConfig`].
    pub precision: Precision,
    /// See [`TrainConfig`].
    pub metric_for_best_model: Option<MetricForBestModel>,
    /// See [`TrainConfig`].
    pub logging_steps: u64,
    /// See [`TrainConfig`].
    pub eval_steps: Cadence,
    /// See [`TrainConfig`].
    pub save_steps: Cadence,
    /// Checkpoints that stay.
    pub save_total_limit: Option<usize>,
    /// Go on from the newest checkpoint of `output_dir`.
    pub resume: bool,
    /// See [`TrainConfig`].
    pub early_stopping_patience: Option<u64>,
    /// See [`TrainConfig`].
    pub early_stopping_threshold: f64,
    /// See [`TrainConfig`].
    pub max_steps: Option<u64>,
    /// See [`TrainConfig`].
    pub max_minutes: Option<f64>,
    /// See [`TrainConfig`].
    pub non_finite: NonFinite,
    /// Price of an hour of the machine, in any currency.
    pub price_per_hour: Option<f64>,
    /// Seconds that a process of a group waits for the others.
    pub ddp_timeout: f64,
    /// Threads of libtorch.
    pub threads: Option<usize>,
    /// Where to compute.
    pub device: DeviceChoice,
}

impl Default for FinetuneConfig {
    fn default() -> Self {
        let train = TrainConfig::default();
        Self {
            model_name_or_path: PathBuf::new(),
            revision: None,
            #[cfg(feature = "hub")]
            hub: None,
            train_file: PathBuf::new(),
            validation_file: None,
            validation_split: None,
            test_file: None,
            text_column: None,
            text_pair_column: None,
            label_column: None,
            problem_type: None,
            label_separator: None,
            output_dir: PathBuf::new(),
            overwrite_output_dir: false,
            max_seq_length: 128,
            per_device_train_batch_size: train.per_device_train_batch_size,
            per_device_eval_batch_size: train.per_device_eval_batch_size,
            learning_rate: train.learning_rate,
            num_train_epochs: train.num_train_epochs,
            weight_decay: train.weight_decay,
            warmup_steps: train.warmup_steps,
            lr_scheduler_type: train.lr_scheduler_type,
            lr_scheduler_power: train.lr_scheduler_power,
            layer_wise_lr_decay: train.layer_wise_lr_decay,
            label_smoothing_factor: train.loss.label_smoothing_factor,
            focal_gamma: train.loss.focal_gamma,
            class_weights: None,
            freeze: Vec::new(),
            peft: None,
            lora_r: None,
            lora_alpha: None,
            lora_dropout: None,
            lora_target_modules: None,
            use_rslora: false,
            use_dora: false,
            adalora_init_r: None,
            adalora_target_r: None,
            adalora_tinit: None,
            adalora_tfinal: None,
            adalora_delta_t: None,
            adalora_orth_reg_weight: None,
            modules_to_save: None,
            keep_layers: Vec::new(),
            keep_num_layers: None,
            student_config: None,
            distil_from: None,
            distil_temperature: None,
            distil_alpha: None,
            distil_relations: None,
            distil_relation_weight: None,
            distil_relation_heads: None,
            distil_teacher_layer: None,
            max_grad_norm: train.max_grad_norm,
            gradient_accumulation_steps: train.gradient_accumulation_steps,
            seed: train.seed,
            batching: train.batching,
            no_shuffle: false,
            gradient_checkpointing: train.gradient_checkpointing,
            engine: train.engine,
            precision: train.precision,
            metric_for_best_model: None,
            logging_steps: train.logging_steps,
            eval_steps: train.eval_steps,
            save_steps: train.save_steps,
            save_total_limit: None,
            resume: false,
            early_stopping_patience: None,
            early_stopping_threshold: train.early_stopping_threshold,
            max_steps: None,
            max_minutes: None,
            non_finite: train.non_finite,
            price_per_hour: None,
            ddp_timeout: 1800.0,
            threads: None,
            device: DeviceChoice::Auto,
        }
    }
}

impl FinetuneConfig {
    /// Checks what can be checked before a file is opened.
    ///
    /// # Errors
    /// [`Error::Setting`] naming the first setting that is missing or out of its range.
    pub fn validate(&self) -> Result<()> {
        let fault = |name, got: &str, expected: &str| {
            Err(Error::Setting { name, got: got.to_owned(), expected: expected.to_owned() })
        };
        for (name, path) in [
            ("model_name_or_path", &self.model_name_or_path),
            ("train_file", &self.train_file),
            ("output_dir", &self.output_dir),
        ] {
            let given = name == "model_name_or_path" && self.distil_from.is_some();
            if path.as_os_str().is_empty() && !given {
                return fault(name, "missing", "a path");
            }
        }
        if self.validation_file.is_some() && self.validation_split.is_some() {
            return fault("validation_split", "given", "nothing, since validation_file is given");
        }
        if self.validation_split.is_some_and(|share| !(share > 0.0 && share < 1.0)) {
            return fault("validation_split", "out of range", "a share above 0 and below 1");
        }
        if self.save_total_limit == Some(0) {
            return fault("save_total_limit", "0", "1 or more");
        }
        if self.price_per_hour.is_some_and(|price| !(price.is_finite() && price >= 0.0)) {
            return fault("price_per_hour", "out of range", "0 or more");
        }
        if self.early_stopping_patience.is_some()
            && self.validation_file.is_none()
            && self.validation_split.is_none()
        {
            return fault("early_stopping_patience", "given", "validation rows to watch");
        }
        if !(self.ddp_timeout >= 0.001 && self.ddp_timeout <= 1e9) {
            return fault("ddp_timeout", &self.ddp_timeout.to_string(), "0.001 to 1e9 seconds");
        }
        if self.threads == Some(0) {
            return fault("threads", "0", "1 or more");
        }
        self.peft_config(&[])?;
        self.check_student()?;
        self.train_config().validate()
    }

    /// What of the output folder a run that starts over may replace.
    pub(super) fn replaceable(&self) -> Replaceable {
        if self.overwrite_output_dir {
            Replaceable::Anything
        } else if self.resume {
            Replaceable::OwnFiles
        } else {
            Replaceable::Nothing
        }
    }

    /// The settings of training.
    #[must_use]
    pub fn train_config(&self) -> TrainConfig {
        TrainConfig {
            learning_rate: self.learning_rate,
            num_train_epochs: self.num_train_epochs,
            per_device_train_batch_size: self.per_device_train_batch_size,
            per_device_eval_batch_size: self.per_device_eval_batch_size,
            gradient_accumulation_steps: self.gradient_accumulation_steps,
            weight_decay: self.weight_decay,
            warmup_steps: self.warmup_steps,
            lr_scheduler_type: self.lr_scheduler_type,
            lr_scheduler_power: self.lr_scheduler_power,
            layer_wise_lr_decay: self.layer_wise_lr_decay,
            loss: LossConfig {
                label_smoothing_factor: self.label_smoothing_factor,
                focal_gamma: self.focal_gamma,
                class_weights: self.class_weights.clone(),
            },
            distil: self.distil(),
            max_grad_norm: self.max_grad_norm,
            batching: self.batching,
            shuffle: !self.no_shuffle,
            gradient_checkpointing: self.gradient_checkpointing,
            engine: self.engine,
            precision: self.precision,
            metric_for_best_model: self.metric_for_best_model,
            logging_steps: self.logging_steps,
            eval_steps: self.eval_steps,
            save_steps: self.save_steps,
            early_stopping_patience: self.early_stopping_patience,
            early_stopping_threshold: self.early_stopping_threshold,
            max_steps: self.max_steps,
            max_minutes: self.max_minutes,
            non_finite: self.non_finite,
            seed: self.seed,
            ..TrainConfig::default()
        }
    }
}
