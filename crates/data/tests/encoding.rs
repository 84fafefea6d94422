//! Token ids and orders against Transformers and PyTorch (`fixtures/make.py`), batches, splits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde::Deserialize;
use tunewise_data::{
    Batching, Casing, Collator, Dataset, DatasetStatistics, EncodedTexts, Example, Label, Order,
    Targets, Tokenizer, leak, plan, split, transformers_permutation,
};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn example(text: &str, text_pair: Option<&str>) -> Example {
    Example { text: text.to_owned(), text_pair: text_pair.map(str::to_owned), label: None, line: 1 }
}

#[derive(Deserialize)]
struct Encoding {
    lower: bool,
    text: String,
    text_pair: Option<String>,
    max_seq_length: usize,
    input_ids: Vec<u32>,
    token_type_ids: Vec<u8>,
}

#[test]
fn ids_are_those_of_bert_tokenizer_fast() {
    let cases: Vec<Encoding> =
        serde_json::from_slice(&std::fs::read(fixture("encodings.json")).unwrap()).unwrap();
    let cased = Tokenizer::from_vocab(fixture("vocab.txt"), Casing::Cased).unwrap();
    let uncased = Tokenizer::from_vocab(fixture("vocab.txt"), Casing::Uncased).unwrap();
    let from_json = Tokenizer::from_file(fixture("tokenizer.json")).unwrap(); // lower case
    for case in &cases {
        let dataset =
            Dataset::new("case", vec![example(&case.text, case.text_pair.as_deref())], None);
        let mut tokenizers = vec![if case.lower { &uncased } else { &cased }];
        tokenizers.extend(case.lower.then_some(&from_json));
        for tokenizer in tokenizers {
            let texts = tokenizer.encode_dataset(&dataset, case.max_seq_length).unwrap();
            let expected = (case.input_ids.as_slice(), case.token_type_ids.as_slice());
            assert_eq!(texts.row(0).unwrap(), expected, "{} | {:?}", case.text, case.text_pair);
        }
    }
}

#[test]
fn baked_in_padding_and_truncation_are_overridden() {
    let mut json: serde_json::Value =
        serde_json::from_slice(&std::fs::read(fixture("tokenizer.json")).unwrap()).unwrap();
    json["padding"] = serde_json::json!({"strategy": {"Fixed": 128}, "direction": "Right",
        "pad_to_multiple_of": null, "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"});
    json["truncation"] = serde_json::json!({"direction": "Right", "max_length": 5,
        "strategy": "LongestFirst", "stride": 0});
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tokenizer.json");
    std::fs::write(&path, json.to_string()).unwrap();
    let tokenizer = Tokenizer::from_file(&path).unwrap();
    let dataset = Dataset::new("memory", vec![example("the price was very bad", None)], None);
    assert_eq!(tokenizer.encode_dataset(&dataset, 64).unwrap().lengths(), [7]);

    tokenizer.save(dir.path().join("saved.json")).unwrap();
    let saved = Tokenizer::from_file(dir.path().join("saved.json")).unwrap();
    assert_eq!(
        saved.encode_dataset(&dataset, 64).unwrap(),
        tokenizer.encode_dataset(&dataset, 64).unwrap()
    );
}

#[test]
fn faults_of_a_tokenizer_name_their_file() {
    let dir = tempfile::tempdir().unwrap();
    let missing = Tokenizer::from_dir(dir.path()).unwrap_err().to_string();
    assert!(missing.contains("vocab.txt"), "{missing}");
    std::fs::write(dir.path().join("tokenizer.json"), "{").unwrap();
    let damaged = Tokenizer::from_dir(dir.path()).unwrap_err().to_string();
    assert!(damaged.contains("tokenizer.json"), "{damaged}");
    let specials = Tokenizer::from_vocab_text("a\nb\n", Casing::Cased).unwrap_err().to_string();
    assert!(specials.contains("[CLS]"), "{specials}");
    let tokenizer = Tokenizer::from_vocab(fixture("vocab.txt"), Casing::Cased).unwrap();
    let dataset = Dataset::new("memory", vec![example("a", None)], None);
    assert!(
        tokenizer
            .encode_dataset(&dataset, 3)
            .unwrap_err()
            .to_string()
            .starts_with("`max_seq_length`")
    );
}

#[derive(Deserialize)]
struct Permutation {
    n: usize,
    seed: String,
    first: Vec<usize>,
    last: usize,
}

#[test]
fn orders_are_those_of_torch_randperm() {
    let cases: Vec<Permutation> =
        serde_json::from_slice(&std::fs::read(fixture("permutations.json")).unwrap()).unwrap();
    for case in cases {
        let order = transformers_permutation(case.n, case.seed.parse().unwrap());
        assert_eq!(order[..case.first.len()], case.first, "n {} seed {}", case.n, case.seed);
        assert_eq!(order.last(), Some(&case.last));
    }
}

fn encode(words: &[&str]) -> EncodedTexts {
    let tokenizer = Tokenizer::from_vocab(fixture("vocab.txt"), Casing::Uncased).unwrap();
    let examples = words.iter().map(|text| example(text, None)).collect();
    tokenizer.encode_dataset(&Dataset::new("memory", examples, None), 16).unwrap()
}

#[test]
fn a_batch_is_padded_to_its_longest_row_or_as_asked() {
    let texts = encode(&["good", "very good price", "bad"]);
    let targets = Targets::MultiHot { num_labels: 2, values: vec![0.0, 1.0, 1.0, 0.0, 1.0, 1.0] };
    let collator = Collator { texts: &texts, targets: &targets, pad_id: 0, pad_to: None };
    let batch = collator.collate(&[2, 1]).unwrap();
    assert_eq!((batch.len(), batch.seq_len, batch.padded), (2, 5, true));
    assert_eq!(batch.attention_mask, [1, 1, 1, 0, 0, 1, 1, 1, 1, 1]);
    assert_eq!(batch.targets, tunewise_data::BatchTargets::MultiHot(vec![1.0, 1.0, 1.0, 0.0]));
    assert_eq!(batch.real_tokens(), 8);
    let wide = Collator { pad_to: Some(16), ..collator }.collate(&[1]).unwrap();
    assert_eq!((wide.seq_len, wide.padded), (16, true));
    assert!(!collator.collate(&[1]).unwrap().padded);
    assert!(collator.collate(&[3]).is_err());
}

#[test]
fn statistics_and_leaks_are_counted() {
    let labelled = |text: &str, label: &str, line| Example {
        label: Some(Label::Class(label.to_owned())),
        line,
        ..example(text, None)
    };
    let train = vec![
        labelled("a", "x", 2),
        labelled("b", "y", 3),
        labelled("a", "x", 4),
        labelled("a", "y", 5),
    ];
    let train = Dataset::new("train", train, None);
    let statistics = DatasetStatistics::of(&train);
    assert_eq!(statistics.classes, [("x".to_owned(), 2), ("y".to_owned(), 2)]);
    assert_eq!((statistics.duplicate_rows, statistics.conflicting_rows), (2, 1));
    let test = Dataset::new("test", vec![labelled("c", "x", 2), labelled("a", "x", 3)], None);
    let found = leak(&train, &test);
    assert_eq!((found.rows, found.first_lines), (1, vec![(2, 3)]));
    let lengths = encode(&["good", "very good price"]).statistics();
    assert_eq!((lengths.min, lengths.max, lengths.total, lengths.truncated), (3, 5, 8, 0));
}

proptest! {
    #[test]
    fn every_row_stands_in_one_batch(
        lengths in prop::collection::vec(1u32..60, 0..300),
        batch_size in 1usize..40,
        seed in any::<u64>(),
        shuffled in any::<bool>(),
    ) {
        let order = if shuffled { Order::Shuffled { seed, epoch: 3 } } else { Order::Sequential };
        for batching in [Batching::MaxLength, Batching::Longest, Batching::ByLength] {
            let batches = plan(&lengths, batch_size, batching, order).unwrap();
            prop_assert_eq!(&batches, &plan(&lengths, batch_size, batching, order).unwrap());
            prop_assert!(batches.iter().all(|batch| !batch.is_empty() && batch.len() <= batch_size));
            let mut rows = batches.concat();
            rows.sort_unstable();
            prop_assert_eq!(rows, (0..lengths.len()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_split_is_disjoint_covers_and_keeps_the_shares(
        classes in prop::collection::vec(0u8..4, 2..200),
        share in 0.05f64..0.95,
        seed in any::<u64>(),
    ) {
        let row = |class: &u8| Example { label: Some(Label::Class(class.to_string())), ..example("t", None) };
        let dataset = Dataset::new("memory", classes.iter().map(row).collect(), None);
        let Ok(split) = split::stratified(&dataset, share, seed) else {
            // Only where no class has two rows to share.
            prop_assert!((0..4).all(|class| classes.iter().filter(|c| **c == class).count() < 2));
            return Ok(());
        };
        let mut rows = [split.train.clone(), split.held_out.clone()].concat();
        rows.sort_unstable();
        prop_assert_eq!(rows, (0..classes.len()).collect::<Vec<_>>());
        for class in 0..4 {
            let all = classes.iter().filter(|c| **c == class).count();
            let held = split.held_out.iter().filter(|row| classes[**row] == class).count();
            prop_assert!(all < 2 || ((held as f64 - all as f64 * share).abs() <= 1.0 && held >= 1 && held < all));
        }
    }
}
