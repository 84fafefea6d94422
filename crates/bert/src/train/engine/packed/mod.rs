//! The engine of the CPU: texts side by side without padding, forward and backward written out into
//! buffers that are kept, products of 16-bit factors on the processor's own instructions, no
//! autograd but of the objective.
//!
//! Each thread takes whole texts, so that a layer needs the others at two points only: when it has
//! gone back through the layer, and when the weights' gradients, split by rows, are done. All sums
//! are made in an order that the number of threads fixes: a run repeats to the bit.

mod backward;
mod build;
mod embeddings;
mod forward;
mod head;
mod network;
mod optimizer;
mod parameters;
mod part;
#[cfg(test)]
mod tests;
mod words;

use rayon::prelude::*;
use tch::{Device, Tensor};
use tunewise_data::Batching;
use tunewise_kernels::Isa;
use tunewise_kernels::train::{AdamSettings, AdamStep, Dropout, Onto};
use tunewise_torch::{Exclusive, SingleThread};

use self::embeddings::Tables;
use self::forward::Setting;
use self::head::Objective;
use self::network::{Network, head_gradients, layer_gradients};
use self::parameters::Group;
use self::part::{Part, Text, check, spread};
use super::{Measured, MicroBatch, StepEngine};
use crate::model::{BertConfig, targets_tensor};
use crate::train::TrainConfig;
use crate::{BertClassifier, Error, Result};

pub(super) struct PackedEngine {
    isa: Isa,
    pool: rayon::ThreadPool,
    network: Network,
    parts: Vec<Part>,
    /// The numbers of the model's own tensors, in order, and their names.
    numbers: Vec<Exclusive>,
    names: Vec<String>,
    model: BertConfig,
    adam: AdamSettings,
    /// Optimizer steps made.
    steps: u64,
    stream: u64,
    /// Micro-batches of the window so far.
    batches: u64,
    loss: f64,
    gradient_scale: f32,
}

impl PackedEngine {
    /// The engine of `model` on `threads` threads. [`super::choice`] knows which models it computes.
    pub(super) fn new(
        model: &BertClassifier,
        config: &TrainConfig,
        (isa, threads): (Isa, usize),
    ) -> Result<Self> {
        let network = build::Named::new(model, (config, isa)).network()?;
        let numbers = model.parameters().map(|(_, tensor)| Exclusive::new(tensor));
        let numbers = numbers.collect::<Result<_, _>>()?;
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|thread| format!("tunewise-train-{thread}"))
            .build()
            .map_err(|source| Error::Pool { threads, source })?;
        let layers = network.layers.len();
        let part = |_| {
            let mut part = Part::default();
            part.layers.resize_with(layers, Default::default);
            part
        };
        Ok(Self {
            isa,
            pool,
            parts: (0..threads.max(1)).map(part).collect(),
            network,
            numbers,
            names: model.parameters().map(|(name, _)| name.to_owned()).collect(),
            model: model.config().clone(),
            adam: AdamSettings {
                learning_rate: 0.0,
                weight_decay: 0.0,
                beta1: config.adam_beta1,
                beta2: config.adam_beta2,
                epsilon: config.adam_epsilon,
            },
            steps: 0,
            stream: 0,
            batches: 0,
            loss: 0.0,
            gradient_scale: 1.0,
        })
    }

    /// What the parts of the next micro-batch share.
    fn setting(&self) -> Setting {
        let model = &self.model;
        // Micro-batches of a window draw from neighbouring keys.
        let seed = self.stream.wrapping_add(self.batches);
        let dropout = |p: f64| Dropout::new(seed, (p * 65536.0).round().clamp(0.0, 65535.0) as u16);
        Setting {
            isa: self.isa,
            hidden: model.hidden_size,
            intermediate: model.intermediate_size,
            heads: model.num_attention_heads,
            hidden_dropout: dropout(model.hidden_dropout_prob),
            attention_dropout: dropout(model.attention_probs_dropout_prob),
            head_dropout: dropout(model.classifier_dropout.unwrap_or(model.hidden_dropout_prob)),
        }
    }

    /// Embeddings and layers, part by part.
    fn forward(&mut self, texts: &[Text<'_>], set: Setting) -> Result<()> {
        let Self { network, parts, numbers, pool, .. } = self;
        let sets = spread(texts, parts.len());
        let [words, positions, segments, ..] = &mut numbers[..] else {
            return Err(Error::Internal { what: "a model begins with its three tables" });
        };
        let words = words.slice_mut()?;
        let (positions, segments) = (&*positions.slice_mut()?, &*segments.slice_mut()?);
        pool.install(|| {
            let ids: Vec<u32> = texts.iter().flat_map(|text| text.input_ids).copied().collect();
            network.embeddings.words.catch_up(set.isa, words, Some(&ids));
            let tables = Tables { words, positions, segments };
            let (network, norm) = (&*network, &network.embeddings.norm);
            parts.par_iter_mut().zip(sets).with_max_len(1).try_for_each(|(part, texts)| {
                part.fill(&texts);
                forward::embed(tables, norm, part, set)?;
                let mut layers = network.layers.iter().enumerate();
                layers.try_for_each(|(number, layer)| forward::layer(layer, number, part, set))
            })
        })
    }

    /// From the gradient of the first tokens to all others.
    fn backward(&mut self, onto: Onto, set: Setting) -> Result<()> {
        let Self { network, parts, pool, .. } = self;
        pool.install(|| {
            head_gradients(&mut network.head, onto, set.isa)?;
            let Some(lowest) = network.lowest() else { return Ok(()) };
            let embeds = network.embeddings.trains();
            let layers = network.layers.len();
            for number in (lowest..layers).rev() {
                let layer = &mut network.layers[number];
                let stop = number == lowest && !embeds;
                parts
                    .par_iter_mut()
                    .with_max_len(1)
                    .try_for_each(|part| backward::layer(layer, (number, stop), part, set))?;
                layer_gradients(layer, (parts, number + 1 == layers), onto, set.isa)?;
            }
            if embeds {
                let norm = &network.embeddings.norm;
                parts
                    .par_iter_mut()
                    .with_max_len(1)
                    .for_each(|part| backward::embeddings(norm, part, set));
                for part in &*parts {
                    network.embeddings.accumulate(set.isa, part, set.hidden);
                }
            }
            Ok(())
        })
    }

    /// The next step's constants for parameters of a group.
    fn constants(&self, learning_rate: f64) -> impl Fn(Group) -> AdamStep + use<> {
        let (adam, steps, gradient_scale) = (self.adam, self.steps + 1, self.gradient_scale);
        move |group| {
            let settings = AdamSettings {
                learning_rate: learning_rate * group.learning_rate_scale,
                weight_decay: group.weight_decay,
                ..adam
            };
            AdamStep { gradient_scale, ..AdamStep::new(settings, steps) }
        }
    }

    /// Brings all words to the last step; where they are, as after [`StepEngine::sync`], the model keeps
    /// its numbers.
    fn catch_up(&mut self) -> Result<()> {
        if !self.network.embeddings.words.are_behind() {
            return Ok(());
        }
        let Self { network, numbers, pool, isa, .. } = self;
        let words = numbers.first_mut().ok_or(Error::Internal { what: "a model has words" })?;
        let table = words.slice_mut()?;
        pool.install(|| network.embeddings.words.catch_up(*isa, table, None));
        Ok(())
    }
}

impl StepEngine for PackedEngine {
    fn takes_ragged(&self) -> bool {
        true
    }

    fn begin_run(&mut self, _total_steps: u64, _done: u64) -> Result<()> {
        Ok(())
    }

    fn begin_step(&mut self, stream: i64) {
        self.stream = stream as u64;
    }

    fn accumulate(&mut self, _model: &BertClassifier, batch: &MicroBatch<'_>) -> Result<()> {
        let _alone = SingleThread::enter(); // the objective is small, and the pool wants the processor
        let MicroBatch { source, rows, objective, weight } = *batch;
        let missing = Error::Internal { what: "a batch names rows" };
        let texts = rows.iter().enumerate().map(|(number, &row)| {
            let (input_ids, token_type_ids) = source.texts.row(row)?;
            Some(Text { number, input_ids, token_type_ids })
        });
        let texts = texts.collect::<Option<Vec<_>>>().ok_or(missing)?;
        texts.iter().try_for_each(|text| check(text, &self.model))?;
        let targets = source.batch(rows, Batching::Longest)?.targets;
        let labels = targets_tensor(&targets, rows.len() as i64, Device::Cpu)?;

        let set = self.setting();
        let onto = if self.batches == 0 { Onto::Nothing } else { Onto::Earlier };
        self.forward(&texts, set)?;
        let objective = Objective { loss: objective, weight, labels: labels.as_ref(), rows };
        self.loss += self.network.head.run(&mut self.parts, objective, set)?;
        self.backward(onto, set)?;
        self.batches += 1;
        Ok(())
    }

    fn clip_grad_norm(&mut self, max_grad_norm: f64) -> Result<Measured> {
        let grad_norm = self.network.squares(self.isa).sqrt();
        // As torch.nn.utils.clip_grad_norm_ has it.
        let scale = (max_grad_norm / (grad_norm + 1e-6)).min(1.0);
        self.gradient_scale = if max_grad_norm > 0.0 { scale as f32 } else { 1.0 };
        Ok(Measured { loss: self.loss, grad_norm })
    }

    fn step(&mut self, learning_rate: f64) -> Result<()> {
        let constants = self.constants(learning_rate);
        let Self { network, numbers, pool, isa, .. } = self;
        let mut tables = optimizer::slices(numbers)?;
        pool.install(|| {
            let words = &mut network.embeddings.words;
            let group = words.slot.group;
            if let Some(table) = tables.get_mut(words.slot.index).and_then(Option::take) {
                words.step(*isa, table, constants(group));
            }
            optimizer::step(network, &mut tables, *isa, |slot| constants(slot.group));
        });
        self.steps += 1;
        Ok(())
    }

    fn zero_grad(&mut self) -> Result<()> {
        (self.loss, self.batches, self.gradient_scale) = (0.0, 0, 1.0);
        self.network.embeddings.words.clear();
        for parameter in self.network.parameters_mut() {
            match parameter {
                // The first micro-batch overwrites it.
                network::Parameter::Weight(..) => {}
                network::Parameter::Vector(slot, _) | network::Parameter::Table(slot) => {
                    slot.gradient.fill(0.0);
                }
            }
        }
        Ok(())
    }

    fn sync(&mut self, _model: &BertClassifier) -> Result<()> {
        self.catch_up()?;
        Ok(self.numbers.iter_mut().try_for_each(Exclusive::give_back)?)
    }

    fn without_gradient(&self, _model: &BertClassifier) -> Vec<String> {
        Vec::new() // the way back reaches every parameter that is trained
    }

    fn state(&mut self) -> Result<Vec<(String, Tensor)>> {
        self.catch_up()?;
        optimizer::state(&mut self.network, (&self.names, &self.numbers), self.steps)
    }

    fn load_state(&mut self, find: &dyn Fn(&str) -> Option<Tensor>) -> Result<()> {
        let known = (&self.names[..], &self.numbers[..]);
        self.steps = optimizer::load_state(&mut self.network, known, find)?;
        Ok(())
    }
}
