//! The trainer's settings.

use serde::{Deserialize, Serialize};
use tunewise_data::Batching;

use super::cadence::Cadence;
use super::distil::DistilConfig;
use super::engine::EngineKind;
use super::guard::NonFinite;
use super::loss::LossConfig;
use super::metric::MetricForBestModel;
use super::schedule::{Schedule, SchedulerType};
use crate::{Error, Precision, Result};

/// The settings of [`Trainer`](super::Trainer); names and, unless a reason is given, defaults are
/// those of Transformers' `TrainingArguments`.
///
/// | name | default | range | meaning |
/// | --- | --- | --- | --- |
/// | `learning_rate` | 2e-5 (the source article's) | > 0 | peak of the schedule |
/// | `num_train_epochs` | 5 (the source article's) | > 0 | passes over the data; a fraction stops inside one |
/// | `per_device_train_batch_size` | 16 (the source article's) | ≥ 1 | rows of a micro-batch |
/// | `per_device_eval_batch_size` | 64 | ≥ 1 | rows of an evaluation batch |
/// | `gradient_accumulation_steps` | 1 | ≥ 1 | micro-batches of an optimizer step |
/// | `weight_decay` | 0 | ≥ 0 | of all parameters but biases and LayerNorm |
/// | `warmup_steps` | 0 | ≥ 0 | optimizer steps of rising rate; below 1 a share of all, rounded up |
/// | `lr_scheduler_type` | linear | | how the rate falls after the warm-up |
/// | `lr_scheduler_power` | 1 | > 0 | the power of a polynomial fall |
/// | `layer_wise_lr_decay` | 1 | (0, 1] | a layer's rate as a share of that of the layer above |
/// | `loss` | plain | | label smoothing, focal loss, class weights: see [`LossConfig`] |
/// | `distil` | none | | what is learnt from a teacher: see [`DistilConfig`] and [`Trainer::taught_by`](super::Trainer::taught_by) |
/// | `max_grad_norm` | 1 | ≥ 0 | gradients are clipped to this norm; 0 only measures |
/// | `adam_beta1`, `adam_beta2` | 0.9, 0.999 | [0, 1) | decay of the moments |
/// | `adam_epsilon` | 1e-8 | > 0 | guard of AdamW's denominator |
/// | `batching` | by-length | | which rows share a batch |
/// | `shuffle` | true | | a new order each epoch |
/// | `gradient_checkpointing` | false | | layers are computed again in the backward pass: not kept, the same gradients |
/// | `engine` | auto | | what computes the steps: see [`EngineKind`] |
/// | `precision` | auto | | arithmetic of the forward pass in training |
/// | `metric_for_best_model` | by problem: macro F1, or loss for regression | | what the best model is best in |
/// | `early_stopping_patience` | none | ≥ 1 | evaluations without improvement that end the run |
/// | `early_stopping_threshold` | 0 | ≥ 0 | what an improvement must exceed to count for the patience |
/// | `max_steps` | none | ≥ 1 | optimizer steps of the run, instead of `num_train_epochs` |
/// | `max_minutes` | none | > 0 | time after which the run ends with the step under way |
/// | `non_finite` | stop | | what becomes of a step whose loss or gradient is not finite |
/// | `logging_steps` | 10 | ≥ 1 | optimizer steps between two logged ones |
/// | `eval_steps` | epoch | | when the validation rows are evaluated |
/// | `save_steps` | no | | when a checkpoint is saved |
/// | `seed` | 42 | | order and dropout |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainConfig {
    /// Peak of the schedule.
    pub learning_rate: f64,
    /// Passes over the data.
    pub num_train_epochs: f64,
    /// Rows of a micro-batch.
    pub per_device_train_batch_size: usize,
    /// Rows of an evaluation batch.
    pub per_device_eval_batch_size: usize,
    /// Micro-batches of an optimizer step.
    pub gradient_accumulation_steps: usize,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// Optimizer steps of rising rate, or their share if below 1.
    pub warmup_steps: f64,
    /// How the rate falls after the warm-up.
    pub lr_scheduler_type: SchedulerType,
    /// The power of a polynomial fall.
    pub lr_scheduler_power: f64,
    /// A layer's rate as a share of that of the layer above.
    pub layer_wise_lr_decay: f64,
    /// Label smoothing, focal loss, class weights.
    pub loss: LossConfig,
    /// What is learnt from a teacher.
    pub distil: Option<DistilConfig>,
    /// The norm that gradients are clipped to.
    pub max_grad_norm: f64,
    /// Decay of the first moment.
    pub adam_beta1: f64,
    /// Decay of the second moment.
    pub adam_beta2: f64,
    /// Guard of AdamW's denominator.
    pub adam_epsilon: f64,
    /// Which rows share a batch.
    pub batching: Batching,
    /// Whether each epoch has a new order.
    pub shuffle: bool,
    /// Whether layers are computed again in the backward pass instead of kept.
    pub gradient_checkpointing: bool,
    /// What computes the steps.
    pub engine: EngineKind,
    /// Arithmetic of the forward pass in training.
    pub precision: Precision,
    /// What the best model is best in; `None` chooses by problem.
    pub metric_for_best_model: Option<MetricForBestModel>,
    /// Evaluations without improvement that end the run.
    pub early_stopping_patience: Option<u64>,
    /// What an improvement must exceed to count for the patience.
    pub early_stopping_threshold: f64,
    /// Optimizer steps of the run, instead of `num_train_epochs`.
    pub max_steps: Option<u64>,
    /// Minutes after which the run ends; of this process, should the run be resumed.
    pub max_minutes: Option<f64>,
    /// What becomes of a step whose loss or gradient norm is not finite.
    pub non_finite: NonFinite,
    /// Optimizer steps between two logged ones.
    pub logging_steps: u64,
    /// When the validation rows are evaluated.
    pub eval_steps: Cadence,
    /// When a checkpoint is saved.
    pub save_steps: Cadence,
    /// Seeds order and dropout.
    pub seed: u64,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            learning_rate: 2e-5,
            num_train_epochs: 5.0,
            per_device_train_batch_size: 16,
            per_device_eval_batch_size: 64,
            gradient_accumulation_steps: 1,
            weight_decay: 0.0,
            warmup_steps: 0.0,
            lr_scheduler_type: SchedulerType::Linear,
            lr_scheduler_power: 1.0,
            layer_wise_lr_decay: 1.0,
            loss: LossConfig::default(),
            distil: None,
            max_grad_norm: 1.0,
            adam_beta1: 0.9,
            adam_beta2: 0.999,
            adam_epsilon: 1e-8,
            batching: Batching::ByLength,
            shuffle: true,
            gradient_checkpointing: false,
            engine: EngineKind::Auto,
            precision: Precision::Auto,
            metric_for_best_model: None,
            early_stopping_patience: None,
            early_stopping_threshold: 0.0,
            max_steps: None,
            max_minutes: None,
            non_finite: NonFinite::Stop,
            logging_steps: 10,
            eval_steps: Cadence::Epoch,
            save_steps: Cadence::Never,
            seed: 42,
        }
    }
}

impl TrainConfig {
    /// The learning rates of a run of that many optimizer steps.
    #[must_use]
    pub fn schedule(&self, total_steps: u64) -> Schedule {
        Schedule::new(self.lr_scheduler_type, self.learning_rate, self.warmup_steps, total_steps)
            .with_power(self.lr_scheduler_power)
    }

    /// Optimizer steps of the run, given those of an epoch.
    pub(super) fn total_steps(&self, per_epoch: u64) -> u64 {
        self.max_steps.unwrap_or((self.num_train_epochs * per_epoch as f64).ceil() as u64)
    }

    /// Checks what is learnt from a teacher, and that nothing contradicts it.
    fn check_distil(&self) -> Result<()> {
        let Some(distil) = &self.distil else { return Ok(()) };
        let idle = |name, expected: &str| {
            let (got, expected) = ("given".to_owned(), expected.to_owned());
            Err(Error::Setting { name, got, expected })
        };
        let LossConfig { label_smoothing_factor, focal_gamma, class_weights } = &self.loss;
        match distil.alpha == 1.0 {
            // The teacher's share is a plain mean over rows.
            _ if class_weights.is_some() => idle("class_weights", "nothing with a teacher"),
            true if *label_smoothing_factor > 0.0 => {
                idle("label_smoothing_factor", "nothing, since distil_alpha is 1")
            }
            true if *focal_gamma > 0.0 => idle("focal_gamma", "nothing, since distil_alpha is 1"),
            _ => distil.validate(),
        }
    }

    /// Checks every range of the table above.
    ///
    /// # Errors
    /// [`Error::Setting`] naming the first setting out of its range.
    pub fn validate(&self) -> Result<()> {
        let positive = |x: f64| x.is_finite() && x > 0.0;
        let not_negative = |x: f64| x.is_finite() && x >= 0.0;
        let decay = |x: f64| (0.0..1.0).contains(&x);
        let (power, layer_decay) = (self.lr_scheduler_power, self.layer_wise_lr_decay);
        let (threshold, minutes) = (self.early_stopping_threshold, self.max_minutes.unwrap_or(1.0));
        let reals = [
            ("learning_rate", self.learning_rate, positive(self.learning_rate), "a number above 0"),
            (
                "num_train_epochs",
                self.num_train_epochs,
                positive(self.num_train_epochs),
                "a number above 0",
            ),
            ("weight_decay", self.weight_decay, not_negative(self.weight_decay), "0 or more"),
            ("warmup_steps", self.warmup_steps, not_negative(self.warmup_steps), "0 or more"),
            ("lr_scheduler_power", power, positive(power), "a number above 0"),
            (
                "layer_wise_lr_decay",
                layer_decay,
                positive(layer_decay) && layer_decay <= 1.0,
                "above 0, at most 1",
            ),
            ("max_grad_norm", self.max_grad_norm, not_negative(self.max_grad_norm), "0 or more"),
            ("early_stopping_threshold", threshold, not_negative(threshold), "0 or more"),
            ("max_minutes", minutes, positive(minutes), "a number above 0"),
            ("adam_beta1", self.adam_beta1, decay(self.adam_beta1), "0 to below 1"),
            ("adam_beta2", self.adam_beta2, decay(self.adam_beta2), "0 to below 1"),
            ("adam_epsilon", self.adam_epsilon, positive(self.adam_epsilon), "a number above 0"),
        ];
        for (name, got, good, expected) in reals {
            if !good {
                return Err(Error::Setting {
                    name,
                    got: got.to_string(),
                    expected: expected.to_owned(),
                });
            }
        }
        for (name, got) in [
            ("per_device_train_batch_size", self.per_device_train_batch_size as u64),
            ("per_device_eval_batch_size", self.per_device_eval_batch_size as u64),
            ("gradient_accumulation_steps", self.gradient_accumulation_steps as u64),
            ("logging_steps", self.logging_steps),
            ("early_stopping_patience", self.early_stopping_patience.unwrap_or(1)),
            ("max_steps", self.max_steps.unwrap_or(1)),
        ] {
            if got == 0 {
                return Err(Error::Setting {
                    name,
                    got: "0".to_owned(),
                    expected: "1 or more".to_owned(),
                });
            }
        }
        self.check_distil()?;
        self.loss.validate()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_range_is_checked_by_name() {
        assert!(TrainConfig::default().validate().is_ok());
        type Fault = (&'static str, fn(&mut TrainConfig));
        let faults: [Fault; 16] = [
            ("learning_rate", |c| c.learning_rate = f64::NAN),
            ("num_train_epochs", |c| c.num_train_epochs = 0.0),
            ("weight_decay", |c| c.weight_decay = -0.1),
            ("warmup_steps", |c| c.warmup_steps = f64::INFINITY),
            ("lr_scheduler_power", |c| c.lr_scheduler_power = 0.0),
            ("layer_wise_lr_decay", |c| c.layer_wise_lr_decay = 1.1),
            ("label_smoothing_factor", |c| c.loss.label_smoothing_factor = 1.0),
            ("max_grad_norm", |c| c.max_grad_norm = -1.0),
            ("adam_beta2", |c| c.adam_beta2 = 1.0),
            ("per_device_train_batch_size", |c| c.per_device_train_batch_size = 0),
            ("gradient_accumulation_steps", |c| c.gradient_accumulation_steps = 0),
            ("logging_steps", |c| c.logging_steps = 0),
            ("early_stopping_patience", |c| c.early_stopping_patience = Some(0)),
            ("early_stopping_threshold", |c| c.early_stopping_threshold = f64::NAN),
            ("max_steps", |c| c.max_steps = Some(0)),
            ("max_minutes", |c| c.max_minutes = Some(-1.0)),
        ];
        for (name, spoil) in faults {
            let mut config = TrainConfig::default();
            spoil(&mut config);
            assert!(config.validate().unwrap_err().to_string().starts_with(&format!("`{name}`")));
        }
    }
}
