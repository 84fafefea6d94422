//! AdaLoRA's allocator against PEFT's.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;
use tunewise_bert::train::{
    Control, Event, Observer, SchedulerType, Source, TrainConfig, TrainState, Trainer,
};
use tunewise_bert::{AdaLoraConfig, BertClassifier, Mode, Precision};
use tunewise_data::{Batching, Dataset, Example, Targets, Tokenizer};

use crate::{TOLERANCE, alone, expected, fixtures, load, logits, with_adapter};

#[derive(Default)]
struct Losses(Vec<f64>);

impl Observer for Losses {
    fn on_event(&mut self, event: &Event<'_>, _: &TrainState) -> tunewise_bert::Result<Control> {
        if let Event::Step { loss, .. } = event {
            self.0.push(*loss);
        }
        Ok(Control::Continue)
    }
}

/// Which triplets the folder that a model writes has, by layer.
fn kept(model: &BertClassifier) -> BTreeMap<String, Vec<bool>> {
    let dir = tempfile::tempdir().unwrap();
    model.save_adapter(dir.path(), "single_label").unwrap();
    let config = fs::read(dir.path().join("adapter_config.json")).unwrap();
    let mut config: Value = serde_json::from_slice(&config).unwrap();
    let pattern =
        serde_json::from_value::<BTreeMap<String, Vec<bool>>>(config["rank_pattern"].take());
    let layer = |key: String| key.strip_suffix(".lora_E").unwrap().to_owned();
    pattern.unwrap().into_iter().map(|(key, kept)| (layer(key), kept)).collect()
}

#[test]
fn the_allocator_prunes_as_pefts_does() {
    let _alone = alone();
    let expected = expected();
    let (mut model, trace) = (with_adapter("trace"), expected.trace);
    let tokenizer = Tokenizer::from_dir(fixtures().join("distinct_ids")).unwrap();
    // Step s has rows (s - 1) % 3 and s % 3.
    let rows = || (0..8).flat_map(|step| [step % 3, (step + 1) % 3]);
    let example = |row: usize| Example {
        text: trace.texts[row].clone(),
        text_pair: None,
        label: None,
        line: row as u64 + 1,
    };
    let dataset = Dataset::new("trace", rows().map(example).collect(), None);
    let texts = tokenizer.encode_dataset(&dataset, 64).unwrap();
    let targets = Targets::Classes(rows().map(|row| trace.labels[row]).collect());
    let source = Source { texts: &texts, targets: &targets, pad_id: 0, max_seq_length: 64 };
    let config = TrainConfig {
        learning_rate: 5e-3,
        lr_scheduler_type: SchedulerType::Constant,
        num_train_epochs: 1.0,
        per_device_train_batch_size: 2,
        max_grad_norm: 0.0,
        logging_steps: 1,
        batching: Batching::Longest,
        shuffle: false,
        precision: Precision::Fp32,
        ..TrainConfig::default()
    };
    let mut losses = Losses::default();
    let mut trainer = Trainer::new(&mut model, config).unwrap().observe(&mut losses);
    trainer.fit(&source, None).unwrap();
    drop(trainer);
    assert_eq!((losses.0.len(), trace.losses.len()), (8, 8));
    for (got, expected) in losses.0.iter().zip(&trace.losses) {
        assert!((got - expected).abs() <= TOLERANCE, "{got}, PEFT {expected}");
    }
    let kept = kept(&model);
    assert_eq!(kept, trace.kept);
    assert_eq!(kept.values().flatten().filter(|kept| **kept).count(), 2 * kept.len(), "the budget");
    // Eight steps of AdamW carry the rounding of gradients on.
    let case = &expected.cases["adalora"];
    let got: Vec<f64> = logits(&model, Mode::Eval).view([-1]).try_into().unwrap();
    for (got, expected) in got.iter().zip(case.logits.iter().flatten()) {
        assert!((got - expected).abs() <= 1e-4, "{got}, PEFT {expected}");
    }
}

#[test]
fn a_budget_that_the_run_is_too_short_for_is_refused() {
    let _alone = alone();
    let mut model = load("single_label");
    model.apply(&AdaLoraConfig { tinit: 3, tfinal: 1, ..AdaLoraConfig::default() }).unwrap();
    let tokenizer = Tokenizer::from_dir(fixtures().join("distinct_ids")).unwrap();
    let example = Example { text: "good".to_owned(), text_pair: None, label: None, line: 1 };
    let texts = tokenizer.encode_dataset(&Dataset::new("one", vec![example], None), 8).unwrap();
    let targets = Targets::Classes(vec![0]);
    let source = Source { texts: &texts, targets: &targets, pad_id: 0, max_seq_length: 8 };
    let config = TrainConfig { num_train_epochs: 4.0, ..TrainConfig::default() };
    let error = Trainer::new(&mut model, config).unwrap().fit(&source, None).unwrap_err();
    let expected =
        "`adalora_tinit` is 3, with adalora_tfinal 1, expected less than the run's 4 steps";
    assert!(error.to_string().starts_with(expected), "{error}");
}
