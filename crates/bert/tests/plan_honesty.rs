//! A plan's word against real runs: the quality at all rows, forecast from pilots on a quarter of them,
//! beside what a run on all rows with a seed of its own measures.
//!
//! `TUNEWISE_PLANS=20 cargo test -p tunewise-bert --features plan --test plan_honesty -- --nocapture`
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use tch::Device;
use tunewise_bert::plan::{ModelChoice, PlanConfig, Planned, plan};
use tunewise_bert::task::{FinetuneConfig, finetune};
use tunewise_bert::train::Cadence;
use tunewise_bert::{BertClassifier, BertConfig, PretrainedWriter, Settings};
use tunewise_data::{Casing, Tokenizer};
use tunewise_plan::{Forecast, Goal, Prices};

const ROWS: usize = 2400;
const VALIDATION_ROWS: usize = 1000;
const EARLIER_ROWS: usize = 4000;
/// Of the runs that fall into an 80 % interval.
const COVERAGE: std::ops::RangeInclusive<f64> = 0.65..=0.95;

/// A stream of random numbers (Steele, Lea and Flood 2014, SplitMix64).
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, count: usize) -> usize {
        (self.next() % count as u64) as usize
    }

    fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Words that a text may have, of two letters each.
fn words() -> Vec<String> {
    let pair = |first: char| "aeiou".chars().map(move |second| format!("{first}{second}"));
    "bdfgklmnprst".chars().flat_map(pair).collect()
}

/// A small BERT that has learnt nothing yet, and knows these words.
fn fresh(folder: &Path) -> PathBuf {
    let folder = folder.join("model");
    fs::create_dir(&folder).unwrap();
    let vocab = format!("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n{}\n", words().join("\n"));
    fs::write(folder.join("vocab.txt"), &vocab).unwrap();
    let config = BertConfig {
        vocab_size: vocab.lines().count(),
        hidden_size: 32,
        num_hidden_layers: 1,
        num_attention_heads: 2,
        intermediate_size: 64,
        max_position_embeddings: 32,
        hidden_dropout_prob: 0.0,
        attention_probs_dropout_prob: 0.0,
        initializer_range: 0.1,
        ..BertConfig::default()
    };
    let model = BertClassifier::new(config, Device::Cpu, 1).unwrap();
    let tokenizer = Tokenizer::from_vocab_text(&vocab, Casing::Uncased).unwrap();
    let writer = PretrainedWriter::new(tokenizer, &folder, Settings::default()).unwrap();
    writer.write(&folder, &model).unwrap();
    folder
}

/// Texts of words that each speak for or against, by the seed; one label in twenty is wrong. In earlier
/// texts, which the model comes from, they speak otherwise by half.
fn write_rows(seed: u64, folder: &Path) {
    let mut rng = Rng(seed);
    let mut weight = || -> f64 { (0..4).map(|_| rng.uniform() - 0.5).sum() };
    let now: Vec<(String, f64)> = words().into_iter().map(|word| (word, weight())).collect();
    let earlier: Vec<(String, f64)> =
        now.iter().map(|(word, now)| (word.clone(), now + weight())).collect();
    let files = [
        ("earlier.csv", EARLIER_ROWS, &earlier),
        ("train.csv", ROWS, &now),
        ("validation.csv", VALIDATION_ROWS, &now),
    ];
    for (name, rows, words) in files {
        let mut file = "text,label\n".to_owned();
        for _ in 0..rows {
            let count = 4 + rng.below(7);
            let text: Vec<&(String, f64)> =
                (0..count).map(|_| &words[rng.below(words.len())]).collect();
            let sum: f64 = text.iter().map(|it| it.1).sum();
            let good = (sum > 0.0) != (rng.uniform() < 0.05);
            let text: Vec<&str> = text.iter().map(|it| it.0.as_str()).collect();
            writeln!(file, "{},{}", text.join(" "), if good { "good" } else { "bad" }).unwrap();
        }
        fs::write(folder.join(name), file).unwrap();
    }
}

/// What is said of all rows, and what a run on them measures.
fn repetition(seed: u64) -> (Forecast, f64) {
    let dir = tempfile::tempdir().unwrap();
    write_rows(seed, dir.path());
    let earlier = FinetuneConfig {
        model_name_or_path: fresh(dir.path()),
        train_file: dir.path().join("earlier.csv"),
        output_dir: dir.path().join("earlier"),
        learning_rate: 1e-3,
        num_train_epochs: 4.0,
        max_seq_length: 32,
        seed,
        threads: Some(1),
        eval_steps: Cadence::Never,
        save_steps: Cadence::Never,
        metric_for_best_model: None,
        ..FinetuneConfig::default()
    };
    finetune(&earlier, &mut |_| {}, Vec::new()).unwrap();
    let config = FinetuneConfig {
        model_name_or_path: earlier.output_dir.clone(),
        train_file: dir.path().join("train.csv"),
        validation_file: Some(dir.path().join("validation.csv")),
        output_dir: dir.path().join("plan"),
        ..earlier
    };
    let model = ModelChoice { path: config.model_name_or_path.clone(), layers: None };
    let mut question =
        PlanConfig { full_rows: Some(ROWS), ..PlanConfig::new(vec![model], Goal::Target(0.9)) };
    if let Ok(steps) = std::env::var("TUNEWISE_LEAST_STEPS") {
        question.least_steps = steps.parse().unwrap();
    }
    let prices = "currency='USD'\n[labels]\nper_label=0.1\n[machine]\nper_hour=3\n";
    let prices = Prices::from_toml(prices, "prices").unwrap();
    let planned = plan(&config, (&question, &prices), &mut |_| {}, &mut []).unwrap();
    let Planned::Answered(answer) = planned else { panic!("nobody stops it") };

    let whole = FinetuneConfig {
        num_train_epochs: answer.full[0].epochs,
        validation_file: None,
        test_file: config.validation_file.clone(),
        output_dir: dir.path().join("whole"),
        seed: seed + 1_000_000,
        ..config
    };
    let report = finetune(&whole, &mut |_| {}, Vec::new()).unwrap().report.unwrap();
    (answer.full[0].quality, report.evaluation.metric(question.metric).unwrap())
}

#[test]
fn runs_on_all_rows_come_out_as_forecast() {
    let count: u64 = std::env::var("TUNEWISE_PLANS").map_or(1, |count| count.parse().unwrap());
    let (mut inside, mut near) = (0, 0);
    for seed in 1..=count {
        let (forecast, measured) = repetition(seed);
        let Forecast { quality, low, high, .. } = forecast;
        println!("seed {seed}: {quality:.4} ({low:.4} to {high:.4}), measured {measured:.4}");
        assert!(quality > 0.7, "nothing was learnt");
        let far = (quality - measured).abs() >= 0.08;
        assert!(count >= 10 || !far, "{quality} is far from {measured}");
        inside += u64::from((low..=high).contains(&measured));
        near += u64::from((quality - measured).abs() <= 0.02);
    }
    println!("{inside} of {count} inside, {near} within two points");
    let share = inside as f64 / count as f64;
    assert!(count < 10 || COVERAGE.contains(&share), "{inside} of {count} inside");
}
