//! The support desk: thresholds by hand and by trying all, search, templates, costs, pages, bad input.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use proptest::prelude::*;
use tunewise_decide::support::{
    Aim, Article, Desk, EvaluationOptions, Hit, IntentModel, Knowledge, Prices, Question, Route,
    Routing, Scored, Setting, SupportPage, Templates, TextEmbedder, Truth,
};

/// Logits by the words of a question: `a:2.0 b:-1` says them, what is not said is 0.
struct Spelt(Vec<String>);

impl IntentModel for Spelt {
    fn intents(&self) -> &[String] {
        &self.0
    }

    fn logits(&self, questions: &[&str]) -> tunewise_decide::Result<Vec<f64>> {
        let of = |question: &str, intent: &String| {
            let said = question.split_whitespace().filter_map(|word| word.split_once(':'));
            said.filter(|(name, _)| name == intent)
                .filter_map(|(_, it)| it.parse::<f64>().ok())
                .sum::<f64>()
        };
        Ok(questions.iter().flat_map(|it| self.0.iter().map(|intent| of(it, intent))).collect())
    }
}

fn model() -> Spelt {
    Spelt(["card", "refund"].map(str::to_owned).to_vec())
}

const PRICES: &str = "wrong = 12.0\nperson = 4.0\nanswered = 0.02\ncurrency = \"EUR\"";

fn prices() -> Prices {
    Prices::from_toml(PRICES, "prices.toml").unwrap()
}

const KNOWLEDGE: &str = r#"{"id": "hours", "title": "Opening hours", "text": "We answer from 8 to 18 o'clock."}
{"id": "gifts", "title": "Gift cards", "text": "A gift card is good for three years.", "intents": ["card"]}
{"id": "zh", "title": "退款时间", "text": "退款需要三到五个工作日。"}"#;

fn knowledge<'a>() -> Knowledge<'a> {
    Knowledge::new(Knowledge::read(KNOWLEDGE.as_bytes(), "k.jsonl").unwrap()).unwrap()
}

const TEMPLATES: &str = r#"
[slots.order]
pattern = '\b[A-Z]{2}-\d{4}\b'
ask = "Which order?"
[slots.sum]
pattern = '(\d+) euros?'
ask = "Which sum?"
[intents]
refund = "We refund {sum} for {order}."
"#;

fn scored(confidences: [f64; 2], hit: Option<f64>) -> Scored {
    let hit = hit.map(|score| Hit { article: 0, score });
    Scored { text: "a question".to_owned(), logits: confidences.map(f64::ln).to_vec(), hit }
}

#[test]
fn the_cheapest_thresholds_are_found_by_hand() {
    let model = model();
    let desk = Desk { model: &model, templates: None, knowledge: None };
    // Right from 0.9 on; of the two at 0.6 one is wrong: 12 for a chance to save 8 is too dear.
    let rows = [("card", 0.9), ("card", 0.95), ("card", 0.6), ("person", 0.6), ("person", 0.4)];
    let rows = rows.map(|(label, p)| (scored([p, 1.0 - p], None), Truth::of_label(label)));
    let routing = desk.calibrate(&rows, &prices(), Aim::LeastCost).unwrap();
    let from = |threshold: Option<f64>| {
        let t = routing.temperature;
        let odds = |p: f64| (p / (1.0 - p)).powf(1.0 / t);
        (threshold.unwrap() - odds(0.9) / (1.0 + odds(0.9))).abs() < 1e-9
    };
    assert!(from(routing.intent_threshold), "{routing:?}");
    assert_eq!(routing.article_threshold, None);
    // All rows with an intent are right, so that no temperature is the best.
    assert_eq!(routing.temperature, 1.0);
    let evaluation = desk.evaluate(&routing, &rows, &EvaluationOptions::default()).unwrap();
    // Two answers and three persons; without abstention 5 answers, two of them wrong.
    assert!((evaluation.cost.estimate - (2.0 * 0.02 + 3.0 * 4.0) / 5.0).abs() < 1e-12);
    let without = evaluation.cost_without_abstention.estimate;
    assert!((without - (5.0 * 0.02 + 2.0 * 12.0) / 5.0).abs() < 1e-12);
    let saved = evaluation.saved_by_abstention;
    assert!((saved.estimate - (without - evaluation.cost.estimate)).abs() < 1e-12);
    assert!(saved.low <= saved.estimate && saved.estimate <= saved.high);
    assert_eq!((evaluation.kept_from_wrong, evaluation.accuracy), (2, Some(1.0)));
    // The answers that are most sure and right 95 times of 100: the first two of five.
    assert_eq!((evaluation.coverage.coverage, evaluation.coverage.precision), (0.4, Some(1.0)));
    let curve = evaluation.cost_curve();
    // Of 0.4 the other intent has 0.6: three questions of one confidence.
    assert_eq!((curve[0], curve.len()), ((0.0, 4.0), 4));
    assert!((curve[3].1 - without).abs() < 1e-12);
}

proptest! {
    /// No pair of thresholds costs less than the one chosen.
    #[test]
    fn no_other_thresholds_are_cheaper(
        rows in prop::collection::vec((1u32..20, 0u32..3, prop::option::of(0u32..8), 0u32..3), 1..40),
        wrong in 1u32..30, person in 0u32..10,
    ) {
        let intents = ["card", "refund"].map(str::to_owned);
        let articles = [Article { id: "x".into(), title: "x".into(), text: "x".into(), intents: vec![] }];
        let prices = Prices { wrong: wrong.into(), person: person.into(), answered: 0.5, currency: String::new() };
        let setting = Setting {
            intents: &intents, answerable: &[true, false], articles: &articles, reranked: false, prices: &prices,
        };
        let question = |(p, truth, hit, kind): (u32, u32, Option<u32>, u32)| {
            let p = f64::from(p) / 20.0;
            let truth = ["card", "refund", if kind == 0 { "article:x" } else { "person" }][truth as usize];
            (scored([p, 1.0 - p], hit.map(|hit| f64::from(hit) / 8.0)), Truth::of_label(truth))
        };
        let rows: Vec<_> = rows.into_iter().map(question).collect();
        let routing = Routing::fit(&rows, &setting, Aim::LeastCost).unwrap();
        let confidence = |scored: &Scored| {
            let powers: Vec<f64> = scored.logits.iter().map(|z| (z / routing.temperature).exp()).collect();
            let top = usize::from(powers[1] > powers[0]);
            (top, powers[top] / powers.iter().sum::<f64>())
        };
        let cost = |intent: f64, article: f64| -> f64 {
            rows.iter().map(|(scored, truth)| {
                let (top, sure) = confidence(scored);
                let answer = |right: bool| 0.5 + if right { 0.0 } else { f64::from(wrong) };
                match scored.hit {
                    _ if top == 0 && sure >= intent - 1e-12 => answer(*truth == Truth::Intent("card".into())),
                    Some(hit) if hit.score >= article => answer(*truth == Truth::Article("x".into())),
                    _ => f64::from(person),
                }
            }).sum()
        };
        let chosen = cost(
            routing.intent_threshold.unwrap_or(2.0), routing.article_threshold.unwrap_or(2.0),
        );
        let intents = rows.iter().map(|row| confidence(&row.0).1).chain([2.0]);
        let tried = intents.flat_map(|intent| (0..9).chain([16]).map(move |it| (intent, f64::from(it) / 8.0)));
        let least = tried.map(|(intent, article)| cost(intent, article)).fold(f64::INFINITY, f64::min);
        prop_assert!((chosen - least).abs() < 1e-6, "{chosen} against {least}: {routing:?}");
    }
}

#[test]
fn a_precision_is_kept_where_it_can_be() {
    let model = model();
    let desk = Desk { model: &model, templates: None, knowledge: None };
    let rows = [("card", 0.9), ("card", 0.8), ("person", 0.7), ("card", 0.6), ("refund", 0.55)];
    let rows = rows.map(|(label, p)| (scored([p, 1.0 - p], None), Truth::of_label(label)));
    let at = |share| desk.calibrate(&rows, &prices(), Aim::Precision(share)).unwrap();
    let answered = |routing: &Routing| {
        desk.evaluate(routing, &rows, &EvaluationOptions::default()).unwrap().answered
    };
    assert_eq!([1.0, 0.75, 0.6].map(|share| answered(&at(share))), [0.4, 0.8, 1.0]);
    let wrong = [(scored([0.9, 0.1], None), Truth::Person)];
    let routing = desk.calibrate(&wrong, &prices(), Aim::Precision(0.5)).unwrap();
    assert_eq!(routing.intent_threshold, None);
    let question = Question { id: None, text: "x".into() };
    let decision = desk.decide(&routing, question, &wrong[0].0);
    assert_eq!(
        (decision.route, decision.why.as_str()),
        (Route::Person, "no intent is sure enough at these prices")
    );
}

#[test]
fn search_scores_are_those_of_the_formula() {
    let texts = ["gift card gift", "card lost", "opening hours today and tomorrow"];
    let article = |(id, text): (usize, &&str)| Article {
        id: id.to_string(),
        title: String::new(),
        text: (*text).to_owned(),
        intents: vec![],
    };
    let knowledge = Knowledge::new(texts.iter().enumerate().map(article).collect()).unwrap();
    let hit = knowledge.search(&["a gift card"]).unwrap()[0].unwrap();
    // Robertson and Zaragoza (2009), k1 = 1.2, b = 0.75; 3 + 2 + 5 words, of 3 articles.
    let idf = |n: f64| (1.0 + (3.0 - n + 0.5) / (n + 0.5)).ln();
    let weight = |tf: f64, words: f64| tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * words / (10.0 / 3.0)));
    let expected = idf(1.0) * weight(2.0, 3.0) + idf(2.0) * weight(1.0, 3.0);
    assert_eq!(hit.article, 0);
    assert!((hit.score - expected).abs() < 1e-5, "{} against {expected}", hit.score);
}

#[test]
fn search_reads_english_and_chinese_and_finds_nothing_in_nothing() {
    let knowledge = knowledge();
    let best = |question: &str| knowledge.search(&[question]).unwrap()[0].map(|hit| hit.article);
    assert_eq!(best("Is there an opening hour on Sunday?"), Some(0));
    assert_eq!(best("GIFT CARDS"), Some(1));
    assert_eq!(best("我的退款什么时候到"), Some(2));
    assert_eq!([best(""), best("xyzzy"), best("\u{1f600}")], [None; 3]);
}

/// Near where the first letters are the same.
struct FirstLetter;

impl TextEmbedder for FirstLetter {
    fn size(&self) -> usize {
        2
    }

    fn embed(&self, texts: &[&str]) -> tunewise_decide::Result<Vec<f32>> {
        Ok(texts
            .iter()
            .flat_map(|text| if text.starts_with(['o', 'O']) { [1.0, 0.0] } else { [0.0, 1.0] })
            .collect())
    }
}

#[test]
fn embeddings_put_what_words_find_in_order_anew() {
    let question = ["our gift card answer"];
    assert_eq!(knowledge().search(&question).unwrap()[0].unwrap().article, 1);
    let reranked = knowledge().reranked(&FirstLetter).unwrap();
    assert_eq!(reranked.search(&question).unwrap()[0], Some(Hit { article: 0, score: 1.0 }));
    assert_eq!(reranked.search(&["unknown"]).unwrap(), [None]);
}

#[test]
fn every_way_is_taken_and_said() {
    let (model, knowledge) = (model(), knowledge());
    let templates = Templates::from_toml(TEMPLATES, "templates.toml").unwrap();
    let desk = Desk { model: &model, templates: Some(&templates), knowledge: Some(&knowledge) };
    let (intents, prices) = (model.intents().to_vec(), prices());
    let routing = Routing {
        intents,
        prices,
        temperature: 1.0,
        intent_threshold: Some(0.8),
        article_threshold: Some(1.0),
        precise_threshold: None,
        reranked: false,
        aim: Aim::LeastCost,
        calibrated_on: 1,
    };
    desk.check(&routing, "routing.json").unwrap();
    let decide = |text: &str| {
        let question = Question { id: Some("q".into()), text: text.into() };
        desk.decide(&routing, question, &desk.score(&[text]).unwrap()[0])
    };
    let filled = decide("refund:3 12 euros for ab-1234 please, AB-1234");
    assert_eq!(
        (filled.route, filled.answer.as_deref()),
        (Route::Template, Some("We refund 12 for AB-1234."))
    );
    let asks = decide("refund:3 12 euros");
    assert_eq!(
        (asks.answer.as_deref(), asks.missing),
        (Some("Which order?"), vec!["order".to_owned()])
    );
    assert!(asks.why.ends_with("; the answer asks for order"), "{}", asks.why);
    let two = decide("refund:3 AB-1234 or AB-9999");
    assert_eq!(two.answer.as_deref(), Some("Which sum? Which order?"));
    let article = decide("card:3 gift cards");
    assert_eq!((article.route, article.article.as_deref()), (Route::Article, Some("gifts")));
    assert_eq!(article.answer.as_deref(), Some("A gift card is good for three years."));
    assert!(
        article.why.starts_with("`card` has no template; article `gifts` fits with"),
        "{}",
        article.why
    );
    let person = decide("refund:0.1 nothing of it");
    assert_eq!(person.route, Route::Person);
    assert_eq!(person.why, "`refund` has 0.525, below 0.800; no article shares a word with it");
    let empty = decide("  ");
    assert_eq!(
        (empty.route, empty.intent, empty.why.as_str()),
        (Route::Person, None, "the question is empty")
    );
    let json = serde_json::to_value(&person).unwrap();
    assert_eq!((json["route"].as_str(), json["answer"].is_null()), (Some("person"), true));
}

#[test]
fn no_line_is_lost() {
    let model = model();
    let desk = Desk { model: &model, templates: None, knowledge: None };
    let rows = [(scored([0.6, 0.4], None), Truth::of_label("card"))];
    let routing = desk.calibrate(&rows, &prices(), Aim::LeastCost).unwrap();
    let input =
        b"{\"id\": 7, \"text\": \"card:4\"}\r\ncard:4\n{\"text\": \n\n\xff\nrefund:9 <script>";
    for batch in [1, 2, 64] {
        let mut output = Vec::new();
        let count = desk.answer(&routing, (&input[..], "stdin", batch), &mut output).unwrap();
        assert_eq!((count.decided, count.refused), (4, 2));
        let lines = String::from_utf8(output).unwrap();
        let lines: Vec<serde_json::Value> =
            lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 6);
        assert_eq!((&lines[0]["id"], &lines[0]["route"]), (&"7".into(), &"template".into()));
        assert_eq!(lines[2]["line"], 3);
        assert!(lines[2]["error"].as_str().unwrap().starts_with("no JSON object: EOF"));
        assert_eq!(lines[3]["why"], "the question is empty");
        assert_eq!(lines[4]["error"], "not UTF-8 from byte 1 of the line on");
        assert_eq!(
            (&lines[5]["text"], &lines[5]["intent"]),
            (&"refund:9 <script>".into(), &"refund".into())
        );
    }
}

#[test]
fn a_page_shows_markup_as_words_and_is_well_formed() {
    let (model, knowledge) = (model(), knowledge());
    let desk = Desk { model: &model, templates: None, knowledge: Some(&knowledge) };
    let texts = ["<script>alert(1)</script> card:3", "refund:2 <b>\u{0}", "gift card", "refund:4"];
    let truths = ["refund", "refund", "article:gifts", "person"].map(Truth::of_label);
    let rows: Vec<_> = desk.score(&texts).unwrap().into_iter().zip(truths).collect();
    let routing = desk.calibrate(&rows, &prices(), Aim::Precision(0.5)).unwrap();
    let evaluation = desk.evaluate(&routing, &rows, &EvaluationOptions::default()).unwrap();
    assert!(!evaluation.confusions.is_empty());
    let page = SupportPage { title: "<script>", evaluation: &evaluation };
    let html = page.html().unwrap();
    assert!(!html.contains("<script>") && html.contains("&lt;script&gt;alert(1)"));
    roxmltree::Document::parse(html.strip_prefix("<!DOCTYPE html>").unwrap()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    page.write(&dir.path().join("out")).unwrap();
    let read = |name: &str| std::fs::read_to_string(dir.path().join("out").join(name)).unwrap();
    assert_eq!(Routing::from_json(&read("routing.json"), "routing.json").unwrap(), routing);
    assert_eq!(read("decisions.jsonl").lines().count(), 4);
    assert_eq!(read("report.txt"), evaluation.to_string());
}

#[test]
fn faults_name_what_is_wrong_and_where() {
    let template = |text: &str| Templates::from_toml(text, "t.toml").unwrap_err().to_string();
    assert!(template("intents = 3").starts_with("t.toml: TOML parse error at line 1, column 11"));
    assert_eq!(
        template("[intents]\nx = \"a {order}\""),
        "`intents.x` is `{order}`, expected one of the slots ()"
    );
    assert_eq!(
        template("[intents]\nx = \"a {b\""),
        "`intents.x` is a `{` without its `}`, expected a template"
    );
    assert!(
        template("[slots.a]\npattern = '('\nask = \"?\"\n[intents]")
            .starts_with("`slots.a.pattern` is regex parse error")
    );
    assert!(
        template("[slots.a]\npattern = 'x*'\nask = \"?\"\n[intents]")
            .contains("at least a character")
    );
    let templates = Templates::from_toml("[intents]\nloan = \"x\"", "t.toml").unwrap();
    let model = model();
    let desk = Desk { model: &model, templates: Some(&templates), knowledge: None };
    let rows = [(scored([0.9, 0.1], None), Truth::Person)];
    let fault = desk.calibrate(&rows, &prices(), Aim::LeastCost).unwrap_err().to_string();
    assert_eq!(
        fault,
        "t.toml: answers for `loan`, which the model does not know; its intents are card, refund"
    );

    let article = |text: &str| Knowledge::read(text.as_bytes(), "k.jsonl").unwrap_err().to_string();
    assert!(article("{\"id\": \"a\"").starts_with("k.jsonl:1: no JSON object: EOF"));
    assert!(
        article("\n{\"id\": \"a\", \"title\": \"\"}")
            .starts_with("k.jsonl:2: no JSON object: missing field `text`")
    );
    let twice = "{\"id\": \"a\", \"title\": \"\", \"text\": \"x\"}\n".repeat(2);
    assert_eq!(
        article(&twice),
        "k.jsonl:2: `id` is \"a\", expected an id of its own for each article"
    );
    assert!(Knowledge::new(vec![]).is_err());

    let price = |text: &str| Prices::from_toml(text, "p.toml").unwrap_err().to_string();
    assert_eq!(
        price("wrong = -1.0\nperson = 1.0"),
        "`prices.wrong` is -1, expected a number above 0"
    );
    assert!(price("wrong = 1.0\nperson = 1.0\nlabour = 2").contains("unknown field `labour`"));

    let desk = Desk { model: &model, templates: None, knowledge: None };
    let label = [(scored([0.9, 0.1], None), Truth::of_label("loan"))];
    let fault = desk.calibrate(&label, &prices(), Aim::LeastCost).unwrap_err().to_string();
    assert_eq!(
        fault,
        "`label` is loan, expected `person`, `article:ID` or an intent of the model (card, refund)"
    );
    let routing = desk.calibrate(&rows, &prices(), Aim::LeastCost).unwrap();
    let other = Routing { intents: vec!["x".into()], ..routing.clone() };
    let fault = desk.check(&other, "routing.json").unwrap_err().to_string();
    assert_eq!(fault, "routing.json: its intents are not those of the model: calibrate anew");
    let other = Routing { article_threshold: Some(1.0), ..routing };
    assert!(desk.check(&other, "r").unwrap_err().to_string().contains("no knowledge file"));
    for (line, fault) in [
        ("{\"text\": 3}", "`text` is 3, expected words"),
        ("{\"text\": \"x\", \"id\": 1.5}", "`id` is 1.5, expected a word or a whole number"),
        ("{\"text\": ", "no JSON object: EOF while parsing a value at line 1 column 9"),
    ] {
        assert_eq!(Question::from_line(line).unwrap_err().to_string(), fault);
    }
}
