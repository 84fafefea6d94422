//! Ranking: weights against scikit-learn, orders by hand, metrics, bad input.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::Deserialize;
use tunewise_decide::rank::{
    Blend, Candidate, ClickModel, Diversity, EvaluateOptions, Session, Shelf, Study, Visit, Visits,
    compare, evaluate, rank, read_sessions, read_visits,
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

/// Clicks what shares a word with the profile; remembers what it was asked.
struct Words(Vec<(String, String)>);

impl ClickModel for Words {
    type Error = std::convert::Infallible;

    fn click(&mut self, pairs: &[(&str, &str)]) -> Result<Vec<f64>, Self::Error> {
        self.0.extend(pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())));
        let score = |(profile, item): &(&str, &str)| {
            if item.split(' ').any(|word| profile.contains(word)) { 0.9 } else { 0.1 }
        };
        Ok(pairs.iter().map(score).collect())
    }
}

const ITEMS: &str = r#"{"item": "a", "title": "sea birds", "text": "sea birds, brief", "terms": ["sea"], "published": "2026-03-01", "clicks": 3, "signals": {"price": 4}}
{"item": "b", "title": "old maps", "published": "2026-03-31T00:00:00Z", "clicks": 90, "signals": {"price": 9}}
{"item": 3, "title": "sea shanties", "published": "2026-03-31", "clicks": 0, "signals": {"price": 1}}"#;

fn visits(lines: &str) -> Vec<Visit> {
    read_visits(lines.as_bytes(), "sessions.jsonl").unwrap()
}

#[test]
fn visits_become_sessions_and_nothing_is_dropped_unsaid() {
    let shelf = Shelf::read(ITEMS.as_bytes(), "items.jsonl").unwrap();
    let visits = visits(concat!(
        r#"{"reader": "r1", "time": "2026-03-31T00:00:00Z", "history": ["a", "gone"], "shown": ["b", 3, "lost"], "clicked": [3]}"#,
        "\n\n",
        r#"{"reader": "r2", "time": "2026-03-31T00:00:00Z", "shown": ["a", "b"], "clicked": ["a"]}"#,
        "\n",
        r#"{"reader": "r3", "time": "2026-03-31T00:00:00Z", "shown": ["lost"], "clicked": []}"#,
    ));
    let known = Visits::new(&shelf, &visits, 8);
    let said: Vec<String> = known.notes().iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "line 1, reader r1: not in the catalogue, so not in the profile: gone",
            "line 1, reader r1: not in the catalogue, so not ranked: lost",
            "line 4, reader r3: not in the catalogue, so not ranked: lost",
            "line 4, reader r3: nothing that was shown is in the catalogue: left out",
        ]
    );
    let mut model = Words(Vec::new());
    let sessions = known.sessions(&mut model, &["popularity", "recency", "price"]).unwrap();
    let asked = [("sea birds", "old maps"), ("sea birds", "sea shanties")];
    assert_eq!(model.0, asked.map(|(a, b)| (a.to_owned(), b.to_owned())));
    let pairs: Vec<_> = known.pairs().map(|pair| (pair.profile, pair.item, pair.clicked)).collect();
    assert_eq!(pairs, [("sea birds", "old maps", false), ("sea birds", "sea shanties", true)]);
    assert_eq!(sessions.len(), 2);
    let [b, three] = &sessions[0].candidates[..] else { panic!("two candidates") };
    assert_eq!((b.click, three.click), (Some(0.1), Some(0.9)));
    assert!((b.signals[0] - 91f64.ln()).abs() < 1e-12 && b.signals[1..] == [1.0, 9.0]);
    assert_eq!(sessions[0].relevance, Some(vec![0.0, 1.0]));
    // Of a reader without a history the model is not asked.
    let a = &sessions[1].candidates[0];
    assert_eq!((a.click, a.signals[1]), (None, 0.5));
}

#[test]
fn a_study_has_each_part_of_a_recommender_once() {
    let shelf = Shelf::read(ITEMS.as_bytes(), "items.jsonl").unwrap();
    let line = r#"{"reader": "r1", "time": 1774915200, "history": ["a"], "shown": ["b", 3], "clicked": [3]}"#;
    let visits = visits(&format!("{line}\n{line}"));
    let known = Visits::new(&shelf, &visits, 8);
    let sessions = known.sessions(&mut Words(Vec::new()), &["popularity"]).unwrap();
    let options = EvaluateOptions { k: 1, ..EvaluateOptions::default() };
    let study = |weight| {
        let blend = Blend::fixed(&[("click", 1.0), ("popularity", weight)]).unwrap();
        let by = (&blend, &Diversity { relevance: 1.0 });
        Study::new(&sessions, by, &shelf.popularity(), &options).unwrap()
    };
    let names = |study: &Study| study.rows.iter().map(|it| it.name.clone()).collect::<Vec<_>>();
    let alone = study(0.0);
    assert_eq!(names(&alone)[..2], ["click model", "popularity"]);
    assert_eq!(alone.rows[0].over_popularity.estimate, 1.0);
    assert_eq!(names(&study(1.0))[0], "blend");
    let table = alone.to_string();
    assert!(table.contains("click model         1.000 [1.000, 1.000]"), "{table}");
    assert!(table.contains("+1.000 [+1.000, +1.000]"), "{table}");
    let svg = alone.svg().unwrap();
    roxmltree::Document::parse(&svg).unwrap();
    assert!(svg.contains("NDCG@1 over 2 sessions"));
}

#[test]
fn bad_catalogues_and_visits_are_named_by_line_and_key() {
    let item = |line: &str| Shelf::read(line.as_bytes(), "items.jsonl").unwrap_err().to_string();
    let visit = |line: &str| read_visits(line.as_bytes(), "s.jsonl").unwrap_err().to_string();
    for (got, expected) in [
        (item("{\"item\": \"a\"}"), "items.jsonl:1: no `title`"),
        (item("\n{oops"), "items.jsonl:2: no JSON object"),
        (item(r#"{"item": "a", "title": "t", "published": "soon"}"#), "`published` is \"soon\""),
        (item(r#"{"item": "a", "title": "t", "clicks": -1}"#), "`clicks` is -1"),
        (item(r#"{"item": "a", "title": "t", "signals": {"price": "4"}}"#), "`signals.price`"),
        (
            item(&format!("{ITEMS}\n{ITEMS}")),
            "items.jsonl:4: `item` is \"a\", expected an item once",
        ),
        (visit(r#"{"reader": "r", "time": 0}"#), "s.jsonl:1: no `shown`"),
        (visit(r#"{"reader": "r", "shown": []}"#), "no `time`"),
        (visit(r#"{"reader": "r", "time": "noon", "shown": []}"#), "`time` is \"noon\""),
        (
            visit(r#"{"reader": "r", "time": 0, "shown": ["a", "a"]}"#),
            "`shown` is \"a\", expected each item once",
        ),
        (
            visit(r#"{"reader": "r", "time": 0, "shown": ["a"], "clicked": ["b"]}"#),
            "expected items that were shown",
        ),
        (visit(r#"{"reader": "r", "time": 0, "shown": "a"}"#), "a list of words"),
    ] {
        assert!(got.contains(expected), "{got}");
    }
    let shelf = Shelf::read(ITEMS.as_bytes(), "items.jsonl").unwrap();
    let visits = visits(r#"{"reader": "r", "time": 0, "history": ["a"], "shown": ["b"]}"#);
    let known = Visits::new(&shelf, &visits, 8);
    let fault = known.sessions(&mut Words(Vec::new()), &["age"]).unwrap_err().to_string();
    assert!(fault.starts_with("items.jsonl:2: `signals.age` is null"), "{fault}");
}
