//! One classifier for many threads: the same answers, whatever the texts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::fs;
use std::future::IntoFuture;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use serde_json::{Value, json};
use tempfile::TempDir;
use tunewise_bert::{
    Aggregation, Classifier, ClassifierOptions, Error, LongTexts, Prediction, Settings,
    ShareOptions, SharedClassifier,
};
use tunewise_data::{Dataset, Example};

/// Other rows of a batch change a text's logits by rounding only; scores then differ by less.
const ROUNDING: f64 = 1e-6;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn texts() -> Vec<String> {
    let bytes = fs::read(fixture("distinct_ids").join("expected.json")).unwrap();
    let expected: Value = serde_json::from_slice(&bytes).unwrap();
    serde_json::from_value(expected["texts"].clone()).unwrap()
}

fn classifier(options: ClassifierOptions) -> Classifier {
    // libtorch's second thread would spin between the products of so small a model.
    tunewise_bert::set_num_threads(1);
    Classifier::with_options(fixture("distinct_ids"), options).unwrap()
}

fn shared(options: ClassifierOptions) -> SharedClassifier {
    classifier(options).share(ShareOptions::default()).unwrap()
}

/// A checkpoint with this `tunewise.json`.
fn with_settings(name: &str, settings: &Settings) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for file in ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"] {
        fs::copy(fixture(name).join(file), dir.path().join(file)).unwrap();
    }
    settings.save(dir.path()).unwrap();
    dir
}

fn scores(prediction: &Prediction) -> Vec<f64> {
    match prediction {
        Prediction::Label { scores, .. }
        | Prediction::Abstained { scores, .. }
        | Prediction::Labels { scores, .. } => scores.iter().map(|(_, score)| *score).collect(),
        Prediction::Value { value } => value.clone(),
    }
}

fn close(a: &Prediction, b: &Prediction) {
    assert_eq!(a.label(), b.label());
    for (a, b) in scores(a).iter().zip(scores(b)) {
        approx::assert_abs_diff_eq!(*a, b, epsilon = ROUNDING);
    }
}

/// Each of sixteen threads asks for all texts, from another start, one at a time.
fn ask_from_sixteen_threads(shared: &SharedClassifier, texts: &[String]) -> Vec<Vec<Prediction>> {
    thread::scope(|scope| {
        let ask = |start: usize| {
            let mut answers = vec![None; texts.len()];
            for step in 0..texts.len() {
                let place = (start * 7 + step) % texts.len();
                answers[place] = shared.predict(&texts[place..=place]).unwrap().pop();
            }
            answers.into_iter().map(Option::unwrap).collect()
        };
        let threads: Vec<_> = (0..16).map(|start| scope.spawn(move || ask(start))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn sixteen_threads_get_the_answers_of_one() {
    let texts = texts();
    let alone = classifier(ClassifierOptions::default());
    let alone: Vec<Prediction> =
        texts.iter().map(|text| alone.predict(&[text]).unwrap().pop().unwrap()).collect();
    let together = shared(ClassifierOptions::default());
    for answers in ask_from_sixteen_threads(&together, &texts) {
        answers.iter().zip(&alone).for_each(|(a, b)| close(a, b));
    }
    // With batches of one row there is nothing to round differently.
    let apart = shared(ClassifierOptions { batch_size: 1, ..ClassifierOptions::default() });
    for answers in ask_from_sixteen_threads(&apart, &texts) {
        assert!(answers == alone);
    }
}

#[test]
fn a_long_list_keeps_its_order() {
    let texts = texts();
    let options = ClassifierOptions { batch_size: 7, ..ClassifierOptions::default() };
    let (alone, shared) = (classifier(options), shared(options));
    let answers = shared.predict(&texts).unwrap();
    assert_eq!(answers.len(), texts.len());
    answers.iter().zip(&alone.predict(&texts).unwrap()).for_each(|(a, b)| close(a, b));
    assert!(shared.predict::<&str>(&[]).unwrap().is_empty());
    assert!(alone.predict::<&str>(&[]).unwrap().is_empty());
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs a future on this thread.
fn block_on<F: IntoFuture>(future: F) -> F::Output {
    let mut future = pin!(future.into_future());
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

#[test]
fn a_request_can_be_awaited_even_after_the_last_handle_is_gone() {
    let texts = texts();
    let alone = classifier(ClassifierOptions::default()).predict(&texts[..3]).unwrap();
    let shared = shared(ClassifierOptions::default());
    let pending = shared.submit(&texts[..3]).unwrap();
    drop(shared);
    let answers = block_on(pending).unwrap();
    answers.iter().zip(&alone).for_each(|(a, b)| close(a, b));
}

/// A 64-bit linear congruential generator (Knuth's MMIX constants).
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }

    fn text(&mut self, call: usize) -> String {
        const CONTROLS: [char; 8] =
            ['\0', '\u{1}', '\r', '\u{7f}', '\u{85}', '\u{200b}', '\u{202e}', '\u{feff}'];
        if call.is_multiple_of(250) {
            let unit = ["good ", "x", "\u{5546}", " \t"][call / 250 % 4];
            return unit.repeat((1 << 20) / unit.len()); // 1 MB
        }
        match call % 4 {
            0 => String::new(),
            1 => (0..self.below(200)).map(|_| CONTROLS[self.below(CONTROLS.len())]).collect(),
            _ => {
                let bytes: Vec<u8> = (0..self.below(300)).map(|_| self.below(256) as u8).collect();
                String::from_utf8_lossy(&bytes).into_owned()
            }
        }
    }
}

/// `TUNEWISE_CALLS` or a thousand.
#[test]
fn calls_with_anything_in_them_are_answered() {
    const THREADS: usize = 8;
    let calls: usize =
        std::env::var("TUNEWISE_CALLS").map_or(1_000, |calls| calls.parse().unwrap());
    let windows = LongTexts::Windows { stride: 8, max_windows: 4, aggregation: Aggregation::Mean };
    let options = ClassifierOptions { long_texts: windows, ..ClassifierOptions::default() };
    let shared = shared(options);
    let answered: usize = thread::scope(|scope| {
        let work = |start: usize| {
            let (shared, mut random) = (shared.clone(), Random(start as u64));
            let calls = (start..calls).step_by(THREADS);
            calls
                .map(|call| {
                    let answer = shared.predict(&[random.text(call)]).unwrap();
                    assert!(scores(&answer[0]).iter().all(|score| score.is_finite()));
                    answer.len()
                })
                .sum::<usize>()
        };
        let threads: Vec<_> = (0..THREADS).map(|start| scope.spawn(move || work(start))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(answered, calls);
    eprintln!("{answered} calls");
}

#[test]
fn a_long_text_is_read_in_windows() {
    let words: Vec<String> = texts().concat().split(' ').map(str::to_owned).collect();
    let long = words.join(" ");
    let read = |long_texts| {
        let length = Some(32);
        let options = ClassifierOptions {
            long_texts,
            max_seq_length: length,
            ..ClassifierOptions::default()
        };
        scores(&classifier(options).predict(&[&long]).unwrap()[0])
    };
    let windows =
        |aggregation, max_windows| LongTexts::Windows { stride: 8, max_windows, aggregation };
    let truncated = read(LongTexts::Truncated);
    let differs =
        |a: &[f64], b: &[f64]| a.iter().zip(b).any(|(a, b)| (a - b).abs() > 10.0 * ROUNDING);
    assert!(differs(&read(windows(Aggregation::Mean, 64)), &truncated));
    assert!(differs(&read(windows(Aggregation::Max, 64)), &read(windows(Aggregation::Mean, 64))));
    for same in [windows(Aggregation::First, 64), windows(Aggregation::Mean, 1)] {
        for (a, b) in read(same).iter().zip(&truncated) {
            approx::assert_abs_diff_eq!(*a, *b, epsilon = ROUNDING);
        }
    }
    let no_room = LongTexts::Windows { stride: 30, max_windows: 4, aggregation: Aggregation::Mean };
    let options = ClassifierOptions {
        long_texts: no_room,
        max_seq_length: Some(32),
        ..ClassifierOptions::default()
    };
    let error = Classifier::with_options(fixture("distinct_ids"), options).unwrap_err();
    assert_eq!(error.to_string(), "`stride` is 30, expected below max_seq_length less 3");
}

#[test]
fn temperature_and_threshold_of_the_checkpoint_are_applied() {
    let text = &texts()[..1];
    let plain = classifier(ClassifierOptions::default()).predict(text).unwrap();
    let settings = Settings { temperature: Some(2.0), threshold: Some(0.9), ..Settings::default() };
    let dir = with_settings("distinct_ids", &settings);
    let classifier = Classifier::from_pretrained(dir.path()).unwrap();
    assert_eq!(
        classifier.calibration().to_string(),
        "temperature 2, labels from a score of 0.9 on"
    );
    let warm = classifier.predict(text).unwrap();
    assert!(matches!(warm[0], Prediction::Abstained { .. }), "{warm:?}");
    // Odds of two classes are e^(difference of logits); half the difference is their square root.
    let odds = |p: &Prediction| scores(p)[0] / scores(p)[1];
    approx::assert_relative_eq!(odds(&warm[0]), odds(&plain[0]).sqrt(), max_relative = 1e-9);
    let line = tunewise_bert::task::prediction_line(
        &Example { text: text[0].clone(), text_pair: None, label: None, line: 1 },
        &warm[0],
        None,
    );
    assert_eq!(serde_json::from_str::<Value>(&line).unwrap()["label"], json!(null));

    let settings = Settings { threshold: Some(0.0), ..Settings::default() };
    let dir = with_settings("multi_label", &settings);
    let all = Classifier::from_pretrained(dir.path()).unwrap().predict(text).unwrap();
    assert!(matches!(&all[0], Prediction::Labels { labels, .. } if labels.len() == 4), "{all:?}");
}

#[test]
fn settings_that_make_no_sense_are_refused_by_name() {
    let refused = |name: &str, settings: Settings| {
        let dir = with_settings(name, &settings);
        Classifier::from_pretrained(dir.path()).unwrap_err().to_string()
    };
    let cold = Settings { temperature: Some(0.0), ..Settings::default() };
    assert_eq!(refused("distinct_ids", cold), "`temperature` is 0, expected a number above 0");
    let high = Settings { threshold: Some(1.5), ..Settings::default() };
    assert_eq!(refused("distinct_ids", high), "`threshold` is 1.5, expected 0 to 1");
    let regression = Settings { threshold: Some(0.5), ..Settings::default() };
    assert!(refused("regression", regression).contains("a regression has no scores"));
    let none = ShareOptions { queue_capacity: 0, ..ShareOptions::default() };
    let error = classifier(ClassifierOptions::default()).share(none).unwrap_err();
    assert!(matches!(error, Error::Setting { name: "queue_capacity", .. }), "{error}");
}

#[test]
fn a_data_set_and_a_list_of_texts_agree() {
    let texts = texts();
    let example =
        |text: &String| Example { text: text.clone(), text_pair: None, label: None, line: 1 };
    let dataset = Dataset::new("memory", texts.iter().map(example).collect(), None);
    let classifier = classifier(ClassifierOptions::default());
    let named = classifier.name(&classifier.predict_dataset(&dataset).unwrap());
    assert_eq!(named, classifier.predict(&texts).unwrap());
}

#[cfg(feature = "decide")]
mod heads {
    use tunewise_bert::{ClickHead, NewsHeads, Predictor};
    use tunewise_data::augment::{LabelCheck, SameLabel};
    use tunewise_decide::monitor::{TextScore, TextScorer};
    use tunewise_decide::rank::ClickModel;

    use super::*;

    fn of(name: &str) -> Classifier {
        tunewise_bert::set_num_threads(1);
        Classifier::with_options(fixture(name), ClassifierOptions::default()).unwrap()
    }

    /// What the fixture says of each text, alone or with a second one.
    fn expected(predictions: Vec<Prediction>, label: usize) -> Vec<f64> {
        predictions.iter().map(|it| scores(it)[label]).collect()
    }

    #[test]
    fn a_click_is_the_probability_of_the_label_named() {
        let texts = texts();
        let pairs: Vec<(&str, &str)> =
            texts.iter().zip(texts.iter().rev()).map(|(a, b)| (a.as_str(), b.as_str())).collect();
        let rows = of("distinct_ids").predict_pairs(&pairs).unwrap();
        let second = expected(rows, 1);
        let examples = pairs.iter().map(|(a, b)| Example {
            text: (*a).to_owned(),
            text_pair: Some((*b).to_owned()),
            label: None,
            line: 1,
        });
        let dataset = Dataset::new("pairs", examples.collect(), None);
        let classifier = of("distinct_ids");
        let rows = classifier.name(&classifier.predict_dataset(&dataset).unwrap());
        assert_eq!(second, expected(rows, 1));
        let mut head = ClickHead::new(classifier, Some("label_1")).unwrap();
        assert_eq!(head.click(&pairs).unwrap(), second);
        let shared = shared(ClassifierOptions::default());
        let mut head = ClickHead::new(shared, Some("label_1")).unwrap();
        for (got, expected) in head.click(&pairs).unwrap().iter().zip(&second) {
            assert!((got - expected).abs() < ROUNDING);
        }
        assert_eq!(head.click(&[]).unwrap(), Vec::<f64>::new());
    }

    #[test]
    fn topic_and_sentiment_are_two_heads_or_one() {
        let texts = texts();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let negative = expected(of("single_label").predict(&texts).unwrap(), 2);
        let topics = of("distinct_ids").predict(&texts).unwrap();
        let mut heads =
            NewsHeads::new(of("single_label"), Some("label_2"), Some(of("distinct_ids"))).unwrap();
        let got = heads.score(&texts).unwrap();
        let pairs = topics.iter().zip(&negative);
        let score = |(topic, negative): (&Prediction, &f64)| TextScore {
            topic: topic.label().map(str::to_owned),
            negative: *negative,
        };
        assert_eq!(got, pairs.map(score).collect::<Vec<_>>());
        let mut one = NewsHeads::new(of("single_label"), Some("label_2"), None).unwrap();
        let got = one.score(&texts).unwrap();
        assert!(got.iter().zip(&negative).all(|(it, p)| it.topic.is_none() && it.negative == *p));
    }

    #[test]
    fn labels_and_models_that_do_not_fit_are_named() {
        let click = |name, label| ClickHead::new(of(name), label).unwrap_err().to_string();
        assert_eq!(
            click("single_label", Some("buy")),
            "`clicked_label` is `buy`, expected one of the model's labels: label_0, label_1, label_2"
        );
        assert!(click("single_label", None).starts_with("`clicked_label` is not given"));
        assert!(click("multi_label", None).contains("several labels a text"));
        assert!(click("regression", None).contains("numbers (regression)"));
        let sentiment = NewsHeads::new(of("single_label"), None, None).unwrap_err().to_string();
        assert!(sentiment.starts_with("`negative_label` is not given, expected one of"));
        let topics = NewsHeads::new(of("single_label"), Some("label_0"), Some(of("regression")));
        assert!(topics.unwrap_err().to_string().contains("regression"));
    }

    #[test]
    fn both_classifiers_judge_labels() {
        fn same(
            model: &(impl Predictor + tunewise_data::labelling::ProbabilityModel<Error = Error>),
        ) -> Vec<bool> {
            let texts = texts();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let others: Vec<&str> = texts.iter().rev().copied().collect();
            let label = |texts: &[&str]| -> Vec<Option<String>> {
                let predictions = model.predict(texts).unwrap();
                predictions.iter().map(|it| it.label().map(str::to_owned)).collect()
            };
            let expected: Vec<bool> =
                label(&texts).iter().zip(label(&others)).map(|(a, b)| *a == b).collect();
            assert_eq!(SameLabel::new(model, 0.0).keeps(&texts, &others).unwrap(), expected);
            expected
        }
        let kept = same(&of("distinct_ids"));
        assert_eq!(kept, same(&shared(ClassifierOptions::default())));
    }
}
