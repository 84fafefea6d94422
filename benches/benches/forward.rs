//! Prediction by a BERT of MiniLM's size with random weights, in tokens a second.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tch::{Device, Kind, Tensor};
use tunewise_bert::{BertClassifier, BertConfig, DeviceBatch, Mode, Precision};

const BATCH: i64 = 16;

fn forward(criterion: &mut Criterion) {
    let config = BertConfig {
        hidden_size: 384,
        num_hidden_layers: 6,
        intermediate_size: 1536,
        ..BertConfig::default()
    };
    let Ok(model) = BertClassifier::new(config, Device::Cpu, 1) else { return };
    let _guard = tch::no_grad_guard();
    let mut group = criterion.benchmark_group("forward");
    group.sample_size(20);
    for seq in [32, 128] {
        let Ok(input_ids) = Tensor::f_full([BATCH, seq], 2000, (Kind::Int64, Device::Cpu)) else {
            return;
        };
        let batch = DeviceBatch {
            token_type_ids: input_ids.zeros_like(),
            input_ids,
            attention_mask: None,
            labels: None,
        };
        group.throughput(Throughput::Elements((BATCH * seq) as u64));
        for precision in [Precision::Fp32, Precision::Bf16] {
            group.bench_function(BenchmarkId::new(precision.to_string(), seq), |bencher| {
                bencher.iter(|| precision.run(Device::Cpu, || model.forward(&batch, Mode::Eval)));
            });
        }
    }
}

criterion_group!(benches, forward);
criterion_main!(benches);
