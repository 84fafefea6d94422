//! The loop.

use std::rc::Rc;

use tch::Tensor;
use tunewise_data::Batching;
use tunewise_torch::ProcessGroup;

use super::config::TrainConfig;
use super::engine::{EngineChoice, Measured, MicroBatch, StepEngine, choose, choose_shared};
use super::evaluation::Evaluation;
use super::event::{Control, Event, Observer};
use super::guard::Verdict;
use super::limits::Limits;
use super::objective::Objective;
use super::ranks::Ranks;
use super::source::Source;
use super::state::{Best, Outcome, StopReason, TrainState};
use super::windows::{Window, Windows};
use crate::mix::mix;
use crate::{BertClassifier, Error, Result};

/// Fine-tunes a [`BertClassifier`] with AdamW, a schedule and gradient clipping.
///
/// On the CPU dropout masks are a function of seed, step and layer, and two trainers at work at the same
/// time do not touch each other. On CUDA they come from the device's one generator: two trainers with
/// dropout are then sound, but neither repeats.
pub struct Trainer<'a> {
    model: &'a mut BertClassifier,
    engine: Box<dyn StepEngine>,
    choice: EngineChoice,
    config: TrainConfig,
    teacher: Option<&'a BertClassifier>,
    ranks: Ranks,
    state: TrainState,
    observers: Vec<&'a mut (dyn Observer + 'a)>,
    /// Why this process would stop.
    wish: Option<StopReason>,
    /// Why all stop.
    stop: Option<StopReason>,
    saved_at: Option<u64>,
    audited: bool,
}

impl<'a> Trainer<'a> {
    /// A trainer at step 0.
    ///
    /// # Errors
    /// [`Error::Setting`] for a setting out of its range.
    pub fn new(model: &'a mut BertClassifier, config: TrainConfig) -> Result<Self> {
        config.validate()?;
        let (engine, mut choice) = choose(model, &config)?;
        let mut config = config;
        if config.batching == Batching::Packed && !engine.takes_ragged() {
            config.batching = Batching::ByLength;
            choice.reason.push_str("; it pads texts, so packed batches go by length");
        }
        Ok(Self {
            model,
            engine,
            choice,
            config,
            teacher: None,
            ranks: Ranks::default(),
            state: TrainState::default(),
            observers: Vec::new(),
            wish: None,
            stop: None,
            saved_at: None,
            audited: false,
        })
    }

    /// What computes the steps: a function of settings, model and processor.
    #[must_use]
    pub fn engine(&self) -> &EngineChoice {
        &self.choice
    }

    /// Goes on from a saved state instead: `optimizer` finds the saved tensor of a name, as
    /// [`Event::SaveDue`] gave them. The model must hold the saved weights already. With the same
    /// settings, rows and threads the run then is, bit for bit, the one that was never interrupted.
    ///
    /// # Errors
    /// [`Error::Shim`] naming the first tensor that is missing or of another shape.
    pub fn resume(
        mut self,
        state: TrainState,
        optimizer: impl Fn(&str) -> Option<Tensor>,
    ) -> Result<Self> {
        self.engine.load_state(&optimizer)?;
        (self.state, self.saved_at) = (state, Some(state.step));
        Ok(self)
    }

    /// Shares the work with the other processes of `group`, each of which has a trainer of the same
    /// settings on the same rows: a window is `gradient_accumulation_steps` micro-batches of every
    /// process, and all weights stay the same bits. The first process's weights are everybody's at the
    /// start. Only one of them should save. Whatever stops one, stops all after that step.
    ///
    /// [`Trainer::fit`] then also returns [`Error::Shim`] when a process is gone or does not answer
    /// within the group's timeout.
    /// Called before [`Trainer::resume`]. The steps are libtorch's autograd's: the packed engine trains
    /// alone.
    ///
    /// # Errors
    /// Those of [`Trainer::new`].
    pub fn in_group(mut self, group: Rc<ProcessGroup>) -> Result<Self> {
        (self.engine, self.choice) = choose_shared(self.model, &self.config, group.clone())?;
        if self.config.batching == Batching::Packed && !self.engine.takes_ragged() {
            self.config.batching = Batching::ByLength;
        }
        self.ranks = Ranks { group: Some(group) };
        Ok(self)
    }

    /// Gives the model a teacher of the same labels and on the same device, from which it learns what
    /// `distil` of the settings says. [`Trainer::fit`] first has it answer all training rows.
    #[must_use]
    pub fn taught_by(mut self, teacher: &'a BertClassifier) -> Self {
        self.teacher = Some(teacher);
        self
    }

    /// Adds a listener.
    #[must_use]
    pub fn observe(mut self, observer: &'a mut (dyn Observer + 'a)) -> Self {
        self.observers.push(observer);
        self
    }

    /// Trains to the end, or until a limit or an observer stops it, and evaluates on `valid` by
    /// `eval_steps`.
    ///
    /// # Errors
    /// [`Error::LossNotFinite`] and [`Error::GradientNotFinite`] where training diverges (the weights
    /// are then those before the step, and observers were asked to save them);
    /// [`Error::OutOfMemory`] naming the batch; [`Error::Setting`] for a resumed run of another
    /// length, and for a teacher that does not fit the model or the settings; [`Error::Torch`], and what observers return.
    pub fn fit(&mut self, train: &Source<'_>, valid: Option<&Source<'_>>) -> Result<Outcome> {
        let mut windows = Windows::new(train, &self.config, self.ranks.count());
        self.set_length(windows.per_epoch())?;
        self.engine.begin_run(self.state.total_steps, self.state.step)?;
        let limits = Limits::new(&self.config);
        let schedule = self.config.schedule(self.state.total_steps);
        let objective = Objective::new(&self.config, self.model, self.teacher, train)?;
        self.ranks.share_weights(self.model)?;
        self.emit(&Event::TrainBegin)?;
        self.evaluate_when_due(valid)?; // what a stop left undone

        while self.goes_on(&limits)? {
            // A window is the micro-batches of one optimizer step; it never crosses an epoch.
            let window = windows.at(self.state.step)?;
            let learning_rate = schedule.learning_rate(self.state.step);
            self.begin_step(&window)?;

            self.accumulate(train, &objective, &window)?;
            let measured = self.clip()?; // the loss is the mean over the window's rows
            let Measured { loss, grad_norm } = measured;
            self.update(measured, &window, learning_rate)?;
            self.state.advance(&window, loss, train.tokens(window.rows()));
            self.emit(&Event::StepEnd)?;
            self.settle()?;

            // Tell, measure, save.
            if self.logs_now() {
                self.emit(&Event::Step { loss, grad_norm, learning_rate })?;
            }
            if self.state.ends_epoch() {
                let mean_loss = self.state.epoch_loss.mean();
                self.emit(&Event::EpochEnd { epoch: window.epoch + 1, mean_loss })?;
            }
            self.evaluate_when_due(valid)?;
            self.save_when_due()?;
        }
        self.finish(valid)
    }

    /// Sets the run's length, or checks that a resumed run has the one it began with.
    fn set_length(&mut self, steps_per_epoch: u64) -> Result<()> {
        let total_steps = self.config.total_steps(steps_per_epoch);
        if self.state.step > 0 && self.state.total_steps != total_steps {
            return Err(Error::Setting {
                name: "total_steps",
                got: total_steps.to_string(),
                expected: format!("{}, as when the run began", self.state.total_steps),
            });
        }
        self.state.total_steps = total_steps;
        Ok(())
    }

    fn goes_on(&mut self, limits: &Limits) -> Result<bool> {
        self.wish = self.wish.or_else(|| limits.reached(&self.state));
        self.settle()?;
        Ok(self.stop.is_none())
    }

    /// Stops if any process would.
    fn settle(&mut self) -> Result<()> {
        self.stop = self.ranks.agree(self.stop.or(self.wish))?;
        Ok(())
    }

    fn begin_step(&mut self, window: &Window<'_>) -> Result<()> {
        if window.number == 0 {
            self.emit(&Event::EpochBegin { epoch: window.epoch + 1 })?;
        }
        self.emit(&Event::StepBegin)
    }

    fn logs_now(&self) -> bool {
        self.state.ends_epoch() || self.state.step.is_multiple_of(self.config.logging_steps)
    }

    /// Forward and backward of a window's micro-batches; the gradients are then those of the mean
    /// loss over its rows.
    fn accumulate(
        &mut self,
        source: &Source<'_>,
        objective: &Objective<'_>,
        window: &Window<'_>,
    ) -> Result<()> {
        let weight = objective.denominator(source.targets, window.rows());
        self.engine.begin_step(mix(self.config.seed, self.state.step) as i64);
        for rows in window.batches {
            let batch = MicroBatch { source, rows, objective, weight };
            self.engine.accumulate(self.model, &batch)?;
        }
        Ok(())
    }

    /// Clips the gradients; loss and norm before that.
    fn clip(&mut self) -> Result<Measured> {
        if !std::mem::replace(&mut self.audited, true) {
            let names = self.engine.without_gradient(self.model);
            if !names.is_empty() {
                self.emit(&Event::GradientsMissing { names: &names })?;
            }
        }
        self.engine.clip_grad_norm(self.config.max_grad_norm)
    }

    /// Moves the weights, unless the step's numbers are not finite.
    fn update(
        &mut self,
        measured: Measured,
        window: &Window<'_>,
        learning_rate: f64,
    ) -> Result<()> {
        let verdict = self.config.non_finite.judge(self.state.step + 1, measured, window);
        match &verdict {
            Ok(Verdict::Apply) => self.engine.step(learning_rate)?,
            Ok(Verdict::LeaveOut) => {
                self.state.skipped_steps += 1;
                let Measured { loss, grad_norm } = measured;
                self.emit(&Event::StepSkipped { loss, grad_norm })?;
            }
            Err(_) => self.save()?,
        }
        self.engine.zero_grad()?;
        verdict.map(|_| ())
    }

    fn evaluate_when_due(&mut self, valid: Option<&Source<'_>>) -> Result<()> {
        let due = self.config.eval_steps.is_due(&self.state) && self.stop.is_none();
        match valid {
            Some(valid) if due && self.state.evaluated_at != self.state.step => {
                self.evaluate(valid)
            }
            _ => Ok(()),
        }
    }

    fn evaluate(&mut self, valid: &Source<'_>) -> Result<()> {
        self.engine.sync(self.model)?;
        self.emit(&Event::EvaluationBegin)?;
        let batch_size = self.config.per_device_eval_batch_size;
        let predictions = self.ranks.predict(self.model, valid, batch_size)?;
        let evaluation =
            Evaluation::new(&predictions, valid.targets, &self.model.config().id2label)?;
        let is_best = self.rate(&evaluation)?;
        self.emit(&Event::Evaluated { evaluation: &evaluation })?;
        if is_best {
            let event = Event::Improved { model: &*self.model };
            Self::tell(&mut self.observers, &mut self.wish, &event, &self.state)?;
        }
        Ok(())
    }

    /// Enters an evaluation into the state; whether it is the best so far.
    fn rate(&mut self, evaluation: &Evaluation) -> Result<bool> {
        let metric =
            self.config.metric_for_best_model.unwrap_or_else(|| evaluation.default_metric());
        let value = evaluation.metric(metric)?;
        let best = self.state.best.map_or(f64::NAN, |best| best.value);
        let is_best = metric.improves(value, best, 0.0);
        let is_enough = metric.improves(value, best, self.config.early_stopping_threshold);
        self.state.evaluated_at = self.state.step;
        self.state.evaluations_without_improvement =
            if is_enough { 0 } else { self.state.evaluations_without_improvement + 1 };
        if is_best {
            let TrainState { step, epoch, .. } = self.state;
            self.state.best = Some(Best { step, epoch, value });
        }
        Ok(is_best)
    }

    fn save_when_due(&mut self) -> Result<()> {
        if self.config.save_steps.is_due(&self.state) { self.save() } else { Ok(()) }
    }

    /// Asks observers to save, unless they have this very step already.
    fn save(&mut self) -> Result<()> {
        if self.saved_at.replace(self.state.step) == Some(self.state.step) {
            return Ok(());
        }
        self.engine.sync(self.model)?;
        let optimizer = self.engine.state()?;
        let event = Event::SaveDue { model: &*self.model, optimizer: &optimizer };
        Self::tell(&mut self.observers, &mut self.wish, &event, &self.state)?;
        self.emit(&Event::SaveDone)
    }

    fn finish(&mut self, valid: Option<&Source<'_>>) -> Result<Outcome> {
        let reason = self.stop.unwrap_or(StopReason::Completed);
        match (reason, valid) {
            (StopReason::TimeLimit, Some(valid)) if self.state.evaluated_at != self.state.step => {
                self.evaluate(valid)?;
            }
            _ => {}
        }
        if matches!(reason, StopReason::TimeLimit | StopReason::Stopped) {
            self.save()?;
        }
        self.engine.sync(self.model)?;
        let outcome = Outcome { reason, state: self.state };
        self.emit(&Event::TrainEnd { outcome: &outcome })?;
        Ok(outcome)
    }

    fn emit(&mut self, event: &Event<'_>) -> Result<()> {
        Self::tell(&mut self.observers, &mut self.wish, event, &self.state)
    }

    fn tell(
        observers: &mut [&'a mut (dyn Observer + 'a)],
        wish: &mut Option<StopReason>,
        event: &Event<'_>,
        state: &TrainState,
    ) -> Result<()> {
        for observer in observers {
            if observer.on_event(event, state)? == Control::Stop {
                *wish = wish.or(Some(StopReason::Stopped));
            }
        }
        Ok(())
    }
}
