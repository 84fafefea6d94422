//! Training steps of MiniLM's size, in real tokens a second: `cargo bench -p tunewise-benches --bench
//! training`.

use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tch::Device;
use tunewise_benches::{Rows, mini_lm};
use tunewise_bert::train::{TrainConfig, Trainer};
use tunewise_bert::{BertClassifier, Precision, Result};

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

criterion_group!(benches, training);
criterion_main!(benches);
