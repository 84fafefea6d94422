//! The cost model: a batch of equilibria with six varying inputs, the same streams with trivial
//! arithmetic (what memory allows), and single solves by the accurate path.
#![allow(missing_docs, reason = "criterion's macros")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tunewise_cost::{Columns, Inputs, Model, Parameter, Scenario};

/// 560 MB of columns: far beyond every cache.
const MEMORY_ROWS: usize = 10_000_000;
/// Columns that the second cache holds.
const CACHE_ROWS: usize = 4_096;

const VARYING: [(Parameter, f64, f64); 6] = [
    (Parameter::DataVolume, 3e4, 7e4),
    (Parameter::ParamCount, 0.8e8, 1.4e8),
    (Parameter::WeightA, 0.8e5, 1.2e5),
    (Parameter::WeightD, 5e-4, 1.5e-3),
    (Parameter::AnnotationPerSample, 0.08, 0.15),
    (Parameter::FeedbackSlope, 0.005, 0.05),
];

fn base() -> Inputs {
    let text = include_str!("../../examples/data/scenarios/bert-sentiment.toml");
    Scenario::from_toml(text).map(|scenario| scenario.inputs).unwrap_or_default()
}

/// Evenly spread values in an order without pattern, the same in every run.
fn column(seed: u64, low: f64, high: f64, rows: usize) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        low + (high - low) * (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    (0..rows).map(|_| next()).collect()
}

fn data(rows: usize) -> Vec<Vec<f64>> {
    let draw = |(seed, (_, low, high)): (u64, (Parameter, f64, f64))| column(seed, low, high, rows);
    (1..).zip(VARYING).map(draw).collect()
}

fn columns<'a>(inputs: &Inputs, data: &'a [Vec<f64>], rows: usize) -> Columns<'a> {
    VARYING
        .iter()
        .zip(data)
        .fold(Columns::new(inputs, rows), |columns, ((parameter, ..), values)| {
            columns.with(*parameter, values).unwrap_or(columns)
        })
}

/// Reads the six columns and writes one, adding: the same traffic, no arithmetic to speak of.
fn add_up(data: &[Vec<f64>], out: &mut [f64]) {
    let [d, p, a, w, k, o] = data else { return };
    let rows = d.iter().zip(p).zip(a).zip(w).zip(k).zip(o);
    for (out, (((((d, p), a), w), k), o)) in out.iter_mut().zip(rows) {
        *out = d + p + a + w + k + o;
    }
}

fn batch(criterion: &mut Criterion) {
    let (inputs, model) = (base(), Model::default());
    for (name, rows) in [("memory", MEMORY_ROWS), ("cache", CACHE_ROWS)] {
        let data = data(rows);
        let columns = columns(&inputs, &data, rows);
        let mut out = vec![0.0; rows];
        let mut group = criterion.benchmark_group(format!("cost/{name}"));
        group.throughput(Throughput::Elements(rows as u64)).sample_size(20);
        group.bench_function("equilibrium", |bencher| {
            bencher.iter(|| model.solve_batch(black_box(&columns), &mut out));
        });
        group.bench_function("equilibrium, all cores", |bencher| {
            bencher.iter(|| model.solve_batch_parallel(black_box(&columns), &mut out));
        });
        group.bench_function("roof", |bencher| {
            bencher.iter(|| add_up(black_box(&data), &mut out));
        });
        group.finish();
    }
}

fn accurate(criterion: &mut Criterion) {
    let inputs = base();
    let mut group = criterion.benchmark_group("cost/accurate");
    group.throughput(Throughput::Elements(1));
    group.bench_function("solve", |bencher| {
        bencher.iter(|| tunewise_cost::solve(black_box(&inputs)));
    });
    group.bench_function("solve and gradients", |bencher| {
        bencher.iter(|| {
            let answer = tunewise_cost::solve(black_box(&inputs)).ok()?;
            Some((answer.gradient_at(&answer.upper?)?, answer.gradient_at(&answer.lower?)?))
        });
    });
    group.finish();
}

criterion_group!(benches, batch, accurate);
criterion_main!(benches);
