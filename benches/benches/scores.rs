//! ROC-AUC and log loss over many rows, in rows a second.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tunewise_metrics::{ClassOptions, Reduction, RocAucOptions, Scores, log_loss, roc_auc_score};

const ROWS: usize = 1_000_000;

/// Uniform on [0, 1), the same in every run.
fn uniform(seed: u64) -> impl Iterator<Item = f64> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    })
}

fn roc_auc(criterion: &mut Criterion) {
    let y_true: Vec<bool> = uniform(1).map(|x| x < 0.5).take(ROWS).collect();
    let mark = |mark: bool| if mark { 1.0 } else { 0.0 };
    let noise = y_true.iter().zip(uniform(2));
    let y_score: Vec<f64> = noise.map(|(&y, x)| 0.3 * mark(y) + 0.7 * x).collect();
    let weights: Vec<f64> = uniform(3).take(ROWS).collect();
    let mut group = criterion.benchmark_group("roc_auc_score");
    group.throughput(Throughput::Elements(ROWS as u64)).sample_size(10);
    for (name, sample_weight) in [("plain", None), ("weighted", Some(weights.as_slice()))] {
        let options = RocAucOptions { sample_weight, max_fpr: None };
        group.bench_function(name, |bencher| {
            bencher.iter(|| roc_auc_score(&y_true, &y_score, &options));
        });
    }
}

fn loss(criterion: &mut Criterion) {
    let y_true: Vec<i64> = uniform(1).map(|x| i64::from(x < 0.5)).take(ROWS).collect();
    let y_proba: Vec<f64> = uniform(2).take(ROWS).collect();
    let mut group = criterion.benchmark_group("log_loss");
    group.throughput(Throughput::Elements(ROWS as u64)).sample_size(10);
    group.bench_function("binary", |bencher| {
        bencher.iter(|| {
            let scores = Scores::new(&y_proba, 1)?;
            log_loss(&y_true, &scores, Reduction::Mean, &ClassOptions::default())
        });
    });
}

criterion_group!(benches, roc_auc, loss);
criterion_main!(benches);
