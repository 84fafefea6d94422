//! What the processor can do, and where a training step of the general engine spends its time: products
//! and memory measured, operations and bytes of a step counted, seconds by phase.
//! `cargo bench -p tunewise-benches --bench roofline`.
#![allow(clippy::print_stdout, reason = "a report")]

use std::hint::black_box;
use std::time::Instant;

use tch::{Device, Kind, Tensor};
use tunewise_benches::{Operations, Rows, mini_lm};
use tunewise_bert::train::{Loss, TrainConfig, decays};
use tunewise_bert::{BertClassifier, DeviceBatch, Mode, Precision};
use tunewise_data::{Batching, Order, ProblemType};
use tunewise_kernels::{Isa, Operand, Weights};
use tunewise_torch::{AdamW, AdamWConfig, ParameterGroup};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The shortest of the runs of `work` that fit into a third of a second, in seconds.
fn best(mut work: impl FnMut()) -> f64 {
    work();
    let (begin, mut least) = (Instant::now(), f64::INFINITY);
    while begin.elapsed().as_secs_f64() < 0.33 {
        let begin = Instant::now();
        work();
        least = least.min(begin.elapsed().as_secs_f64());
    }
    least
}

/// Tokens of a batch, inputs, outputs: MiniLM's layers at batch 16.
const SHAPES: [(usize, usize, usize); 4] =
    [(368, 384, 1152), (368, 384, 384), (368, 384, 1536), (368, 1536, 384)];

fn random(shape: &[usize], kind: Kind) -> Tensor {
    let shape: Vec<i64> = shape.iter().map(|&n| n as i64).collect();
    Tensor::randn(shape, (Kind::Float, Device::Cpu)).to_kind(kind)
}

/// Billions of operations a second of libtorch's product.
fn libtorch((rows, inputs, outputs): (usize, usize, usize), kind: Kind) -> f64 {
    let (x, w) = (random(&[rows, inputs], kind), random(&[outputs, inputs], kind).transpose(0, 1));
    let product = || drop(black_box(x.matmul(&w)));
    2e-9 * (rows * inputs * outputs) as f64 / best(product)
}

/// The same of `tunewise-kernels`, rows split between the threads; rounding of the operand included.
fn kernels(
    (rows, inputs, outputs): (usize, usize, usize),
    precision: tunewise_kernels::Precision,
) -> Option<f64> {
    let isa = Isa::detect();
    let value = |i: usize| (i * 37 % 101) as f32 / 101.0 - 0.5;
    let weight: Vec<f32> = (0..inputs * outputs).map(value).collect();
    let weights = Weights::pack(precision, &weight, &vec![0.0; outputs]).ok()?;
    let x: Vec<f32> = (0..rows * inputs).map(value).collect();
    let threads = tch::get_num_threads().max(1) as usize;
    let share = rows.div_ceil(threads);
    let mut out = vec![0.0f32; rows * outputs];
    let mut parts: Vec<_> = x
        .chunks(share * inputs)
        .zip(out.chunks_mut(share * outputs))
        .map(|(x, out)| (Operand::new(precision, inputs), x, out))
        .collect();
    const REPEATS: usize = 50; // threads are started once for so many products
    let seconds = best(|| {
        std::thread::scope(|scope| {
            for (operand, x, out) in &mut parts {
                let weights = &weights;
                scope.spawn(move || {
                    for _ in 0..REPEATS {
                        operand.fill(isa, x);
                        let _ = black_box(weights.multiply(isa, operand, out));
                    }
                });
            }
        });
    });
    Some(2e-9 * (REPEATS * rows * inputs * outputs) as f64 / seconds)
}

/// Prints the rates of products and gives the best one of 16-bit factors.
fn products() -> f64 {
    use tunewise_kernels::Precision::{Bf16, Fp32, Int8, Int16};
    println!("products, 10^9 operations a second (rows x inputs x outputs)");
    println!("{:>18} {:>23} {:>47}", "", "libtorch", "tunewise-kernels");
    let names = ["fp32", "bf16", "fp32", "bf16", "int16", "int8"];
    println!("{:>18}{}", "", names.map(|name| format!("{name:>12}")).concat());
    let mut peak = 0.0f64;
    for shape in SHAPES {
        let torch = [Kind::Float, Kind::BFloat16].map(|kind| libtorch(shape, kind));
        let own =
            [Fp32, Bf16, Int16, Int8].map(|precision| kernels(shape, precision).unwrap_or(0.0));
        peak = peak.max(torch[1]).max(own[1]).max(own[2]);
        let rates = torch.iter().chain(&own).map(|rate| format!("{rate:>12.0}"));
        let (rows, inputs, outputs) = shape;
        println!("{:>18}{}", format!("{rows}x{inputs}x{outputs}"), rates.collect::<String>());
    }
    peak
}

fn memory() {
    const FLOATS: usize = 1 << 25; // 128 MiB, more than the caches
    let (x, mut y) = (random(&[FLOATS], Kind::Float), random(&[FLOATS], Kind::Float));
    let bytes = (FLOATS * size_of::<f32>()) as f64 * 1e-9;
    let read = bytes / best(|| drop(black_box(x.sum(Kind::Float))));
    let copy = 2.0 * bytes
        / best(|| {
            y.copy_(&x);
        });
    println!("memory, 10^9 bytes a second: read {read:.0}, copy {copy:.0} (read and write)");
}

/// Seconds of the phases of a step.
#[derive(Default)]
struct Phases {
    batch: f64,
    forward: f64,
    backward: f64,
    clip: f64,
    update: f64,
}

impl Phases {
    fn total(&self) -> f64 {
        self.batch + self.forward + self.backward + self.clip + self.update
    }
}

/// One pass over the rows in the trainer's parts, and the operations that it executed.
fn steps(
    rows: &Rows,
    model: &BertClassifier,
    optimizer: &mut AdamW,
) -> Result<(Phases, f64, usize)> {
    let source = rows.source();
    let plan = source.plan(16, Batching::ByLength, Order::Shuffled { seed: 1, epoch: 0 })?;
    let objective = Loss::new(ProblemType::SingleLabelClassification);
    let (mut phases, mut operations) = (Phases::default(), 0.0);
    let mut clock = Instant::now();
    let mut lap = |phase: &mut f64| {
        *phase += clock.elapsed().as_secs_f64();
        clock = Instant::now();
    };
    for (step, chosen) in plan.iter().enumerate() {
        let batch = source.batch(chosen, Batching::ByLength)?;
        operations += Operations::of_step(&mini_lm(), &vec![batch.seq_len; batch.len()]).total();
        let batch = DeviceBatch::upload(&batch, Device::Cpu)?;
        lap(&mut phases.batch);
        let forward = || model.forward(&batch, Mode::Train(step as u64));
        let logits = Precision::Bf16.run(Device::Cpu, forward)?;
        lap(&mut phases.forward);
        if let Some(labels) = &batch.labels {
            objective.sum(&logits, labels)?.f_div_scalar(16.0)?.f_backward()?;
        }
        lap(&mut phases.backward);
        let _ = optimizer.clip_grad_norm(1.0)?;
        lap(&mut phases.clip);
        optimizer.step(2e-5)?;
        optimizer.zero_grad()?;
        lap(&mut phases.update);
    }
    Ok((phases, operations, plan.len()))
}

fn profile(peak: f64) -> Result<()> {
    const ROWS: usize = 512;
    let rows = Rows::generate(ROWS)?;
    let model = BertClassifier::new(mini_lm(), Device::Cpu, 1)?;
    let config = TrainConfig::default();
    let (decay, plain): (Vec<_>, Vec<_>) =
        model.trainable_parameters().partition(|(name, _)| decays(name));
    let group = |parameters: Vec<(&str, &Tensor)>, weight_decay| ParameterGroup {
        parameters: parameters
            .into_iter()
            .map(|(n, t)| (n.to_owned(), t.shallow_clone()))
            .collect(),
        weight_decay,
        learning_rate_scale: 1.0,
    };
    let groups = vec![group(decay, config.weight_decay), group(plain, 0.0)];
    let mut optimizer = AdamW::new(groups, AdamWConfig::default())?;
    let mut least = steps(&rows, &model, &mut optimizer)?;
    for _ in 0..5 {
        let next = steps(&rows, &model, &mut optimizer)?;
        if next.0.total() < least.0.total() {
            least = next;
        }
    }
    report(&rows, &model, least, peak);
    Ok(())
}

fn report(rows: &Rows, model: &BertClassifier, best: (Phases, f64, usize), peak: f64) {
    let (phases, operations, steps) = best;
    let of_a_step = |sum: f64| sum / steps as f64;
    let weights: usize = model.parameters().map(|(_, tensor)| tensor.numel()).sum();
    let asked: f64 = {
        let lengths: Vec<usize> = rows.texts.lengths().iter().map(|&n| n as usize).collect();
        lengths.chunks(16).map(|batch| Operations::of_step(&mini_lm(), batch).total()).sum()
    };
    println!("\na step of 16 texts, the best of six epochs of {steps} steps");
    println!(
        "operations: {:.1} billion executed, {:.1} of them asked for by real tokens",
        of_a_step(operations) * 1e-9,
        of_a_step(asked) * 1e-9
    );
    // AdamW reads weight, gradient and two moments and writes all but the gradient; the norm reads the
    // gradient once more.
    println!("bytes of the update: {:.2} billion", (weights * 4 * 8) as f64 * 1e-9);
    let total = phases.total();
    for (name, seconds) in [
        ("batch", phases.batch),
        ("forward", phases.forward),
        ("loss, backward", phases.backward),
        ("gradient norm", phases.clip),
        ("AdamW", phases.update),
        ("all", total),
    ] {
        println!(
            "{name:>16} {:8.2} ms {:5.1} %",
            of_a_step(seconds) * 1e3,
            seconds / total * 100.0
        );
    }
    println!("{:>16} {:8.0} texts a second", "", rows.texts.len() as f64 / total);
    println!(
        "MFU over {peak:.0} billion operations a second of 16-bit factors: {:.1} % executed, {:.1} % by real tokens",
        operations / total / peak * 1e-7,
        asked / total / peak * 1e-7
    );
}

fn main() -> Result<()> {
    tunewise_torch::init();
    println!("threads: {}", tch::get_num_threads());
    let peak = products();
    memory();
    profile(peak)
}
