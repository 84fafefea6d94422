//! The engine alone, in tokens a second: random weights, texts of one length, each precision.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tch::Device;
use tunewise_bert::{BertClassifier, BertConfig, Engine, EnginePrecision, Error};
use tunewise_data::{Casing, Dataset, EncodedTexts, Example, Tokenizer};

const THREADS: usize = 2;
const TOKENS: usize = 4096;
const VOCAB: &str = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\ngood\n";

fn texts(length: usize) -> Result<EncodedTexts, tunewise_data::Error> {
    let text = "good ".repeat(length - 2);
    let example = |line| Example { text: text.clone(), text_pair: None, label: None, line };
    let examples = (1..).take(TOKENS / length).map(example).collect();
    Tokenizer::from_vocab_text(VOCAB, Casing::Uncased)?
        .encode_dataset(&Dataset::new("generated", examples, None), length)
}

/// MiniLM-L6-H384, and two layers of BERT-base.
fn models() -> [(&'static str, BertConfig); 2] {
    let minilm = BertConfig {
        hidden_size: 384,
        num_hidden_layers: 6,
        intermediate_size: 1536,
        ..BertConfig::default()
    };
    let base = BertConfig { num_hidden_layers: 2, ..BertConfig::default() };
    [("minilm", minilm), ("base_2_layers", base)]
}

fn predict(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("predict");
    group.sample_size(10);
    for (name, config) in models() {
        let Ok(model) = BertClassifier::new(config, Device::Cpu, 1) else { return };
        for (label, precision) in [
            ("fp32", EnginePrecision::Fp32),
            ("bf16", EnginePrecision::Bf16),
            ("int16", EnginePrecision::Int16),
            ("int8", EnginePrecision::Int8),
        ] {
            let engine = || -> Result<_, Error> { Engine::new(&model, precision, THREADS) };
            let Ok(engine) = engine() else { return };
            for length in [24, 128] {
                let Ok(rows) = texts(length) else { return };
                let tokens: u32 = rows.lengths().iter().sum();
                group.throughput(Throughput::Elements(tokens.into()));
                group.bench_function(
                    BenchmarkId::new(format!("{name}_{label}"), length),
                    |bench| {
                        bench.iter(|| engine.logits(&rows, 64));
                    },
                );
            }
        }
    }
}

criterion_group!(benches, predict);
criterion_main!(benches);
