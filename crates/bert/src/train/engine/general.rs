//! libtorch's autograd and fused AdamW: every model, every device, and the reference of any other
//! engine.

use tch::{Device, Tensor};
use tunewise_data::{Batch, Batching};
use tunewise_torch::{AdamW, AdamWConfig, ProcessGroup, SharedMachine};

use super::{Measured, MicroBatch, StepEngine};
use crate::error::Context;
use crate::mix::mix;
use crate::model::{Activations, RankAllocator};
use crate::train::TrainConfig;
use crate::train::groups::parameter_groups;
use crate::{BertClassifier, DeviceBatch, Error, Precision, Result};

pub(super) struct GeneralEngine {
    optimizer: AdamW,
    batching: Batching,
    precision: Precision,
    activations: Activations,
    /// Of AdaLoRA's adapters.
    allocator: Option<RankAllocator>,
    device: Device,
    machine: SharedMachine,
    /// Names the step's dropout masks.
    stream: u64,
    /// Micro-batches since the step began.
    micro_batches: u64,
    /// What was accumulated since the last `zero_grad`, `[]`.
    loss: Option<Tensor>,
}

impl GeneralEngine {
    pub(super) fn new(model: &BertClassifier, config: &TrainConfig) -> Result<Self> {
        let adamw = AdamWConfig {
            adam_beta1: config.adam_beta1,
            adam_beta2: config.adam_beta2,
            adam_epsilon: config.adam_epsilon,
        };
        Ok(Self {
            optimizer: AdamW::new(parameter_groups(model, config), adamw)?,
            batching: config.batching,
            precision: config.precision,
            activations: if config.gradient_checkpointing {
                Activations::Recomputed
            } else {
                Activations::Kept
            },
            allocator: RankAllocator::of(model)?,
            device: model.device(),
            machine: SharedMachine::new(),
            stream: 0,
            micro_batches: 0,
            loss: None,
        })
    }

    /// Adds a batch's gradients; its share of the loss, `[]`.
    fn backward(
        &self,
        model: &BertClassifier,
        batch: &Batch,
        MicroBatch { rows, objective, weight, .. }: MicroBatch<'_>,
    ) -> Result<Tensor> {
        let batch = DeviceBatch::upload(batch, self.device)?;
        let tape = self.activations.tape();
        let stream = mix(self.stream, self.micro_batches);
        let forward = || objective.forward(model, &tape, (&batch, stream));
        let (logits, relations) = self.precision.run(self.device, forward)?; // [batch, num_labels]
        let mut sum = objective.sum(&logits, batch.labels.as_ref(), rows)?;
        if let Some(relations) = objective.of_relations(relations, &batch)? {
            sum = sum.f_add(&relations).at("loss")?;
        }
        let part = sum.f_div_scalar(weight).at("mean loss")?; // []
        tape.backward(&part, self.precision)?;
        part.f_detach().at("detach")
    }

    /// Another process computes this window's next micro-batch: its masks are passed over.
    pub(super) fn pass_over(&mut self) {
        self.micro_batches += 1;
    }

    /// Adds up over a group what each process accumulated.
    pub(super) fn reduce(&mut self, group: &ProcessGroup) -> Result<()> {
        let loss =
            self.loss.as_ref().map_or(Ok(0.0), |loss| loss.f_double_value(&[])).at("loss")?;
        let mut numbers = [loss];
        group.reduce_gradients(self.optimizer.parameters(), &mut numbers)?;
        self.loss = Some(
            Tensor::f_from_slice(&numbers)
                .and_then(|loss| loss.f_squeeze()?.f_to_device(self.device))
                .at("loss")?,
        );
        Ok(())
    }

    /// Adds the gradients of what a step's loss has beside its rows' losses; that, `[]`.
    fn penalise(&self) -> Result<Option<Tensor>> {
        let Some(allocator) = &self.allocator else { return Ok(None) };
        let penalty = allocator.penalty()?;
        penalty.f_backward().at("backward")?;
        penalty.f_detach().at("detach").map(Some)
    }
}

impl StepEngine for GeneralEngine {
    fn begin_run(&mut self, total_steps: u64, done: u64) -> Result<()> {
        match &mut self.allocator {
            Some(allocator) => allocator.set_length(total_steps, done),
            None => Ok(()),
        }
    }

    fn begin_step(&mut self, stream: i64) {
        if self.device == Device::Cpu {
            self.machine.look();
        }
        if let Some(allocator) = &mut self.allocator {
            allocator.begin_step();
        }
        (self.stream, self.micro_batches) = (stream as u64, 0);
    }

    fn accumulate(&mut self, model: &BertClassifier, batch: &MicroBatch<'_>) -> Result<()> {
        let rows = batch.source.batch(batch.rows, self.batching)?;
        let part = self.backward(model, &rows, *batch);
        let part = part.map_err(|error| error.in_batch(rows.len(), rows.seq_len))?;
        let before = match &self.loss {
            None if self.micro_batches == 0 => self.penalise()?,
            None => None, // another process adds it
            Some(loss) => Some(loss.shallow_clone()),
        };
        self.micro_batches += 1;
        self.loss = Some(match before {
            None => part,
            Some(loss) => loss.f_add(&part).at("add")?,
        });
        Ok(())
    }

    fn clip_grad_norm(&mut self, max_grad_norm: f64) -> Result<Measured> {
        let norm = self.optimizer.clip_grad_norm(max_grad_norm)?;
        let loss = self.loss.as_ref().ok_or(Error::Internal { what: "a window has rows" })?;
        // One copy to the host: the only time in a step that it waits for a device.
        let both = Tensor::f_stack(&[loss, &norm], 0)
            .and_then(|both| both.f_to_device(Device::Cpu))
            .at("loss and gradient norm")?;
        let value = |index| both.f_double_value(&[index]).at("loss and gradient norm");
        Ok(Measured { loss: value(0)?, grad_norm: value(1)? })
    }

    fn step(&mut self, learning_rate: f64) -> Result<()> {
        self.optimizer.step(learning_rate)?;
        self.allocator.as_mut().map_or(Ok(()), RankAllocator::after_step)
    }

    fn zero_grad(&mut self) -> Result<()> {
        self.loss = None;
        Ok(self.optimizer.zero_grad()?)
    }

    fn sync(&mut self, _model: &BertClassifier) -> Result<()> {
        Ok(()) // the optimizer moves the model's own tensors
    }

    fn without_gradient(&self, model: &BertClassifier) -> Vec<String> {
        let missing = model.trainable_parameters().filter(|(_, tensor)| !tensor.grad().defined());
        missing.map(|(name, _)| name.to_owned()).collect()
    }

    fn state(&mut self) -> Result<Vec<(String, Tensor)>> {
        let mut state = self.optimizer.state();
        state.extend(self.allocator.iter().flat_map(RankAllocator::state));
        Ok(state)
    }

    fn load_state(&mut self, find: &dyn Fn(&str) -> Option<Tensor>) -> Result<()> {
        self.optimizer.load_state(find)?;
        self.allocator.as_ref().map_or(Ok(()), |allocator| allocator.load_state(find))
    }
}

#[cfg(test)]
mod tests {
    use tch::Kind;
    use tunewise_data::{Casing, Dataset, Example, Targets, Tokenizer};

    use super::*;
    use crate::BertConfig;
    use crate::train::{Control, EngineKind, Event, Observer, Source, TrainState, Trainer};

    fn model() -> BertClassifier {
        let config = BertConfig {
            vocab_size: 20,
            hidden_size: 8,
            num_hidden_layers: 1,
            num_attention_heads: 2,
            intermediate_size: 16,
            max_position_embeddings: 8,
            ..BertConfig::default()
        };
        let _turn = crate::runtime::generator();
        BertClassifier::new(config, Device::Cpu, 1).unwrap()
    }

    #[test]
    fn parameters_outside_the_loss_are_named() {
        let model = model();
        let engine = GeneralEngine::new(&model, &TrainConfig::default()).unwrap();
        let (_, bias) = model.parameters().find(|(name, _)| *name == "classifier.bias").unwrap();
        bias.sum(Kind::Float).f_backward().unwrap();
        let missing = engine.without_gradient(&model);
        assert_eq!(missing.len(), model.parameters().count() - 1);
        assert!(!missing.contains(&"classifier.bias".to_owned()));
    }

    #[derive(Default)]
    struct Audits(Vec<(u64, Vec<String>)>);

    impl Observer for Audits {
        fn on_event(&mut self, event: &Event<'_>, state: &TrainState) -> Result<Control> {
            if let Event::GradientsMissing { names } = event {
                self.0.push((state.step, names.to_vec()));
            }
            Ok(Control::Continue)
        }
    }

    /// What a run of four steps says of gradients.
    fn audits(mut model: BertClassifier) -> Vec<(u64, Vec<String>)> {
        let vocab = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\ngood\nbad\n";
        let tokenizer = Tokenizer::from_vocab_text(vocab, Casing::Uncased).unwrap();
        let example = |(line, text): (u64, &str)| Example {
            text: text.to_owned(),
            text_pair: None,
            label: None,
            line,
        };
        let examples = (1..).zip(["good", "bad", "good good", "bad bad"]).map(example).collect();
        let texts = tokenizer.encode_dataset(&Dataset::new("memory", examples, None), 8).unwrap();
        let targets = Targets::Classes(vec![0, 1, 0, 1]);
        let source = Source { texts: &texts, targets: &targets, pad_id: 0, max_seq_length: 8 };
        let config = TrainConfig {
            per_device_train_batch_size: 2,
            num_train_epochs: 2.0,
            engine: EngineKind::General,
            ..TrainConfig::default()
        };
        let _turn = crate::runtime::generator();
        let mut audits = Audits::default();
        let mut trainer = Trainer::new(&mut model, config).unwrap().observe(&mut audits);
        assert_eq!(trainer.fit(&source, None).unwrap().state.step, 4);
        audits.0
    }

    #[test]
    fn a_run_names_what_its_loss_does_not_reach_once_and_goes_on() {
        assert_eq!(audits(model()), []);
        let mut model = model();
        model.add_unused_parameter("adapter.weight");
        assert_eq!(audits(model), [(0, vec!["adapter.weight".to_owned()])]);
    }
}
