//! Monte Carlo end to end: draw six inputs, solve, seven quantiles, mean, deviation and P(E > 47), for the
//! distributions of a plain NumPy script (normal, lognormal, triangular, uniform, normal, uniform).
#![allow(clippy::unwrap_used, missing_docs, reason = "a bench")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tunewise_cost::uncertainty::{Design, Distribution, MonteCarlo};
use tunewise_cost::{Annotation, Feedback, Inputs, Parameter, Promotion, TrainingTime, Weights};

fn experiment() -> MonteCarlo {
    let base = Inputs {
        data_volume: 5e4,
        param_count: 1.1e8,
        weights: Weights {
            training_effect: 1e5,
            training_time: -0.5,
            annotation_cost: -1e-3,
            promotion: 1e-3,
            ..Weights::default()
        },
        annotation: Annotation { per_sample: 0.116, fixed: 3000.0 },
        training_time: TrainingTime { per_parameter: 2e-8, fixed: 0.5 },
        promotion: Promotion { per_training_effect: 1e7, fixed: 2e4 },
        feedback: Feedback { per_effectiveness: 0.02, baseline: 1.0 },
    };
    let uncertain = [
        (Parameter::WeightA, Distribution::Normal { mean: 1e5, sd: 1e4 }),
        (
            Parameter::AnnotationPerSample,
            Distribution::LogNormal { mu: 0.116_f64.ln(), sigma: 0.3, shift: 0.0 },
        ),
        (Parameter::FeedbackSlope, Distribution::Triangular { low: 0.01, mode: 0.02, high: 0.05 }),
        (Parameter::WeightD, Distribution::Uniform { low: 7e-4, high: 1.3e-3 }),
        (Parameter::DataVolume, Distribution::Normal { mean: 5e4, sd: 3e3 }),
        (Parameter::ParamCount, Distribution::Uniform { low: 1e8, high: 1.2e8 }),
    ];
    let experiment = MonteCarlo::new(&base)
        .probabilities(&[0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99])
        .thresholds(&[47.0]);
    uncertain.iter().fold(experiment, |it, (parameter, law)| it.vary(*parameter, law).unwrap())
}

fn monte_carlo(criterion: &mut Criterion) {
    // As many as the NumPy script draws.
    let points = 10_000_000;
    let mut group = criterion.benchmark_group("monte_carlo");
    group.sample_size(10).throughput(Throughput::Elements(points as u64));
    for design in [Design::Prng, Design::Sobol, Design::ScrambledSobol] {
        let experiment = experiment().design(design);
        group.bench_function(BenchmarkId::from_parameter(design.name()), |bencher| {
            bencher.iter(|| black_box(experiment.run(points).unwrap()));
        });
    }
    group.finish();
}

criterion_group!(benches, monte_carlo);
criterion_main!(benches);
