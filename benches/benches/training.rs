//! Training steps of MiniLM's size: how much of the processor's arithmetic the engine of bf16 uses, and
//! steps in real tokens a second. `cargo bench -p tunewise-benches --bench training`.
#![allow(clippy::print_stdout, reason = "a report")]

use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use tch::Device;
use tunewise_benches::{Operations, Rows, mini_lm};
use tunewise_bert::train::{EngineChoice, TrainConfig, Trainer};
use tunewise_bert::{BertClassifier, Precision, Result};
use tunewise_data::{Batching, Order};
use tunewise_kernels::Isa;
use tunewise_kernels::train::{BLOCK, Finish, Packed};

const ROWS: usize = 512;

/// The time of so many optimizer steps.
fn steps(rows: &Rows, config: &TrainConfig, count: u64) -> Result<Duration> {
    let mut model = BertClassifier::new(mini_lm(), Device::Cpu, 1)?;
    let config = TrainConfig { max_steps: Some(count), ..config.clone() };
    let source = rows.source();
    let mut trainer = Trainer::new(&mut model, config)?;
    let begin = Instant::now();
    trainer.fit(&source, None)?;
    Ok(begin.elapsed())
}

fn training(criterion: &mut Criterion) {
    tunewise_torch::init();
    let Ok(rows) = Rows::generate(ROWS) else { return };
    let mut group = criterion.benchmark_group("training_step");
    group.sample_size(10).measurement_time(Duration::from_secs(8));
    for batch in [16, 64] {
        let tokens = rows.texts.total_tokens() * batch / ROWS as u64;
        group.throughput(Throughput::Elements(tokens));
        for precision in [Precision::Fp32, Precision::Bf16] {
            let config = TrainConfig {
                per_device_train_batch_size: batch as usize,
                num_train_epochs: 1e6,
                precision,
                ..TrainConfig::default()
            };
            group.bench_function(BenchmarkId::new(precision.to_string(), batch), |bencher| {
                bencher.iter_custom(|count| steps(&rows, &config, count).unwrap_or_default());
            });
        }
    }
}

/// Operations a second of products of 16-bit factors from the caches, all threads together.
fn peak(isa: Isa, threads: usize) -> f64 {
    const SHAPE: (usize, usize, usize) = (192, 384, 1536); // rows, inputs, outputs
    const REPEATS: usize = 40;
    let (rows, inputs, outputs) = SHAPE;
    let weight: Vec<f32> = (0..inputs * outputs).map(|i| (i * 37 % 101) as f32 - 50.0).collect();
    let mut packed = Packed::zeros(isa, (outputs, inputs));
    for (mut block, rows) in packed.blocks_mut().zip(weight.chunks(BLOCK * inputs)) {
        block.pack(isa, rows);
    }
    let work = || {
        let (x, bias) = (vec![0x3f80; rows * inputs], vec![0.0; outputs]);
        let mut out = vec![0.0; rows * outputs];
        let begin = Instant::now();
        for _ in 0..REPEATS {
            let mut to = Finish::Fp32 { bias: &bias, out: &mut out };
            let _ = black_box(packed.multiply(isa, &x, &mut to));
        }
        begin.elapsed().as_secs_f64()
    };
    let slowest = |_| {
        thread::scope(|scope| {
            let all: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            all.into_iter().filter_map(|one| one.join().ok()).fold(0.0, f64::max)
        })
    };
    let least = (0..8).map(slowest).fold(f64::INFINITY, f64::min);
    2.0 * (rows * inputs * outputs * REPEATS * threads) as f64 / least
}

/// Model FLOPs utilization: executed operations of an epoch over those of as long a product.
fn utilization() -> Result<()> {
    tunewise_torch::init();
    let rows = Rows::generate(ROWS)?;
    let config =
        TrainConfig { num_train_epochs: 1e6, precision: Precision::Bf16, ..TrainConfig::default() };
    let batch = config.per_device_train_batch_size;
    let order = Order::Shuffled { seed: config.seed, epoch: 0 };
    let plan = rows.source().plan(batch, Batching::ByLength, order)?;
    let lengths = rows.texts.lengths();
    let choice = EngineChoice::of(&BertClassifier::new(mini_lm(), Device::Cpu, 1)?, &config);
    println!("{choice}");
    let operations = |chosen: &Vec<usize>| {
        let real = chosen.iter().filter_map(|&row| lengths.get(row)).map(|&n| n as usize);
        let mut executed: Vec<usize> = real.collect();
        if choice.name == "general" {
            let longest = executed.iter().copied().max().unwrap_or_default();
            executed.fill(longest); // it pads
        }
        Operations::of_step(&mini_lm(), &executed).total()
    };
    let executed: f64 = plan.iter().map(operations).sum();
    let epoch = plan.len() as u64;
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        best = best.min(steps(&rows, &config, epoch)?.as_secs_f64());
    }
    let threads = tch::get_num_threads().max(1) as usize;
    let isa = Isa::detect();
    let peak_here = peak(isa, threads);
    println!(
        "an epoch of {epoch} steps of {batch} texts, the best of five runs: {:.1} ms a step, {:.0} texts a second",
        best / epoch as f64 * 1e3,
        rows.texts.len() as f64 / best
    );
    println!(
        "{:.2} of {:.0} billion operations a second of a product of 16-bit factors: MFU {:.1} %",
        executed / best * 1e-9,
        peak_here * 1e-9,
        executed / best / peak_here * 100.0
    );
    if isa.has_int16() {
        // The most that the processor does with bfloat16 factors, by multiply-adds in fp32.
        let peak_bf16 = peak(isa.without_vnni(), threads);
        println!(
            "of {:.0} billion operations a second of a product of bfloat16 factors: {:.1} %",
            peak_bf16 * 1e-9,
            executed / best / peak_bf16 * 100.0
        );
    }
    Ok(())
}

criterion_group!(benches, training);

fn main() -> Result<()> {
    utilization()?;
    benches();
    Criterion::default().configure_from_args().final_summary();
    Ok(())
}
