//! The loop.

use tch::{Kind, Tensor};
use tunewise_data::Order;
use tunewise_torch::{AdamW, AdamWConfig};

use super::config::TrainConfig;
use super::evaluation::Evaluation;
use super::event::{Control, Event, Observer};
use super::groups::parameter_groups;
use super::loss::Loss;
use super::predictions::predict;
use super::source::Source;
use super::state::{Best, Outcome, StopReason, TrainState};
use crate::error::Context;
use crate::{BertClassifier, DeviceBatch, Error, Mode, Precision, Result};

/// Fine-tunes a [`BertClassifier`] with AdamW, a linear schedule and gradient clipping.
///
/// Dropout draws from libtorch's generator, of which a process has one: two trainers with dropout at
/// work at the same time are sound, but neither repeats.
pub struct Trainer<'a> {
    model: &'a mut BertClassifier,
    optimizer: AdamW,
    config: TrainConfig,
    state: TrainState,
    observers: Vec<&'a mut (dyn Observer + 'a)>,
    stop_requested: bool,
}

/// Mixes a run's seed with a step, so that neighbouring steps draw unrelated dropout masks. The
/// finaliser of SplitMix64 (Steele, Lea and Flood 2014, *Fast splittable pseudorandom generators*).
fn stream(seed: u64, step: u64) -> i64 {
    let mut z = seed.wrapping_add(step.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) as i64
}

impl<'a> Trainer<'a> {
    /// A trainer at step 0.
    ///
    /// # Errors
    /// [`Error::Setting`] for a setting out of its range.
    pub fn new(model: &'a mut BertClassifier, config: TrainConfig) -> Result<Self> {
        config.validate()?;
        let adamw = AdamWConfig {
            adam_beta1: config.adam_beta1,
            adam_beta2: config.adam_beta2,
            adam_epsilon: config.adam_epsilon,
        };
        let groups = parameter_groups(model, &config);
        let (state, observers) = (TrainState::default(), Vec::new());
        let optimizer = AdamW::new(groups, adamw)?;
        Ok(Self { model, optimizer, config, state, observers, stop_requested: false })
    }

    /// Adds a listener.
    #[must_use]
    pub fn observe(mut self, observer: &'a mut (dyn Observer + 'a)) -> Self {
        self.observers.push(observer);
        self
    }

    /// Trains to the end, or until an observer stops it, evaluating on `valid` after each epoch.
    ///
    /// # Errors
    /// [`Error::LossNotFinite`] and [`Error::GradientNotFinite`] where training diverges (the weights
    /// are then those before the step), [`Error::Torch`], and what observers return.
    pub fn fit(&mut self, train: &Source<'_>, valid: Option<&Source<'_>>) -> Result<Outcome> {
        let config = self.config.clone();
        let batch_size = config.per_device_train_batch_size;
        let windows_per_epoch =
            train.texts.len().div_ceil(batch_size).div_ceil(config.gradient_accumulation_steps);
        self.state.total_steps = (config.num_train_epochs * windows_per_epoch as f64).ceil() as u64;
        let schedule = config.schedule(self.state.total_steps);
        let objective = config.loss.build(self.model, train.targets)?;
        self.emit(&Event::TrainBegin)?;

        for epoch in 0.. {
            if self.is_over() {
                break;
            }
            self.emit(&Event::EpochBegin { epoch: epoch + 1 })?;
            let plan = train.plan(batch_size, config.batching, self.order(epoch))?;
            let mut epoch_loss = RowMean::default();
            // A window is the micro-batches of one optimizer step; it never crosses an epoch.
            for (done, window) in plan.chunks(config.gradient_accumulation_steps).enumerate() {
                let rows: usize = window.iter().map(Vec::len).sum();
                let learning_rate = schedule.learning_rate(self.state.step);
                tch::manual_seed(stream(config.seed, self.state.step)); // dropout masks

                let loss = self.accumulate(train, &objective, window)?; // mean over the window's rows
                let grad_norm = self.clip(window)?;
                self.optimizer.step(learning_rate)?;
                self.optimizer.zero_grad()?;

                epoch_loss.add(loss, rows);
                self.state.step += 1;
                self.state.rows += rows as u64;
                self.state.epoch = epoch as f64 + (done + 1) as f64 / windows_per_epoch as f64;
                self.emit(&Event::StepEnd)?;
                let last = done + 1 == windows_per_epoch || self.is_over();
                if last || self.state.step.is_multiple_of(config.logging_steps) {
                    self.emit(&Event::Step { loss, grad_norm, learning_rate })?;
                }
                if config.save_steps > 0 && self.state.step.is_multiple_of(config.save_steps) {
                    self.save()?;
                }
                if self.is_over() {
                    break;
                }
            }
            self.emit(&Event::EpochEnd { epoch: epoch + 1, mean_loss: epoch_loss.mean() })?;
            if let (Some(valid), false) = (valid, self.stop_requested) {
                self.evaluate(valid)?;
            }
        }
        self.finish()
    }

    fn is_over(&self) -> bool {
        self.stop_requested || self.state.step >= self.state.total_steps
    }

    fn order(&self, epoch: u64) -> Order {
        if self.config.shuffle {
            Order::Shuffled { seed: self.config.seed, epoch }
        } else {
            Order::Sequential
        }
    }

    /// Forward and backward of a window's micro-batches; the gradients are then those of the mean
    /// loss over its rows, which is returned.
    fn accumulate(
        &mut self,
        train: &Source<'_>,
        objective: &Loss,
        window: &[Vec<usize>],
    ) -> Result<f64> {
        let device = self.model.device();
        let weight = objective.denominator(train.targets, window.iter().flatten().copied());
        let mut loss = Tensor::f_zeros([], (Kind::Float, device)).at("zeros")?;
        for rows_of_batch in window {
            let batch = train.batch(rows_of_batch, self.config.batching)?;
            self.state.tokens += batch.real_tokens();
            let batch = DeviceBatch::upload(&batch, device)?;
            let forward = || self.model.forward(&batch, Mode::Train);
            let logits = self.config.precision.run(device, forward)?; // [batch, num_labels]
            let labels = batch
                .labels
                .as_ref()
                .ok_or(Error::Internal { what: "training rows have labels" })?;
            let part = objective.sum(&logits, labels)?.f_div_scalar(weight).at("mean loss")?; // []
            part.f_backward().at("backward")?;
            loss = loss.f_add(&part.f_detach().at("detach")?).at("add")?;
        }
        let loss = loss.f_double_value(&[]).at("loss")?;
        if loss.is_finite() {
            return Ok(loss);
        }
        Err(Error::LossNotFinite { step: self.state.step + 1, loss, rows: first_rows(window) })
    }

    /// Clips the gradients; their norm before that.
    fn clip(&self, window: &[Vec<usize>]) -> Result<f64> {
        let norm = self.optimizer.clip_grad_norm(self.config.max_grad_norm)?;
        let norm = norm.f_double_value(&[]).at("gradient norm")?;
        if norm.is_finite() {
            return Ok(norm);
        }
        Err(Error::GradientNotFinite { step: self.state.step + 1, norm, rows: first_rows(window) })
    }

    fn evaluate(&mut self, valid: &Source<'_>) -> Result<()> {
        let batch_size = self.config.per_device_eval_batch_size;
        let predictions = predict(self.model, valid, batch_size, Precision::Fp32)?;
        let evaluation =
            Evaluation::new(&predictions, valid.targets, &self.model.config().id2label)?;
        self.emit(&Event::Evaluated { evaluation: &evaluation })?;
        let metric =
            self.config.metric_for_best_model.unwrap_or_else(|| evaluation.default_metric());
        let value = evaluation.metric(metric)?;
        if self.state.best.is_none_or(|best| metric.improves(value, best.value)) {
            self.state.best = Some(Best { step: self.state.step, epoch: self.state.epoch, value });
            let model = &*self.model;
            Self::tell(
                &mut self.observers,
                &mut self.stop_requested,
                &Event::Improved { model },
                &self.state,
            )?;
        }
        Ok(())
    }

    fn save(&mut self) -> Result<()> {
        let event = Event::SaveDue { model: &*self.model, optimizer: &self.optimizer };
        Self::tell(&mut self.observers, &mut self.stop_requested, &event, &self.state)?;
        self.emit(&Event::SaveDone)
    }

    fn finish(&mut self) -> Result<Outcome> {
        let completed = self.state.step >= self.state.total_steps;
        let reason = if completed { StopReason::Completed } else { StopReason::Stopped };
        if reason == StopReason::Stopped {
            self.save()?;
        }
        let outcome = Outcome { reason, state: self.state };
        self.emit(&Event::TrainEnd { outcome: &outcome })?;
        Ok(outcome)
    }

    fn emit(&mut self, event: &Event<'_>) -> Result<()> {
        Self::tell(&mut self.observers, &mut self.stop_requested, event, &self.state)
    }

    fn tell(
        observers: &mut [&'a mut (dyn Observer + 'a)],
        stop_requested: &mut bool,
        event: &Event<'_>,
        state: &TrainState,
    ) -> Result<()> {
        for observer in observers {
            *stop_requested |= observer.on_event(event, state)? == Control::Stop;
        }
        Ok(())
    }
}

fn first_rows(window: &[Vec<usize>]) -> Vec<usize> {
    const SHOWN: usize = 16;
    window.iter().flatten().copied().take(SHOWN).collect()
}

/// A mean over rows of means over rows.
#[derive(Default)]
struct RowMean {
    sum: f64,
    rows: usize,
}

impl RowMean {
    fn add(&mut self, mean: f64, rows: usize) {
        self.sum += mean * rows as f64;
        self.rows += rows;
    }

    fn mean(&self) -> f64 {
        self.sum / self.rows as f64
    }
}
