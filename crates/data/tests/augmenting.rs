//! Variants of rows: what they keep, as properties; label checks against a table.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::convert::Infallible;

use proptest::prelude::*;
use tunewise_data::augment::{
    AnyLabel, AugmentOptions, Augmenter, LabelCheck, SameLabel, Synonyms,
};
use tunewise_data::labelling::ProbabilityModel;
use tunewise_data::{Dataset, Example, Label};

const GROUPS: &str = "good, great, very nice\nbroke, failed\n快递，物流\n";

fn synonyms() -> Synonyms {
    Synonyms::from_reader(GROUPS.as_bytes(), "words.txt").unwrap()
}

fn augmenter(options: AugmentOptions) -> Augmenter {
    Augmenter::new(options, synonyms()).unwrap()
}

fn row(text: &str, label: &str) -> Example {
    Example {
        text: text.to_owned(),
        text_pair: Some("pair".to_owned()),
        label: Some(Label::Class(label.to_owned())),
        line: 7,
    }
}

#[test]
fn synonyms_stand_in_with_their_capitals_and_without_blanks() {
    let only = AugmentOptions {
        swaps: 0.0,
        deletions: 0.0,
        replacements: 1.0,
        ..AugmentOptions::default()
    };
    let variants = augmenter(only.clone()).variants(0, "Good pan, broke.");
    let known = ["Great pan, failed.", "Very nice pan, failed."];
    assert!(!variants.is_empty() && variants.iter().all(|it| known.contains(&it.as_str())));
    assert_eq!(augmenter(only.clone()).variants(0, "快递很慢"), ["物流很慢"]);
    // A phrase of two words is found as one; a word without synonyms leaves nothing to do.
    assert!(!augmenter(only.clone()).variants(1, "It is VERY NICE")[0].contains("VERY"));
    assert!(augmenter(only).variants(0, "nothing here").is_empty());
}

#[test]
fn negations_stay() {
    let options = AugmentOptions { deletions: 0.9, swaps: 1.0, ..AugmentOptions::default() };
    for seed in 0..50 {
        let augmenter = augmenter(AugmentOptions { seed, ..options.clone() });
        for variant in augmenter.variants(0, "do not buy this pan") {
            assert!(variant.split(' ').any(|word| word == "not"), "{variant}");
            assert!(!variant.contains("  ") && variant.trim() == variant, "{variant:?}");
        }
        for variant in augmenter.variants(0, "质量不好") {
            assert!(variant.contains('不'), "{variant}");
        }
    }
}

/// Says "bad" of texts that hold the word `broke`.
struct Words;

impl ProbabilityModel for Words {
    type Error = Infallible;

    fn num_labels(&self) -> usize {
        2
    }

    fn probabilities(&self, texts: &[&str]) -> Result<Vec<f64>, Infallible> {
        let of = |text: &&str| if text.contains("broke") { [0.1, 0.9] } else { [0.7, 0.3] };
        Ok(texts.iter().flat_map(of).collect())
    }
}

#[test]
fn variants_that_change_their_label_are_turned_down() {
    let rows = vec![row("the pan broke", "bad"), row("a fine thing", "good")];
    let dataset = Dataset::new("memory", rows, None);
    let options = AugmentOptions { copies: 6, deletions: 0.4, ..AugmentOptions::default() };
    let augmenter = augmenter(options);
    let all = augmenter.augment(&dataset, &AnyLabel).unwrap();
    let same = augmenter.augment(&dataset, &SameLabel::new(&Words, 0.0)).unwrap();
    assert_eq!(all.rows.len(), same.rows.len() + same.rejected);
    assert!(same.rejected > 0);
    for (example, &row) in same.dataset.examples().iter().zip(&same.rows) {
        assert_eq!(example.text.contains("broke"), row == 0, "{}", example.text);
        assert_eq!(example.label, dataset.examples()[row].label);
        assert_eq!((example.text_pair.as_deref(), example.line), (Some("pair"), 7));
    }
    // A bound on the probability turns the less sure label down as well.
    let sure = augmenter.augment(&dataset, &SameLabel::new(&Words, 0.8)).unwrap();
    assert!(sure.rows.iter().all(|&row| row == 0) && !sure.rows.is_empty());
}

#[test]
fn a_model_that_gives_no_probabilities_is_named() {
    struct Wrong;
    impl ProbabilityModel for Wrong {
        type Error = Infallible;
        fn num_labels(&self) -> usize {
            2
        }
        fn probabilities(&self, _: &[&str]) -> Result<Vec<f64>, Infallible> {
            Ok(vec![0.5, 0.5])
        }
    }
    let fault = SameLabel::new(&Wrong, 0.0).keeps(&["a", "b"], &["a1", "b1"]).unwrap_err();
    assert_eq!(
        fault.to_string(),
        "the model that checks labels: rows of probabilities: got 1, expected a row for each of the 2 texts"
    );
}

#[test]
fn bad_synonyms_and_options_are_named() {
    let message =
        |text: &str| Synonyms::from_reader(text.as_bytes(), "words.txt").unwrap_err().to_string();
    let expected = "expected two or more words between commas, each in one group";
    assert_eq!(
        message("a, b\nlonely\n"),
        format!("words.txt:2: column `synonyms`: `lonely`, {expected}")
    );
    assert_eq!(
        message("a, b\nc, A\n"),
        format!("words.txt:2: column `synonyms`: `A` again, {expected}")
    );
    let options = AugmentOptions { swaps: 1.5, ..AugmentOptions::default() };
    let fault = Augmenter::new(options, Synonyms::default()).unwrap_err().to_string();
    assert_eq!(fault, "`swaps` is 1.5, expected a share from 0 to 1");
}

fn letters(text: &str) -> Vec<char> {
    let mut letters: Vec<char> = text.chars().collect();
    letters.sort_unstable();
    letters
}

proptest! {
    #[test]
    fn any_text_gives_distinct_variants_by_seed(text in r"(\PC|[a-z]{1,6}|good|快递| ){0,20}", seed: u64, row: u64) {
        let options = AugmentOptions { seed, copies: 7, ..AugmentOptions::default() };
        let variants = augmenter(options.clone()).variants(row, &text);
        prop_assert_eq!(&variants, &augmenter(options).variants(row, &text));
        prop_assert!(variants.len() <= 7);
        for (place, variant) in variants.iter().enumerate() {
            prop_assert!(*variant != text && !variants[..place].contains(variant));
        }
    }

    #[test]
    fn swaps_lose_nothing(text in r"(\PC|[a-z]{1,6}| ){2,20}", seed: u64) {
        let options = AugmentOptions { seed, deletions: 0.0, replacements: 0.0, ..AugmentOptions::default() };
        for variant in augmenter(options).variants(0, &text) {
            prop_assert_eq!(letters(&variant), letters(&text));
        }
    }
}
