//! The classification report over many labels, in labels a second.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tunewise_metrics::{ReportOptions, classification_report};

const ROWS: usize = 1_000_000;

fn report(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("classification_report");
    group.throughput(Throughput::Elements(ROWS as u64)).sample_size(10);
    for classes in [2, 10, 77] {
        let y_true: Vec<i64> = (0..ROWS).map(|row| (row * 7919 % classes) as i64).collect();
        let y_pred: Vec<i64> = (0..ROWS).map(|row| (row * 104_729 / 3 % classes) as i64).collect();
        group.bench_function(BenchmarkId::from_parameter(classes), |bencher| {
            bencher.iter(|| classification_report(&y_true, &y_pred, &ReportOptions::default()));
        });
    }
}

criterion_group!(benches, report);
criterion_main!(benches);
