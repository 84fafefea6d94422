//! Gradient checkpointing gives autograd's own gradients. One test in one process: libtorch's generator
//! is the process's.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use tch::{Device, Kind, Tensor};
use tunewise_bert::{BertClassifier, BertConfig, DeviceBatch, LoraConfig, Precision, Tape};

#[derive(Clone, Copy)]
enum Kept {
    All,
    Inputs,
}

impl Kept {
    fn tape<'m>(self) -> Tape<'m> {
        match self {
            Self::All => Tape::whole(),
            Self::Inputs => Tape::by_layer(),
        }
    }
}

fn model(frozen: &[&str]) -> BertClassifier {
    let config = BertConfig {
        vocab_size: 60,
        hidden_size: 32,
        num_hidden_layers: 4,
        num_attention_heads: 4,
        intermediate_size: 64,
        max_position_embeddings: 16,
        initializer_range: 0.2,
        ..BertConfig::default() // dropout 0.1
    };
    let mut model = BertClassifier::new(config, Device::Cpu, 7).unwrap();
    if !frozen.is_empty() {
        model.freeze(frozen).unwrap();
    }
    model
}

/// Four rows of twelve tokens, two of them padded.
fn batch(first_id: i64) -> DeviceBatch {
    let input_ids = Tensor::arange_start(first_id, first_id + 48, (Kind::Int64, Device::Cpu));
    let lengths = Tensor::from_slice(&[12i64, 9, 12, 7]).view([4, 1]);
    let keep = Tensor::arange(12, (Kind::Int64, Device::Cpu)).lt_tensor(&lengths);
    DeviceBatch {
        input_ids: input_ids.remainder(60).view([4, 12]),
        token_type_ids: Tensor::zeros([4, 12], (Kind::Int64, Device::Cpu)),
        attention_mask: Some(keep.view([4, 1, 1, 12])),
        labels: None,
    }
}

/// Gradients by name of two accumulated batches, and what the generator draws after them.
fn gradients(frozen: &[&str], tape_of: Kept, precision: Precision) -> (Vec<(String, Tensor)>, f64) {
    of_model(&model(frozen), tape_of, precision)
}

fn of_model(
    model: &BertClassifier,
    tape_of: Kept,
    precision: Precision,
) -> (Vec<(String, Tensor)>, f64) {
    tch::manual_seed(11);
    for first_id in [0, 5] {
        let (tape, batch) = (tape_of.tape(), batch(first_id));
        let logits = precision.run(Device::Cpu, || model.forward_on(&tape, &batch, 7)).unwrap();
        let labels = Tensor::from_slice(&[0i64, 1, 1, 0]);
        tape.backward(&logits.cross_entropy_for_logits(&labels), precision).unwrap();
    }
    let learned = model.trainable_parameters().filter(|(_, tensor)| tensor.grad().defined());
    let gradients = learned.map(|(name, tensor)| (name.to_owned(), tensor.grad())).collect();
    (gradients, Tensor::rand([1], (Kind::Double, Device::Cpu)).double_value(&[0]))
}

/// Both ways give the same gradients, to the bit, and leave the generator where it was.
fn compare(precision: Precision) {
    for (frozen, learning) in [(&[][..], 73), (&["embeddings", r"layer\.[01]\."], 36)] {
        let (kept, next) = gradients(frozen, Kept::All, precision);
        let (recomputed, then) = gradients(frozen, Kept::Inputs, precision);
        assert_eq!((kept.len(), recomputed.len()), (learning, learning));
        for ((name, a), (_, b)) in kept.iter().zip(&recomputed) {
            let furthest = (a - b).abs().max().double_value(&[]);
            assert!(a.equal(b), "{name}: {furthest}");
            assert!(a.abs().max().double_value(&[]) > 0.0 || name.contains("key.bias"));
        }
        assert_eq!(next, then);
    }
}

/// The same with low-rank adapters on all layers, with dropout of their own, beside a frozen base.
fn compare_adapted(precision: Precision) {
    let adapted = |tape_of| {
        let mut model = model(&[]);
        let config = LoraConfig {
            r: 4,
            lora_alpha: 8.0,
            lora_dropout: 0.2,
            target_modules: "query,value,dense".parse().unwrap(),
            ..LoraConfig::default()
        };
        model.apply(&config).unwrap();
        let guard = tch::no_grad_guard();
        for (name, tensor) in model.trainable_parameters() {
            if name.contains("lora_B") {
                let _ = tensor.shallow_clone().fill_(0.05); // else no gradient comes to A
            }
        }
        drop(guard);
        of_model(&model, tape_of, precision)
    };
    let ((kept, next), (recomputed, then)) = (adapted(Kept::All), adapted(Kept::Inputs));
    // Two a layer of attention's and three of dense, and one of the pooler, A and B each; the head's two.
    assert_eq!((kept.len(), recomputed.len()), (2 * (4 * 5 + 1) + 2, kept.len()));
    for ((name, a), (_, b)) in kept.iter().zip(&recomputed) {
        assert!(a.equal(b) && a.abs().max().double_value(&[]) > 0.0, "{name}");
    }
    assert_eq!(next, then);
}

#[test]
fn gradients_are_the_same_to_the_bit_with_dropout_on() {
    compare(Precision::Fp32);
    compare(Precision::Bf16);
    compare_adapted(Precision::Fp32);
    compare_adapted(Precision::Bf16);
}
