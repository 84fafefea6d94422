//! Prediction by a BERT of MiniLM's size with random weights, in texts a second: one call after the
//! other, sixteen callers of a shared classifier, and one long list.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tch::Device;
use tunewise_bert::{
    BertClassifier, BertConfig, Classifier, PretrainedWriter, Result, Settings, ShareOptions,
    SharedClassifier,
};
use tunewise_data::Tokenizer;

const CALLERS: usize = 16;
const TEXTS: usize = 512;

/// A checkpoint folder of that size, with the tokenizer of a test fixture.
fn checkpoint(dir: &Path) -> Result<Classifier> {
    let tokenizer_dir =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/bert/tests/fixtures/distinct_ids");
    let config = BertConfig {
        hidden_size: 384,
        num_hidden_layers: 6,
        intermediate_size: 1536,
        ..BertConfig::default()
    };
    let model = BertClassifier::new(config, Device::Cpu, 1)?;
    let settings = Settings { max_seq_length: Some(128), ..Settings::default() };
    let tokenizer = Tokenizer::from_dir(&tokenizer_dir)?;
    PretrainedWriter::new(tokenizer, &tokenizer_dir, settings)?.write(dir, &model)?;
    Classifier::from_pretrained(dir)
}

/// Texts of 5 to 44 words, in an order without pattern.
fn texts() -> Vec<String> {
    (0..TEXTS).map(|i| "good price ".repeat(1 + (i * 7 + i / 20 * 3) % 20) + "late").collect()
}

fn predict_each(shared: &SharedClassifier, texts: &[String]) {
    for text in texts {
        drop(shared.predict(std::slice::from_ref(text)));
    }
}

/// The time of `rounds` passes over all texts by that many callers, a text a call.
fn callers(shared: &SharedClassifier, texts: &[String], rounds: u64) -> Duration {
    let begin = Instant::now();
    for _ in 0..rounds {
        thread::scope(|scope| {
            for part in texts.chunks(texts.len() / CALLERS) {
                scope.spawn(move || predict_each(shared, part));
            }
        });
    }
    begin.elapsed()
}

fn serve(criterion: &mut Criterion) {
    let Ok(dir) = tempfile::tempdir() else { return };
    let (Ok(classifier), Ok(for_sharing)) =
        (checkpoint(dir.path()), Classifier::from_pretrained(dir.path()))
    else {
        return;
    };
    let Ok(shared) = for_sharing.share(ShareOptions::default()) else { return };
    let texts = texts();
    let mut group = criterion.benchmark_group("serve");
    group.sample_size(10).throughput(Throughput::Elements(TEXTS as u64));
    group.bench_function("one_by_one", |bencher| {
        bencher.iter(|| {
            texts.iter().map(|text| classifier.predict(&[text]).is_ok()).filter(|ok| *ok).count()
        });
    });
    group.bench_function("sixteen_callers", |bencher| {
        bencher.iter_custom(|rounds| callers(&shared, &texts, rounds));
    });
    group.bench_function("one_list", |bencher| bencher.iter(|| classifier.predict(&texts)));
}

criterion_group!(benches, serve);
criterion_main!(benches);
