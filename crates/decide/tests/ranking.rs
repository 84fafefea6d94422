//! Ranking: weights against scikit-learn, orders by hand, metrics, bad input.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::Deserialize;
use tunewise_decide::rank::{
    Blend, Candidate, Diversity, EvaluateOptions, Session, compare, evaluate, rank, read_sessions,
};

#[derive(Deserialize)]
struct Regression {
    rows: Vec<(f64, f64, f64)>,
    clicked: Vec<u8>,
    ridge: f64,
    intercept: f64,
    weights: Vec<f64>,
}

fn candidate(item: &str, click: f64, signals: &[f64], terms: &[&str]) -> Candidate {
    Candidate {
        item: item.to_owned(),
        click: Some(click),
        signals: signals.to_vec(),
        terms: terms.iter().map(|term| (*term).to_owned()).collect(),
    }
}

fn session(reader: &str, candidates: Vec<Candidate>, relevance: &[f64]) -> Session {
    Session { reader: reader.to_owned(), candidates, relevance: Some(relevance.to_vec()) }
}

#[test]
fn fitted_weights_are_scikit_learns() {
    let cases: Vec<Regression> =
        serde_json::from_str(include_str!("fixtures/logistic.json")).unwrap();
    assert_eq!(cases.len(), 3);
    for case in cases {
        let row = |((click, popularity, age), clicked): (&(f64, f64, f64), &u8)| {
            session(
                "r",
                vec![candidate("x", *click, &[*popularity, *age], &[])],
                &[f64::from(*clicked)],
            )
        };
        let sessions: Vec<Session> = case.rows.iter().zip(&case.clicked).map(row).collect();
        let fit = Blend::fit(&sessions, &["click", "popularity", "age"], case.ridge).unwrap();
        for (got, expected) in fit.blend.weights().iter().zip(&case.weights) {
            assert!((got - expected).abs() <= 1e-6 * (1.0 + expected.abs()), "{got} {expected}");
        }
        assert!((fit.intercept - case.intercept).abs() <= 1e-6 * (1.0 + case.intercept.abs()));
        assert_eq!(fit.rows, case.rows.len());
    }
}

#[test]
fn likeness_holds_an_item_back_and_says_so() {
    let blend = Blend::fixed(&[("click", 1.0), ("price", -0.01)]).unwrap();
    let candidates = [
        candidate("a", 0.9, &[10.0], &["sea", "birds"]),
        candidate("b", 0.8, &[10.0], &["sea", "birds", "isles"]),
        candidate("c", 0.6, &[10.0], &["maps"]),
        candidate("d", 0.1, &[10.0], &[]),
    ];
    let order = |relevance| {
        let ranked = rank(&candidates, &blend, &Diversity { relevance }, 4).unwrap();
        ranked.iter().map(|it| it.item.clone()).collect::<Vec<_>>().join("")
    };
    assert_eq!((order(1.0), order(0.5)), ("abcd".to_owned(), "acbd".to_owned()));
    let ranked = rank(&candidates, &blend, &Diversity { relevance: 0.5 }, 4).unwrap();
    // Second: c with 0.5 · 5/8, not b with 0.5 · 7/8 - 0.5 · 2/3.
    let b = ranked.iter().find(|it| it.item == "b").unwrap();
    assert_eq!(
        (b.position, b.by_score, b.like.as_ref().map(|it| it.0.as_str())),
        (3, 2, Some("a"))
    );
    for it in &ranked {
        let mean = (0.9 + 0.8 + 0.6 + 0.1) / 4.0 - 0.1;
        let effects: f64 = it.contributions.iter().map(|part| part.effect).sum();
        assert!((it.score - mean - effects).abs() < 1e-12);
    }
    assert_eq!(ranked[0].to_string(), "1. a (0.800): click 0.900 (+0.300), price 10.000 (+0.000)");
}

#[test]
fn a_reader_of_whom_nothing_is_known_gets_what_the_other_signals_say() {
    let blend = Blend::fixed(&[("click", 5.0), ("popularity", 1.0)]).unwrap();
    let unknown = |item: &str, popularity: f64| Candidate {
        click: None,
        ..candidate(item, 0.0, &[popularity], &[])
    };
    let ranked =
        rank(&[unknown("a", 1.0), unknown("b", 3.0)], &blend, &Diversity::default(), 9).unwrap();
    assert_eq!(ranked.iter().map(|it| it.item.as_str()).collect::<Vec<_>>(), ["b", "a"]);
    assert!(rank(&[], &blend, &Diversity::default(), 9).unwrap().is_empty());
}

#[test]
fn metrics_by_hand() {
    let items = |names: &[&str]| names.iter().map(|name| candidate(name, 0.5, &[], &[])).collect();
    let sessions = [
        session("r1", items(&["a", "b", "c"]), &[0.0, 1.0, 2.0]),
        session("r2", items(&["a", "d"]), &[0.0, 0.0]),
    ];
    let options = EvaluateOptions { k: 2, ..EvaluateOptions::default() };
    let it = evaluate(&sessions, &[vec![1, 0, 2], vec![0, 1]], &options).unwrap();
    // r1: DCG = 1 / log2(2) of at best 2 + 1 / log2(3); r2: nothing relevant.
    let ndcg = 1.0 / (2.0 + 1.0 / 3.0_f64.log2()) / 2.0;
    assert!((it.ndcg.estimate - ndcg).abs() < 1e-12);
    assert_eq!((it.mrr.estimate, it.map.estimate, it.hit_rate.estimate), (0.5, 0.25, 0.5));
    // a, b and d of four items.
    assert_eq!((it.coverage, it.without_relevant), (0.75, 1));
}

#[test]
fn a_model_that_knows_beats_popularity_and_chance() {
    let session_of = |number: usize| {
        let liked = (number * 7) % 20;
        let click =
            |item: usize| if item == liked { 0.8 } else { 0.1 + (item * number % 5) as f64 / 10.0 };
        let candidates =
            (0..20).map(|item| candidate(&item.to_string(), click(item), &[], &[])).collect();
        let relevance: Vec<f64> = (0..20).map(|item| f64::from(u8::from(item == liked))).collect();
        session(&number.to_string(), candidates, &relevance)
    };
    let sessions: Vec<Session> = (0..60).map(session_of).collect();
    let popularity = BTreeMap::from([("3".to_owned(), 90), ("7".to_owned(), 40)]);
    let blend = Blend::fixed(&[("click", 1.0)]).unwrap();
    let only_score = Diversity { relevance: 1.0 };
    let options = EvaluateOptions::default();
    let it = compare(&sessions, (&blend, &only_score), &popularity, &options).unwrap();
    assert_eq!(it.model.ndcg.estimate, 1.0);
    assert!(it.over_popularity.low > 0.3 && it.over_random.low > 0.3, "{it:?}");
    // Of 20 items in random order the relevant one is among the first 10 half of the time.
    assert!((0.3..0.7).contains(&it.random.hit_rate.estimate));
    assert_eq!(it, compare(&sessions, (&blend, &only_score), &popularity, &options).unwrap());
}

#[test]
fn bad_input_is_named() {
    let read = |line: &str| {
        read_sessions(line.as_bytes(), "scored.jsonl", &["price"]).unwrap_err().to_string()
    };
    assert!(read("{oops").starts_with("scored.jsonl:1: no JSON object"));
    let line =
        r#"{"reader": "r", "item": "a", "click": 0.5, "signals": {"price": 3}, "clicked": 1}"#;
    assert_eq!(
        read(&format!("{line}\n{line}")),
        "scored.jsonl:2: `item` is \"a\", expected an item once a reader"
    );
    assert_eq!(
        read(&line.replace("0.5", "1.5")),
        "scored.jsonl:1: `click` is 1.5, expected a number from 0 to 1, or null"
    );
    assert_eq!(
        read(&line.replace("price", "prize")),
        "scored.jsonl:1: `signals.price` is null, expected a number"
    );
    assert!(read(&line.replace("\"click\": 0.5, ", "")).ends_with("no `click`"));
    let blend = Blend::fixed(&[("click", 1.0), ("price", 1.0)]).unwrap();
    let rank_one = |it| rank(&[it], &blend, &Diversity::default(), 1).unwrap_err().to_string();
    assert_eq!(
        rank_one(candidate("a", 0.5, &[], &[])),
        "`signals of a` is 0, expected one for each of price"
    );
    assert_eq!(
        rank_one(candidate("a", 0.5, &[f64::NAN], &[])),
        "`price of a` is NaN, expected a finite number"
    );
    assert!(Blend::fixed(&[("price", 1.0)]).unwrap_err().to_string().contains("`click` first"));
    let all = [session("r", vec![candidate("a", 0.5, &[1.0], &[])], &[1.0])];
    let fault = Blend::fit(&all, &["click", "price"], 1.0).unwrap_err().to_string();
    assert_eq!(fault, "the weights cannot be fitted: all rows were clicked, or none was");
    let fault = evaluate(&all, &[vec![1]], &EvaluateOptions::default()).unwrap_err().to_string();
    assert_eq!(fault, "`order of reader r` is 1, expected places of candidates, each once");
}

proptest! {
    #[test]
    fn an_order_has_every_candidate_once(
        clicks in prop::collection::vec((0.0..1.0f64, 0..4u8), 0..20), relevance in 0.0..=1.0f64, count in 0..25usize,
    ) {
        let blend = Blend::fixed(&[("click", 2.0)]).unwrap();
        let one = |(place, (click, term)): (usize, &(f64, u8))| {
            candidate(&place.to_string(), *click, &[], &[["p", "q", "r", "s"][usize::from(*term)]])
        };
        let candidates: Vec<Candidate> = clicks.iter().enumerate().map(one).collect();
        let ranked = rank(&candidates, &blend, &Diversity { relevance }, count).unwrap();
        prop_assert_eq!(ranked.len(), count.min(candidates.len()));
        let mut places: Vec<usize> = ranked.iter().map(|it| it.candidate).collect();
        places.sort_unstable();
        places.dedup();
        prop_assert_eq!(places.len(), ranked.len());
        if relevance == 1.0 {
            prop_assert!(ranked.windows(2).all(|pair| pair[0].score >= pair[1].score));
        }
    }
}
