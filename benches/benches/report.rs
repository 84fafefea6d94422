//! The classification report and the confusion matrix over many labels, in labels a second.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tunewise_metrics::{ConfusionMatrix, ReportOptions, classification_report};

const INTEGERS: usize = 10_000_000;
const STRINGS: usize = 1_000_000;

/// Labels below `classes`, four of five predictions right.
fn labels(rows: usize, classes: u64) -> (Vec<i64>, Vec<i64>) {
    let mut state = 1u64;
    let mut draw = |below: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    (0..rows)
        .map(|_| {
            let label = draw(classes) as i64;
            (label, if draw(5) < 4 { label } else { draw(classes) as i64 })
        })
        .unzip()
}

fn integers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("integers");
    group.throughput(Throughput::Elements(INTEGERS as u64)).sample_size(10);
    for classes in [2, 10, 77] {
        let (y_true, y_pred) = labels(INTEGERS, classes);
        group.bench_function(BenchmarkId::new("report", classes), |bencher| {
            bencher.iter(|| classification_report(&y_true, &y_pred, &ReportOptions::default()));
        });
        group.bench_function(BenchmarkId::new("confusion_matrix", classes), |bencher| {
            bencher.iter(|| ConfusionMatrix::new(&y_true, &y_pred));
        });
    }
}

fn strings(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("strings");
    group.throughput(Throughput::Elements(STRINGS as u64)).sample_size(10);
    for classes in [2, 10, 77] {
        let (y_true, y_pred) = labels(STRINGS, classes);
        let named =
            |ids: &[i64]| ids.iter().map(|id| format!("class {id}")).collect::<Vec<String>>();
        let (y_true, y_pred) = (named(&y_true), named(&y_pred));
        group.bench_function(BenchmarkId::new("report", classes), |bencher| {
            bencher.iter(|| classification_report(&y_true, &y_pred, &ReportOptions::default()));
        });
    }
}

criterion_group!(benches, integers, strings);
criterion_main!(benches);
