//! Personal data: precision and recall on the shipped set; what scrubbing keeps, as properties.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::Deserialize;
use tunewise_data::scrub::{Kind, Scrubber};

const KEY: &[u8] = b"0123456789abcdef";

/// Of docs/labels.md: (found and right, found, there).
const TOTAL: (usize, usize, usize) = (52, 57, 60);

#[derive(Deserialize)]
struct Row {
    text: String,
    data: Vec<(Kind, String)>,
}

/// What a kind counts: found and right, found, there.
type Counts = BTreeMap<Kind, (usize, usize, usize)>;

fn counted(mut report: impl FnMut(&str)) -> Counts {
    let scrubber = Scrubber::new(KEY, &Kind::ALL).unwrap();
    let mut counts = Counts::new();
    for line in include_str!("fixtures/personal_data.jsonl").lines() {
        let row: Row = serde_json::from_str(line).unwrap();
        let mut from = 0;
        let place = |(kind, data): &(Kind, String)| {
            let start = from + row.text[from..].find(data.as_str()).expect(data);
            from = start + data.len();
            (*kind, start..from)
        };
        let there: Vec<_> = row.data.iter().map(place).collect();
        let found = scrubber.find(&row.text);
        let found: Vec<_> = found.into_iter().map(|it| (it.kind, it.bytes)).collect();
        for (kind, range) in &there {
            counts.entry(*kind).or_default().2 += 1;
            if !found.contains(&(*kind, range.clone())) {
                report(&format!("missed {kind:?}: {}", &row.text[range.clone()]));
            }
        }
        for (kind, range) in &found {
            let count = counts.entry(*kind).or_default();
            count.1 += 1;
            if there.contains(&(*kind, range.clone())) {
                count.0 += 1;
            } else {
                report(&format!("false {kind:?}: {} in {}", &row.text[range.clone()], row.text));
            }
        }
    }
    counts
}

#[test]
fn precision_and_recall_are_those_of_the_docs() {
    let mut report = String::new();
    let counts = counted(|line| report.push_str(&format!("{line}\n")));
    let sum = counts.values().fold((0, 0, 0), |a, b| (a.0 + b.0, a.1 + b.1, a.2 + b.2));
    assert_eq!(sum, TOTAL, "{counts:#?}\n{report}");
}

#[test]
fn offsets_count_bytes_and_characters_of_the_original() {
    let scrubber = Scrubber::new(KEY, &Kind::ALL).unwrap();
    let text = "电话１３９１２３４５６７８，或 a@example.com。";
    let found = scrubber.find(text);
    assert_eq!(found.len(), 2);
    for it in &found {
        let by_chars: String = text.chars().skip(it.chars.start).take(it.chars.len()).collect();
        assert_eq!(by_chars, text[it.bytes.clone()]);
    }
    assert_eq!((found[0].chars.clone(), found[1].chars.clone()), (2..13, 16..29));
}

#[test]
fn only_the_kinds_asked_for_are_found() {
    let scrubber = Scrubber::new(KEY, &[Kind::Phone]).unwrap();
    let scrubbed = scrubber.scrub("a@example.com, 13800138000");
    assert!(scrubbed.text.starts_with("a@example.com, <PHONE_"));
    let fault = |key: &[u8], kinds: &[Kind]| Scrubber::new(key, kinds).unwrap_err().to_string();
    assert_eq!(fault(b"short", &Kind::ALL), "`key` is of 5 bytes, expected 16 bytes or more");
    assert_eq!(fault(KEY, &[]), "`kinds` is empty, expected at least one");
}

proptest! {
    #[test]
    fn any_text_comes_back_around_its_findings(
        text in r"(\PC|[0-9]{1,4}|[@.:\-+() ]|13800138000|a@b\.cn|１|2001:db8::1){0,24}",
    ) {
        let scrubber = Scrubber::new(KEY, &Kind::ALL).unwrap();
        let scrubbed = scrubber.scrub(&text);
        let (mut back, mut rest) = (String::new(), scrubbed.text.as_str());
        let mut end = 0;
        for it in &scrubbed.found {
            prop_assert!(it.bytes.start >= end && it.bytes.end <= text.len());
            let between = &text[end..it.bytes.start];
            back.push_str(between);
            back.push_str(&text[it.bytes.clone()]);
            rest = rest.strip_prefix(between).unwrap().strip_prefix(&it.pseudonym).unwrap();
            end = it.bytes.end;
        }
        back.push_str(rest);
        prop_assert_eq!(back, text);
        // Pseudonyms are no personal data.
        for again in scrubber.find(&scrubbed.text) {
            for it in &scrubbed.found {
                for (start, pseudonym) in scrubbed.text.match_indices(&it.pseudonym) {
                    let end = start + pseudonym.len();
                    prop_assert!(again.bytes.end <= start || end <= again.bytes.start);
                }
            }
        }
    }

    #[test]
    fn a_pseudonym_hangs_on_the_data_alone(before in "[a-z ]{0,9}", after in "[，。 ]{1,3}") {
        let scrubber = Scrubber::new(KEY, &[Kind::Phone]).unwrap();
        let text = format!("{before} 13800138000{after}");
        let found = scrubber.find(&text);
        prop_assert_eq!(&found[0].pseudonym, &scrubber.find("13800138000")[0].pseudonym);
    }
}
